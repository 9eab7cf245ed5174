// The images with a model's worst predictions.

import { DataError } from "../../errors.js";
import { taskOf } from "../task.js";
import type { Metric, MetricBatch } from "./metric.js";

/** An image with a wrong prediction. */
export interface Mistake {
  /** Index of the image in the dataset. */
  index: number;
  /** Its class; in a dataset with targets the first class with a 1, or −1. */
  label: number;
  /** Its classes. */
  truth: readonly number[];
  /** The most probable class. */
  guess: number;
  /** Probability of the guess. */
  probability: number;
  /** Cross-entropy; with targets, the classes' mean binary cross-entropy. */
  loss: number;
}

/** The k images with the largest loss, whether guessed wrong or right. */
export class WorstMistakes implements Metric {
  readonly #k: number;
  readonly #worst: Mistake[] = [];

  /** @throws DataError unless k is an integer ≥ 1 */
  constructor(k = 20) {
    if (!Number.isInteger(k) || k < 1)
      throw new DataError(`WorstMistakes: k must be an integer ≥ 1; got ${k}`);
    this.#k = k;
  }

  update(batch: MetricBatch): void {
    const task = taskOf(batch);
    batch.labels.forEach((label, row) => {
      const { guess, probability, truth, loss } = task.judge("WorstMistakes", batch, row);
      this.#add({ index: batch.indices[row]!, label, truth, guess, probability, loss });
    });
  }

  #add(mistake: Mistake): void {
    const worst = this.#worst;
    if (worst.length === this.#k && mistake.loss <= worst.at(-1)!.loss) return;
    const before = worst.findIndex(({ loss }) => loss < mistake.loss);
    worst.splice(before < 0 ? worst.length : before, 0, mistake);
    worst.length = Math.min(worst.length, this.#k);
  }

  /** Largest loss first; ties go to the one seen first. */
  get worst(): readonly Mistake[] {
    return this.#worst;
  }
}
