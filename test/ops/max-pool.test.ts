// Windows of 3 × 3 two pixels apart go in bands of rows, eight channels at a time, if there are that many: here channels
// in eights and the same in fours, which go window by window, must have the same bits, gradients (which tell the taps) too.

import { beforeAll, describe, expect, test } from "vitest";
import { backward, maxPool2d, slice, tensor, tidy } from "../../src/index.js";
import { init } from "../../src/wasm/runtime.js";
import { sameBits } from "../helpers/allclose.js";
import { forEachBinary } from "../helpers/binaries.js";
import { draw } from "../helpers/random.js";

const CHANNELS = 24;

interface Pooled {
  y: Float32Array;
  dx: Float32Array;
  inference: Float32Array;
}

function pooled(
  values: Float32Array,
  shape: number[],
  padding: number,
  first: number,
  count: number,
): Pooled {
  return tidy(() => {
    const x = tensor(values, shape, { requiresGrad: true });
    const part = slice(x, [{}, {}, {}, { begin: first, end: first + count }]);
    const y = maxPool2d(part, 3, { stride: 2, padding });
    const inference = maxPool2d(part.detach(), 3, { stride: 2, padding });
    const all = draw("normal", "dy", (y.size / count) * CHANNELS);
    const dy = Float32Array.from({ length: y.size }, (_, i) => {
      return all[Math.floor(i / count) * CHANNELS + first + (i % count)]!;
    });
    backward(y, tensor(dy, y.shape));
    const [out, dx, alone] = [y, x.grad!, inference].map((t) => Float32Array.from(t.data()));
    return { y: out!, dx: dx!, inference: alone! };
  });
}

/** Channels first to first + count of [pixels, CHANNELS]. */
function channels(values: Float32Array, first: number, count: number): Float32Array {
  return values.filter((_, i) => i % CHANNELS >= first && i % CHANNELS < first + count);
}

/** Small integers, so that many are equal, some of them with another sign of zero; then what is put in. */
function image(size: number, special: readonly number[]): Float32Array {
  const values = Float32Array.from(draw("normal", "x", size), (v) => Math.round(2 * v));
  special.forEach((v, i) => (values[Math.floor(((i + 0.5) * size) / special.length)] = v));
  return values;
}

forEachBinary((binary) => {
  beforeAll(() => void init({ binary, threads: 1 }));

  describe("maxPool2d of 3 × 3 with stride 2 has the same bits in bands and window by window:", () => {
    test.each([
      [0, 3, 3],
      [1, 3, 3],
      [1, 2, 5],
      [0, 7, 9],
      [1, 8, 8],
      [1, 16, 13],
      [0, 15, 4],
      [1, 31, 6],
    ])("padding %i, %i × %i", (padding, height, width) => {
      const shape = [2, height, width, CHANNELS];
      const size = shape.reduce((a, b) => a * b);
      for (const special of [[], [NaN], [Infinity, -Infinity, NaN, -0, -0], [3e38, 3e38, 3e38, 3e38]]) {
        const values = image(size, special);
        const whole = pooled(values, shape, padding, 0, CHANNELS);
        for (let first = 0; first < CHANNELS; first += 4) {
          const part = pooled(values, shape, padding, first, 4);
          sameBits("y", channels(whole.y, first, 4), part.y);
          sameBits("y without gradients", channels(whole.inference, first, 4), part.inference);
          sameBits("dx", channels(whole.dx, first, 4), channels(part.dx, first, 4));
        }
        expect(whole.y.some(Number.isNaN)).toBe(special.some(Number.isNaN));
      }
    });
  });

  test("maxPool2d of a window that lies in padding is −∞, and has no gradient", () => {
    tidy(() => {
      const x = tensor(new Float32Array(8).fill(7), [1, 2, 2, 2], { requiresGrad: true });
      const y = maxPool2d(x, 2, { stride: 1, padding: 1, dilation: 3 });
      expect([...y.data()]).toEqual([-Infinity, -Infinity]);
      backward(y, tensor(Float32Array.of(1, 2), y.shape));
      expect([...x.grad!.data()]).toEqual(Array(8).fill(0));
    });
  });
});
