// Depthwise convolution: groups = channels = output channels. The kernels (kernels/depthwise/depthwise.ts) read the images
// in place.

import type { Planner } from "../../wasm/plan.js";
import { ORDERED_TILE } from "../../wasm/fastest-tile.js";
import { runtime } from "../../wasm/runtime.js";
import { constants } from "../../wasm/table.js";
import type { Conv } from "./sizes.js";
import type { Algorithm } from "./table.js";

/** Multiply-adds that take about 15 µs. */
const GRAIN = 300e3;

/** Units worth another thread, if each does `unit` multiply-adds. */
function grainOf(unit: number): number {
  return Math.ceil(GRAIN / Math.max(unit, 1));
}

/** Whether the engine keeps the order of loads, which its tile shows: otherwise bodies with many sums spill. */
function ordered(): boolean {
  const { tile, simd256 } = runtime();
  return simd256 || tile === ORDERED_TILE;
}

/** Floats that no longer fit L2: 1 MiB. */
const FAR = 262144;

/** A way to run a kernel: whether to read ahead, whether to use the wide body. */
type Way = readonly [ahead: number, wide: number];
const WAYS: readonly Way[] = [
  [1, 0],
  [0, 0],
];
const WAYS_ORDERED: readonly Way[] = [[1, 1], [0, 1], ...WAYS];

/**
 * The way to plan: with the kernel's wide body (many outputs at once) where registers suffice, reading the rows of an array of
 * `floats` ahead if it lies beyond L2 and that pays. A window reads many streams at once, and some processors do not foresee
 * the next line: without reading ahead they take up to three times as long, while for other shapes or processors it costs
 * up to a third. A wide body reads even more streams. So large arrays offer several ways, which are timed; the result
 * is the same.
 */
function wayOf(p: Planner, floats: number): Way {
  const ways = ordered() ? WAYS_ORDERED : WAYS;
  if (floats <= FAR) return [0, ways[0]![1]];
  return ways[p.way(ways.length)]!;
}

/** The Window struct of the convolution. */
function windowOf(p: Planner, conv: Conv): number {
  return p.struct("Window", conv);
}

/** Most parts of the images whose gradients are summed separately; independent of the number of threads, for the same bits. */
const PARTS = 8;

export const depthwise: Algorithm = {
  name: "depthwise",
  fits: (conv) => conv.groups === conv.channels && conv.outChannels === conv.channels && conv.groups > 1,
  pays: () => true,

  absorbs: ["activation"],
  /** A unit is a pair of rows of y. */
  forward(p, conv, { x, weight: w, bias, y, activation }) {
    const { images, height, width, outHeight, outWidth, channels, kernelHeight, kernelWidth } = conv;
    const grain = grainOf(2 * outWidth * channels * kernelHeight * kernelWidth);
    const units = images * Math.ceil(outHeight / 2);
    const [ahead, wide] = wayOf(p, images * height * width * channels);
    const window = windowOf(p, conv);
    const shape = p.struct("Depthwise", { window, x, w, bias, y, activation, ahead, wide, parts: 1 });
    p.parallelScratch("depthwise", units, grain, constants.DEPTHWISE_SCRATCH, shape);
  },

  /** A unit is a pair of rows of dx. */
  data(p, conv, { dy: x, weight: w, dx: y }) {
    const { images, height, outHeight, outWidth, channels, kernelHeight, kernelWidth } = conv;
    const grain = grainOf(((2 * outHeight) / height) * outWidth * channels * kernelHeight * kernelWidth);
    const units = images * Math.ceil(height / 2);
    const [ahead, wide] = wayOf(p, images * outHeight * outWidth * channels);
    const window = windowOf(p, conv);
    const shape = p.struct("Depthwise", { window, x, w, bias: 0, y, activation: 0, ahead, wide, parts: 1 });
    p.parallelScratch("depthwiseBackwardData", units, grain, constants.DEPTHWISE_SCRATCH, shape);
  },

  /** A unit is eight channels of a part of the images: threads read different data unless there are few images. */
  weight(p, conv, { x, dy, dw }) {
    const { images, height, width, outHeight, outWidth, channels, kernelHeight, kernelWidth } = conv;
    const parts = Math.max(1, Math.min(images, PARTS));
    const grain = grainOf((images / parts) * outHeight * outWidth * kernelHeight * kernelWidth * 8);
    const size = kernelHeight * kernelWidth * channels;
    const window = windowOf(p, conv);
    const units = p.ask("depthwiseBackwardWeightUnits", window, parts);
    const bytes = p.ask("depthwiseBackwardWeightScratch", window);
    const [ahead, wide] = wayOf(p, images * height * width * channels);
    const run = (w: number): void => {
      const shape = p.struct("Depthwise", {
        window,
        x,
        w,
        bias: 0,
        y: dy,
        activation: 0,
        ahead,
        wide,
        parts,
      });
      p.parallelScratch("depthwiseBackwardWeight", units, grain, bytes, shape);
    };
    if (parts === 1) return run(dw);
    p.scratch(parts * size * 4, (sums) => {
      run(sums);
      p.call("sum", sums, dw, 1, parts, size, 1);
    });
  },
};
