// Batch normalisation over the last axis.

import { values, type Values } from "./values.js";

interface BatchNormAttrs {
  training: boolean;
  eps: number;
  momentum: number;
  runningMean?: Values;
  runningVar?: Values;
}

/** Overwrites the running statistics in training, as the op does. */
export function batchNorm(
  { x, weight, bias }: { x: Values; weight?: Values; bias?: Values },
  { training, eps, momentum, runningMean, runningVar }: BatchNormAttrs,
): Values {
  const channels = x.shape.at(-1)!;
  const rows = x.data.length / channels;
  const y = values(x.shape);
  for (let c = 0; c < channels; c++) {
    let mean = runningMean?.data[c] ?? 0;
    let variance = runningVar?.data[c] ?? 1;
    if (training) {
      mean = 0;
      for (let r = 0; r < rows; r++) mean += x.data[r * channels + c]! / rows;
      variance = 0;
      for (let r = 0; r < rows; r++) variance += (x.data[r * channels + c]! - mean) ** 2 / rows;
      const unbiased = (variance * rows) / (rows - 1);
      if (runningMean) runningMean.data[c] = (1 - momentum) * runningMean.data[c]! + momentum * mean;
      if (runningVar) runningVar.data[c] = (1 - momentum) * runningVar.data[c]! + momentum * unbiased;
    }
    for (let r = 0; r < rows; r++) {
      const normal = (x.data[r * channels + c]! - mean) / Math.sqrt(variance + eps);
      y.data[r * channels + c] = normal * (weight?.data[c] ?? 1) + (bias?.data[c] ?? 0);
    }
  }
  return y;
}
