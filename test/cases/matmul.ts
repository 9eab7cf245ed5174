// Matrix products: sizes around the register tiles (4×8, 6×8, 3×12) and the cache blocks (48 × 512 × 1032).

import { around, type Case, type OpCases } from "./types.js";

const sizes = (tiles: number[]): number[] => [...new Set(tiles.flatMap(around))].sort((a, b) => a - b);

const edges: Case[] = sizes([3, 4, 6]).flatMap((m) =>
  sizes([8, 12]).map((n) => matmul(m, 1 + ((m * n) % 7), n)),
);

function matmul(m: number, k: number, n: number): Case {
  return { name: `${m}x${k} by ${k}x${n}`, inputs: { a: [m, k], b: [k, n] } };
}

const blocks: [number, number, number][] = [
  [47, 511, 9],
  [48, 512, 8],
  [49, 513, 25],
  [5, 3, 1032],
  [50, 515, 1040],
  [0, 3, 4],
  [3, 4, 0],
  [3, 0, 4],
  [0, 0, 0],
  [13, 29, 23],
  [96, 31, 41],
  [97, 31, 41],
  [5, 255, 9],
  [5, 256, 9],
  [5, 257, 9],
  [7, 513, 11],
  [97, 300, 17],
  [9, 11, 511],
  [9, 11, 521],
  [3, 7, 1037],
];

function linear(name: string, x: readonly number[], out: number, bias = true): Case {
  return { name, inputs: { x, weight: [out, x.at(-1)!], ...(bias ? { bias: [out] } : {}) } };
}

export const products: OpCases[] = [
  {
    op: "matmul",
    cases: [...edges, ...blocks.map((s) => matmul(...s))],
    tolerance: 2e-6,
    tiled: true,
  },
  {
    op: "linear",
    cases: [
      linear("one number", [1, 1], 1),
      linear("without bias", [5, 7], 9, false),
      linear("with bias", [6, 17], 13),
      linear("a vector", [11], 5),
      linear("three axes", [2, 3, 5], 8),
      linear("five axes without bias", [2, 1, 3, 2, 4], 3, false),
      linear("batch 0", [0, 5], 4),
      linear("batch 0 without bias", [0, 5], 4, false),
      linear("no inputs: the bias alone", [3, 0], 4),
      linear("no inputs without bias: zeros", [3, 0], 4, false),
      linear("inputs over two blocks", [3, 600], 10),
      linear("outputs over two blocks", [4, 9], 1045),
      linear("rows over two blocks", [101, 5], 7),
      linear("a row of several blocks", [1, 2051], 17),
      linear("two rows, a number of outputs that three does not divide", [2, 29], 10),
      linear("many weights, few rows", [5, 300], 7000),
      linear("many weights, more rows", [33, 300], 7000),
      ...around(8).map((n) => linear(`${n} rows, ${n} outputs`, [n, 5], n)),
    ],
    tolerance: 2e-6,
    tiled: true,
  },
];
