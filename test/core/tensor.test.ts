import { beforeEach, describe, expect, it } from "vitest";
import {
  DataError,
  full,
  keep,
  memoryStats,
  ones,
  ShapeError,
  tensor,
  tidy,
  WasmError,
  zeros,
} from "../../src/index.js";
import { Random } from "../../src/core/random.js";
import { empty } from "../../src/core/tensor.js";
import { init } from "../../src/wasm/runtime.js";

beforeEach(() => void init());

describe("tensor", () => {
  it("copies another one into memory that has to grow for it", () => {
    init({ threads: 1 });
    for (let mib = 8; mib <= 32; mib *= 2) {
      const source = full([mib * 2 ** 18], mib);
      const copy = empty([mib * 2 ** 18], "f32", "test").copyFrom(source);
      expect(copy.data().at(-1)).toBe(mib);
    }
  });

  it("takes its shape from nested arrays and its dtype from typed ones", () => {
    expect(tensor([[1, 2, 3], [4, 5, 6]]).shape).toEqual([2, 3]); // prettier-ignore
    expect(tensor(7).shape).toEqual([]);
    expect(tensor([]).shape).toEqual([0]);
    expect(tensor(Int32Array.of(1, 2)).dtype).toBe("i32");
    expect(tensor(Uint8Array.of(1, 2)).dtype).toBe("u8");
    expect(tensor(Uint8ClampedArray.of(1, 255)).data()).toEqual(Uint8Array.of(1, 255));
    expect(tensor([1, 2], [2, 1]).tolist()).toEqual([[1], [2]]);
    expect([...full([2], 3).data(), ...ones([1]).data(), ...zeros([1]).data()]).toEqual([3, 3, 1, 0]);
  });

  it.each([
    [
      "ragged rows",
      () => tensor([[1, 2], [3]]),
      DataError,
      "tensor: nested arrays differ in length; got 1, expected 2 at depth 1",
    ],
    [
      "a number among arrays",
      () => tensor([[1], 2]),
      DataError,
      "tensor: nested arrays differ in depth at depth 1",
    ],
    [
      "a shape that does not fit",
      () => tensor([1, 2, 3], [2, 2]),
      ShapeError,
      "tensor: [2,2] needs 4 elements; got 3",
    ],
    ["negative sizes", () => zeros([-1]), ShapeError, "zeros: sizes must be integers ≥ 0; got [-1]"],
    ["fractions", () => zeros([1.5]), ShapeError, "zeros: sizes must be integers ≥ 0; got [1.5]"],
    [
      "more elements than 32 bits count",
      () => zeros([65536, 65536]),
      ShapeError,
      "zeros: at most 2147483647 elements; got [65536,65536] = 4294967296",
    ],
    [
      "gradients of integers",
      () => tensor(Int32Array.of(1), [1], { requiresGrad: true }),
      ShapeError,
      "tensor: only f32 can require a gradient; got i32",
    ],
    ["item() of two", () => tensor([1, 2]).item(), ShapeError, "item: expected one element; got x:[2]"],
    [
      "copyFrom another size",
      () => tensor([1, 2]).copyFrom([1]),
      ShapeError,
      "copyFrom: x:[2] holds 2 elements; got 1",
    ],
  ])("refuses %s", (_, run, type, message) => {
    expect(run).toThrow(new type(message));
  });

  it("is unusable after dispose(), which may be called twice", () => {
    const x = tensor([1, 2]);
    x.dispose();
    x.dispose();
    expect(x.disposed).toBe(true);
    expect(() => x.data()).toThrow(new WasmError("tensor [2]: used after it was disposed of"));
    expect(() => x.add(1)).toThrow(WasmError);
  });

  it("shares its elements with detach(), and outlives the original there", () => {
    const x = tensor([1, 2], [2], { requiresGrad: true });
    const y = x.mul(2).detach();
    expect(y.node).toBeUndefined();
    x.dispose();
    expect([...y.data()]).toEqual([2, 4]);
  });
});

describe("tidy", () => {
  it("frees everything made inside, except what is returned", () => {
    const before = memoryStats().bytesInUse;
    const kept = tidy(() => {
      tensor([1, 2]).add(1);
      return { a: [tensor([3])], b: new Map([["c", tensor([4])]]), n: 5 };
    });
    expect(memoryStats().blocks).toBe(2);
    expect(kept.a[0]!.item() + kept.b.get("c")!.item()).toBe(7);
    kept.a[0]!.dispose();
    kept.b.get("c")!.dispose();
    expect(memoryStats().bytesInUse).toBe(before);
  });

  it("passes results to the scope around", () => {
    const before = memoryStats().bytesInUse;
    tidy(() => void tidy(() => tensor([1])));
    expect(memoryStats().bytesInUse).toBe(before);
  });

  it("frees everything when fn throws", () => {
    const before = memoryStats().bytesInUse;
    expect(() =>
      tidy(() => {
        tensor([1]);
        throw new Error("user");
      }),
    ).toThrow("user");
    expect(memoryStats().bytesInUse).toBe(before);
  });

  it("leaves alone what keep() took out", () => {
    const x = tidy(() => void keep(tensor([1])));
    expect(x).toBeUndefined();
    expect(memoryStats().blocks).toBe(1);
  });

  it("refuses async functions", () => {
    expect(() => tidy(() => Promise.resolve(1))).toThrow(
      new DataError("tidy: fn must not be async; got a promise; expected its result at once"),
    );
  });
});

describe("Random", () => {
  it("is the same stream for the same seed, on every engine", () => {
    const bits = (seed: number): number[] =>
      Array.from(
        { length: 3 },
        (
          (r) => () =>
            r.bits()
        )(new Random(seed)),
      );
    expect(bits(0)).toEqual([2899526011, 769844623, 220372281]);
    expect(bits(1)).toEqual([2420951833, 2513034076, 3847892949]);
    expect(bits(2 ** 40)).not.toEqual(bits(0));
  });

  it("has the moments of the uniform and the normal distribution", () => {
    const r = new Random(5);
    const n = 100_000;
    const moments = (draw: () => number): [number, number] => {
      const v = Array.from({ length: n }, draw);
      const mean = v.reduce((a, b) => a + b) / n;
      return [mean, v.reduce((a, b) => a + (b - mean) ** 2, 0) / n];
    };
    const [mean, variance] = moments(() => r.uniform(-1, 3));
    expect(Math.abs(mean - 1)).toBeLessThan(0.02);
    expect(Math.abs(variance - 16 / 12)).toBeLessThan(0.02);
    const [normalMean, normalVariance] = moments(() => r.normal(2, 3));
    expect(Math.abs(normalMean - 2)).toBeLessThan(0.04);
    expect(Math.abs(normalVariance - 9)).toBeLessThan(0.15);
  });

  it("permutes: every number once, each place equally likely", () => {
    const first = new Array<number>(5).fill(0);
    for (let seed = 0; seed < 5000; seed++) {
      const p = new Random(seed).permutation(5);
      expect([...p].sort()).toEqual([0, 1, 2, 3, 4]);
      first[p[0]!]!++;
    }
    for (const count of first) expect(Math.abs(count - 1000)).toBeLessThan(130);
  });
});
