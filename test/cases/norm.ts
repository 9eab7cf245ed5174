// Batch normalisation: training and evaluation, with and without scale, bias and running statistics.

import type { Case, Input, OpCases } from "./types.js";

interface Options {
  training?: boolean;
  affine?: "both" | "weight" | "bias" | "none";
  running?: boolean;
  momentum?: number;
  eps?: number;
}

function norm(name: string, x: Input, options: Options = {}): Case {
  const { training = true, affine = "both", running = !training, momentum = 0.1, eps = 1e-5 } = options;
  const shape = "shape" in x ? x.shape : x;
  const c = [shape.at(-1)!];
  return {
    name,
    inputs: {
      x,
      ...(affine === "both" || affine === "weight" ? { weight: c } : {}),
      ...(affine === "both" || affine === "bias" ? { bias: c } : {}),
    },
    attrs: { training, momentum, eps },
    ...(running ? { state: { runningMean: c, runningVar: { shape: c, draw: "positive" as const } } } : {}),
  };
}

export const norms: OpCases[] = [
  {
    op: "batchNorm",
    cases: [
      norm("training, images", [2, 4, 5, 3]),
      norm("training, rows", [16, 8]),
      norm("training tracks the running statistics", [3, 4, 4, 5], { running: true }),
      norm("training with momentum 0.3", [4, 3, 3, 2], { running: true, momentum: 0.3 }),
      norm("training with momentum 1", [8, 7], { running: true, momentum: 1 }),
      norm("training with eps 0.1", [5, 4, 4, 4], { eps: 0.1 }),
      norm("training without scale and bias", [3, 5, 5, 4], { affine: "none" }),
      norm("training with a scale alone", [3, 5, 3, 9], { affine: "weight" }),
      norm("training with a bias alone", [3, 5, 3, 7], { affine: "bias" }),
      norm("training with two values for each channel", [2, 5], { eps: 0.5 }),
      norm("training far from zero", { shape: [3, 4, 4, 2], values: farFromZero(96) }),
      norm("training with no channels", [4, 0]),
      ...[1, 2, 4, 5, 13, 16, 17].map((c) => norm(`training, ${c} channels`, [2, 3, 5, c])),
      ...[15, 16, 17, 35].map((n) => norm(`training, ${n} rows`, [n, 3])),
      norm("evaluation, images", [2, 4, 5, 3], { training: false }),
      norm("evaluation without scale and bias", [2, 3, 3, 8], { training: false, affine: "none" }),
      norm("evaluation with a scale alone", [2, 3, 3, 5], { training: false, affine: "weight" }),
      norm("evaluation with a bias alone", [2, 3, 3, 9], { training: false, affine: "bias" }),
      norm("evaluation with eps 0.1", [6, 13], { training: false, eps: 0.1 }),
      norm("evaluation, one row", [1, 7], { training: false }),
      norm("evaluation, batch 0", [0, 4, 4, 3], { training: false }),
    ],
    tolerance: 5e-6,
  },
];

/** Mean 30, deviation 1: the variance must not be a difference of large numbers. */
function farFromZero(n: number): number[] {
  return Array.from({ length: n }, (_, i) => 30 + 2 * Math.sin(i * i));
}
