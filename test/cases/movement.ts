// Reshape, permute, slice, pad, flip and cat.

import type { Case, OpCases } from "./types.js";

function reshape(x: readonly number[], shape: readonly number[]): Case {
  return { name: `[${x.join(",")}] as [${shape.join(",")}]`, inputs: { x }, attrs: { shape } };
}

function permute(x: readonly number[], axes: readonly number[]): Case {
  return { name: `[${x.join(",")}] by [${axes.join(",")}]`, inputs: { x }, attrs: { axes } };
}

/** Ranges as [begin, count, step] for each axis. */
function slice(x: readonly number[], ranges: readonly (readonly [number, number, number])[]): Case {
  const attrs = { ranges: ranges.map(([begin, count, step]) => ({ begin, count, step })) };
  return { name: `[${x.join(",")}] at ${JSON.stringify(ranges)}`, inputs: { x }, attrs };
}

function pad(x: readonly number[], before: readonly number[], after: readonly number[]): Case {
  return {
    name: `[${x.join(",")}] by [${before.join(",")}] and [${after.join(",")}]`,
    inputs: { x },
    attrs: { before, after },
  };
}

function flip(x: readonly number[], axes: readonly number[]): Case {
  return { name: `[${x.join(",")}] along [${axes.join(",")}]`, inputs: { x }, attrs: { axes } };
}

function cat(axis: number, ...shapes: (readonly number[])[]): Case {
  const names = ["a", "b", "c", "d"];
  return {
    name: `${shapes.map((s) => `[${s.join(",")}]`).join(" ")} along axis ${axis}`,
    inputs: Object.fromEntries(shapes.map((shape, i) => [names[i]!, shape])),
    attrs: { axis },
  };
}

function shuffle(x: readonly number[], groups: number): Case {
  return { name: `[${x.join(",")}] in ${groups} groups`, inputs: { x }, attrs: { groups } };
}

export const movements: OpCases[] = [
  {
    op: "channelShuffle",
    cases: [
      ...[2, 4, 6, 8, 14, 16, 26].map((c) => shuffle([2, 2, 3, c], 2)),
      ...[1, 3, 4, 5, 7, 8, 9].map((groups) => shuffle([1, 2, 2, 2 * groups], groups)),
      shuffle([1, 2, 3, 12], 3),
      shuffle([1, 2, 3, 5], 1),
      shuffle([0, 2, 3, 4], 2),
    ],
    tolerance: 0,
  },
  {
    op: "cat",
    cases: [
      cat(0, [3]),
      cat(0, [3], [4]),
      cat(1, [3, 1], [3, 5], [3, 4]),
      cat(0, [2, 3], [0, 3], [1, 3]),
      cat(3, [2, 3, 2, 4], [2, 3, 2, 1], [2, 3, 2, 8], [2, 3, 2, 7]),
      cat(2, [2, 3, 2, 4], [2, 3, 5, 4]),
      cat(1, [0, 3], [0, 2]),
    ],
    tolerance: 0,
  },
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
  {
    op: "slice",
    cases: [
      slice([], []),
      slice([7], [[2, 3, 2]]),
      slice(
        [3, 5],
        [
          [0, 3, 1],
          [1, 4, 1],
        ],
      ),
      slice(
        [2, 5, 6, 3],
        [
          [0, 2, 1],
          [0, 3, 2],
          [1, 3, 2],
          [0, 3, 1],
        ],
      ),
      slice(
        [2, 3],
        [
          [2, 0, 1],
          [0, 3, 1],
        ],
      ),
    ],
    tolerance: 0,
  },
  {
    op: "pad",
    cases: [
      pad([], [], []),
      pad([3], [2], [0]),
      pad([2, 3, 2, 5], [0, 1, 0, 2], [1, 0, 2, 3]),
      pad([0, 2], [1, 1], [1, 0]),
    ],
    tolerance: 0,
  },
  {
    op: "flip",
    cases: [
      flip([], []),
      flip([5], [0]),
      flip([5], []),
      flip([2, 3, 4, 3], [2]),
      flip([2, 3, 4, 5], [-1, 0]),
      flip([2, 3, 4, 5], [1, 3, 2]),
      flip([3, 0], [0]),
    ],
    tolerance: 0,
  },
];
