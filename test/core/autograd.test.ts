import { beforeEach, describe, expect, it } from "vitest";
import {
  add,
  backward,
  conv2d,
  crossEntropy,
  manualSeed,
  memoryStats,
  mul,
  noGrad,
  ShapeError,
  Sequential,
  sum,
  tensor,
  tidy,
  Tensor,
  Conv2d,
  Flatten,
  Linear,
  MaxPool2d,
  ReLU,
  Adam,
} from "../../src/index.js";
import { init } from "../../src/wasm/runtime.js";

beforeEach(() => void init());

const leaf = (...values: number[]): Tensor => tensor(values, [values.length], { requiresGrad: true });

describe("backward", () => {
  it("adds up the paths through a diamond", () => {
    const x = leaf(2, 3);
    const y = mul(x, x); // x²
    sum(add(mul(y, y), y)).backward(); // x⁴ + x²
    expect([...x.grad!.data()]).toEqual([4 * 8 + 4, 4 * 27 + 6]);
  });

  it("sees one tensor as both inputs", () => {
    const x = leaf(3);
    x.mul(x).backward(tensor([1]));
    expect(x.grad!.item()).toBe(6);
  });

  it("accumulates into .grad until it is cleared", () => {
    const x = leaf(1, 2);
    for (let i = 1; i <= 3; i++) {
      tidy(() => x.mul(2).sum().backward());
      expect([...x.grad!.data()]).toEqual([2 * i, 2 * i]);
    }
  });

  it("sums over broadcast axes", () => {
    const a = tensor([[1], [2]], undefined, { requiresGrad: true });
    const b = leaf(10, 20, 30);
    a.mul(b).sum().backward();
    expect(a.grad!.tolist()).toEqual([[60], [60]]);
    expect(b.grad!.tolist()).toEqual([3, 3, 3]);
  });

  it("goes through views", () => {
    const x = leaf(1, 2, 3, 4);
    x.reshape([2, 2]).permute([1, 0]).mul(tensor([[1, 2], [3, 4]])).sum().backward(); // prettier-ignore
    expect([...x.grad!.data()]).toEqual([1, 3, 2, 4]);
  });

  it("walks 20,000 operations without recursion", () => {
    const x = leaf(1);
    tidy(() => {
      let y: Tensor = x;
      for (let i = 0; i < 20_000; i++) y = y.add(1);
      y.backward();
    });
    expect(x.grad!.item()).toBe(1);
  });

  it("starts from dy for a tensor that is not a scalar", () => {
    const x = leaf(1, 2);
    x.mul(3).backward(tensor([1, 10]));
    expect([...x.grad!.data()]).toEqual([3, 30]);
  });

  it("runs twice with retainGraph, and says so without", () => {
    const x = leaf(2);
    const y = x.mul(x);
    backward(y, undefined, { retainGraph: true });
    backward(y);
    expect(x.grad!.item()).toBe(8);
    expect(() => backward(y)).toThrow(
      new ShapeError(
        "backward: mul has already been differentiated and its saved tensors are freed; " +
          "pass { retainGraph: true } to the first backward",
      ),
    );
  });

  it.each([
    [
      "a tensor without a graph",
      () => tensor(1).backward(),
      "backward: loss does not depend on any tensor that requires a gradient",
    ],
    [
      "a loss that is no scalar",
      () => leaf(1, 2).mul(2).backward(),
      "backward: loss must be a scalar; got shape [2]",
    ],
    [
      "dy of another shape",
      () =>
        leaf(1, 2)
          .mul(2)
          .backward(tensor([1])),
      "backward: dy:[1] must have the shape of y:[2]",
    ],
    [
      "a saved value that was overwritten",
      () => {
        const a = leaf(1);
        const b = leaf(2);
        const y = mul(a, b);
        b.copyFrom([5]);
        y.backward();
      },
      "backward: mul needs the value of b:[1] that it saw, but b has been overwritten since",
    ],
  ])("refuses %s", (_, run, message) => {
    expect(run).toThrow(new ShapeError(message));
  });

  it("records nothing under noGrad", () => {
    const x = leaf(1);
    expect(noGrad(() => x.mul(2)).node).toBeUndefined();
    expect(x.mul(2).node).toBeDefined();
  });

  it("frees what was saved, even if the gradient is never computed", () => {
    const x = tensor(new Float32Array(8 * 8 * 8), [1, 8, 8, 8], { requiresGrad: true });
    const w = tensor(new Float32Array(9 * 64), [3, 3, 8, 8], { requiresGrad: true });
    const before = memoryStats().bytesInUse;
    tidy(() => void conv2d(x, w, undefined, { padding: 1 }).relu().sum());
    expect(memoryStats().bytesInUse).toBe(before);
    tidy(() => conv2d(x, w, undefined, { padding: 1 }).relu().sum().backward());
    x.grad!.dispose();
    w.grad!.dispose();
    x.grad = w.grad = undefined;
    expect(memoryStats().bytesInUse).toBe(before);
  });
});

describe("a training loop", () => {
  const train = (steps: number, marks: number[]): { losses: number[]; bytes: number[] } => {
    init();
    manualSeed(3);
    const model = new Sequential(
      new Conv2d(1, 8, 3, { padding: 1 }),
      new ReLU(),
      new Conv2d(8, 8, 3, { padding: 1 }),
      new MaxPool2d(2),
      new Flatten(),
      new Linear(128, 10),
    );
    const optimizer = new Adam(model.parameters());
    const x = tensor(Float32Array.from({ length: 4 * 64 }, (_, i) => Math.sin(i)), [4, 8, 8, 1]); // prettier-ignore
    const y = tensor(Int32Array.of(1, 2, 3, 4));
    const losses: number[] = [];
    const bytes: number[] = [];
    for (let step = 1; step <= steps; step++) {
      losses.push(
        tidy(() => {
          const loss = crossEntropy(model.forward(x), y);
          optimizer.zeroGrad();
          loss.backward();
          optimizer.step();
          return loss.item();
        }),
      );
      if (marks.includes(step)) bytes.push(memoryStats().bytesInUse);
    }
    return { losses, bytes };
  };

  it("uses as much memory after step 2,100 as after step 100, and peaks no higher", () => {
    const { bytes } = train(2100, [100, 2100]);
    expect(bytes[1]).toBe(bytes[0]);
  });

  it("has the same losses to the last bit, twice", () => {
    expect(train(50, []).losses).toEqual(train(50, []).losses);
  });
});
