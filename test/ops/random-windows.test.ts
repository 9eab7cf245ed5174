// Max pooling and depthwise convolution, whose kernels have many bodies for windows, edges and channels: drawn sizes against
// sums and maxima in float64, gradients too, under one tile after the other (which decides between some of the bodies).

import { expect, test } from "vitest";
import { backward, conv2d, maxPool2d, tensor, tidy } from "../../src/index.js";
import { init } from "../../src/wasm/runtime.js";
import { allclose } from "../helpers/allclose.js";
import { forOwnBinary, TILES } from "../helpers/binaries.js";
import { draw, randomOf } from "../helpers/random.js";

const CASES = 300;
const TOLERANCE = 1e-5;

interface Windows {
  shape: [images: number, height: number, width: number, channels: number];
  kernel: [number, number];
  stride: [number, number];
  /** Before and after each axis. */
  padding: [height: [number, number], width: [number, number]];
  dilation: [number, number];
  out: [number, number];
}

/** Sizes for which a window fits; mostly those that networks have. */
function drawWindows(random: () => number): Windows {
  const between = (least: number, most: number): number => least + Math.floor(random() * (most - least + 1));
  const both = (usual: number, share: number, least: number, most: number): [number, number] =>
    random() < share ? [usual, usual] : [between(least, most), between(least, most)];
  for (;;) {
    const shape: Windows["shape"] = [between(1, 3), between(1, 20), between(1, 38), between(1, 20)];
    const kernel = both(3, 0.7, 1, 5);
    const stride = both(random() < 0.5 ? 1 : 2, 0.6, 1, 3);
    const before = both(1, 0.6, 0, 2);
    const after = random() < 0.6 ? before : both(1, 0.6, 0, 2);
    const padding: Windows["padding"] = [
      [before[0], after[0]],
      [before[1], after[1]],
    ];
    const dilation = both(1, 0.8, 1, 2);
    const size = (axis: 0 | 1): number => {
      const room = shape[axis + 1]! + before[axis] + after[axis] - dilation[axis] * (kernel[axis] - 1) - 1;
      return Math.floor(room / stride[axis]) + 1;
    };
    const out: [number, number] = [size(0), size(1)];
    if (out[0] > 0 && out[1] > 0) return { shape, kernel, stride, padding, dilation, out };
  }
}

/** Calls fn for each output with the tap numbers and the places in x of those taps of its window that lie inside. */
function eachWindow(w: Windows, fn: (output: number, inside: { tap: number; at: number }[]) => void): void {
  const [images, height, width, channels] = w.shape;
  const outputs = images * w.out[0] * w.out[1] * channels;
  for (let output = 0; output < outputs; output++) {
    const pixel = Math.floor(output / channels);
    const j = pixel % w.out[1];
    const i = Math.floor(pixel / w.out[1]) % w.out[0];
    const image = Math.floor(pixel / w.out[1] / w.out[0]);
    const inside: { tap: number; at: number }[] = [];
    for (let tap = 0; tap < w.kernel[0] * w.kernel[1]; tap++) {
      const row = i * w.stride[0] - w.padding[0][0] + Math.floor(tap / w.kernel[1]) * w.dilation[0];
      const column = j * w.stride[1] - w.padding[1][0] + (tap % w.kernel[1]) * w.dilation[1];
      if (row < 0 || row >= height || column < 0 || column >= width) continue;
      inside.push({ tap, at: ((image * height + row) * width + column) * channels + (output % channels) });
    }
    fn(output, inside);
  }
}

function floats(name: string, n: number): Float32Array {
  return Float32Array.from(draw("normal", name, n));
}

function checkDepthwise(name: string, w: Windows): void {
  const channels = w.shape[3];
  const size = w.shape.reduce((a, b) => a * b);
  const taps = w.kernel[0] * w.kernel[1];
  const [x, weight] = [floats(`${name} x`, size), floats(`${name} w`, taps * channels)];
  const dy = floats(`${name} dy`, w.shape[0] * w.out[0] * w.out[1] * channels);
  const want = {
    y: new Float64Array(dy.length),
    dx: new Float64Array(size),
    dw: new Float64Array(taps * channels),
  };
  eachWindow(w, (output, inside) => {
    for (const { tap, at } of inside) {
      const k = tap * channels + (output % channels);
      want.y[output]! += x[at]! * weight[k]!;
      want.dx[at]! += dy[output]! * weight[k]!;
      want.dw[k]! += dy[output]! * x[at]!;
    }
  });
  tidy(() => {
    const tx = tensor(x, w.shape, { requiresGrad: true });
    const tw = tensor(weight, [...w.kernel, 1, channels], { requiresGrad: true });
    const { stride, padding, dilation } = w;
    const y = conv2d(tx, tw, undefined, { stride, padding, dilation, groups: channels });
    backward(y, tensor(dy, y.shape));
    allclose(`${name}: y`, y.data(), want.y, TOLERANCE);
    allclose(`${name}: dx`, tx.grad!.data(), want.dx, TOLERANCE);
    allclose(`${name}: dw`, tw.grad!.data(), want.dw, TOLERANCE);
  });
}

/**
 * Small integers, so that windows have several maxima; sometimes a NaN, which counts as the largest, the last most. The
 * maximum of no pixels is −∞.
 */
function checkMaxPool(name: string, w: Windows, special: number): void {
  const size = w.shape.reduce((a, b) => a * b);
  const x = floats(`${name} x`, size).map((v) => Math.round(2 * v));
  if (special < 0.3) x[Math.floor((special * size) / 0.3)] = [NaN, Infinity, -Infinity][size % 3]!;
  const dy = floats(`${name} dy`, w.shape[0] * w.out[0] * w.out[1] * w.shape[3]);
  const want = { y: new Float64Array(dy.length), dx: new Float64Array(size) };
  eachWindow(w, (output, inside) => {
    let best = inside[0]?.at;
    for (const { at } of inside) if (x[at]! > x[best!]! || Number.isNaN(x[at])) best = at;
    want.y[output] = best === undefined ? -Infinity : x[best]!;
    if (best !== undefined) want.dx[best]! += dy[output]!;
  });
  tidy(() => {
    const tx = tensor(x, w.shape, { requiresGrad: true });
    const { stride, padding, dilation } = w;
    const options = { stride, padding, dilation };
    const y = maxPool2d(tx, w.kernel, options);
    backward(y, tensor(dy, y.shape));
    expect(y.data(), `${name}: y`).toEqual(Float32Array.from(want.y));
    allclose(`${name}: dx`, tx.grad!.data(), want.dx, TOLERANCE);
    const alone = maxPool2d(tx.detach(), w.kernel, options);
    expect(alone.data(), `${name}: y without gradients`).toEqual(Float32Array.from(want.y));
  });
}

forOwnBinary((binary) => {
  test.each(TILES)("drawn windows under tile %i", (tile) => {
    init({ binary, tile, threads: 1 });
    const random = randomOf(`windows ${tile}`);
    for (let i = 0; i < CASES / TILES.length; i++) {
      const w = drawWindows(random);
      const special = random();
      const name = `case ${i} of tile ${tile}, ${JSON.stringify(w)}`;
      checkDepthwise(name, w);
      const fits = w.padding.every((sides, axis) => 2 * Math.max(...sides) <= w.kernel[axis]!);
      if (fits) checkMaxPool(name, w, special);
    }
  });
});
