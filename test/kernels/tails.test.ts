import { beforeAll, describe, expect, test } from "vitest";
import type { Kernels } from "../../src/wasm/abi.js";
import { abi } from "../../src/wasm/table.js";
import { init, runtime } from "../../src/wasm/runtime.js";
import { sameBits } from "../helpers/allclose.js";
import { forEachBinary } from "../helpers/binaries.js";
import { Guarded } from "../helpers/guarded.js";
import { QUESTIONS } from "../helpers/launches.js";
import { draw } from "../helpers/random.js";
import { LENGTHS } from "./calls.js";
import { kernelCalls } from "./kernel-calls.js";

test("every kernel that writes an array is called here", () => {
  const writers = Object.keys(abi).filter((name) => !QUESTIONS.test(name));
  expect(Object.keys(kernelCalls).sort()).toEqual(writers.sort());
});

type MapKernel = (k: Kernels, x: number, other: number, y: number, n: number) => number;

/** Kernels whose output may be the array of an input, as kernels/elementwise/maps.template.mjs documents. */
const inPlace: Record<string, MapKernel> = {
  relu: (k, x, _, y, n) => k.relu(x, y, 0, n),
  exp: (k, x, _, y, n) => k.exp(x, y, 0, n),
  affine: (k, x, _, y, n) => k.affine(x, y, 2, 3, 0, n),
  leakyRelu: (k, x, _, y, n) => k.leakyRelu(x, y, 0.1, 0, n),
  leakyReluBackward: (k, x, y, dx, n) => k.leakyReluBackward(x, y, dx, 0.1, 0, n),
  dropout: (k, x, _, y, n) => k.dropout(x, y, 0.5, 9, 0, n),
  add: (k, x, other, y, n) => k.add(x, other, y, 0, 0, n),
  div: (k, x, other, y, n) => k.div(other, x, y, 0, 0, n),
  maximum: (k, x, other, y, n) => k.maximum(x, other, y, 0, 0, n),
  reluBackward: (k, x, other, y, n) => k.reluBackward(x, other, y, 0, n),
  tanhBackward: (k, x, other, y, n) => k.tanhBackward(other, x, y, 0, n),
};

forEachBinary((binary) => {
  beforeAll(() => void init({ binary }));

  describe("writes its output, all of it and nothing else:", () => {
    test.each(Object.entries(kernelCalls))("%s", (name, calls) => {
      for (const { sizes, run } of calls) {
        const guarded = new Guarded();
        run(runtime().kernels, guarded);
        try {
          guarded.check();
        } catch (error) {
          throw new Error(`${name}, ${sizes}: ${(error as Error).message}`, { cause: error });
        }
      }
    });
  });

  describe("gives the same in place:", () => {
    test.each(Object.entries(inPlace))("%s", (name, run) => {
      const { kernels, heap } = runtime();
      for (const n of LENGTHS) {
        const x = draw("normal", `${name} x`, n);
        const g = new Guarded();
        const other = g.inputOf(draw("normal", `${name} other`, n));
        const y = g.output(n);
        run(kernels, g.inputOf(x), other, y, n);
        const want = heap.f32(y, n).slice();
        const both = g.inout(n);
        heap.f32(both, n).set(x);
        run(kernels, both, other, both, n);
        sameBits(`${name}, n ${n}`, heap.f32(both, n), want);
        g.check();
      }
    });
  });
});
