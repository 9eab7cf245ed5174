// Winograd convolution against the direct one and against float64: shapes around the 4×4 tile, paddings that cut and
// that extend, channel counts around whole vectors, several chunks and blocks of tiles; and those of stride 2.

import { describe, expect, it } from "vitest";
import { conv2d, memoryStats, relu, tensor, tidy, zeros } from "../../src/index.js";
import { init } from "../../src/wasm/runtime.js";
import { sameBits } from "../helpers/allclose.js";
import { forOwnBinary, TILES } from "../helpers/binaries.js";
import { draw } from "../helpers/random.js";
import { sizeOf } from "../reference/values.js";

type Shape = [n: number, h: number, w: number, c: number];

type Sizes = [x: Shape, out: number, padding: number | [number, number], kernel?: number, stride?: number];

const shapes: Sizes[] = [
  [[1, 1, 1, 8], 8, 1],
  [[1, 3, 3, 8], 8, 0],
  [[2, 4, 4, 16], 8, 1],
  [[1, 5, 6, 12], 20, 1],
  [[3, 6, 5, 12], 8, 0],
  [[2, 7, 7, 20], 28, 1],
  [[1, 8, 9, 12], 8, 2],
  [[2, 4, 3, 8], 12, [2, 0]],
  [[1, 9, 6, 8], 8, [0, 2]],
  [[26, 16, 16, 16], 8, 1],
  [[3, 32, 31, 32], 12, 1],
  [[1, 20, 20, 132], 68, 1],
  [[2, 9, 9, 100], 204, 1],
  [[0, 5, 5, 8], 8, 1],
];

const ofStride2: Sizes[] = [
  [[4, 15, 14, 36], 44, 1, 3, 2],
  [[3, 17, 24, 32], 32, [0, 2], 3, 2],
  [[2, 40, 41, 64], 32, 2, 3, 2],
  [[5, 12, 22, 140], 132, 1, 3, 2],
  [[1, 45, 50, 3], 16, 3, 7, 2],
  [[2, 64, 31, 1], 36, [3, 0], 7, 2],
];

const f32 = (seed: string, n: number): Float32Array => Float32Array.from(draw("normal", seed, n));

/** y, dx, dw of a convolution under the given options. */
function run(
  options: Parameters<typeof init>[0],
  [x, out, padding, kernel = 3, stride = 1]: Sizes,
): Float32Array[] {
  init(options);
  const wShape = [kernel, kernel, x[3], out];
  return tidy(() => {
    const input = tensor(f32("x", sizeOf(x)), x, { requiresGrad: true });
    const weight = tensor(f32("w", sizeOf(wShape)), wShape, { requiresGrad: true });
    const bias = tensor(f32("b", out));
    const y = conv2d(input, weight, bias, { padding, stride });
    const dy = y.size ? tensor(f32("dy", y.size), y.shape) : zeros(y.shape);
    y.backward(dy);
    return [y, input.grad!, weight.grad!].map((t) => t.data() as Float32Array);
  });
}

/** Root mean square of a − b over that of b. */
function relativeError(a: Float32Array, b: Float32Array): number {
  let error = 0;
  let size = 0;
  a.forEach((v, i) => {
    error += (v - b[i]!) ** 2;
    size += b[i]! ** 2;
  });
  return size === 0 ? Math.sqrt(error) : Math.sqrt(error / size);
}

forOwnBinary((binary) => {
  describe("Winograd convolution", () => {
    it.each([...shapes, ...ofStride2])(
      "of %j to %i channels, padding %j, is the direct one to 5e-6, gradients too",
      (...shape) => {
        const direct = run({ binary, winograd: false }, shape);
        const winograd = run({ binary }, shape);
        winograd.forEach((values, i) => {
          expect(values.length).toBe(direct[i]!.length);
          expect(relativeError(values, direct[i]!)).toBeLessThan(5e-6);
        });
      },
    );

    it.each([shapes[3]!, ...ofStride2])(
      "of %j is what runs by default, and not the direct one",
      (...shape) => {
        const [direct, winograd] = [run({ binary, winograd: false }, shape), run({ binary }, shape)];
        expect(winograd[0]).not.toEqual(direct[0]);
        // The data gradient of a 7×7 kernel is always the direct one.
        if (shape[3] !== 7) expect(winograd[1]).not.toEqual(direct[1]);
        expect(winograd[2]).not.toEqual(direct[2]);
      },
    );

    it.each([...shapes, ...ofStride2])(
      "of %j to %i channels, padding %j, has the same bits under every tile",
      (...shape) => {
        const [first, ...others] = TILES.map((tile) => run({ binary, tile }, shape));
        for (const other of others) other.forEach((values, i) => sameBits("conv2d", values, first![i]!));
      },
    );

    it("keeps a NaN inside its own tiles", () => {
      init({ binary });
      tidy(() => {
        const x = f32("x", 16 * 16 * 8);
        x[0] = NaN;
        const y = conv2d(tensor(x, [1, 16, 16, 8]), tensor(f32("w", 9 * 64), [3, 3, 8, 8]), undefined, {
          padding: 1,
        });
        const bad = [...y.data().entries()].filter(([, v]) => Number.isNaN(v)).map(([i]) => i >> 3);
        expect(Math.max(...bad.map((pixel) => pixel >> 4))).toBe(3);
        expect(Math.max(...bad.map((pixel) => pixel & 15))).toBe(3);
      });
    });
  });

  it.each([
    [[1, 7, 7, 256], 256, 1],
    [[1, 6, 3, 512], 260, 0],
    [[1, 5, 8, 300], 512, 2],
    [[3, 2, 3, 512], 512, 1],
  ] satisfies [Shape, number, number][])(
    "of %j to %i channels, padding %i, weights kept, is the direct one to 5e-6: many weights on few tiles go by small ones",
    (x, out, padding) => {
      const wShape = [3, 3, x[3], out];
      const forward = (options: Parameters<typeof init>[0], algorithm?: string) => {
        init(options);
        return tidy(() => {
          const [input, weight] = [tensor(f32("x", sizeOf(x)), x), tensor(f32("w", sizeOf(wShape)), wShape)];
          const residual = conv2d(input, weight, undefined, { padding, algorithm: "direct" });
          void residual.data(); // its own weights are packed by now
          const before = memoryStats().bytesInUse;
          const y = conv2d(input, weight, tensor(f32("b", out)), {
            padding,
            ...(algorithm && { algorithm }),
          });
          const values = relu(y.add(residual)).data() as Float32Array;
          return { values, kept: memoryStats().bytesInUse - before };
        });
      };
      const direct = forward({ binary, threads: 1 }, "direct");
      for (const tile of TILES) {
        const winograd = forward({ binary, threads: 1, tile });
        expect(relativeError(winograd.values, direct.values)).toBeLessThan(5e-6);
        // 16 numbers for each pair of channels, not 36.
        const pairs = x[3] * out;
        expect(winograd.kept).toBeGreaterThan(16 * 4 * pairs);
        expect(winograd.kept).toBeLessThan(24 * 4 * pairs);
        for (const threads of [2, 4]) {
          sameBits(`${threads} threads`, forward({ binary, threads, tile }).values, winograd.values);
        }
      }
    },
  );
});
