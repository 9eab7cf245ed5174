// Concatenation in compiled models: branches write straight into the columns of the whole, wherever they can.

import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import {
  BatchNorm2d,
  cat,
  compile,
  Conv2d,
  manualSeed,
  maxPool2d,
  Module,
  relu,
  silu,
  tidy,
  type Shape,
  type Tensor,
} from "../../src/index.js";
import { init } from "../../src/wasm/runtime.js";
import { Sequence } from "../../src/wasm/sequence.js";
import { compiled, difference, eager, modelFor, wave } from "../helpers/compiled.js";

beforeEach(() => {
  init({ threads: 1 });
  manualSeed(1);
});
afterEach(() => void vi.restoreAllMocks());

/** How often a compiled model launches the kernel that copies what is joined. */
function copiesOf(model: Module, shape: Shape): number {
  const set = vi.spyOn(Sequence.prototype, "set");
  compile(model, shape).dispose();
  return set.mock.calls.filter(([, { kernel }]) => kernel === "copyColumns").length;
}

/** 3 to 5, 8, 8, 12 and 6 channels by each algorithm that can write into longer rows, and two of them joined before. */
class Branches extends Module {
  readonly pointwise = new Conv2d(3, 5, 1);
  readonly first = new Conv2d(3, 8, 1);
  readonly winograd = new Conv2d(8, 8, 3, { padding: 1, bias: false });
  readonly norm = new BatchNorm2d(8);
  readonly direct = new Conv2d(3, 8, 3, { padding: 1 });
  readonly grouped = new Conv2d(3, 6, 3, { padding: 1, groups: 3 });

  override forward(x: Tensor): Tensor {
    const winograd = relu(this.norm.forward(this.winograd.forward(this.first.forward(x))));
    const inner = cat([silu(this.direct.forward(x)), winograd]);
    return cat([silu(this.pointwise.forward(x)), inner, this.grouped.forward(x)]);
  }
}

class Strided extends Module {
  readonly stem = new Conv2d(3, 16, 7, { stride: 2, padding: 3 });
  readonly half = new Conv2d(4, 12, 3, { stride: 2, padding: 1 });
  readonly wide = new Conv2d(3, 4, 1);

  override forward(x: Tensor): Tensor {
    return cat([relu(this.stem.forward(x)), relu(this.half.forward(this.wide.forward(x)))]);
  }
}

const SHAPES: readonly Shape[] = [
  [1, 7, 5, 3],
  [3, 9, 11, 3],
  [2, 45, 41, 3],
];

describe.each(["relaxed", "simd"] as const)("branches that are joined, %s", (binary) => {
  it.each([Branches, Strided])("give the output of forward(), and are not copied: %o", (Model) => {
    for (const shape of SHAPES) {
      const bits = [1, 2, 4].map((threads) => {
        init({ threads, binary });
        manualSeed(1);
        const model = new Model();
        return tidy(() => {
          const x = wave(shape);
          const y = compiled(model, x);
          expect(difference(y, eager(model, x)), shape.join()).toBeLessThan(1e-5);
          expect(copiesOf(model, shape)).toBe(0);
          return y;
        });
      });
      expect(bits[1]).toEqual(bits[0]);
      expect(bits[2]).toEqual(bits[0]);
    }
  });
});

describe("models of branches", () => {
  it.each(["googlenet", "squeezenet1_1"])("copy none: %s", (name) => {
    const model = modelFor(name);
    expect(copiesOf(model, [1, 160, 160, 3])).toBe(0);
    model.dispose();
  });
});

class Own extends Module {
  readonly a = new Conv2d(3, 8, 3, { padding: 1 });
  readonly b = new Conv2d(3, 8, 1);
  readonly #rule: (a: Tensor, b: Tensor, x: Tensor) => Tensor;

  constructor(rule: (a: Tensor, b: Tensor, x: Tensor) => Tensor) {
    super();
    this.#rule = rule;
  }
  override forward(x: Tensor): Tensor {
    return this.#rule(this.a.forward(x), this.b.forward(x), x);
  }
}

describe("what is joined is copied", () => {
  it.each<[string, number, (a: Tensor, b: Tensor, x: Tensor) => Tensor]>([
    ["if others read it too", 4, (a, b) => cat([cat([a, b]), relu(a)])],
    ["if it is there twice", 2, (a) => cat([a, a])],
    ["if it is the input", 2, (a, _, x) => cat([a, x])],
    ["along other axes", 2, (a, b) => cat([a, b], 1)],
    ["if it is a sum", 2, (a, b, x) => cat([a.add(b), cat([x, x, x])])],
    ["if it is pooled", 2, (a, b) => cat([maxPool2d(a, 3, { stride: 1, padding: 1 }), b])],
  ])("%s", (_, copies, rule) => {
    const model = new Own(rule);
    const shape = [2, 7, 5, 3];
    tidy(() => {
      const x = wave(shape);
      expect(difference(compiled(model, x), eager(model, x))).toBeLessThan(1e-5);
    });
    expect(copiesOf(model, shape)).toBeGreaterThanOrEqual(copies);
  });
});
