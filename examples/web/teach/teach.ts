// Teach: a network learns a person's own classes from their pictures.

import type { FitProgress, FitReport, Trained } from "fovea/web";
import { chosenSource, fillMenu, lessonFor, MODEL_FILES, showLoading, sourceOf } from "../networks.js";
import { showAnswers } from "../parts/bars.js";
import { download, duration, part, percent, pickFiles } from "../parts/dom.js";
import { showEngine } from "../parts/engine.js";
import { Notice } from "../parts/notice.js";
import { PictureView } from "../parts/view.js";
import { zipped } from "../parts/zip.js";
import { Cards } from "./cards.js";
import { Collection } from "./collection.js";
import { picturePaths, picturesOf } from "./files.js";
import { Progress } from "./progress.js";
import { Student } from "./student.js";

/** Throws where there is not enough to learn from. */
function checkEnough({ classes }: Collection): void {
  const empty = classes.filter(({ pictures }) => !pictures.length);
  if (classes.length < 2)
    throw new Error("One class cannot be told from anything. Add a second one, such as “something else”.");
  if (empty.length)
    throw new Error(`Add pictures to ${empty.map(({ name }) => `'${name}'`).join(", ")}, or delete it.`);
}

export function teachPage(section: HTMLElement): void {
  const notice = new Notice(part(section, "notice"));
  void notice.guard(async () => wire(section, notice, await Collection.open()));
}

function wire(section: HTMLElement, notice: Notice, collection: Collection): void {
  const cards = new Cards(section, collection, notice);
  const menu = part<HTMLSelectElement>(section, "network");
  const [start, stop] = [part<HTMLButtonElement>(section, "start"), part<HTMLButtonElement>(section, "stop")];
  const what = part<HTMLSelectElement>(section, "train");
  const bar = part(section, "progress").querySelector("progress")!;
  let student: Student | undefined;
  let running: AbortController | undefined;
  let progress: Progress;
  let goingOn = false;

  /** Whether Train goes on with what was interrupted; it does not when the pictures have changed. */
  function offerToGoOn(offered: boolean): void {
    goingOn = offered;
    start.textContent = offered ? "Go on training" : "Train";
  }
  collection.onchange = () => offerToGoOn(false);

  async function wake(): Promise<void> {
    student = await Student.saved(showLoading(bar));
    if (!student?.trainer) return;
    showEngine(student.trainer.info);
    offerToGoOn(student.interrupted);
    notice.say(
      goingOn
        ? "The last training run was interrupted. It can go on from its last whole pass."
        : "The network that learnt here before is ready: try it, or train it on.",
    );
  }

  const trained = (): NonNullable<Student["trainer"]> => {
    if (!student?.trainer) throw new Error("Nothing has been learnt yet: add pictures, then press Train.");
    return student.trainer;
  };

  /** Undefined if the person picks no network. */
  async function learn(signal: AbortSignal): Promise<FitReport | undefined> {
    const source = student ? undefined : await chosenSource(menu);
    if (!student && !source) return undefined;
    const lesson = lessonFor(menu.value);
    student ??= new Student({ ...lesson.source, ...source! }, showLoading(bar));
    progress = new Progress(section);
    const onProgress = (event: FitProgress): void => progress.step(event);
    if (goingOn) return student.goOn({ signal, onProgress });
    return student.learn(collection, (done, total) => progress.given(done, total), {
      signal,
      onProgress,
      epochs: Number(part<HTMLInputElement>(section, "epochs").value) || 15,
      batchSize: 16,
      ...lesson.fit,
      train: what.value as Trained,
    });
  }

  async function train(): Promise<void> {
    checkEnough(collection);
    running = new AbortController();
    const { signal } = running;
    start.disabled = true;
    stop.hidden = false;
    try {
      const report = await learn(signal);
      if (!report) return;
      showEngine(trained().info);
      const { evaluation, seconds, cancelled } = report;
      const kept = evaluation
        ? ` Right on ${percent(evaluation.accuracy)} of ${evaluation.count} pictures kept aside.`
        : "";
      progress.done(`${cancelled ? "Stopped" : "Done"} after ${duration(seconds)}.${kept}`);
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
    const labels = await trained().classify(picture, { topK: trained().info.classes.length });
    showAnswers(part(tryIt, "answers"), labels, labels.length < 8);
  });

  const actions: Record<string, () => Promise<void> | void> = {
    "add-class": () => cards.addClass(),
    start: train,
    stop: () => running?.abort(),
    "open-folder": async () => cards.takeNamed(await picturesOf(await pickFiles("", true))),
    "open-zip": async () => cards.takeNamed(await picturesOf(await pickFiles(".zip"))),
    "save-pictures": async () => download("pictures.zip", await zipped(picturePaths(collection.classes))),
    "save-model": async () => {
      const { bytes, config } = await trained().export({ format: "safetensors" });
      download(
        "model.zip",
        await zipped([
          ["model.safetensors", new Blob([bytes as Uint8Array<ArrayBuffer>])],
          ["config.json", new Blob([config])],
        ]),
      );
    },
    "save-onnx": async () => {
      download("model.onnx", (await trained().export({ format: "onnx" })).bytes);
    },
    "open-model": async () => {
      const files = await pickFiles(MODEL_FILES);
      if (!files.length) return;
      const opened = new Student(await sourceOf(files), showLoading(bar));
      const classes = await opened.wake();
      student?.dispose();
      student = opened;
      offerToGoOn(false);
      if (collection.size === 0) await cards.nameClasses(classes);
      notice.say(`Opened: a network that knows ${classes.join(", ")}. Try it, or train it on more pictures.`);
      await view.again();
    },
  };
  for (const [name, run] of Object.entries(actions)) {
    part(section, name).onclick = () => void notice.guard(run);
  }
  const choose = (): void => {
    student?.dispose();
    student = undefined;
    what.value = lessonFor(menu.value).train;
  };
  menu.onchange = choose;
  fillMenu(menu);
  choose();
  void notice.guard(wake);
  section.addEventListener("leave", () => {
    view.stop();
    cards.stopCamera();
  });
}
