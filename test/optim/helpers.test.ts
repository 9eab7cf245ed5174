// Clipping, groups, optimizers by name.

import { beforeAll, describe, expect, it } from "vitest";
import {
  Adam,
  clipGradNorm,
  clipGradValue,
  createOptimizer,
  DataError,
  LAMB,
  noDecay,
  optimizerNames,
  ShapeError,
  SGD,
  tensor,
  tidy,
  zeros,
} from "../../src/index.js";
import { lerp } from "../../src/optim/lerp.js";
import { init } from "../../src/wasm/runtime.js";

beforeAll(() => void init());

describe("clipping", () => {
  it("leaves gradients alone that are short enough, and parameters without", () => {
    tidy(() => {
      const [p, q] = [zeros([2]), zeros([2])];
      p.grad = tensor([3, -4]);
      expect(clipGradNorm([p, q], 5.1)).toBe(5);
      expect([...p.grad.data()]).toEqual([3, -4]);
      expect(clipGradNorm([q], 1)).toBe(0);
      clipGradValue([p, q], 4);
      expect([...p.grad.data()]).toEqual([3, -4]);
      clipGradValue([p], 3.5);
      expect([...p.grad.data()]).toEqual([3, -3.5]);
      expect(clipGradNorm([p], Infinity)).toBeCloseTo(Math.hypot(3, 3.5), 6);
    });
  });

  it("reports a length that is not finite, and keeps NaN", () => {
    tidy(() => {
      const p = zeros([3]);
      p.grad = tensor([1, NaN, 2]);
      expect(clipGradNorm([p], 1)).toBeNaN();
      clipGradValue([p], 1);
      expect([...p.grad.data()]).toEqual([1, NaN, 1]);
      p.grad = tensor([1, Infinity, 2]);
      expect(clipGradNorm([p], 1)).toBe(Infinity);
    });
  });

  it.each([0, -1, NaN])("refuses a bound of %d", (bound) => {
    expect(() => clipGradNorm([], bound)).toThrow(
      new DataError(`clipGradNorm: maxNorm must be positive; got ${bound}`),
    );
    expect(() => clipGradValue([], bound)).toThrow(
      new DataError(`clipGradValue: value must be positive; got ${bound}`),
    );
  });
});

describe("noDecay", () => {
  it("decays tensors of two axes and more", () => {
    tidy(() => {
      const [w, b, s] = [zeros([2, 2]), zeros([2]), zeros([])];
      expect(noDecay([b, w, s])).toEqual([{ parameters: [w] }, { parameters: [b, s], weightDecay: 0 }]);
      expect(noDecay([w])).toEqual([{ parameters: [w] }]);
      expect(noDecay([])).toEqual([]);
    });
  });
});

describe("createOptimizer", () => {
  it("knows every name, and ignores options that are undefined or another optimizer's", () => {
    tidy(() => {
      const p = zeros([2]);
      for (const name of optimizerNames) {
        const optimizer = createOptimizer(name, [p], { lr: 0.5, betas: undefined, trustCoeff: 2 });
        expect(optimizer.constructor.name.toLowerCase()).toBe(name);
        expect(optimizer.lr).toBe(0.5);
        expect("trustCoeff" in optimizer).toBe(name === "lars");
      }
      expect((createOptimizer("adam", [p], { betas: [0.5, 0.6] }) as Adam).betas).toEqual([0.5, 0.6]);
      expect((createOptimizer("lamb", [p], {}) as LAMB).eps).toBe(1e-6);
      expect((createOptimizer("sgd", [p], { momentum: 0.9 }) as SGD).momentum).toBe(0.9);
    });
  });

  it("refuses unknown names", () => {
    tidy(() =>
      expect(() => createOptimizer("nadamw", [zeros([1])])).toThrow(
        new DataError(
          `createOptimizer: unknown optimizer 'nadamw'; did you mean adamw? known: ${optimizerNames.join(", ")}`,
        ),
      ),
    );
  });
});

it("lerp refuses other shapes", () => {
  tidy(() =>
    expect(() => lerp(zeros([2, 1]), zeros([2]), 1)).toThrow(
      new ShapeError("lerp: shapes differ; got x:[2] y:[2,1]"),
    ),
  );
});
