// 256-bit vectors: the same bits, off unless asked for, and a switch that forbids them.

import { afterEach, describe, expect, it, vi } from "vitest";
import { add, conv2d, matmul, noGrad, relu, relu6, silu, tensor, tidy } from "../../src/index.js";
import { init, runtime } from "../../src/wasm/runtime.js";
import { wantsSimd256 } from "../../src/wasm/simd256.js";
import { sameBits } from "../helpers/allclose.js";
import { draw } from "../helpers/random.js";
import { sizeOf } from "../reference/values.js";

const capable = process.arch === "x64" && Number(process.versions.node.split(".")[0]) >= 24;

afterEach(() => {
  vi.unstubAllEnvs();
  init();
});

const numbers = (name: string, shape: number[]) =>
  tensor(Float32Array.from(draw("normal", name, sizeOf(shape))), shape, { requiresGrad: true });

function products(): Float32Array[] {
  return tidy(() => {
    const [x, w, v] = [
      numbers("x", [2, 13, 14, 20]),
      numbers("w", [3, 3, 20, 36]),
      numbers("v", [5, 5, 36, 18]),
    ];
    const y = conv2d(conv2d(x, w, undefined, { padding: 1 }), v, undefined, { stride: 2, padding: 2 });
    const z = matmul(y.reshape([-1, 18]), numbers("m", [18, 70]));
    z.sum().backward();
    // Sums, cuts and activations as tiles are stored.
    const finished = noGrad(() => {
      const t = relu6(conv2d(y.detach(), numbers("u", [1, 1, 18, 40])));
      return silu(add(conv2d(t, numbers("t", [1, 1, 40, 40])), relu(conv2d(t, numbers("s", [3, 3, 40, 40]), undefined, { padding: 1 })))); // prettier-ignore
    });
    return [z, finished, x.grad!, w.grad!, v.grad!].map((t) => t.data() as Float32Array);
  });
}

describe("simd256", () => {
  it("is off by default, and on by request or by the environment, which may forbid it", () => {
    expect([wantsSimd256(undefined), wantsSimd256(false)]).toEqual([false, false]);
    expect(wantsSimd256(true)).toBe(capable);
    vi.stubEnv("FOVEA_SIMD256", "1");
    expect([wantsSimd256(undefined), wantsSimd256(false)]).toEqual([capable, false]);
    vi.stubEnv("FOVEA_SIMD256", "0");
    expect(wantsSimd256(true)).toBe(false);
  });

  it("says whether it is on", () => {
    expect(init().simd256).toBe(false);
    vi.stubEnv("FOVEA_SIMD256", "0");
    expect(init({ simd256: true }).simd256).toBe(false);
  });

  it.runIf(capable)("gives the same bits, on one thread and on two", () => {
    init({ threads: 1 });
    const want = products();
    for (const threads of [1, 2]) {
      expect(init({ simd256: true, threads }).simd256).toBe(true);
      expect(runtime().kernels.tileColumns(runtime().tile)).toBe(16);
      for (let i = 0; i < 50; i++) {
        products().forEach((got, k) => sameBits(`value ${k}, ${threads} threads`, got, want[k]!));
      }
    }
  });
});
