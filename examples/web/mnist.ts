// MNIST: LeNet learns to read digits from the start, then reads what is drawn.

import { createTrainer, type Dataset8, type FitProgress, type PageTrainer } from "fovea/web";
import { loadDigits, loadTestDigits } from "./mnist-data.js";
import { showAnswers } from "./parts/bars.js";
import { chart } from "./parts/chart.js";
import { duration, make, part, percent } from "./parts/dom.js";
import { showEngine } from "./parts/engine.js";
import { matrixTable } from "./parts/matrix.js";
import { Notice } from "./parts/notice.js";
import { DrawingPad } from "./parts/pad.js";

const EPOCHS = 3;
const CLASSES = [..."0123456789"];
/** Steps between points of the curves. */
const EACH = 20;

export function mnistPage(section: HTMLElement): void {
  const notice = new Notice(part(section, "notice"));
  const [start, stop] = [part<HTMLButtonElement>(section, "start"), part<HTMLButtonElement>(section, "stop")];
  const bar = part<HTMLProgressElement>(section, "bar");
  const eta = part(section, "eta");
  const answers = part(section, "answers");
  const pad = new DrawingPad(part(section, "pad"), () => void read());
  let trainer: PageTrainer | undefined;
  let digits: Dataset8 | undefined; // those of the test
  let running: AbortController | undefined;
  let reading = false;

  /** What the network reads in the drawing; once more if it has changed meanwhile. */
  async function read(): Promise<void> {
    if (!trainer || reading) return;
    const pixels = pad.digit();
    if (!pixels) return answers.replaceChildren();
    reading = true;
    await notice.guard(async () => {
      const labels = await trainer!.classify(
        { data: pixels, width: 28, height: 28, channels: 1 },
        { topK: 10 },
      );
      showAnswers(answers, labels, true);
    });
    reading = false;
  }

  async function train(): Promise<void> {
    running = new AbortController();
    const { signal } = running;
    start.disabled = true;
    stop.hidden = bar.hidden = false;
    try {
      const { train: learnt, test } = await loadDigits((share) => {
        bar.value = share;
        eta.textContent = `Loading the digits: ${percent(share)}`;
      }, signal);
      digits = test;
      trainer?.dispose();
      trainer = await createTrainer({ model: "lenet5", classes: CLASSES });
      showEngine(trainer.info);
      await trainer.addDataset(learnt, { transfer: true }); // copying 47 MB would hold the page up
      const [loss, right]: [[number, number][], [number, number][]] = [[], []];
      const onProgress = (event: FitProgress): void => {
        if (event.kind !== "step") return;
        const done = (event.epoch - 1) * event.steps + event.step;
        bar.value = done / (event.steps * event.epochs);
        eta.textContent = `${Math.round(event.imagesPerSecond)} digits a second, ${duration(event.secondsLeft)} left`;
        if (done % EACH) return;
        loss.push([done, event.loss]);
        right.push([done, event.top1]);
        draw(loss, right);
      };
      const { seconds, cancelled } = await trainer.fit({
        epochs: EPOCHS,
        batchSize: 128,
        lr: 0.005,
        validation: 0,
        signal,
        onProgress,
      });
      const result = await trainer.evaluate(test);
      eta.textContent = `${cancelled ? "Stopped" : "Done"} after ${duration(seconds)}: ${percent(result.accuracy)} of ${result.count} test digits read right.`;
      part(section, "matrix").replaceChildren(matrixTable(result.confusion, CLASSES));
      part(section, "matrix-card").hidden = false;
      await read();
    } finally {
      start.disabled = false;
      stop.hidden = bar.hidden = true;
    }
  }

  function draw(loss: [number, number][], right: [number, number][]): void {
    const share = (y: number): string => `${Math.round(100 * y)} %`;
    part(section, "chart").replaceChildren(
      make("h3", { textContent: "Right answers" }),
      chart("Right answers", [{ name: "training digits", points: right }], {
        end: 1,
        format: share,
        xTitle: "steps",
      }),
      make("h3", { textContent: "Loss" }),
      chart("Loss", [{ name: "training digits", points: loss }], {
        format: (y) => y.toFixed(2),
        xTitle: "steps",
      }),
    );
  }

  start.onclick = () => void notice.guard(train);
  stop.onclick = () => running?.abort();
  part(section, "clear").onclick = () => {
    pad.clear();
    answers.replaceChildren();
  };
  part(section, "sample").onclick = () =>
    void notice.guard(async () => {
      digits ??= await loadTestDigits((share) => (eta.textContent = `Loading the digits: ${percent(share)}`));
      const { images, labels } = digits;
      const i = Math.floor(Math.random() * labels.length);
      pad.show(images.subarray(784 * i, 784 * (i + 1)), 28);
      if (!trainer) throw new Error("The network has learnt nothing yet: press Train.");
      await read();
    });
}
