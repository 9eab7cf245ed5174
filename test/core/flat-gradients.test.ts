// The gradients of an optimizer's parameters lie in one block, and are those that they would be elsewhere.

import { afterEach, beforeEach, describe, expect, it } from "vitest";
import {
  createModel,
  crossEntropy,
  init,
  leakReport,
  manualSeed,
  memoryStats,
  ones,
  SGD,
  tensor,
  tidy,
  type Module,
  type Tensor,
} from "../../src/index.js";
import { FlatGradients } from "../../src/core/flat-gradients.js";
import { runtime } from "../../src/wasm/runtime.js";
import { sameBits } from "../helpers/allclose.js";
import { draw } from "../helpers/random.js";

beforeEach(() => void init({ threads: 1 }));
afterEach(() => expect(memoryStats()).toMatchObject({ bytesInUse: 0, blocks: 0 }));

const SHAPE = [4, 32, 32, 3];
const size = (shape: readonly number[]): number => shape.reduce((a, b) => a * b, 1);

function resnet(): Module {
  manualSeed(3);
  return createModel("resnet20_cifar");
}

function backward(model: Module, name = "x"): void {
  tidy(() => {
    const x = tensor(Float32Array.from(draw("normal", name, size(SHAPE))), SHAPE);
    crossEntropy(model.forward(x), tensor(Int32Array.of(0, 3, 9, 3))).backward();
  });
}

const gradients = (model: Module): Float32Array[] =>
  model.parameters().map((p) => p.grad!.data() as Float32Array);

/** A leaf, and how its gradient comes to be g. */
function leaf(values: number[]): Tensor {
  const p = tensor(values);
  p.requiresGrad = true;
  return p;
}
const give = (p: Tensor, g: number[]): void => tidy(() => p.mul(tensor(g)).sum().backward());

/** Has the gradients of these written beside each other. */
function claimed(parameters: readonly Tensor[]): FlatGradients {
  const all = new FlatGradients(parameters);
  all.claim();
  return all;
}

describe("the gradients of an optimizer's parameters", () => {
  it("have the bits that they have without one, once and added up", () => {
    const passes = (flat: boolean): Float32Array[] => {
      const model = resnet();
      const all = flat ? claimed(model.parameters()) : undefined;
      const rounds = [1, 2].flatMap(() => {
        backward(model);
        const first = gradients(model);
        backward(model, "another");
        const both = gradients(model);
        model.zeroGrad();
        return [...first, ...both];
      });
      all?.dispose();
      model.dispose();
      return rounds;
    };
    const want = passes(false);
    passes(true).forEach((g, i) => sameBits(`gradient ${i}`, g, want[i]!));
  });

  it("lie in one block, in the parameters' order, and stay there from step to step", () => {
    const model = resnet();
    const optimizer = new SGD(model.parameters());
    optimizer.gradients.claim();
    let block: number | undefined;
    for (let step = 0; step < 3; step++) {
      backward(model);
      if (step === 1) backward(model);
      const flat = optimizer.gradients.flat();
      block ??= flat.byteOffset;
      expect(flat.byteOffset).toBe(block);
      let end = block;
      for (const p of model.parameters()) {
        expect(p.grad!.compute()).toBe(end);
        end += Math.ceil(p.bytes / 64) * 64;
      }
      expect(end).toBe(block + flat.byteLength);
      flat[0] = 5;
      expect(model.parameters()[0]!.grad!.view()[0]).toBe(5);
      optimizer.step();
      optimizer.zeroGrad();
      expect(model.parameters().every((p) => p.grad === undefined)).toBe(true);
    }
    optimizer.dispose();
    model.dispose();
  });

  it("are written there, not copied: convolutions' and linear layers' weights", () => {
    const model = resnet();
    /** How many blocks were made for gradients of weights, and how many for all. */
    const made = (): [weights: number, all: number] => {
      const { heap } = runtime();
      const alloc = heap.alloc;
      const labels: string[] = [];
      heap.alloc = (bytes, what) => {
        labels.push(what());
        return alloc.call(heap, bytes, what);
      };
      try {
        backward(model);
      } finally {
        heap.alloc = alloc;
      }
      const count = (pattern: RegExp): number => labels.filter((label) => pattern.test(label)).length;
      return [count(/^(conv2dBackwardWeight f32|linear gradient f32:\[10,64\])/), count(/^gradients f32/)];
    };
    const weights = model.parameters().filter((p) => p.shape.length > 1).length;
    expect(made()).toEqual([weights, 0]);
    model.zeroGrad();
    const optimizer = new SGD(model.parameters());
    optimizer.gradients.claim();
    expect(made()).toEqual([0, 1]);
    optimizer.dispose();
    model.dispose();
  });

  it("stay in separate blocks until one array is requested, and return there when it is disposed of", () => {
    const model = resnet();
    const optimizer = new SGD(model.parameters());
    const first = model.parameters()[0]!;
    const { heap } = runtime();
    /** Whether the first gradient lies in one block with the others; the most memory in use. */
    const pass = (): [together: boolean, peak: number] => {
      heap.peakBytes = heap.bytesInUse;
      backward(model);
      const together = Object.keys(leakReport().owned.gradients).some((label) =>
        label.startsWith("gradients "),
      );
      model.zeroGrad();
      return [together, heap.peakBytes];
    };
    pass();
    const [apart, peak] = pass();
    backward(model);
    const values = first.grad!.data();
    const flat = optimizer.gradients.flat(); // copies this once
    expect(flat.slice(0, first.size)).toEqual(values);
    expect(first.grad!.compute()).toBe(flat.byteOffset);
    model.zeroGrad();
    const [together, more] = pass();
    optimizer.gradients.dispose();
    expect([apart, together, pass()]).toEqual([false, true, [false, peak]]);
    expect(more).toBeLessThan(peak + flat.byteLength + 8192);
    optimizer.dispose();
    model.dispose();
  });

  it("are zeros in the block where a parameter has none, and nothing lies between them", () => {
    const [a, b, c] = [leaf([1, 2, 3]), leaf([4]), leaf([5, 6])];
    const all = claimed([a, b, c]);
    give(a, [7, -0, NaN]);
    give(c, [8, 9]);
    const flat = all.flat();
    expect(flat).toHaveLength(48);
    const want = new Float32Array(48);
    want.set([7, -0, NaN]);
    want.set([8, 9], 32);
    expect(flat).toEqual(want);
    expect(b.grad).toBeUndefined();
    expect(Object.is(a.grad!.view()[1], -0)).toBe(true);
    all.dispose();
    expect([...c.grad!.data()]).toEqual([8, 9]);
    for (const t of [a, b, c]) t.dispose();
  });

  it("of a parameter that is frozen has no part; once it is trained again, all get another block", () => {
    const [a, b] = [leaf([1, 2, 3]), leaf([4])];
    const all = claimed([a, b]);
    a.requiresGrad = false;
    give(b, [2]);
    expect(all.flat()).toHaveLength(16);
    expect([a.grad, all.flat()[0]]).toEqual([undefined, 2]);
    a.requiresGrad = true;
    give(a, [1, 2, 3]); // b's gradient is there still
    const flat = all.flat();
    expect([flat.length, ...flat.subarray(0, 4), flat[16]]).toEqual([32, 1, 2, 3, 0, 2]);
    expect(a.grad!.compute()).toBe(flat.byteOffset);
    a.grad!.dispose();
    a.grad = undefined;
    a.requiresGrad = false;
    b.grad!.dispose();
    b.grad = undefined;
    give(b, [3]);
    expect(all.flat()[16]).toBe(3);
    all.dispose();
    for (const t of [a, b]) t.dispose();
  });

  it("that are still held are not overwritten", () => {
    const p = leaf([1, 2]);
    const all = claimed([p]);
    give(p, [3, 4]);
    const held = p.grad!;
    p.grad = undefined;
    give(p, [5, 6]);
    expect([[...held.data()], [...p.grad!.data()]]).toEqual([
      [3, 4],
      [5, 6],
    ]);
    expect([...all.flat()].slice(0, 2)).toEqual([5, 6]);
    expect([...held.data()]).toEqual([3, 4]);
    const shared = p.grad!.detach();
    give(p, [1, 1]);
    expect([[...shared.data()], [...p.grad!.data()]]).toEqual([
      [5, 6],
      [6, 7],
    ]);
    for (const t of [held, shared, p]) t.dispose();
    all.dispose();
  });

  it("that were put there by hand are brought into the block", () => {
    const [a, b] = [leaf([1]), leaf([2, 3])];
    const all = claimed([a, b]);
    give(a, [4]);
    b.grad = ones([2]);
    const flat = all.flat();
    expect([flat[0], ...flat.subarray(16, 18)]).toEqual([4, 1, 1]);
    flat[17] = 9;
    expect([...b.grad.data()]).toEqual([1, 9]);
    for (const t of [a, b]) t.dispose();
    all.dispose();
  });

  it("belong to the last claim", () => {
    const p = leaf([1]);
    const [first, second] = [claimed([p]), claimed([p])];
    give(p, [2]);
    expect(p.grad!.compute()).toBe(second.flat().byteOffset);
    p.grad!.dispose();
    p.grad = undefined;
    first.claim();
    second.dispose();
    give(p, [2]);
    expect(p.grad!.compute()).toBe(first.flat().byteOffset);
    first.dispose();
    p.dispose();
  });

  it("are reported with their owner, and go with the model after the optimizer", () => {
    const model = resnet();
    const optimizer = new SGD(model.parameters());
    optimizer.gradients.claim();
    backward(model);
    const { live, owned } = leakReport();
    expect(live).toEqual({});
    expect(Object.keys(owned.gradients).filter((label) => label.startsWith("gradients "))).toHaveLength(1);
    optimizer.dispose();
    const values = model.parameters()[0]!.grad!.data();
    expect(values.some((v) => v !== 0)).toBe(true);
    model.dispose();
    expect(leakReport().owned.gradients).toEqual({});
  });

  it("may be given to a parameter that had none", () => {
    const [a, b, c] = [leaf([1, 2]), leaf([3, 4]), leaf([5])];
    const all = claimed([a, b, c]);
    give(a, [1, 1]);
    all.flat()[17] = 6;
    all.adopt();
    expect([b.grad && [...b.grad.data()], c.grad]).toEqual([[0, 6], undefined]);
    for (const t of [a, b, c]) t.dispose();
    all.dispose();
  });

  it("lie in memory that other threads and programs may share, where there are threads", () => {
    init({ threads: 2 });
    const p = leaf([1, 2]);
    const all = claimed([p]);
    give(p, [3, 4]);
    const flat = all.flat();
    expect(flat.buffer).toBeInstanceOf(SharedArrayBuffer);
    expect([...flat].slice(0, 2)).toEqual([3, 4]);
    p.dispose();
    all.dispose();
  });

  it("stay where they were when there is no memory for the block", () => {
    const p = leaf([1, 2]);
    const all = claimed([p]);
    const { heap } = runtime();
    const alloc = heap.alloc;
    heap.alloc = (bytes, what) => {
      if (what().startsWith("gradients ")) throw new Error("no memory");
      return alloc.call(heap, bytes, what);
    };
    expect(() => give(p, [3, 4])).toThrow("no memory");
    expect(p.grad).toBeUndefined();
    p.grad = tensor([5, 6]);
    expect(() => all.flat()).toThrow("no memory");
    expect([...p.grad.data()]).toEqual([5, 6]);
    heap.alloc = alloc;
    expect([...all.flat()].slice(0, 2)).toEqual([5, 6]);
    p.dispose();
    all.dispose();
  });
});
