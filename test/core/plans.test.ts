// Plans are made once and run often: whatever an operation is asked for must be what it is planned for.

import { beforeEach, describe, expect, it } from "vitest";
import { PlanCache } from "../../src/core/plan-cache.js";
import {
  affine,
  avgPool2d,
  batchNorm,
  cat,
  adaptiveAvgPool2d,
  conv2d,
  FoveaError,
  init,
  linear,
  maxPool2d,
  memoryStats,
  mul,
  ones,
  reshape,
  ShapeError,
  slice,
  sub,
  sum,
  tensor,
  tidy,
  type Tensor,
} from "../../src/index.js";
import { allclose } from "../helpers/allclose.js";
import { draw } from "../helpers/random.js";
import { sizeOf } from "../reference/values.js";

beforeEach(() => void init({ threads: 1 }));

const drawn = (name: string, shape: readonly number[]): Tensor =>
  tensor(Float32Array.from(draw("normal", name, sizeOf(shape))), shape);

describe("what is remembered for shapes and attributes", () => {
  const input = { shape: [2, 3], stays: true };
  const get = (cache: PlanCache<number>, inputs: object, attrs: object, value: number): number =>
    cache.get([2, 3], inputs as Record<string, typeof input>, attrs as Record<string, unknown>, () => value);

  it.each([
    ["inputs of other names", { x: input, y: input }, {}, { x: input, scale: input }, {}],
    ["an input that is left out", { x: input, y: undefined }, {}, { x: input, y: input }, {}],
    ["attributes of other names", { x: input }, { a: undefined }, { x: input }, { b: 1 }],
    ["a number and a pair", { x: input }, { stride: 2 }, { x: input }, { stride: [2, 2] }],
    ["a number and a text", { x: input }, { a: 2 }, { x: input }, { a: "2" }],
    ["0 and −0", { x: input }, { a: 0 }, { x: input }, { a: -0 }],
  ])("is not taken for that of %s", (_, inputs, attrs, otherInputs, otherAttrs) => {
    const cache = new PlanCache<number>(new Set(), () => 1);
    expect(get(cache, inputs, attrs, 1)).toBe(1);
    expect(get(cache, otherInputs, otherAttrs, 2)).toBe(2);
    expect(get(cache, inputs, { ...attrs }, 3)).toBe(1);
  });

  it("is found for a NaN, for equal pairs, and whatever the numbers that kernels take are", () => {
    const cache = new PlanCache<number>(new Set(["seed"]), () => 1);
    expect(get(cache, { x: input }, { a: NaN, b: [1, 2], seed: 1 }, 1)).toBe(1);
    expect(get(cache, { x: input }, { a: NaN, b: [1, 2], seed: 2 }, 2)).toBe(1);
  });

  it.each([
    ["1,000 of them", 1, 1000],
    ["100,000 launches", 20_000, 5],
  ])("is at most %s", (_, weight, most) => {
    const cache = new PlanCache<number>(new Set(), () => weight);
    for (let i = 0; i < most; i++) get(cache, { x: input }, { i }, i);
    for (let i = 0; i < most; i++) expect(get(cache, { x: input }, { i }, -1)).toBe(i);
    get(cache, { x: input }, { i: most }, most);
    expect(get(cache, { x: input }, { i: most }, -1)).toBe(most);
    expect(get(cache, { x: input }, { i: 0 }, -1)).toBe(-1);
  });
});

describe("a weight whose other layout is kept", () => {
  it("has one for each shape under which it is used", () => {
    const w = drawn("w", [6, 4]);
    const turned = reshape(w, [4, 6]);
    for (const weight of [w, turned, w]) {
      const x = drawn("x", [3, weight.shape[1]!]);
      expect(linear(x, weight).data()).toEqual(linear(x, tensor(w.data(), weight.shape)).data());
    }
  });

  it("has one for each number of groups", () => {
    const w = drawn("w", [1, 1, 4, 6]);
    for (const groups of [1, 2, 3, 1]) {
      const x = drawn("x", [1, 3, 3, 4 * groups]);
      const want = conv2d(x, tensor(w.data(), w.shape), undefined, { groups }).data();
      expect(conv2d(x, w, undefined, { groups }).data()).toEqual(want);
    }
  });

  it("has another once it is a gradient to which backward() has added", () => {
    const p = drawn("p", [3, 3]);
    p.requiresGrad = true;
    const x = drawn("x", [2, 3]);
    sum(mul(p, p)).backward();
    const once = linear(x, p.grad!).data();
    sum(mul(p, p)).backward();
    expect(linear(x, p.grad!).data()).toEqual(once.map((v) => 2 * v));
  });
});

describe("pairs whose array the caller changes afterwards", () => {
  const window = () => ({ stride: [2, 1], padding: [1, 0] }) as { stride: number[]; padding: number[] };
  const ops: Record<string, (x: Tensor, options: never) => Tensor> = {
    conv2d: (x, options) => conv2d(x, drawn("w", [3, 3, 2, 2]), undefined, options),
    maxPool2d: (x, options) => maxPool2d(x, 3, options),
    avgPool2d: (x, options) => avgPool2d(x, 3, options),
  };

  it.each(Object.entries(ops))("%s goes by what they were", (_, op) => {
    const run = (change: boolean): Float32Array[] => {
      const x = drawn("x", [1, 7, 7, 2]);
      x.requiresGrad = true;
      const options = window();
      const y = op(x, options as never);
      if (change) [options.stride[0], options.padding[0], options.padding[1]] = [1, 0, 1];
      y.backward(drawn("dy", y.shape));
      return [y.data(), x.grad!.data()] as Float32Array[];
    };
    const want = run(false);
    expect(run(true)).toEqual(want);
    expect(run(false)).toEqual(want);
  });

  it.each(Object.entries(ops))(
    "%s does not take the array as it is now for the one that it has seen",
    (_, op) => {
      const x = () => drawn("x", [1, 7, 7, 2]);
      const options = window();
      op(x(), options as never).data();
      options.stride[0] = 1;
      const got = op(x(), options as never).data();
      init({ threads: 1 });
      expect(got).toEqual(op(x(), { stride: [1, 1], padding: [1, 0] } as never).data());
    },
  );

  it("the same for kernelSize and outputSize", () => {
    const x = drawn("x", [1, 6, 6, 2]);
    const size: [number, number] = [2, 3];
    const wants = [adaptiveAvgPool2d(x, [3, 2]).data(), maxPool2d(x, [3, 2]).data()];
    for (const [i, op] of [adaptiveAvgPool2d, maxPool2d].entries()) {
      [size[0], size[1]] = [2, 3];
      op(x, size).data();
      [size[0], size[1]] = [3, 2];
      expect(op(x, size).data()).toEqual(wants[i]);
    }
  });
});

describe("numbers that kernels take", () => {
  it.each([1e13, 2 ** 40, 2 ** 41, 2 ** 42, 2 ** 43, 1e30, Infinity])("may be as large as %d", (eps) => {
    const [x, mean, variance] = [drawn("x", [5, 3]), drawn("m", [3]), ones([3])];
    x.requiresGrad = true;
    const y = batchNorm(x, mean, variance, undefined, undefined, { eps });
    const scale = Math.fround(1 / Math.sqrt(1 + Math.fround(eps)));
    const m = mean.data();
    allclose("y", y.data() as Float32Array, (x.data() as Float32Array).map((v, i) => (v - m[i % 3]!) * scale), 1e-5); // prettier-ignore
    y.backward(ones([5, 3]));
    allclose("dx", x.grad!.data() as Float32Array, new Float32Array(15).fill(scale), 1e-6);
    expect([...affine(tensor([1]), eps, -eps).data()]).toEqual([eps === Infinity ? NaN : 0]);
  });

  it("may be −0", () => {
    expect([...sub(tensor([-0, 0]), 0).data()]).toEqual([-0, 0]);
    expect([...affine(tensor([-1, 1]), 0, -0).data()]).toEqual([-0, 0]);
  });

  it("are refused where windows would overflow", () => {
    const x = ones([1, 4, 4, 2]);
    for (const size of [2 ** 24 + 1, 2 ** 31 - 1, 2 ** 32, 2 ** 41]) {
      for (const fn of [
        () => maxPool2d(x, 2, { stride: size }),
        () => avgPool2d(x, 2, { stride: [1, size] }),
        () => conv2d(x, ones([3, 3, 1, 2]), undefined, { stride: size, groups: 2 }),
        () => conv2d(x, ones([1, 1, 2, 2]), undefined, { dilation: size }),
        () => conv2d(x, ones([1, 1, 2, 2]), undefined, { stride: size, padding: size }),
      ]) {
        expect(fn).toThrow(ShapeError);
        expect(fn).toThrow(
          "2d: kernel, stride, padding and dilation must be at most 16777216; got x:[1,4,4,2]",
        );
      }
    }
    x.requiresGrad = true;
    sum(maxPool2d(x, 2, { stride: 2 ** 24 })).backward();
    expect(sum(x.grad!).item()).toBe(2);
  });

  it.each([
    ["padding", 3, { padding: 2 ** 24, stride: 2 ** 20 }],
    ["dilation", 3, { padding: 2 ** 20, dilation: 2 ** 20 }],
    ["a little of both", 3, { padding: 2 ** 14, dilation: 2 ** 14 }],
    ["padding of a kernel of one", 1, { padding: 2 ** 24, stride: 2 ** 24 }],
  ])("are refused where the images with their %s would overflow", (_, size, options) => {
    const before = memoryStats().bytesInUse;
    const apply = (): unknown =>
      tidy(() => conv2d(ones([1, 3, 3, 1]), ones([size, size, 1, 8]), undefined, options).data());
    expect(apply).toThrow(ShapeError);
    expect(apply).toThrow(/^conv2d: sizes too large; got \d+ for a kernel, which counts in 32 bits$/);
    expect(memoryStats().bytesInUse).toBe(before);
  });

  it.each<[string, () => unknown, string]>([
    [
      "slice",
      () => slice(ones([2, 3]), [{}, { step: 2n as never }]),
      "slice: step of axis 1 must be an integer; got a bigint",
    ],
    ["cat", () => cat([ones([2])], Symbol("axis") as never), "cat: axis must be an integer; got a symbol"],
    [
      "conv2d",
      () => conv2d(ones([1, 4, 4, 2]), ones([3, 3, 2, 2]), undefined, { groups: Symbol("2") as never }),
      "groups a symbol; expected x:[n,h,w,c]",
    ],
  ])("are not bigints or symbols: %s", (_, apply, message) => {
    expect(apply).toThrow(FoveaError);
    expect(apply).toThrow(message);
  });
});
