// Depthwise convolution: groups = channels = output channels. The kernels (kernels/depthwise.ts) do it on the images as
// they are.

import { parallel } from "../wasm/parallel.js";
import { runtime } from "../wasm/runtime.js";
import type { Conv } from "./conv-frame.js";
import { withWindow } from "./window.js";

/** Multiply-adds that take about 20 µs. */
const GRAIN = 300e3;

export function isDepthwise(conv: Conv): boolean {
  return conv.groups === conv.channels && conv.outChannels === conv.channels && conv.groups > 1;
}

/** Units of which each does so many multiply-adds that are worth another thread. */
function grainOf(unit: number): number {
  return Math.ceil(GRAIN / Math.max(unit, 1));
}

/** A unit is a row of y. */
export function depthwiseForward(conv: Conv, x: number, weight: number, bias: number, y: number): void {
  const { images, outHeight, outWidth, channels, kernelHeight, kernelWidth } = conv;
  const grain = grainOf(outWidth * channels * kernelHeight * kernelWidth);
  withWindow(conv, (window) => {
    parallel("depthwise", images * outHeight, grain, window, x, weight, bias, y);
  });
}

/** A unit is a row of dx. */
export function depthwiseBackwardData(conv: Conv, dy: number, weight: number, dx: number): void {
  const { images, height, outHeight, outWidth, channels, kernelHeight, kernelWidth } = conv;
  const grain = grainOf((outHeight / height) * outWidth * channels * kernelHeight * kernelWidth);
  withWindow(conv, (window) => {
    parallel("depthwiseBackwardData", images * height, grain, window, dy, weight, dx);
  });
}

/** A unit is a row of the kernel for eight channels. */
export function depthwiseBackwardWeight(conv: Conv, x: number, dy: number, dw: number): void {
  const { images, outHeight, outWidth, kernelWidth } = conv;
  const grain = grainOf(images * outHeight * outWidth * kernelWidth * 8);
  withWindow(conv, (window) => {
    const units = runtime().kernels.depthwiseBackwardWeightUnits(window);
    parallel("depthwiseBackwardWeight", units, grain, window, x, dy, dw);
  });
}
