// The details of an evaluation for a report, for images with one class each or several.

import {
  taskOf,
  WorstMistakes,
  type CalibrationError,
  type ConfusionMatrix,
  type MeanAveragePrecision,
  type Metric,
  type MetricBatch,
} from "../../train/index.js";

/** An image and the model's prediction. */
export interface Judged {
  /** Index in the dataset. */
  readonly index: number;
  /** The image's classes. */
  readonly truth: readonly number[];
  /** Index of the predicted class. */
  readonly guess: number;
  /** Probability of the guess. */
  readonly probability: number;
}

/** A metric that collects a report's details: confusions, calibration and the worst mistakes. */
export class Judgement implements Metric {
  /** Confusions; undefined if images have several classes. */
  confusion: ConfusionMatrix | undefined;
  /** Calibration; undefined if images have several classes. */
  calibration: CalibrationError | undefined;
  /** Mean average precision; undefined if images have one class each. */
  precision: MeanAveragePrecision | undefined;
  /** The first right guess of some classes. */
  readonly right: Judged[] = [];
  readonly #metrics: Metric[] = [];
  readonly #worst: WorstMistakes;
  readonly #examples: number;

  /** This many mistakes, and right guesses, each of a different class. */
  constructor(mistakes: number, examples: number) {
    this.#worst = new WorstMistakes(mistakes);
    this.#examples = examples;
    this.#metrics.push(this.#worst);
  }

  update(batch: MetricBatch): void {
    const task = taskOf(batch);
    if (this.#metrics.length === 1) {
      const metrics = task.metrics();
      Object.assign(this, metrics);
      this.#metrics.push(...(Object.values(metrics) as Metric[]));
    }
    for (const metric of this.#metrics) metric.update(batch);
    for (let row = 0; row < batch.indices.length && this.right.length < this.#examples; row++) {
      const { guess, probability, truth } = task.judge("report", batch, row);
      const known = this.right.some((one) => one.guess === guess);
      if (!known && truth.includes(guess)) {
        this.right.push({ index: batch.indices[row]!, truth, guess, probability });
      }
    }
  }

  /** Wrong guesses, largest loss first. */
  get mistakes(): Judged[] {
    return this.#worst.worst
      .filter(({ truth, guess }) => !truth.includes(guess))
      .map(({ index, truth, guess, probability }) => ({ index, truth, guess, probability }));
  }
}
