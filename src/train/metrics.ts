// Counting right answers.

import type { Tensor } from "../core/tensor.js";

/**
 * How many rows of logits [n, classes] have their label among the k largest, for each k in ks. Of equal logits the
 * earlier class counts as larger; a row whose label's logit is NaN is wrong.
 */
export function topK(logits: Tensor, labels: Tensor, ks: readonly number[]): number[] {
  const classes = logits.shape[1]!;
  const x = logits.view;
  const y = labels.view;
  const counts = ks.map(() => 0);
  for (let r = 0; r < y.length; r++) {
    const row = r * classes;
    const target = x[row + y[r]!]!;
    if (Number.isNaN(target)) continue;
    let rank = 0;
    for (let j = 0; j < classes; j++) {
      const v = x[row + j]!;
      if (v > target || (v === target && j < y[r]!)) rank++;
    }
    ks.forEach((k, i) => {
      if (rank < k) counts[i]!++;
    });
  }
  return counts;
}
