// The interface of metrics, and their common parts.

import { DataError } from "../../errors.js";

/** A model's predictions for some images, and the truth. Copies: a metric may keep them. */
export interface MetricBatch {
  /** [n, classes], row after row. With test-time augmentation, logits of the averaged probabilities. */
  readonly logits: Float32Array;
  /** [n]. For a dataset with targets: the first class with a 1, or −1. */
  readonly labels: Int32Array;
  /** 0 or 1 [n, classes], for a dataset whose images have several classes each. */
  readonly targets?: Float32Array;
  /** Indices of the images in the dataset: [n]. */
  readonly indices: Uint32Array;
  /** Number of classes. */
  readonly classes: number;
}

/** A metric counted over an evaluation, batch by batch: a new one for each evaluation. */
export interface Metric {
  /** @throws DataError if a logit is NaN, or if the metric does not fit the kind of labels */
  update(batch: MetricBatch): void;
}

/** A row of logits as probabilities of exclusive classes. */
export interface RowGuess {
  /** The most probable class, the first of equals. */
  readonly guess: number;
  readonly probability: number;
  /** ln Σ eˣ: a class's log-probability is its logit minus this. */
  readonly logSumExp: number;
}

/** @throws DataError naming the image if a logit is NaN, or the largest is infinite */
export function readRow(op: string, { logits, classes, indices }: MetricBatch, row: number): RowGuess {
  const begin = row * classes;
  let guess = 0;
  for (let j = 0; j < classes; j++) {
    const v = logits[begin + j]!;
    if (Number.isNaN(v)) {
      throw new DataError(`${op}: a logit is NaN; got it for image ${indices[row]}, class ${j}`);
    }
    if (v > logits[begin + guess]!) guess = j;
  }
  const top = logits[begin + guess]!;
  let sum = 0;
  for (let j = 0; j < classes; j++) sum += Math.exp(logits[begin + j]! - top);
  if (Number.isNaN(sum)) {
    throw new DataError(`${op}: a logit is ${top}; got it for image ${indices[row]}, class ${guess}`);
  }
  return { guess, probability: 1 / sum, logSumExp: top + Math.log(sum) };
}

/** @throws DataError if images have several classes each */
export function requireLabels(op: string, { targets }: MetricBatch): void {
  if (targets) throw new DataError(`${op}: needs one class for each image; got targets of several`);
}

/** How well one class is found, or all on average. Fractions; 0 where the divisor is 0, as in scikit-learn. */
export interface ClassScores {
  /** Share of the images classified as the class that belong to it. */
  precision: number;
  /** Share of the class's images that were classified as it. */
  recall: number;
  /** Harmonic mean of the two. */
  f1: number;
  /** Images of the class. */
  support: number;
}

/** Scores of a class with `right` correct images among `guessed` ones classified as it and `support` of its own. */
export function classScores(right: number, guessed: number, support: number): ClassScores {
  const share = (whole: number): number => (whole === 0 ? 0 : right / whole);
  return { precision: share(guessed), recall: share(support), f1: 2 * share(guessed + support), support };
}
