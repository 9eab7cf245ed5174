// Training progress as text: a line that rewrites itself on a terminal, a line now and then elsewhere.

import { checkFields } from "../errors/options.js";
import { basename } from "node:path";
import { evaluationsOf, type EpochReport, type EvaluatedWeights, type StepReport } from "../train/index.js";
import type { DownloadProgress } from "./download.js";
import { barLine, clock, count, fitted, StatusLine, type Piece, type StatusStream } from "./status-line.js";

export { clock };

const percent = (share: number): string => `${(share * 100).toFixed(2)} %`;

/**
 * "epoch 1/6 [=====     ]  52 %  loss 0.2134  top-1 93.41 %  12,345 images/s  data wait 2 %  ETA 0:31", or as much of it as
 * fits in this many columns.
 */
export function stepLine(r: StepReport, width = Infinity): string {
  const pieces: Piece[] = [
    { text: `loss ${r.loss.toFixed(4)}`, rank: 5 },
    { text: `top-1 ${percent(r.top1)}`, rank: 3 },
    { text: `${count(r.imagesPerSecond)} images/s`, rank: 2 },
    { text: `data wait ${Math.round(r.dataWait * 100)} %`, rank: 1 },
    { text: `ETA ${clock(r.secondsLeft)}`, rank: 4 },
  ];
  return barLine(`epoch ${r.epoch}/${r.epochs}`, r.step / r.steps, pieces, width);
}

/** "test loss 0.0712 top-1 97.80 % top-5 99.98 %"; for averaged weights "ema loss …". */
function evaluated({ weights, loss, top1, top5, map }: EvaluatedWeights): Piece[] {
  const piece = (text: string, rank: number): Piece => ({ text, rank, gap: " " });
  const several = map !== undefined;
  return [
    { text: weights === "ema" ? "ema" : "test", rank: 10 },
    piece(`loss ${loss.toFixed(4)}`, 6),
    ...(several ? [piece(`mAP ${percent(map)}`, 9)] : []),
    piece(`top-1 ${percent(top1)}`, 8),
    ...(several ? [] : [piece(`top-5 ${percent(top5)}`, 3)]),
  ];
}

/**
 * "epoch 1/6  train loss 0.2134 top-1 93.41 %  test loss 0.0712 top-1 97.80 % top-5 99.98 %  5.1 s  12,345 images/s  data wait 0.40 %",
 * or as much of it as fits in this many columns.
 */
export function epochLine(r: EpochReport, epochs: number, width = Infinity): string {
  const pieces: Piece[] = [
    { text: `epoch ${r.epoch}/${epochs}`, rank: 12 },
    { text: `train loss ${r.train_loss.toFixed(4)}`, rank: 7 },
    { text: `top-1 ${percent(r.train_top1)}`, rank: 4, gap: " " },
    ...evaluationsOf(r).flatMap(evaluated),
    { text: `${r.seconds.toFixed(1)} s`, rank: 5 },
    { text: `${count(r.images_per_second)} images/s`, rank: 2 },
    { text: `data wait ${percent(r.data_wait)}`, rank: 1 },
    ...(r.skipped ? [{ text: `${count(r.skipped)} unreadable images skipped`, rank: 11 }] : []),
  ];
  return fitted(pieces, width);
}

/** Writes progress to a stream, stderr by default. Pass its methods to fit(). */
export class Progress {
  readonly #line: StatusLine;

  constructor(out: StatusStream = process.stderr) {
    checkFields("Progress", "out", out, { write: "function" });
    this.#line = new StatusLine(out);
  }

  /** Shows a step; to be passed to fit() and findLr(). */
  readonly onStep = (report: StepReport): void => {
    this.#line.show((width) => stepLine(report, width), report.step === report.steps);
  };

  /** Replaces the step line by the epoch's. */
  epoch(report: EpochReport, epochs: number): void {
    this.#line.print((width) => epochLine(report, epochs, width));
  }
}

/** "cifar-10-binary.tar.gz  12.3 of 170.5 MB" */
export function downloadLine({ url, received, total }: DownloadProgress): string {
  const megabytes = (bytes: number): string => (bytes / 1e6).toFixed(1);
  const of = total === undefined ? "" : ` of ${megabytes(total)}`;
  return `${basename(new URL(url).pathname)}  ${megabytes(received)}${of} MB`;
}

/** Writes the progress of a download to a stream, stderr by default, as Progress does. */
export function downloadProgress(out: StatusStream = process.stderr): (progress: DownloadProgress) => void {
  const line = new StatusLine(out);
  return (progress) => {
    if (progress.received === progress.total) line.clear();
    else line.show(() => downloadLine(progress));
  };
}
