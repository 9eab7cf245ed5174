// Reshape and permute.

import type { Case, OpCases } from "./types.js";

function reshape(x: readonly number[], shape: readonly number[]): Case {
  return { name: `[${x.join(",")}] as [${shape.join(",")}]`, inputs: { x }, attrs: { shape } };
}

function permute(x: readonly number[], axes: readonly number[]): Case {
  return { name: `[${x.join(",")}] by [${axes.join(",")}]`, inputs: { x }, attrs: { axes } };
}

export const movements: OpCases[] = [
  {
    op: "reshape",
    cases: [
      reshape([6], [2, 3]),
      reshape([2, 3, 4], [4, -1]),
      reshape([2, 3], [-1]),
      reshape([1], []),
      reshape([], [1, 1]),
      reshape([0, 3], [3, 0]),
      reshape([0, 3], [-1, 3]),
      reshape([2, 3], [1, 2, 1, 3, 1]),
    ],
    tolerance: 0,
  },
  {
    op: "permute",
    cases: [
      permute([], []),
      permute([5], [0]),
      permute([3, 5], [1, 0]),
      permute([3, 5], [0, 1]),
      permute([2, 3, 4], [2, 0, 1]),
      permute([2, 3, 4], [1, 2, 0]),
      permute([2, 3, 4], [2, 1, 0]),
      permute([2, 3, 4, 5], [0, 3, 1, 2]),
      permute([2, 4, 5, 3], [0, 2, 3, 1]),
      permute([2, 3, 4, 5], [3, 2, 1, 0]),
      permute([2, 1, 4, 5], [1, 3, 0, 2]),
      permute([2, 3, 2, 3, 2], [4, 2, 0, 3, 1]),
      permute([2, 3, 2, 3, 2], [0, 1, 4, 2, 3]),
      permute([2, 1, 2, 3, 2, 2], [5, 3, 1, 4, 2, 0]),
      permute([2, 0, 3], [2, 1, 0]),
      permute([0, 2, 3, 2, 2], [4, 2, 0, 3, 1]),
    ],
    tolerance: 0,
  },
];
