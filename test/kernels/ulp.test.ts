// Measures the accuracy sentences of kernels/math.ts, as they stand there.

import { readFileSync } from "node:fs";
import { beforeAll, describe, expect, test } from "vitest";
import { init, runtime } from "../../src/wasm/runtime.js";
import { forEachBinary } from "../helpers/binaries.js";
import { erfc } from "../reference/erf.js";

type Name = "exp" | "gelu" | "log" | "sigmoid" | "tanh";

const source = readFileSync(new URL("../../kernels/math.ts", import.meta.url), "utf8");

/** The docstring above `name`4, on one line. */
function sentenceOf(name: Name): string {
  const found = new RegExp(`/\\*\\*((?:(?!\\*/)[^])*)\\*/\\s*export function ${name}4\\(`).exec(source);
  return found![1]!.replace(/\s*\n \*\s*/g, " ").trim();
}

/** "ULP error ≤ 2" of the docstring. */
function claimOf(name: Name): number {
  return Number(/ULP error ≤ ([\d.]+)/.exec(sentenceOf(name))![1]);
}

const exact: Record<Name, (x: number) => number> = {
  exp: Math.exp,
  gelu: (x) => (x * erfc(-x / Math.SQRT2)) / 2,
  log: Math.log,
  sigmoid: (x) => 1 / (1 + Math.exp(-x)),
  tanh: Math.tanh,
};

/** Values per call of a kernel. */
const CHUNK = 1 << 16;
const word = new Int32Array(1);
const float = new Float32Array(word.buffer);

function floatOf(bits: number): number {
  word[0] = bits;
  return float[0]!;
}

function bitsOf(x: number): number {
  float[0] = x;
  return word[0]!;
}

/** Distance between neighbouring f32 numbers at |x|; that of the smallest normal number below it. */
function ulp(x: number): number {
  return 2 ** (Math.max(Math.floor(Math.log2(Math.abs(x))), -126) - 23);
}

/** f32 numbers between two of the same sign: every `stride`th by their bits, so that every power of two has its share. */
function between(low: number, high: number, stride: number): number[] {
  const [first, last] = [bitsOf(low), bitsOf(high)].sort((a, b) => a - b) as [number, number];
  const out = [];
  for (let bits = first; bits <= last; bits += stride) out.push(floatOf(bits));
  return out;
}

function apply(name: Name, x: readonly number[]): Float32Array {
  const { kernels, heap } = runtime();
  return heap.scratch(x.length * 8, name, (address) => {
    heap.f32(address, x.length).set(x);
    const y = address + x.length * 4;
    kernels[name](address, y, 0, x.length);
    return heap.f32(y, x.length).slice();
  });
}

/** The largest error in ULP of the exact value, and where. */
function worst(name: Name, x: readonly number[]): { error: number; at: number } {
  let found = { error: 0, at: NaN };
  for (let first = 0; first < x.length; first += CHUNK) {
    const part = x.slice(first, first + CHUNK);
    const y = apply(name, part);
    part.forEach((v, i) => {
      const want = exact[name](v);
      const error = Math.abs(y[i]! - want) / ulp(want);
      if (!(error <= found.error)) found = { error, at: v };
    });
  }
  return found;
}

/** The stretches that the sentences speak of. Strides are primes that leave about a million numbers to each. */
const sweeps: Record<Name, number[]> = {
  exp: [...between(-87, -1e-30, 2003), ...between(1e-30, 88, 2003)],
  gelu: [...between(-13, -1e-30, 2003), ...between(1e-30, 1e30, 4003)],
  log: between(1.1754944e-38, 3.4028234e38, 2011),
  sigmoid: [...between(-87, -1e-30, 2003), ...between(1e-30, 88, 2003)],
  tanh: [...between(-Infinity, -1e-38, 3001), ...between(1e-38, Infinity, 3001)],
};

forEachBinary((binary) => {
  beforeAll(() => void init({ binary }));

  describe("the error stays within what kernels/math.ts says:", () => {
    test.each(Object.entries(sweeps) as [Name, number[]][])("%s", (name, x) => {
      const { error, at } = worst(name, x);
      const claim = claimOf(name);
      expect(error, `${name}: ${error.toFixed(3)} ULP at ${at}, said ≤ ${claim}`).toBeLessThanOrEqual(claim);
    });
  });

  describe("special values are what kernels/math.ts says:", () => {
    const check = (name: Name, pairs: readonly (readonly [x: number, y: number])[]): void => {
      const y = apply(
        name,
        pairs.map(([x]) => x),
      );
      pairs.forEach(([x, want], i) => expect(y[i], `${name}(${x})`).toBe(want));
    };

    test("exp is 0 below −103.9, Infinity above 88.73, NaN for NaN", () => {
      check("exp", [
        [NaN, NaN],
        [Infinity, Infinity],
        [-Infinity, 0],
        [88.73, Infinity],
        [1000, Infinity],
        [-103.98, 0],
        [-1000, 0],
        [0, 1],
        [-0, 1],
        [1e-40, 1],
      ]);
    });

    test("exp below −87 goes through the subnormals with an error of at most 1 of their units", () => {
      const { error, at } = worst("exp", between(-104, -87, 31));
      expect(error, `${error.toFixed(3)} at ${at}`).toBeLessThanOrEqual(1);
    });

    test("exp between 88 and 88.72 is finite and as exact as below", () => {
      const { error, at } = worst("exp", between(88, 88.72, 7));
      expect(error, `${error.toFixed(3)} ULP at ${at}`).toBeLessThanOrEqual(claimOf("exp"));
    });

    test("log is −Infinity at 0, NaN below, Infinity at Infinity, NaN for NaN", () => {
      check("log", [
        [0, -Infinity],
        [-0, -Infinity],
        [-1, NaN],
        [-1e-40, NaN],
        [-Infinity, NaN],
        [Infinity, Infinity],
        [NaN, NaN],
        [1, 0],
      ]);
    });

    test("log of subnormal numbers is as exact as of normal ones", () => {
      const { error, at } = worst("log", between(1.4e-45, 1.1754942e-38, 17));
      expect(error, `${error.toFixed(3)} ULP at ${at}`).toBeLessThanOrEqual(claimOf("log"));
    });

    test("sigmoid goes to 0 and 1, and keeps NaN", () => {
      check("sigmoid", [
        [NaN, NaN],
        [Infinity, 1],
        [-Infinity, 0],
        [0, 0.5],
        [-0, 0.5],
        [1e-40, 0.5],
        [100, 1],
        [-1000, 0],
      ]);
    });

    test("gelu goes to zero and to x, and keeps zero, subnormals and NaN", () => {
      check("gelu", [
        [NaN, NaN],
        [Infinity, Infinity],
        [0, 0],
        [-0, -0],
        [1e-40, Math.fround(5e-41)],
        [50, 50],
        [-13.3, -0],
        [-1e30, -0],
      ]);
    });

    test("tanh goes to ±1 and keeps zero, subnormals and NaN", () => {
      check("tanh", [
        [NaN, NaN],
        [Infinity, 1],
        [-Infinity, -1],
        [0, 0],
        [1e-40, Math.fround(1e-40)],
        [-1e-40, Math.fround(-1e-40)],
        [50, 1],
        [-50, -1],
      ]);
    });
  });
});
