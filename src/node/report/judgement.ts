// What an evaluation has to tell for a report, be its images of one class each or of several.

import {
  CalibrationError,
  ConfusionMatrix,
  MeanAveragePrecision,
  readRow,
  WorstMistakes,
  type Metric,
  type MetricBatch,
} from "../../train/index.js";

/** An image and what the model says of it. */
export interface Judged {
  /** In the dataset. */
  readonly index: number;
  /** The classes it is of. */
  readonly truth: readonly number[];
  readonly guess: number;
  /** Of the guess. */
  readonly probability: number;
}

/** The likeliest class and its probability. */
function guessOf(batch: MetricBatch, row: number): { guess: number; probability: number } {
  const { guess, probability } = readRow("report", batch, row);
  if (!batch.targets) return { guess, probability };
  return { guess, probability: 1 / (1 + Math.exp(-batch.logits[row * batch.classes + guess]!)) };
}

export class Judgement implements Metric {
  /** Of images of one class each. */
  confusion: ConfusionMatrix | undefined;
  calibration: CalibrationError | undefined;
  /** Of images of several. */
  precision: MeanAveragePrecision | undefined;
  /** The first right guess of some classes. */
  readonly right: Judged[] = [];
  readonly #worst: WorstMistakes;
  readonly #examples: number;
  /** Of images of several classes: where they stand, and their targets. */
  readonly #targets = new Map<number, Float32Array>();

  /** So many mistakes, and right guesses, each of another class. */
  constructor(mistakes: number, examples: number) {
    this.#worst = new WorstMistakes(mistakes);
    this.#examples = examples;
  }

  update(batch: MetricBatch): void {
    this.#worst.update(batch);
    if (batch.targets) (this.precision ??= new MeanAveragePrecision()).update(batch);
    else {
      (this.confusion ??= new ConfusionMatrix()).update(batch);
      (this.calibration ??= new CalibrationError()).update(batch);
    }
    batch.indices.forEach((index, row) => {
      const { classes, targets } = batch;
      if (targets) this.#targets.set(index, targets.subarray(row * classes, (row + 1) * classes));
      if (this.right.length < this.#examples) this.#example(batch, index, row);
    });
  }

  #example(batch: MetricBatch, index: number, row: number): void {
    const said = guessOf(batch, row);
    const truth = this.#truth(index, batch.labels[row]!);
    const known = this.right.some(({ guess }) => guess === said.guess);
    if (!known && truth.includes(said.guess)) this.right.push({ index, truth, ...said });
  }

  #truth(index: number, label: number): number[] {
    const targets = this.#targets.get(index);
    return targets ? [...targets.keys()].filter((j) => targets[j]! > 0.5) : [label];
  }

  /** Wrong guesses, largest loss first. */
  get mistakes(): Judged[] {
    return this.#worst.worst
      .map(({ index, label, guess, probability }) => ({
        index,
        truth: this.#truth(index, label),
        guess,
        probability,
      }))
      .filter(({ truth, guess }) => !truth.includes(guess));
  }
}
