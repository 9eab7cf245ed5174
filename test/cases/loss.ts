// Softmax and cross-entropy: class counts around a vector of four, extreme logits, smoothing, reductions.

import type { Case, OpCases } from "./types.js";

const classes = [1, 2, 3, 4, 5, 7, 8, 10, 11, 17, 1000];
const rows: Case[] = [
  ...classes.map((n) => ({ name: `${n} classes`, inputs: { x: [3, n] } })),
  { name: "a vector", inputs: { x: [6] } },
  { name: "batch 0", inputs: { x: [0, 5] } },
  { name: "four axes", inputs: { x: [2, 3, 1, 9] } },
  {
    name: "logits far from zero",
    inputs: { x: { shape: [3, 3], values: [1000, 1001, 999, -1000, -1002, -1000, 300, 0, -300] } },
  },
];
const infinite: Case = {
  name: "−Infinity has probability 0; NaN spoils its row alone",
  inputs: { x: { shape: [3, 5], values: [1, -Infinity, 2, 0, 1, 0, 1, NaN, 2, 3, 5, 4, 3, 2, 1] } },
  gradient: false,
};

const attrs = ["mean", "sum", "none"].flatMap((reduction) =>
  [0, 0.1, 1].map((labelSmoothing) => ({ reduction, labelSmoothing })),
);

function losses(target: (n: number, classes: number) => readonly number[]): Case[] {
  const shapes: [number, number][] = [
    [1, 1],
    [1, 4],
    [5, 3],
    [4, 10],
    [3, 9],
    [2, 1000],
    [300, 2],
  ];
  const plain = shapes.map(([n, k]) => ({
    name: `${n} rows, ${k} classes`,
    inputs: { x: [n, k], target: target(n, k) },
    attrs: { reduction: "mean", labelSmoothing: 0 },
  }));
  const options = attrs.map((a) => ({
    name: `${a.reduction}, smoothing ${a.labelSmoothing}`,
    inputs: { x: [5, 7], target: target(5, 7) },
    attrs: a,
  }));
  // What is added up at 100,000 is rounded to 1/128.
  const far = Array.from({ length: 35 }, (_, i) => (i < 21 ? 1e5 : -1e5) + ((i * 37) % 64) / 16);
  const offset = [0, 0.1].map((labelSmoothing) => ({
    name: `logits around ±100,000, smoothing ${labelSmoothing}`,
    inputs: { x: { shape: [5, 7], values: far }, target: target(5, 7) },
    attrs: { reduction: "none", labelSmoothing },
  }));
  return [...plain, ...options, ...offset];
}

export const lossOps: OpCases[] = [
  { op: "softmax", cases: [...rows, infinite], tolerance: 2e-6 },
  { op: "logSoftmax", cases: [...rows], tolerance: 2e-6 },
  {
    op: "crossEntropy",
    cases: losses((n) => [n]),
    dtypes: { target: "i32" },
    labelsBelow: 1,
    tolerance: 2e-6,
  },
  {
    op: "softCrossEntropy",
    cases: losses((n, k) => [n, k]),
    draw: { target: "unit" },
    tolerance: 2e-6,
  },
];
