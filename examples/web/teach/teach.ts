// Teach: a network learns a person's own classes from their pictures.

import type { FitReport, Trained } from "fovea/web";
import * as networks from "../networks.js";
import { showAnswers } from "../parts/bars.js";
import { download, duration, part, percent, pickFiles } from "../parts/dom.js";
import { showEngine } from "../parts/engine.js";
import { Notice } from "../parts/notice.js";
import { PictureView } from "../parts/view.js";
import { zipped } from "../parts/zip.js";
import { Cards } from "./cards.js";
import { Collection, MOST_CLASSES } from "./collection.js";
import { picturesOf } from "./files.js";
import { Progress } from "./progress.js";

/** @throws Error if there is not enough to learn from */
function checkEnough({ classes }: Collection): void {
  const empty = classes.filter(({ pictures }) => !pictures.length);
  if (classes.length < 2)
    throw new Error("One class has nothing to be compared with. Add a second one, such as “something else”.");
  if (empty.length)
    throw new Error(`Add pictures to ${empty.map(({ name }) => `'${name}'`).join(", ")}, or delete it.`);
}

export function teachPage(section: HTMLElement): void {
  const notice = new Notice(part(section, "notice"));
  void notice.guard(async () => {
    const collection = await Collection.open(networks.firstSource());
    wire(section, notice, collection);
    if (!collection.kept) {
      notice.say("This browser keeps no files for the page, as in some private windows: save your pictures and the model before you leave."); // prettier-ignore
    }
  });
}

function wire(section: HTMLElement, notice: Notice, collection: Collection): void {
  const { trainer } = collection;
  const cards = new Cards(section, collection, notice);
  const menu = part<HTMLSelectElement>(section, "network");
  const [start, stop] = [part<HTMLButtonElement>(section, "start"), part<HTMLButtonElement>(section, "stop")];
  const what = part<HTMLSelectElement>(section, "train");
  const showLoading = networks.showLoading(part(section, "progress").querySelector("progress")!);
  /** What the menu showed when the trainer's network was loaded. */
  let loaded = menu.value;
  /** Whether the network knows classes: it has learnt here, or was opened with them. */
  let ready = trainer.info.epochs > 0 || collection.openedBefore;
  let running: AbortController | undefined;
  let goingOn = false;

  /** Whether Train resumes what was interrupted; it does not when the pictures have changed. */
  function offerToGoOn(offered: boolean): void {
    goingOn = offered;
    start.textContent = offered ? "Go on training" : "Train";
  }
  collection.onchange = () => offerToGoOn(false);

  const lesson = (): networks.Lesson => networks.lessonFor(menu.value, trainer.info.architecture);

  /** From now on the menu begins with the network that has learnt here. */
  function current(): void {
    ready = true;
    networks.offerCurrent(menu, trainer.info.architecture);
    loaded = menu.value;
    what.value = lesson().train;
  }

  /** What was there when the page was left. */
  function welcome(): void {
    if (!ready && !trainer.info.interrupted) return;
    current();
    ready = trainer.info.epochs > 0 || collection.openedBefore;
    offerToGoOn(trainer.info.interrupted !== undefined);
    notice.say(
      goingOn
        ? "The last training run was interrupted. It can go on from its last whole pass."
        : "Your network is ready, as you left it: try it, or train it on.",
    );
  }

  function checkReady(): void {
    if (!ready) throw new Error("Nothing has been learnt yet: add pictures, then press Train.");
  }

  /** Loads the network that the menu names; false if the person picks no files. */
  async function load(signal: AbortSignal): Promise<boolean> {
    if (menu.value === loaded) return true;
    const source = await networks.chosenSource(menu);
    if (!source) return false;
    ready = false;
    await trainer.setModel({ ...lesson().source, ...source, signal, onProgress: showLoading });
    loaded = menu.value;
    return true;
  }

  /** Undefined if the person picks no network. */
  async function learn(signal: AbortSignal): Promise<FitReport | undefined> {
    const progress = new Progress(section);
    const report = { signal, onProgress: progress.step.bind(progress) };
    if (!goingOn && !(await load(signal))) return undefined;
    showEngine(trainer.info);
    const epochs = part<HTMLInputElement>(section, "epochs").valueAsNumber;
    const options = { ...lesson().fit, ...(epochs > 0 && { epochs }), train: what.value as Trained };
    const done = await collection.fit({ ...report, ...(goingOn ? { resume: true } : options) });
    const { evaluation, seconds, cancelled } = done;
    const kept = evaluation
      ? ` Right on ${percent(evaluation.accuracy)} of ${evaluation.count} pictures kept aside.`
      : "";
    progress.done(`${cancelled ? "Stopped" : "Done"} after ${duration(seconds)}.${kept}`);
    return done;
  }

  async function train(): Promise<void> {
    checkEnough(collection);
    running = new AbortController();
    start.disabled = true;
    stop.hidden = false;
    try {
      if (!(await learn(running.signal))) return;
      current();
      await view.again();
    } finally {
      offerToGoOn(false);
      start.disabled = false;
      stop.hidden = true;
      running = undefined;
    }
  }

  const tryIt = part(section, "try");
  const view = new PictureView(tryIt, notice, async (picture) => {
    checkReady();
    const labels = await trainer.classify(picture, { topK: MOST_CLASSES });
    showAnswers(part(tryIt, "answers"), labels, labels.length < 8);
  });

  const actions: Record<string, () => Promise<void> | void> = {
    "add-class": () => cards.addClass(),
    start: train,
    stop: () => running?.abort(),
    "open-folder": async () => {
      const files = await pickFiles("", true);
      if (files.length) await cards.takeFound(picturesOf(files));
    },
    "open-zip": async () => {
      const files = await pickFiles(".zip");
      if (files.length) await cards.takeFound(picturesOf(files));
    },
    "save-pictures": async () => {
      if (!collection.size) throw new Error("There are no pictures yet.");
      download("pictures.zip", await trainer.exportDataset());
    },
    "save-model": async () => {
      checkReady();
      const { bytes, config } = await trainer.export({ format: "safetensors" });
      download(
        "model.zip",
        await zipped([
          ["model.safetensors", new Blob([bytes as Uint8Array<ArrayBuffer>])],
          ["config.json", new Blob([config])],
        ]),
      );
    },
    "save-onnx": async () => {
      checkReady();
      download("model.onnx", (await trainer.export({ format: "onnx" })).bytes);
    },
    "open-model": async () => {
      const files = await pickFiles(networks.MODEL_FILES);
      if (!files.length) return;
      const source = await networks.sourceOf(files);
      const classes = await networks.classesOf(source.model);
      if (collection.size === 0) await collection.nameClasses(classes); // before: the head is kept for the same classes
      await collection.openModel({ ...source, classes, onProgress: showLoading });
      cards.update();
      current();
      notice.say(`Opened: a network that knows ${classes.join(", ")}. Try it, or train it on more pictures.`);
      await view.again();
    },
  };
  for (const [name, run] of Object.entries(actions)) {
    part(section, name).onclick = () => void notice.guard(run);
  }
  menu.onchange = () => {
    offerToGoOn(false);
    what.value = lesson().train;
  };
  networks.fillMenu(menu);
  loaded = menu.value;
  what.value = lesson().train;
  showEngine(trainer.info);
  welcome();
  section.addEventListener("leave", () => {
    view.stop();
    cards.stopCamera();
  });
}
