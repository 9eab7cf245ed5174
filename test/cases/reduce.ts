// Reductions of each axis of up to five, with lengths around a vector of four and around the blocks of 256.

import { around, type Case, type OpCases } from "./types.js";

function reductions(attrs: Record<string, unknown>): Case[] {
  const along = (x: readonly number[], axis: number): Case => ({
    name: `[${x.join(",")}] along ${axis}${"scale" in attrs ? `, scale ${String(attrs["scale"])}` : ""}`,
    inputs: { x },
    attrs: { ...attrs, axis },
  });
  return [
    ...[...around(4), 255, 256, 257, 517].map((n) => along([n], 0)),
    ...around(4).flatMap((n) => [along([3, n], 1), along([3, n], 0), along([2, 3, n], 1)]),
    along([300, 3], 0),
    along([2, 259, 5], -2),
    along([3, 4, 5], -1),
    along([3, 4, 5], -3),
    along([2, 3, 2, 3, 4], 2),
    along([2, 3, 1, 3, 4], 2),
    along([0, 3], 1),
    along([3, 2, 0], 1),
  ];
}

const empty: Case[] = [
  { name: "an axis of none sums to 0", inputs: { x: [3, 0] }, attrs: { axis: 1, scale: 1 } },
  { name: "an axis of none before others", inputs: { x: [2, 0, 3] }, attrs: { axis: 1, scale: 1 } },
];

const nan: Case[] = [0, 1].map((axis) => ({
  name: `NaN counts as largest, along ${axis}`,
  inputs: { x: { shape: [3, 3], values: [1, NaN, 3, NaN, NaN, 9, -Infinity, 5, Infinity] } },
  attrs: { axis },
  gradient: false,
}));

export const reduceOps: OpCases[] = [
  {
    op: "sum",
    cases: [...reductions({ scale: 1 }), ...reductions({ scale: 0.37 }), ...empty],
    tolerance: 2e-6,
  },
  {
    op: "maxOfAll",
    cases: [
      ...[[1], [5], [3, 4], [2, 3, 7], []].map((x): Case => ({ name: `[${x.join(",")}]`, inputs: { x } })),
      { name: "NaN counts as largest", inputs: { x: { shape: [3], values: [1, NaN, 3] } }, gradient: false },
    ],
    draw: { x: "distinct" },
    tolerance: 0,
  },
  {
    op: "gather",
    cases: (
      [
        [[5], [3], 0],
        [[2, 5], [2, 7], 1],
        [[5, 3], [2, 3], 0],
        [[2, 5, 3], [2, 4, 3], -2],
        [[2, 3, 2, 5], [2, 3, 2, 1], 3],
        [[2, 5], [2, 0], 1],
        [[0, 5], [0, 2], 1],
      ] as const
    ).map(([x, index, axis]): Case => ({
      name: `[${x.join(",")}] by [${index.join(",")}] along ${axis}`,
      inputs: { x, index },
      attrs: { axis: axis < 0 ? axis + x.length : axis },
    })),
    dtypes: { index: "i32" },
    labelsBelow: "axis",
    tolerance: 0,
  },
  { op: "max", cases: [...reductions({}), ...nan], draw: { x: "distinct" }, tolerance: 0 },
  { op: "argmax", cases: [...reductions({}), ...nan], draw: { x: "distinct" }, tolerance: 0 },
];
