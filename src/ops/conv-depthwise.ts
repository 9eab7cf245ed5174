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

/** Floats that do not fit L2 any more: 1 MiB. */
const FAR = 262144;
/** Large calls of a kernel after which shapes are timed: by then the engine has replaced baseline code by optimised code. */
const WARM_CALLS = 32;
const ROUNDS = 3;
/** Large calls of each kernel so far, and for which kernel and shape it pays to read ahead. */
const farCalls = new Map<string, number>();
const aheadPays = new Map<string, boolean>();

/**
 * Runs a kernel, and has it read the rows of an array beyond L2 ahead if that pays. A window reads so many streams at once
 * that some processors do not see what comes next: without reading ahead they take up to three times as long, while
 * for other shapes, or on others, it costs up to a third. So of each shape one call is timed both ways; the result is the same.
 */
function aheadIfFar(kernel: string, conv: Conv, floats: number, run: (ahead: number) => void): void {
  if (floats <= FAR) return run(0);
  const { images, height, width, channels, kernelHeight, strideHeight } = conv;
  const shape = [kernel, images, height, width, channels, kernelHeight, strideHeight].join();
  const known = aheadPays.get(shape);
  if (known !== undefined) return run(known ? 1 : 0);
  const calls = (farCalls.get(kernel) ?? 0) + 1;
  farCalls.set(kernel, calls);
  if (calls <= WARM_CALLS) return run(1);
  const best = [Infinity, Infinity];
  for (let round = 0; round < 2 * ROUNDS; round++) {
    const ahead = round % 2;
    const begin = performance.now();
    run(ahead);
    best[ahead] = Math.min(best[ahead]!, performance.now() - begin);
  }
  aheadPays.set(shape, best[1]! < best[0]!);
}

/** Floats up to which oblongs are ahead of squares, 4 MiB; beyond, many streams cost more (56²·144·8: a quarter to a half). */
const OBLONG = 2 ** 20;

/** Whether the engine keeps the order of loads, as its tile tells: where it does not, bodies with many sums spill. */
function ordered(): boolean {
  const { tile, simd256 } = runtime();
  return simd256 || tile === ORDERED_TILE;
}

/** Whether squares may go two at a time. */
function oblongPays(floats: number): number {
  return floats <= OBLONG && ordered() ? 1 : 0;
}

/** A unit is a pair of rows of y. */
export function depthwiseForward(conv: Conv, x: number, weight: number, bias: number, y: number): void {
  const { images, height, width, outHeight, outWidth, channels, kernelHeight, kernelWidth } = conv;
  const grain = grainOf(2 * outWidth * channels * kernelHeight * kernelWidth);
  const units = images * Math.ceil(outHeight / 2);
  const floats = images * height * width * channels;
  withWindow(conv, (window) => {
    aheadIfFar("depthwise", conv, floats, (ahead) => {
      parallel("depthwise", units, grain, window, x, weight, bias, y, ahead, oblongPays(floats));
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
    aheadIfFar("depthwiseBackwardData", conv, floats, (ahead) => {
      parallel("depthwiseBackwardData", units, grain, window, dy, weight, dx, ahead, oblongPays(floats));
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
      aheadIfFar("depthwiseBackwardWeight", conv, images * height * width * channels, (ahead) => {
        const runs = ordered() ? 1 : 0;
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
