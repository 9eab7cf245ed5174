// A model's likeliest classes.

import { checkTensors, type Tensor } from "../core/tensor.js";
import { DataError } from "../errors.js";
import { wrongKind } from "../errors/options.js";
import { softmax } from "../ops/index.js";

/** A class that a model predicts. */
export interface Guess {
  /** Index of the class. */
  label: number;
  /** The softmax probability, in 0…1. */
  probability: number;
}

/**
 * The k likeliest classes of each row of logits [n, classes], the likeliest first; among equal ones the earlier.
 * @throws DataError if a logit is NaN or infinite
 */
export function topClasses(logits: Tensor, k: number): Guess[][] {
  checkTensors("topClasses", { logits });
  if (!Number.isInteger(k) || k < 1) throw wrongKind("topClasses", "k", k, "an integer ≥ 1");
  const [n, classes] = logits.shape as [number, number];
  const p = softmax(logits).data();
  return Array.from({ length: n }, (_, row) => {
    const own = p.subarray(row * classes, (row + 1) * classes);
    if (own.some(Number.isNaN)) {
      throw new DataError(`topClasses: a logit of row ${row} is NaN or infinite; expected finite ones`);
    }
    const order = Array.from(own.keys()).sort((a, b) => own[b]! - own[a]! || a - b);
    return order.slice(0, k).map((label) => ({ label, probability: own[label]! }));
  });
}
