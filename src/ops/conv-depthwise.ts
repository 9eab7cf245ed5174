// Depthwise convolution: groups = channels = output channels. The kernels (kernels/depthwise.ts) do it on the images as
// they are.

import { parallel, parallelScratch } from "../wasm/parallel.js";
import { ORDERED_TILE, runtime } from "../wasm/runtime.js";
import type { Conv } from "./conv-frame.js";
import { withWindow } from "./window.js";

/** Multiply-adds that take about 15 µs. */
const GRAIN = 300e3;

export function isDepthwise(conv: Conv): boolean {
  return conv.groups === conv.channels && conv.outChannels === conv.channels && conv.groups > 1;
}

/** Units of which each does so many multiply-adds that are worth another thread. */
function grainOf(unit: number): number {
  return Math.ceil(GRAIN / Math.max(unit, 1));
}

/** Whether the engine keeps the order of loads, as its tile tells: where it does not, bodies with many sums spill. */
function ordered(): number {
  const { tile, simd256 } = runtime();
  return simd256 || tile === ORDERED_TILE ? 1 : 0;
}

/** Floats that do not fit L2 any more: 1 MiB. */
const FAR = 262144;
/** Large calls of a kernel after which shapes are timed: by then the engine has replaced baseline code by optimised code. */
const WARM_CALLS = 32;
const ROUNDS = 3;
/** Large calls of each kernel so far, and which way was fastest for each kernel and shape. */
const farCalls = new Map<string, number>();
const fastest = new Map<string, readonly [ahead: number, wide: number]>();

/**
 * Runs a kernel with its wide body (many outputs at once) where registers suffice, and has it read the rows of an array beyond L2
 * ahead if that pays. A window reads so many streams at once that some processors do not see what comes next: without
 * reading ahead they take up to three times as long, while for other shapes, or on others, it costs up to a third; a
 * wide body reads still more streams. So of each large shape one call is timed in all ways; the result is the same.
 */
function inFastestWay(
  kernel: string,
  conv: Conv,
  floats: number,
  run: (ahead: number, wide: number) => void,
): void {
  const wide = ordered();
  if (floats <= FAR) return run(0, wide);
  const { images, height, width, channels, kernelHeight, strideHeight } = conv;
  const shape = [kernel, images, height, width, channels, kernelHeight, strideHeight, wide].join();
  const known = fastest.get(shape);
  if (known) return run(...known);
  const calls = (farCalls.get(kernel) ?? 0) + 1;
  farCalls.set(kernel, calls);
  if (calls <= WARM_CALLS) return run(1, wide);
  const ways = [0, 1].flatMap((ahead) => (wide ? [0, 1] : [0]).map((body) => [ahead, body] as const));
  const best = ways.map(() => Infinity);
  for (let round = 0; round < ROUNDS; round++) {
    ways.forEach((way, i) => {
      const begin = performance.now();
      run(...way);
      best[i] = Math.min(best[i]!, performance.now() - begin);
    });
  }
  fastest.set(shape, ways[best.indexOf(Math.min(...best))]!);
}

/** A unit is a pair of rows of y. */
export function depthwiseForward(conv: Conv, x: number, weight: number, bias: number, y: number): void {
  const { images, height, width, outHeight, outWidth, channels, kernelHeight, kernelWidth } = conv;
  const grain = grainOf(2 * outWidth * channels * kernelHeight * kernelWidth);
  const units = images * Math.ceil(outHeight / 2);
  const floats = images * height * width * channels;
  withWindow(conv, (window) => {
    inFastestWay("depthwise", conv, floats, (ahead, oblong) => {
      parallel("depthwise", units, grain, window, x, weight, bias, y, ahead, oblong);
    });
  });
}

/** A unit is a pair of rows of dx. */
export function depthwiseBackwardData(conv: Conv, dy: number, weight: number, dx: number): void {
  const { images, height, outHeight, outWidth, channels, kernelHeight, kernelWidth } = conv;
  const grain = grainOf(((2 * outHeight) / height) * outWidth * channels * kernelHeight * kernelWidth);
  const units = images * Math.ceil(height / 2);
  const floats = images * outHeight * outWidth * channels;
  withWindow(conv, (window) => {
    inFastestWay("depthwiseBackwardData", conv, floats, (ahead, oblong) => {
      parallel("depthwiseBackwardData", units, grain, window, dy, weight, dx, ahead, oblong);
    });
  });
}

/** Parts of the images whose gradients are summed apart, at most; the number of threads is none of it, for the same bits. */
const PARTS = 8;

/** A unit is eight channels of a part of the images: threads do not share what they read unless there are few images. */
export function depthwiseBackwardWeight(conv: Conv, x: number, dy: number, dw: number): void {
  const { images, height, width, outHeight, outWidth, channels, kernelHeight, kernelWidth } = conv;
  const { kernels, heap } = runtime();
  const parts = Math.max(1, Math.min(images, PARTS));
  const grain = grainOf((images / parts) * outHeight * outWidth * kernelHeight * kernelWidth * 8);
  const size = kernelHeight * kernelWidth * channels;
  withWindow(conv, (window) => {
    const units = kernels.depthwiseBackwardWeightUnits(window, parts);
    const bytes = kernels.depthwiseBackwardWeightScratch(window);
    const run = (to: number): void =>
      inFastestWay("depthwiseBackwardWeight", conv, images * height * width * channels, (ahead, runs) => {
        parallelScratch(
          "depthwiseBackwardWeight",
          units,
          grain,
          bytes,
          window,
          x,
          dy,
          to,
          parts,
          ahead,
          runs,
        );
      });
    if (parts === 1) return run(dw);
    heap.scratch(parts * size * 4, "depthwise gradient", (sums) => {
      run(sums);
      kernels.sum(sums, dw, 1, parts, size, 1);
    });
  });
}
