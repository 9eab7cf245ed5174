// The kernels do outputs alone, or several at once where all their windows lie inside the image. Both add in the same
// order, so that a pixel has the same bits wherever it lies: here each output, and each pixel's gradient, once more from
// an image of no more columns than it needs, and all from an image that has its padding as zeros.

import { beforeAll, describe, test } from "vitest";
import { backward, conv2d, pad, tensor, tidy } from "../../src/index.js";
import { init } from "../../src/wasm/runtime.js";
import { sameBits } from "../helpers/allclose.js";
import { forOwnBinary } from "../helpers/binaries.js";
import { draw } from "../helpers/random.js";

const CHANNELS = 13;

/** Columns begin ≤ column < end of [rows, width, CHANNELS]. */
function columns(values: Float32Array, width: number, begin: number, end: number): Float32Array {
  const rows = values.length / CHANNELS / width;
  const parts = Array.from({ length: rows }, (_, r) => [
    ...values.subarray((r * width + begin) * CHANNELS, (r * width + end) * CHANNELS),
  ]);
  return Float32Array.from(parts.flat());
}

/** y and dx of a row of windows of k × k. */
function run(
  x: Float32Array,
  dy: Float32Array,
  k: number,
  stride: number,
): { y: Float32Array; dx: Float32Array } {
  return tidy(() => {
    const image = tensor(x, [1, k, x.length / k / CHANNELS, CHANNELS], { requiresGrad: true });
    const weight = tensor(draw("normal", "weight", k * k * CHANNELS), [k, k, 1, CHANNELS]);
    const y = conv2d(image, weight, undefined, { stride, groups: CHANNELS });
    backward(y, tensor(dy, y.shape));
    return { y: Float32Array.from(y.data()), dx: Float32Array.from(image.grad!.data()) };
  });
}

/** y, dx and dw with padding, or of an image framed with zeros. */
function sums(
  [k, stride, padding]: readonly [number, number, number],
  shape: readonly [number, number, number, number],
  framed: boolean,
): Record<"y" | "dx" | "dw", Float32Array> {
  return tidy(() => {
    const channels = shape[3];
    const size = shape.reduce((product, n) => product * n);
    const x = tensor(draw("normal", "x", size), shape, { requiresGrad: true });
    const weight = tensor(draw("normal", "weight", k * k * channels), [k, k, 1, channels], {
      requiresGrad: true,
    });
    const image = framed ? pad(x, [0, padding, padding, 0], [0, padding, padding, 0]) : x;
    const y = conv2d(image, weight, undefined, { stride, padding: framed ? 0 : padding, groups: channels });
    backward(y, tensor(draw("normal", "dy", y.size), y.shape));
    const [out, dx, dw] = [y, x.grad!, weight.grad!].map((t) => Float32Array.from(t.data()));
    return { y: out!, dx: dx!, dw: dw! };
  });
}

forOwnBinary((binary) => {
  beforeAll(() => void init({ binary }));

  describe("depthwise convolution gives the same bits alone and among others:", () => {
    test.each([
      [3, 1],
      [3, 2],
      [5, 1],
      [5, 2],
      [4, 3],
      [6, 1],
      [7, 1],
      [9, 1],
      [11, 1],
      [7, 2],
    ])("kernel %i, stride %i", (k, stride) => {
      const outWidth = 11;
      const width = (outWidth - 1) * stride + k;
      const x = Float32Array.from(draw("normal", "x", k * width * CHANNELS));
      const dy = Float32Array.from(draw("normal", "dy", outWidth * CHANNELS));
      const want = run(x, dy, k, stride);
      for (let column = 0; column < width; column++) {
        // Windows i0 ≤ i ≤ i1 contain the column.
        const i0 = Math.max(0, Math.ceil((column - k + 1) / stride));
        const i1 = Math.min(outWidth - 1, Math.floor(column / stride));
        if (i0 > i1) continue;
        const begin = i0 * stride;
        const end = i1 * stride + k;
        const got = run(columns(x, width, begin, end), columns(dy, outWidth, i0, i1 + 1), k, stride);
        sameBits(
          `dx of column ${column}`,
          columns(got.dx, end - begin, column - begin, column - begin + 1),
          columns(want.dx, width, column, column + 1),
        );
        sameBits(`y of windows on column ${column}`, got.y, columns(want.y, outWidth, i0, i1 + 1));
      }
    });
  });

  describe("depthwise convolution gives the same bits with padding and on an image framed with zeros:", () => {
    test.each([
      [3, 1, 1, 7, 9],
      [3, 1, 1, 6, 4],
      [3, 1, 2, 5, 7],
      [3, 2, 1, 8, 10],
      [3, 2, 1, 7, 9],
      [5, 1, 2, 7, 9],
      [5, 2, 2, 9, 11],
      [5, 1, 3, 6, 8],
      [6, 1, 3, 6, 9],
      [7, 1, 3, 7, 7],
      [7, 1, 3, 9, 21],
      [8, 1, 4, 9, 13],
      [9, 1, 4, 7, 8],
      [11, 1, 5, 7, 7],
      [11, 1, 5, 14, 30],
      [13, 1, 2, 13, 18],
    ])("kernel %i, stride %i, padding %i, %i × %i", (k, stride, padding, height, width) => {
      const shape = [2, height, width, CHANNELS] as const;
      const [padded, framed] = [false, true].map((frame) => sums([k, stride, padding], shape, frame));
      for (const name of ["y", "dx", "dw"] as const) sameBits(name, padded![name], framed![name]);
    });
  });

  describe("depthwise convolution gives the same bits where the engine keeps the order of loads and where not:", () => {
    test.each([
      [3, 1, 1, 1, 1, 4],
      [3, 1, 1, 2, 2, 8],
      [3, 1, 1, 7, 7, 60],
      [3, 1, 1, 5, 41, 20],
      [3, 1, 0, 9, 19, 9],
      [3, 1, 2, 4, 6, 5],
      [3, 2, 1, 14, 14, 36],
      [3, 2, 1, 7, 35, 12],
      [3, 2, 0, 3, 9, 7],
      [3, 2, 0, 9, 36, 260],
      [3, 3, 1, 9, 10, 6],
      [5, 1, 2, 7, 9, 12],
    ])("kernel %i, stride %i, padding %i, %i × %i × %i", (k, stride, padding, height, width, channels) => {
      const [want, got] = [0, 1].map((tile) => {
        init({ binary, tile });
        return sums([k, stride, padding], [3, height, width, channels], false);
      });
      for (const name of ["y", "dx", "dw"] as const) sameBits(name, got![name], want![name]);
    });
  });

  test("a large depthwise convolution gives the same bits while the ways to run it are timed, and after", () => {
    init({ binary, tile: 1, threads: 1 });
    const want = sums([3, 1, 1], [2, 56, 57, 44], false);
    for (let i = 0; i < 46; i++) {
      const got = sums([3, 1, 1], [2, 56, 57, 44], false);
      for (const name of ["y", "dx", "dw"] as const) sameBits(`${name} of call ${i}`, got[name], want[name]);
    }
  });
});
