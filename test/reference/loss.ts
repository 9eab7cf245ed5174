// Softmax and cross-entropy over the last axis.

import { values, type Values } from "./values.js";

interface Input {
  x: Values;
}

interface LossInput {
  x: Values;
  target: Values;
}

interface LossAttrs {
  labelSmoothing: number;
  reduction: "mean" | "sum" | "none";
}

export function logSoftmax({ x }: Input): Values {
  const n = x.shape.at(-1)!;
  const y = values(x.shape);
  for (let row = 0; row < x.data.length; row += n) {
    const line = x.data.subarray(row, row + n);
    const top = line.reduce((a, b) => Math.max(a, b), -Infinity);
    const lse = top + Math.log(line.reduce((total, v) => total + Math.exp(v - top), 0));
    for (let j = 0; j < n; j++) y.data[row + j] = line[j]! - lse;
  }
  return y;
}

export function softmax({ x }: Input): Values {
  const y = logSoftmax({ x });
  return values(y.shape, (i) => Math.exp(y.data[i]!));
}

/** −Σ_j t_j·logSoftmax(x)_j, with t_j smoothed: (1 − s)·t_j + s·(Σ_k t_k)/classes. */
export function softCrossEntropy({ x, target }: LossInput, attrs: LossAttrs): Values {
  const [rows, classes] = x.shape as [number, number];
  const log = logSoftmax({ x });
  const losses = values([rows], (r) => {
    let mass = 0;
    for (let j = 0; j < classes; j++) mass += target.data[r * classes + j]!;
    let loss = 0;
    for (let j = 0; j < classes; j++) {
      const hard = target.data[r * classes + j]!;
      const t = (1 - attrs.labelSmoothing) * hard + (attrs.labelSmoothing * mass) / classes;
      loss -= t * log.data[r * classes + j]!;
    }
    return loss;
  });
  if (attrs.reduction === "none") return losses;
  const total = losses.data.reduce((sum, loss) => sum + loss, 0);
  return values([], () => (attrs.reduction === "mean" ? total / rows : total));
}

export function crossEntropy({ x, target }: LossInput, attrs: LossAttrs): Values {
  const classes = x.shape[1]!;
  const hot = values(x.shape, (i) => (target.data[Math.floor(i / classes)] === i % classes ? 1 : 0));
  return softCrossEntropy({ x, target: hot }, attrs);
}
