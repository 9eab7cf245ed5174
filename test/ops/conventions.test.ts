// What PyTorch promises beyond the formulas: ties, NaN, zeros; and the functions that are made of several ops.

import { beforeAll, describe, expect, test } from "vitest";
import * as fovea from "../../src/index.js";
import { tensor, type AnyTensor, type LossTarget, type Tensor } from "../../src/index.js";
import { init } from "../../src/wasm/runtime.js";
import { allclose } from "../helpers/allclose.js";
import { forEachBinary } from "../helpers/binaries.js";
import { draw } from "../helpers/random.js";

/** The gradient that f's output, summed, sends back to numbers of the given shape. */
function gradientOf(f: (x: Tensor) => Tensor, values: number[], shape: number[] = [values.length]): number[] {
  const x = tensor(values, shape, { requiresGrad: true });
  f(x).sum().backward();
  return [...x.grad!.data()];
}

const list = (x: AnyTensor): number[] => [...x.data()];

forEachBinary((binary) => {
  beforeAll(() => void init({ binary }));

  describe("at ties and zeros", () => {
    test("relu has gradient 0 at 0", () => {
      expect(gradientOf(fovea.relu, [0, -0, 1, -1])).toEqual([0, 0, 1, 0]);
    });

    test("abs has gradient 0 at 0", () => {
      expect(gradientOf(fovea.abs, [0, -0, 2, -2])).toEqual([0, 0, 1, -1]);
    });

    test("max sends its gradient to the first of equals", () => {
      expect(gradientOf((x) => fovea.max(x, 0), [1, 3, 3, 2, 3])).toEqual([0, 1, 0, 0, 0]);
      expect(gradientOf((x) => fovea.max(x, 1), [2, 2, 1, 1], [2, 2])).toEqual([1, 0, 1, 0]);
    });

    test("argmax finds the first of equals", () => {
      expect(list(fovea.argmax(tensor([1, 3, 3, 2, 3]), 0))).toEqual([1]);
    });

    test("maxPool2d sends its gradient to the first of equals, in every channel", () => {
      for (const c of [1, 2, 3, 4, 5, 6, 7]) {
        const x = new Array<number>(4 * c).fill(1);
        const first = x.map((_, i) => (i < c ? 1 : 0));
        expect(gradientOf((t) => fovea.maxPool2d(t, 2), x, [1, 2, 2, c])).toEqual(first);
      }
    });

    test("maximum and minimum share the gradient between equals", () => {
      const one = tensor([1, 1, 1]);
      expect(gradientOf((x) => fovea.maximum(x, one), [1, 2, 0])).toEqual([0.5, 1, 0]);
      expect(gradientOf((x) => fovea.minimum(x, one), [1, 2, 0])).toEqual([0.5, 0, 1]);
    });
  });

  describe("NaN", () => {
    test.each(["relu", "sigmoid", "tanh", "exp", "log", "sqrt", "abs", "neg"] as const)(
      "goes through %s and harms no neighbour",
      (op) => {
        const y = list(fovea[op](tensor([1, NaN, 1, 1, 1, NaN])));
        expect(y.map(Number.isNaN)).toEqual([false, true, false, false, false, true]);
      },
    );

    test("wins every window of maxPool2d that holds it", () => {
      const x = tensor([1, 2, 3, NaN, 5, 6, 7, 8, 9], [1, 3, 3, 1]);
      expect(list(fovea.maxPool2d(x, 2, { stride: 1 })).map(Number.isNaN)).toEqual([
        true,
        false,
        true,
        false,
      ]);
    });

    test("spoils its own row of softmax and of the loss alone", () => {
      const x = tensor([1, 2, 3, 4, 5, 1, 1, NaN, 1, 1], [2, 5]);
      const spoilt = [false, false, false, false, false, true, true, true, true, true];
      expect(list(fovea.softmax(x)).map(Number.isNaN)).toEqual(spoilt);
      expect(list(fovea.logSoftmax(x)).map(Number.isNaN)).toEqual(spoilt);
      const target = tensor([0, 1], [2], { dtype: "i32" });
      const losses = fovea.crossEntropy(x, target, { reduction: "none" });
      expect(list(losses).map(Number.isNaN)).toEqual([false, true]);
    });
  });

  describe("functions of several ops", () => {
    const values = draw("normal", "several ops", 24);

    test("sum over several axes is the sum over each", () => {
      const x = tensor(values, [2, 3, 4]);
      const want = [0, 1, 2].map((j) => {
        let total = 0;
        for (let i = 0; i < 2; i++) for (let k = 0; k < 4; k++) total += values[(i * 3 + j) * 4 + k]!;
        return total;
      });
      allclose("sum", fovea.sum(x, [0, 2]).data(), want, 1e-6);
      allclose("sum", fovea.sum(x, [-1, 0]).data(), want, 1e-6);
      allclose(
        "mean",
        fovea.mean(x, [2, 0]).data(),
        want.map((v) => v / 8),
        1e-6,
      );
    });

    test("sum and mean of all elements are scalars", () => {
      const x = tensor(values, [2, 3, 4]);
      const total = values.reduce((a, b) => a + b, 0);
      expect(fovea.sum(x).shape).toEqual([]);
      allclose("sum", fovea.sum(x).data(), [total], 1e-6);
      allclose("mean", fovea.mean(x).data(), [total / 24], 1e-6);
      expect(gradientOf((t) => fovea.mean(t), [1, 2, 3, 4], [2, 2])).toEqual([0.25, 0.25, 0.25, 0.25]);
    });

    test("the sum of no axes is the tensor itself", () => {
      expect(list(fovea.sum(tensor([1, 2, 3]), []))).toEqual([1, 2, 3]);
    });

    test("flatten puts channels first, as PyTorch does", () => {
      const x = tensor([0, 1, 2, 3, 4, 5, 6, 7], [1, 2, 2, 2]);
      expect(fovea.flatten(x).shape).toEqual([1, 8]);
      expect(list(fovea.flatten(x))).toEqual([0, 2, 4, 6, 1, 3, 5, 7]);
      expect(fovea.flatten(fovea.zeros([0, 2, 2, 3])).shape).toEqual([0, 12]);
    });

    test("numbers stand for tensors on the right of + − · /", () => {
      const x = tensor([1, 2, 4]);
      expect(list(x.add(1))).toEqual([2, 3, 5]);
      expect(list(x.sub(1))).toEqual([0, 1, 3]);
      expect(list(x.mul(2))).toEqual([2, 4, 8]);
      expect(list(x.div(2))).toEqual([0.5, 1, 2]);
    });

    test("pooling strides by the kernel, and avgPool2d counts padding, by default", () => {
      const x = fovea.ones([1, 4, 4, 1]);
      expect(fovea.maxPool2d(x, 2).shape).toEqual([1, 2, 2, 1]);
      expect(list(fovea.avgPool2d(x, 2, { padding: 1 }))[0]).toBe(0.25);
      expect(list(fovea.avgPool2d(x, 2, { padding: 1, countIncludePad: false }))[0]).toBe(1);
    });

    test("crossEntropy and its gradient do not change by a bit when all logits are shifted", () => {
      const near = Float32Array.from(
        draw("normal", "logits to shift", 3 * 10),
        (v) => Math.round(v * 64) / 64,
      );
      const indices = tensor([0, 9, 4], [3], { dtype: "i32" });
      const soft = tensor(draw("unit", "targets", 3 * 10), [3, 10]);
      const run = (offset: number, target: LossTarget, labelSmoothing: number): number[][] => {
        const x = tensor(near.map((v) => v + offset), [3, 10], { requiresGrad: true }); // prettier-ignore
        const losses = fovea.crossEntropy(x, target, { labelSmoothing, reduction: "none" });
        losses.sum().backward();
        return [list(losses), list(x.grad!)];
      };
      for (const target of [indices, soft]) {
        for (const smoothing of [0, 0.1]) {
          const plain = run(0, target, smoothing);
          for (const offset of [1000, -1000, 65536]) expect(run(offset, target, smoothing)).toEqual(plain);
        }
      }
    });

    test("crossEntropy of indices is that of their one-hot rows", () => {
      const x = tensor(values, [4, 6]);
      const labels = [5, 0, 3, 3];
      const hot = tensor(
        labels.flatMap((l) => [0, 1, 2, 3, 4, 5].map((j) => (j === l ? 1 : 0))),
        [4, 6],
      );
      const indices = tensor(labels, [4], { dtype: "i32" });
      const options = { labelSmoothing: 0.1 };
      allclose(
        "crossEntropy",
        fovea.crossEntropy(x, indices, options).data(),
        fovea.crossEntropy(x, hot, options).data(),
        1e-6,
      );
    });
  });
});
