// Every algorithm of convolution, asked for by name where the rule would not take it: it runs, and computes what the direct one does.

import { describe, expect, it } from "vitest";
import { conv2d, tensor, tidy, type Conv2dOptions, type Padding2d, type Tensor } from "../../src/index.js";
import { shapesOnly } from "../../src/core/op.js";
import { convOf } from "../../src/ops/conv/sizes.js";
import { algorithms } from "../../src/ops/conv/table.js";
import { windowOutput } from "../../src/ops/window.js";
import { init } from "../../src/wasm/runtime.js";
import { opCases } from "../cases/index.js";
import { allclose } from "../helpers/allclose.js";
import { algorithmOf } from "../helpers/algorithms.js";
import { forEachBinary } from "../helpers/binaries.js";
import { launchesOf } from "../helpers/launches.js";
import { draw } from "../helpers/random.js";
import { sizeOf } from "../reference/values.js";

type Sizes = readonly number[];
const { cases, fastTolerance } = opCases.find(({ op }) => op === "conv2d")!;
const rows = cases
  .map(({ name, inputs, attrs }) => ({
    name,
    x: inputs["x"] as Sizes,
    weight: inputs["weight"] as Sizes,
    options: attrs as Conv2dOptions,
  }))
  .filter(({ x }) => x[0]! > 0);

function drawn(shape: Sizes, seed: string, requiresGrad = false): Tensor {
  return tensor(Float32Array.from(draw("normal", seed, sizeOf(shape))), shape, { requiresGrad });
}

/** y, dx and dw, and the algorithms that computed them. */
function compute(x: Sizes, weight: Sizes, options: Conv2dOptions): { values: Float32Array[]; ran: string[] } {
  return tidy(() => {
    const tx = drawn(x, "x", true);
    const tw = drawn(weight, "weight", true);
    const ran: string[] = [];
    const values: Float32Array[] = [];
    const forward = (): void => void values.push(conv2d(tx, tw, undefined, options).data() as Float32Array);
    ran.push(algorithmOf(launchesOf(forward), weight[0]!, options.stride));
    for (const needed of [tx, tw]) {
      tx.requiresGrad = needed === tx;
      tw.requiresGrad = needed === tw;
      const y = conv2d(tx, tw, undefined, options);
      const dy = drawn(y.shape, "dy");
      const backward = (): void => {
        y.backward(dy);
        values.push(needed.grad!.data() as Float32Array);
      };
      ran.push(algorithmOf(launchesOf(backward), weight[0]!, options.stride));
    }
    return { values, ran };
  });
}

function fits(name: string, { x, weight, options }: (typeof rows)[number]): boolean {
  const { stride = 1, padding = 0, dilation = 1, groups = 1 } = options;
  const sides = padding as Padding2d;
  const attrs = { stride, padding: sides, dilation, groups, algorithm: undefined };
  const out = windowOutput("conv2d", {}, [x[1]!, x[2]!], [weight[0]!, weight[1]!], attrs);
  return algorithms.find((row) => row.name === name)!.fits(convOf(x, weight, attrs, [x[0]!, ...out, 0]));
}

it("is refused by name where nothing is computed, too", () => {
  init({ threads: 1 });
  const call = (): void => void conv2d(drawn([1, 5, 5, 3], "x"), drawn([5, 5, 3, 2], "w"), undefined, { algorithm: "winograd" }); // prettier-ignore
  expect(() => shapesOnly(call)).toThrow("conv2d: algorithm 'winograd' does not compute this convolution");
});

forEachBinary((binary) => {
  describe.each(algorithms.filter(({ name }) => name !== "direct"))("$name", ({ name, ...passes }) => {
    const own = rows.filter((row) => fits(name, row));

    it("has rows", () => expect(own.length).toBeGreaterThan(3));

    it.each(own)("$name", ({ x, weight, options }) => {
      init({ binary, threads: 1, winograd: false });
      const direct = compute(x, weight, { ...options, algorithm: "direct" });
      const forced = compute(x, weight, { ...options, algorithm: name });
      const has = [passes.forward, passes.data, passes.weight];
      forced.ran.forEach((ran, i) => expect(ran).toMatch(has[i] ? new RegExp(`^${name}`) : /./));
      forced.values.forEach((values, i) =>
        allclose(`${name}, pass ${i}`, values, direct.values[i]!, fastTolerance!),
      );
    });
  });
});
