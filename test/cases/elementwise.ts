// Element-wise ops: lengths around a vector of four, special values, every pattern of broadcasting.

import type { Draw } from "../helpers/random.js";
import { around, type Case, type Input, type OpCases } from "./types.js";

const lengths: Case[] = [0, ...around(4), 17, 1031].map((n) => ({ name: `n ${n}`, inputs: { x: [n] } }));
const ranks: Case[] = [
  { name: "a scalar", inputs: { x: [] } },
  { name: "five axes", inputs: { x: [2, 1, 3, 2, 5] } },
  { name: "no elements in three axes", inputs: { x: [2, 0, 3] } },
];

/** A case at points where functions have special values; `NaN` and the infinities included. */
const specials: Case = {
  name: "NaN, infinities, zeros, subnormals",
  inputs: { x: { shape: [11], values: [NaN, Infinity, -Infinity, 0, -0, 1e-40, -1e-40, 1, -1, 50, -50] } },
  gradient: false,
};

function unary(op: string, kind: Draw, tolerance: number, attrs?: Record<string, unknown>): OpCases {
  const cases = [...lengths, ...ranks, specials].map((c) => (attrs ? { ...c, attrs } : c));
  return { op, cases, draw: { x: kind }, tolerance };
}

/** Values in every piece of activations that change at −3, 0, 3 and 6. */
const pieces: Case = {
  name: "every piece",
  inputs: { x: { shape: [9], values: [-9, -3.1, -2.9, -0.1, 0.1, 2.9, 3.1, 5.9, 6.1] } },
};

const farFromZero: Case = {
  name: "far from zero, and at zero",
  inputs: { x: { shape: [8], values: [0, -0, 1000, -1000, 17, -17, 90, -90] } },
};

function withPieces(suite: OpCases): OpCases {
  const { attrs } = suite.cases[0]!;
  return { ...suite, cases: [...suite.cases, attrs ? { ...pieces, attrs } : pieces] };
}

/** Shapes of a and b. Neighbouring axes that both walk alike are one loop, so the patterns matter, not the sizes. */
const broadcasts: [name: string, a: readonly number[], b: readonly number[]][] = [
  ["scalars", [], []],
  ["a scalar on the right", [2, 3], []],
  ["a scalar on the left", [], [5]],
  ["one element on the right", [7], [1]],
  ["a row on the right", [3, 5], [5]],
  ["a row on the left", [5], [3, 5]],
  ["a column on the right", [3, 5], [3, 1]],
  ["a column on the left", [3, 1], [3, 5]],
  ["a column and a row", [3, 1], [1, 5]],
  ["a row and a column", [1, 9], [4, 1]],
  ["channels of images", [2, 3, 3, 5], [5]],
  ["one number for each image", [2, 3, 3, 5], [2, 1, 1, 1]],
  ["a plane for all channels", [2, 3, 4, 5], [1, 3, 4, 1]],
  ["images and channels, not pixels", [2, 3, 4, 5], [2, 1, 1, 5]],
  ["a middle axis of one", [2, 3, 4], [2, 1, 4]],
  ["two middle axes of one on different sides", [2, 1, 3, 4], [2, 5, 1, 4]],
  ["five axes, every second stretched", [2, 1, 3, 1, 5], [1, 4, 1, 2, 1]],
  ["five axes, every second stretched on the right", [2, 3, 2, 3, 5], [2, 1, 2, 1, 5]],
  ["five axes against two", [2, 3, 2, 2, 3], [2, 1]],
  ["axes of one on both sides", [1, 3, 1, 4], [1, 1, 1, 4]],
  ["no elements", [0, 3], [3]],
  ["no elements on the stretched side", [1, 3], [0, 1]],
];

const specialPairs: Record<string, Input> = {
  a: { shape: [10], values: [NaN, 1, NaN, Infinity, -Infinity, Infinity, 0, -0, 1, -1] },
  b: { shape: [10], values: [1, NaN, NaN, Infinity, Infinity, -1, 1, 1, 1, -1] },
};

function binary(op: string, a: Draw, b: Draw, more: Case[] = []): OpCases {
  const lengthCases = [0, ...around(4), 259].map((n) => ({ name: `n ${n}`, inputs: { a: [n], b: [n] } }));
  const cases: Case[] = [
    ...lengthCases,
    ...broadcasts.map(([name, a, b]) => ({ name, inputs: { a, b } })),
    { name: "NaN, infinities, equal values", inputs: specialPairs, gradient: false },
    ...more,
  ];
  return { op, cases, draw: { a, b }, tolerance: 1e-6 };
}

const equalPairs: Case = {
  name: "equal values share the gradient",
  inputs: { a: { shape: [5], values: [1, 2, 3, -1, 0] }, b: { shape: [5], values: [1, 3, 2, -1, 0] } },
};

/** Conditions, with what they hide. */
const zeroPairs: Case = {
  name: "what is hidden is not seen",
  inputs: {
    a: { shape: [8], values: [NaN, Infinity, -Infinity, 1, NaN, 2, 3, 4] },
    b: { shape: [8], values: [0, 0, -0, 1, 1, -1, 1e-40, NaN] },
  },
  gradient: false,
};

export const elementwise: OpCases[] = [
  unary("relu", "awayFromZero", 0),
  unary("sigmoid", "normal", 1e-6),
  unary("tanh", "normal", 1e-6),
  { op: "logSigmoid", cases: [...lengths, ...ranks, specials, farFromZero], tolerance: 1e-6 },
  unary("exp", "normal", 1e-6),
  unary("log", "positive", 1e-6),
  unary("sqrt", "positive", 1e-6),
  unary("abs", "awayFromZero", 0),
  unary("neg", "normal", 0),
  withPieces(unary("silu", "normal", 1e-6)),
  withPieces(unary("gelu", "normal", 1e-6)),
  withPieces(unary("geluTanh", "normal", 1e-6)),
  withPieces(unary("hardsigmoid", "normal", 1e-6)),
  withPieces(unary("hardswish", "normal", 1e-6)),
  withPieces(unary("relu6", "awayFromZero", 0)),
  unary("leakyRelu", "awayFromZero", 1e-6, { negativeSlope: 0.1 }),
  {
    op: "prelu",
    cases: [
      ...[0, ...around(4), 17].map((c) => ({
        name: `${c} channels`,
        inputs: { x: [2, 3, 2, c], weight: [c] },
      })),
      { name: "one for all", inputs: { x: [2, 3, 2, 5], weight: [1] } },
      { name: "many rows", inputs: { x: [300, 3], weight: [3] } },
      { name: "no rows", inputs: { x: [0, 3], weight: [3] } },
      { ...specials, inputs: { ...specials.inputs, weight: [1] } },
    ],
    draw: { x: "awayFromZero", weight: "normal" },
    tolerance: 1e-6,
  },
  withPieces(unary("elu", "awayFromZero", 1e-6, { alpha: 0.7 })),
  withPieces(unary("clamp", "awayFromZero", 0, { min: -(2 ** -10), max: 0.75 })),
  {
    op: "pow",
    cases: [0, 1, 2, 3, 5, 14, 64, -1, -2, -7, 0.5, -0.5, 1.7, -2.3, 65, -66].flatMap((exponent) => [
      { name: `to the ${exponent}`, inputs: { x: { shape: [3, 7], draw: "positive" } }, attrs: { exponent } },
      { name: `NaN and infinity to the ${exponent}`, inputs: { x: { shape: [6], values: [NaN, Infinity, 0, 1, 0.5, 2] } }, attrs: { exponent }, gradient: false }, // prettier-ignore
      ...(Number.isInteger(exponent) ? [{ name: `negative numbers to the ${exponent}`, inputs: { x: { shape: [5], values: [-1.1, -0.9, -1, 1.2, -1.01] } }, attrs: { exponent } }] : []), // prettier-ignore
      ...[0, 1, 4, 1031].map((n): Case => ({ name: `${n} to the ${exponent}`, inputs: { x: { shape: [n], draw: "positive" } }, attrs: { exponent } })), // prettier-ignore
    ]),
    tolerance: 1e-5,
  },
  unary("affine", "normal", 1e-6, { scale: -1.7, shift: 0.3 }),
  binary("add", "normal", "normal"),
  binary("sub", "normal", "normal"),
  binary("mul", "normal", "normal"),
  binary("div", "normal", "divisor"),
  binary("maximum", "grid", "halfGrid", [equalPairs]),
  binary("minimum", "grid", "halfGrid", [equalPairs]),
  binary("greaterEqual", "grid", "halfGrid", [equalPairs]),
  binary("greater", "grid", "halfGrid", [equalPairs]),
  binary("equal", "grid", "grid", [equalPairs]),
  binary("keepWhere", "normal", "grid", [zeroPairs]),
  {
    op: "dropout",
    cases: [
      ...lengths.map((c) => ({ ...c, attrs: { p: 0.4, seed: 12345 } })),
      { name: "p 0 keeps everything", inputs: { x: [37] }, attrs: { p: 0, seed: 1 } },
      { name: "p 0.99", inputs: { x: [401] }, attrs: { p: 0.99, seed: 2 } },
      { name: "a negative seed", inputs: { x: [3, 5, 7] }, attrs: { p: 0.5, seed: -987654321 } },
      { name: "the largest seed", inputs: { x: [64] }, attrs: { p: 0.25, seed: 0x7fffffff } },
    ],
    tolerance: 3e-6, // 1 − p keeps few digits of p 0.99
  },
];
