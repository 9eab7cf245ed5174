// Counting right answers.

import { describe, sameShape } from "../../core/shape.js";
import { ShapeError } from "../../errors.js";
import { checkKinds } from "../../errors/options.js";
import { checkLabels, type LossTarget } from "../../ops/targets.js";
import { checkTensors, type Tensor, type TypedArray } from "../../core/tensor.js";

/**
 * How many rows of logits [n, classes] have their label among the k largest, for each k in ks. Among equal logits the earlier
 * class counts as larger, as in argmax (scikit-learn's top_k_accuracy_score and, for k > 1, TorchMetrics take the later), and NaN
 * as larger than any; a row whose label's logit is NaN is wrong.
 */
export function topK(logits: Tensor, labels: LossTarget, ks: readonly number[]): number[] {
  checkTensors("topK", { logits, labels });
  checkKinds("topK", { ks }, { ks: "list" });
  const [n, classes] = logits.shape;
  if (logits.shape.length !== 2 || labels.shape.length !== 1 || labels.size !== n)
    throw new ShapeError(
      `topK: expected logits:[n,classes] and labels:[n]; got ${describe({ logits, labels })}`,
    );
  checkLabels("topK", labels, classes!);
  const x = logits.view();
  const y = labels.view();
  return countWithin(
    ks,
    Array.from(y, (label, row) => rankOf(x, row, logits.shape[1]!, label)),
  );
}

/**
 * How many rows of logits [n, classes] have any of their classes (a target [n, classes] above ½) among the k largest, for
 * each k in ks: with k = 1, how many have a correct first guess. A row without classes is wrong.
 */
export function topKOfAny(logits: Tensor, targets: Tensor, ks: readonly number[]): number[] {
  checkTensors("topKOfAny", { logits, targets });
  checkKinds("topKOfAny", { ks }, { ks: "list" });
  if (logits.shape.length !== 2 || !sameShape(logits.shape, targets.shape))
    throw new ShapeError(
      `topKOfAny: expected logits and targets [n,classes]; got ${describe({ logits, targets })}`,
    );
  const [rows, classes] = logits.shape as [number, number];
  const x = logits.view();
  const t = targets.view();
  const bestRank = (row: number): number => {
    let best = -1;
    for (let j = 0; j < classes; j++) {
      const larger = best < 0 || x[row * classes + j]! > x[row * classes + best]!;
      if (t[row * classes + j]! > 0.5 && larger) best = j;
    }
    return best < 0 ? Infinity : rankOf(x, row, classes, best);
  };
  return countWithin(
    ks,
    Array.from({ length: rows }, (_, row) => bestRank(row)),
  );
}

/** Number of classes before this one in its row, largest first. */
function rankOf(x: TypedArray, row: number, classes: number, label: number): number {
  const begin = row * classes;
  const target = x[begin + label]!;
  if (Number.isNaN(target)) return Infinity;
  let rank = 0;
  for (let j = 0; j < classes; j++) {
    const v = x[begin + j]!;
    if (v > target || (v === target && j < label) || Number.isNaN(v)) rank++;
  }
  return rank;
}

function countWithin(ks: readonly number[], ranks: readonly number[]): number[] {
  return ks.map((k) => ranks.reduce((n, rank) => n + (rank < k ? 1 : 0), 0));
}
