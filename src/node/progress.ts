// Training progress as text: a line that rewrites itself on a terminal, a line now and then elsewhere.

import { basename } from "node:path";
import type { EpochReport, StepReport } from "../train/index.js";
import type { DownloadProgress } from "./download.js";

/** Milliseconds between lines: on a terminal, and where each stays. */
const PAUSE = { terminal: 100, log: 10_000 };

/** 75 s as "1:15", 3,675 s as "1:01:15". */
export function clock(seconds: number): string {
  const s = Math.max(0, Math.round(seconds));
  const parts = [Math.floor(s / 3600), Math.floor(s / 60) % 60, s % 60];
  const [h, m, rest] = parts as [number, number, number];
  const two = (n: number): string => String(n).padStart(2, "0");
  return h ? `${h}:${two(m)}:${two(rest)}` : `${m}:${two(rest)}`;
}

const percent = (share: number): string => `${(share * 100).toFixed(2)} %`;
const count = (n: number): string => Math.round(n).toLocaleString("en");

/** "epoch 1/6 [=====     ]  52 %  loss 0.2134  top-1 93.41 %  12,345 images/s  data wait 2 %  ETA 0:31" */
export function stepLine(r: StepReport): string {
  const width = 20;
  const done = Math.round((r.step / r.steps) * width);
  const bar = "=".repeat(done).padEnd(width);
  const share = String(Math.floor((r.step / r.steps) * 100)).padStart(3);
  return (
    `epoch ${r.epoch}/${r.epochs} [${bar}] ${share} %  loss ${r.loss.toFixed(4)}  top-1 ${percent(r.top1)}  ` +
    `${count(r.imagesPerSecond)} images/s  data wait ${Math.round(r.dataWait * 100)} %  ETA ${clock(r.secondsLeft)}`
  );
}

function accuracies(r: EpochReport): string {
  if (r.eval_map !== undefined) return `mAP ${percent(r.eval_map)} top-1 ${percent(r.eval_top1!)}`;
  return `top-1 ${percent(r.eval_top1!)} top-5 ${percent(r.eval_top5!)}`;
}

/** "epoch 1/6  train loss 0.2134 top-1 93.41 %  test loss 0.0712 top-1 97.80 % top-5 99.98 %  5.1 s  12,345 images/s  data wait 0.40 %" */
export function epochLine(r: EpochReport, epochs: number): string {
  return (
    `epoch ${r.epoch}/${epochs}  train loss ${r.train_loss.toFixed(4)} top-1 ${percent(r.train_top1)}  ` +
    (r.eval_loss === undefined ? "" : `test loss ${r.eval_loss.toFixed(4)} ${accuracies(r)}  `) +
    `${r.seconds.toFixed(1)} s  ${count(r.images_per_second)} images/s  data wait ${percent(r.data_wait)}` +
    (r.skipped ? `  ${count(r.skipped)} unreadable images skipped` : "")
  );
}

/** Writes progress to a stream, stderr by default. Pass its methods to fit(). */
export class Progress {
  readonly #out: NodeJS.WriteStream;
  #shown = 0;

  constructor(out: NodeJS.WriteStream = process.stderr) {
    this.#out = out;
  }

  readonly onStep = (report: StepReport): void => {
    const last = report.step === report.steps;
    const now = performance.now();
    const pause = this.#out.isTTY ? PAUSE.terminal : PAUSE.log;
    if (now - this.#shown < pause && !(last && this.#out.isTTY)) return;
    if (this.#shown === 0 && !this.#out.isTTY) {
      this.#shown = now; // the first line after a pause, not after one step
      return;
    }
    this.#shown = now;
    this.#out.write(this.#out.isTTY ? `\r\x1b[K${stepLine(report)}` : `${stepLine(report)}\n`);
  };

  /** Replaces the step line by the epoch's. */
  epoch(report: EpochReport, epochs: number): void {
    this.#out.write(`${this.#out.isTTY ? "\r\x1b[K" : ""}${epochLine(report, epochs)}\n`);
  }
}

/** "cifar-10-binary.tar.gz  12.3 of 170.5 MB" */
export function downloadLine({ url, received, total }: DownloadProgress): string {
  const megabytes = (bytes: number): string => (bytes / 1e6).toFixed(1);
  const of = total === undefined ? "" : ` of ${megabytes(total)}`;
  return `${basename(new URL(url).pathname)}  ${megabytes(received)}${of} MB`;
}

/** Writes to a stream, stderr by default, how far a download is, as Progress does. */
export function downloadProgress(
  out: Pick<NodeJS.WriteStream, "isTTY" | "write"> = process.stderr,
): (progress: DownloadProgress) => void {
  let shown = performance.now();
  return (progress) => {
    const now = performance.now();
    const whole = progress.received === progress.total;
    if (whole ? !out.isTTY : now - shown < (out.isTTY ? PAUSE.terminal : PAUSE.log)) return;
    shown = now;
    out.write(out.isTTY ? `\r\x1b[K${whole ? "" : downloadLine(progress)}` : `${downloadLine(progress)}\n`);
  };
}
