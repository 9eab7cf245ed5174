// Depthwise convolution: groups = channels = output channels. The kernels (kernels/depthwise/depthwise.ts) do it on the images as
// they are.

import { parallelScratch, withStruct } from "../wasm/parallel.js";
import { ORDERED_TILE, perRuntime, runtime } from "../wasm/runtime.js";
import { sizes } from "../wasm/table.js";
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
function ordered(): boolean {
  const { tile, simd256 } = runtime();
  return simd256 || tile === ORDERED_TILE;
}

/** Floats that do not fit L2 any more: 1 MiB. */
const FAR = 262144;
/** Large calls of a kernel before shapes are timed: by then the engine has replaced baseline code by optimised code. */
const WARM_CALLS = 32;
/** Calls of a shape that are timed for each way, and shapes that are remembered. */
const ROUNDS = 3;
const MOST_SHAPES = 1000;

/** A way to run a kernel: whether to read ahead, whether to use the wide body. */
type Way = readonly [ahead: number, wide: number];
const WAYS: readonly Way[] = [
  [1, 0],
  [0, 0],
];
const WAYS_ORDERED: readonly Way[] = [[1, 1], [0, 1], ...WAYS];

/** Large calls of each kernel so far; the least milliseconds of each way by kernel and shape, and how many were timed. */
const timings = perRuntime(() => ({
  largeCalls: new Map<string, number>(),
  trials: new Map<string, { calls: number; least: number[] }>(),
}));

/**
 * Runs a kernel with its wide body (many outputs at once) where registers suffice, and has it read the rows of an array
 * beyond L2 ahead if that pays. A window reads so many streams at once that some processors do not see what comes next: without
 * reading ahead they take up to three times as long, while for other shapes, or on others, it costs up to a third; a
 * wide body reads still more streams. So the first calls of each large shape go one way after the other, and the rest
 * the way that was fastest; the result is the same.
 */
function inFastestWay(
  kernel: string,
  conv: Conv,
  floats: number,
  run: (ahead: number, wide: number) => void,
): void {
  const ways = ordered() ? WAYS_ORDERED : WAYS;
  if (floats <= FAR) return run(0, ways[0]![1]);
  const { largeCalls, trials } = timings();
  const calls = largeCalls.get(kernel) ?? 0;
  if (calls < WARM_CALLS) {
    largeCalls.set(kernel, calls + 1);
    return run(...ways[0]!);
  }
  const shape = [kernel, ...Object.values(conv)].join();
  let trial = trials.get(shape);
  if (!trial) {
    if (trials.size === MOST_SHAPES) trials.clear();
    trials.set(shape, (trial = { calls: 0, least: ways.map(() => Infinity) }));
  }
  const { least } = trial;
  if (trial.calls === ROUNDS * ways.length) return run(...ways[least.indexOf(Math.min(...least))]!);
  const i = trial.calls++ % ways.length;
  const begin = performance.now();
  run(...ways[i]!);
  least[i] = Math.min(least[i]!, performance.now() - begin);
}

/** A unit is a pair of rows of y. */
export function depthwiseForward(conv: Conv, x: number, w: number, bias: number, y: number): void {
  const { images, height, width, outHeight, outWidth, channels, kernelHeight, kernelWidth } = conv;
  const grain = grainOf(2 * outWidth * channels * kernelHeight * kernelWidth);
  const units = images * Math.ceil(outHeight / 2);
  const floats = images * height * width * channels;
  withWindow(conv, (window) => {
    inFastestWay("depthwise", conv, floats, (ahead, wide) => {
      withStruct("Depthwise", { window, x, w, bias, y, ahead, wide, parts: 1 }, (shape) => {
        parallelScratch("depthwise", units, grain, sizes.DEPTHWISE_SCRATCH, shape);
      });
    });
  });
}

/** A unit is a pair of rows of dx. */
export function depthwiseBackwardData(conv: Conv, dy: number, w: number, dx: number): void {
  const { images, height, outHeight, outWidth, channels, kernelHeight, kernelWidth } = conv;
  const grain = grainOf(((2 * outHeight) / height) * outWidth * channels * kernelHeight * kernelWidth);
  const units = images * Math.ceil(height / 2);
  const floats = images * outHeight * outWidth * channels;
  withWindow(conv, (window) => {
    inFastestWay("depthwiseBackwardData", conv, floats, (ahead, wide) => {
      withStruct("Depthwise", { window, x: dy, w, bias: 0, y: dx, ahead, wide, parts: 1 }, (shape) => {
        parallelScratch("depthwiseBackwardData", units, grain, sizes.DEPTHWISE_SCRATCH, shape);
      });
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
    const run = (w: number): void =>
      inFastestWay("depthwiseBackwardWeight", conv, images * height * width * channels, (ahead, wide) => {
        withStruct("Depthwise", { window, x, w, bias: 0, y: dy, ahead, wide, parts }, (shape) => {
          parallelScratch("depthwiseBackwardWeight", units, grain, bytes, shape);
        });
      });
    if (parts === 1) return run(dw);
    heap.scratch(parts * size * 4, "depthwise gradient", (sums) => {
      run(sums);
      kernels.sum(sums, dw, 1, parts, size, 1);
    });
  });
}
