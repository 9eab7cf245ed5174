// Drivers take ranges of their units of work, so that threads can share a product: no division and no order of the
// ranges may change a bit, and no range may write what belongs to another.

import { beforeAll, describe, test } from "vitest";
import type { Kernels } from "../../src/wasm/abi.js";
import { init, runtime } from "../../src/wasm/runtime.js";
import { sameBits } from "../helpers/allclose.js";
import { forEachBinary, TILES } from "../helpers/binaries.js";
import { Guarded } from "../helpers/guarded.js";
import { runPixelsGemm, runRowsGemm, type PixelProduct } from "./tile-calls.js";
import { depthwiseWindows, runDepthwise, sizesOf } from "./window-calls.js";

type Ranges = NonNullable<PixelProduct["ranges"]>;

const oneByOne: Ranges = (units) => Array.from({ length: units }, (_, i) => [i, i + 1] as const);
const backwards: Ranges = (units) => [...oneByOne(units)].reverse();
const pairsBackwards: Ranges = (units) =>
  Array.from(
    { length: Math.ceil(units / 2) },
    (_, i) => [2 * i, Math.min(2 * i + 2, units)] as const,
  ).reverse();

/** Runs a product on its own memory and returns C. */
function resultOf(run: (g: Guarded) => number, words: number): Float32Array {
  const g = new Guarded();
  const c = run(g);
  const values = runtime().heap.f32(c, words).slice();
  g.free();
  return values;
}

forEachBinary((binary) => {
  beforeAll(() => void init({ binary }));

  describe.each(TILES)("units in any order give the same bits, tile %i:", (tile) => {
    test.each([1, 2, 3, 5, 8, 9, 12, 13])("rowsGemm, %i columns", (columns) => {
      for (const pixels of [1, 5, 7, 13, 31, 100]) {
        const run = (ranges?: Ranges) => (g: Guarded) =>
          runRowsGemm(kernels(), g, { pixels, columns, tile, gap: 0, ...(ranges ? { ranges } : {}) }, 3, 1);
        const want = resultOf(run(), pixels * columns);
        for (const ranges of [oneByOne, backwards, pairsBackwards]) {
          sameBits(`rowsGemm, ${pixels} pixels`, resultOf(run(ranges), pixels * columns), want);
        }
      }
    });

    test.each([1, 2, 3, 5, 8, 9, 12, 13])("pixelsGemm, %i columns", (columns) => {
      for (const rows of [1, 5, 7, 13, 31]) {
        const run = (ranges?: Ranges) => (g: Guarded) =>
          runPixelsGemm(
            kernels(),
            g,
            { pixels: 4, columns, tile, gap: 0, ...(ranges ? { ranges } : {}) },
            rows,
          );
        const want = resultOf(run(), rows * columns);
        for (const ranges of [oneByOne, backwards, pairsBackwards]) {
          sameBits(`pixelsGemm, ${rows} rows`, resultOf(run(ranges), rows * columns), want);
        }
      }
    });
  });

  describe("units in any order give the same bits:", () => {
    test.each([
      ["depthwise", "y"],
      ["depthwiseBackwardData", "x"],
      ["depthwiseBackwardWeight", "w"],
    ] as const)("%s", (kernel, output) => {
      for (const [index, spec] of depthwiseWindows.entries()) {
        for (const channels of [3, 4, 8, 13, 33]) {
          const sizes = sizesOf(spec, 2, channels);
          const run = (ranges?: Ranges) => (g: Guarded) => runDepthwise(kernel, kernels(), g, sizes, ranges);
          const want = resultOf(run(), sizes[output]);
          for (const ranges of [oneByOne, backwards, pairsBackwards]) {
            sameBits(
              `${kernel}, window ${index}, ${channels} channels`,
              resultOf(run(ranges), sizes[output]),
              want,
            );
          }
        }
      }
    });
  });
});

function kernels(): Kernels {
  return runtime().kernels;
}
