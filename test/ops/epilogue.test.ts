// Convolutions and linear layers that add a residual and apply an activation as they write, in inference: the same bits as one
// operation after the other, on all binaries, register tiles and threads; nothing of the kind while gradients are recorded.

import { beforeAll, describe, expect, it } from "vitest";
import { add, memoryStats, noGrad, relu, silu, tensor, tidy, type Tensor } from "../../src/index.js";
import { registeredOps } from "../../src/core/op.js";
import { init, type Binary, type InitOptions } from "../../src/wasm/runtime.js";
import { opCases, type Case } from "../cases/index.js";
import { allclose, sameBits } from "../helpers/allclose.js";
import { forOwnBinary, TILES } from "../helpers/binaries.js";
import { activations as ACTIVATIONS } from "../helpers/activations.js";
import { launchesOf } from "../helpers/launches.js";
import { draw } from "../helpers/random.js";
import * as reference from "../reference/elementwise.js";
import { referenceOf } from "../reference/index.js";
import { sizeOf, values, type Values } from "../reference/values.js";

type Name = keyof typeof ACTIVATIONS;
const NAMES = Object.keys(ACTIVATIONS) as Name[];

type Sizes = readonly number[];
interface Row extends Case {
  op: string;
}
const ofOp = (op: string): Row[] =>
  opCases.find((suite) => suite.op === op)!.cases.map((c) => ({ ...c, op }));
const sizes = ({ inputs }: Row): number => sizeOf(inputs["x"] as Sizes) * sizeOf(inputs["weight"] as Sizes);
/** Not those that are large for gradients' sake. */
const rows = [...ofOp("conv2d"), ...ofOp("linear")].filter((row) => sizes(row) < 2e8);
/** Those that a float64 reference does in no time. */
const small = rows.filter((row) => sizes(row) < 2e6);

/** Drawn once. */
const known = new Map<string, Float32Array>();

function drawn(shape: Sizes, seed: string): Float32Array {
  const key = `${seed} ${sizeOf(shape)}`;
  let numbers = known.get(key);
  if (!numbers) known.set(key, (numbers = Float32Array.from(draw("normal", seed, sizeOf(shape)))));
  return numbers;
}

function apply({ op, inputs, attrs = {} }: Row): Tensor {
  const tensors = Object.entries(inputs).map(([name, shape]) => [
    name,
    tensor(drawn(shape as Sizes, name), shape as Sizes),
  ]);
  return registeredOps()
    .get(op)!
    .apply(Object.fromEntries(tensors) as Record<string, Tensor>, { algorithm: undefined, ...attrs });
}

/** activation(op + residual); look sees what lies between. */
function run(
  row: Row,
  residual: boolean,
  activation: Name | undefined,
  look: (t: Tensor) => void,
): Float32Array {
  return noGrad(() =>
    tidy(() => {
      let y = apply(row);
      look(y);
      if (residual) {
        y = add(y, tensor(drawn(y.shape, "residual"), y.shape));
        look(y);
      }
      return (activation ? ACTIVATIONS[activation](y) : y).data() as Float32Array;
    }),
  );
}

function compare(row: Row, i: number): void {
  const activation = NAMES[i % NAMES.length]!;
  for (const [residual, name] of [
    [true, undefined],
    [false, activation],
    [true, activation],
  ] as const) {
    const want = run(row, residual, name, (t) => void t.data());
    const got = run(row, residual, name, () => undefined);
    sameBits(`${row.op} ${row.name}, residual ${residual}, ${name}`, got, want);
  }
}

/** Declares a test of all rows. */
function rowsUnder(what: string, options: InitOptions & { binary: Binary }): void {
  describe(what, () => {
    beforeAll(() => void init(options));
    it("gives the bits of one operation after the other", () => rows.forEach(compare));
  });
}

forOwnBinary((binary) => {
  TILES.forEach((tile, i) => {
    const threads = [1, 2, 4, 1][i]!;
    rowsUnder(`tile ${tile}, ${threads} threads`, { binary, threads, tile });
  });
  rowsUnder("without Winograd", { binary, threads: 1, winograd: false });

  describe("against the reference in float64", () => {
    beforeAll(() => void init({ binary, threads: 1 }));
    it.each(NAMES)("%s", (activation) => {
      for (const row of small) {
        const shapes = Object.entries(row.inputs) as [string, Sizes][];
        const inputs = shapes.map(([name, shape]) => {
          const numbers = drawn(shape, name);
          return [name, values(shape, (k) => numbers[k]!)];
        });
        const op = referenceOf(row.op)(Object.fromEntries(inputs) as never, row.attrs as never) as Values;
        const residual = drawn(op.shape, "residual");
        const sum = values(op.shape, (k) => op.data[k]! + residual[k]!);
        const got = run(row, true, activation, () => undefined);
        allclose(`${row.name}, ${activation}`, got, reference[activation]({ x: sum }).data, 5e-5);
      }
    });
  });

  describe("in inference", () => {
    beforeAll(() => void init({ binary, threads: 1 }));
    const [x, weight] = [
      [2, 6, 7, 5],
      [5, 5, 5, 9],
    ];
    const row: Row = { op: "conv2d", name: "5x5", inputs: { x, weight }, attrs: { stride: 1, padding: 2, dilation: 1, groups: 1 } }; // prettier-ignore
    const leaf = (shape: Sizes, requiresGrad: boolean): Tensor =>
      tensor(drawn(shape, "leaf"), shape, { requiresGrad });

    const conv = (x: Sizes, weight: Sizes, stride: number, groups = 1): Row => {
      const attrs = { stride, padding: (weight[0]! - 1) / 2, dilation: 1, groups };
      return { op: "conv2d", name: "", inputs: { x, weight }, attrs };
    };
    const algorithms: [string, Row, string[]][] = [
      ["direct", row, ["packPanels", "rowsGemm"]],
      ["winograd", conv([1, 8, 8, 4], [3, 3, 4, 8], 1), ["winogradWeights", "winogradConv"]],
      ["winograd-stride2", conv([16, 16, 16, 16], [3, 3, 16, 16], 2), ["winogradWeights", "winogradConv"]],
      ["winograd-stem", conv([1, 40, 40, 3], [7, 7, 3, 16], 2), ["winogradWeights", "winogradConv"]],
      ["one-pixel", conv([1, 1, 1, 8], [1, 1, 8, 16], 1), ["stridedCopy", "fewRows"]],
      ["depthwise", conv([1, 8, 8, 8], [3, 3, 1, 8], 1, 8), ["depthwise"]],
    ];
    it.each(algorithms)("%s needs no other pass over memory", (_, row, kernels) => {
      for (const activation of NAMES) {
        const residual = row.attrs!["groups"] === 1;
        run(row, residual, activation, () => undefined); // the register tile is chosen
        expect(launchesOf(() => void run(row, residual, activation, () => undefined))).toEqual(kernels);
      }
    });

    it("NaN stays NaN", () => {
      for (const activation of NAMES) {
        const got = noGrad(() =>
          tidy(() => {
            const input = drawn(x, "x").slice().fill(NaN, 0, 5);
            return ACTIVATIONS[activation](
              registeredOps()
                .get("conv2d")!
                .apply({ x: tensor(input, x), weight: tensor(drawn(weight, "weight"), weight) }, { algorithm: undefined, ...row.attrs }), // prettier-ignore
            ).data() as Float32Array;
          }),
        );
        expect([Number.isNaN(got[0]), Number.isNaN(got.at(-1))], activation).toEqual([true, false]);
      }
    });

    it("takes no more memory than one operation after the other", () => {
      const peak = (look: (t: Tensor) => void): number => {
        const before = memoryStats().bytesInUse;
        let most = 0;
        noGrad(() =>
          tidy(() => {
            const t = relu(apply(row));
            look(t);
            const u = relu(add(t, apply(row)));
            u.data();
            most = memoryStats().bytesInUse - before;
          }),
        );
        return most;
      };
      expect(peak(() => undefined)).toBeLessThanOrEqual(peak((t) => void t.data()));
    });

    it.each([
      ["the weight", false, true],
      ["the input", true, false],
    ])("waits for nothing while gradients of %s are recorded", (_, ofX, ofWeight) => {
      tidy(() => {
        const y = registeredOps()
          .get("conv2d")!
          .apply({ x: leaf(x, ofX), weight: leaf(weight, ofWeight) }, { algorithm: undefined, ...row.attrs });
        expect(y.storage.deferred?.absorbs.has("activation") ?? false).toBe(false);
        const launches = launchesOf(() => void silu(add(y, leaf(y.shape, false))).data());
        expect(launches).toEqual(expect.arrayContaining(["add", "silu"]));
      });
    });
  });
});
