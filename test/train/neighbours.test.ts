// Features, and which of them are alike, against the definition.

import { beforeAll, describe, expect, it } from "vitest";
import { createModel, DataError, init, manualSeed, memoryStats, nearest, pooledFeatures, Random, similarPairs, tensor, type FeatureRows } from "../../src/index.js"; // prettier-ignore

beforeAll(() => void init());

function drawn(n: number, features: number, seed: number): FeatureRows {
  const random = new Random(seed);
  return { data: Float32Array.from({ length: n * features }, () => random.normal()), features };
}

/** The cosine, in float64. */
function cosine(a: FeatureRows, i: number, b: FeatureRows, j: number): number {
  let [dot, x, y] = [0, 0, 0];
  for (let k = 0; k < a.features; k++) {
    const [p, q] = [a.data[i * a.features + k]!, b.data[j * b.features + k]!];
    dot += p * q;
    x += p * p;
    y += q * q;
  }
  return x && y ? dot / Math.sqrt(x * y) : 0;
}

describe("pooledFeatures", () => {
  it("are the means of the last maps, and leave model and heap as they were", () => {
    manualSeed(1);
    const model = createModel("resnet20_cifar").train();
    const x = tensor(drawn(2, 32 * 32 * 3, 1).data, [2, 32, 32, 3]);
    pooledFeatures(model, x); // packs the weights
    const before = memoryStats().bytesInUse;
    const { data, features } = pooledFeatures(model, x);
    expect(memoryStats().bytesInUse).toBe(before);
    expect([features, data.length, model.training]).toEqual([64, 128, true]);
    const maps = model.eval().forwardFeatures(x);
    const [, h, w, c] = maps.shape as [number, number, number, number];
    const values = maps.data();
    let sum = 0;
    for (let p = 0; p < h * w; p++) sum += values[(h * w + p) * c + 5]!;
    expect(data[64 + 5]).toBeCloseTo(sum / (h * w), 5);
    for (const one of [maps, x, model]) one.dispose();
  });
});

describe("nearest", () => {
  it.each([
    [7, 5, 3],
    [530, 17, 40],
    [3, 2100, 8],
  ])("finds for %i queries the most similar of %i rows", (n, m, features) => {
    const [queries, rows] = [drawn(n, features, 1), drawn(m, features, 2)];
    const found = nearest(queries, rows, 4, { skip: (q, row) => q === row });
    for (const q of [0, Math.floor(n / 2), n - 1]) {
      const all = Array.from({ length: m }, (_, j) => ({ j, s: cosine(queries, q, rows, j) }));
      const expected = all.filter(({ j }) => j !== q).sort((a, b) => b.s - a.s).slice(0, 4); // prettier-ignore
      expect(found[q]!.map(({ index }) => index)).toEqual(expected.map(({ j }) => j));
      found[q]!.forEach(({ similarity }, i) => expect(similarity).toBeCloseTo(expected[i]!.s, 5));
    }
  });

  it("is of directions alone, never above 1, and zeros are like nothing", () => {
    const rows = { data: Float32Array.of(3, 4, 0, 0, 30, 40, 4, -3), features: 2 };
    const [found] = nearest({ data: Float32Array.of(0.3, 0.4), features: 2 }, rows, 9);
    expect(found!.map(({ index }) => index)).toEqual([0, 2, 1, 3]);
    expect(found!.map(({ similarity }) => Math.round(similarity * 1e6) / 1e6 + 0)).toEqual([1, 1, 0, 0]);
    expect(Math.max(...found!.map(({ similarity }) => similarity))).toBeLessThanOrEqual(1);
  });

  it("refuses features of another model, and such as are not finite", () => {
    expect(() => nearest(drawn(1, 3, 1), drawn(1, 4, 1), 1)).toThrow("queries have 3 features, rows 4; expected those of one model"); // prettier-ignore
    const bad = { data: Float32Array.of(1, 2, NaN, 1), features: 2 };
    expect(() => nearest(drawn(1, 2, 1), bad, 1)).toThrow(DataError);
    expect(() => similarPairs(bad)).toThrow("features: row 1 is not finite");
  });
});

describe("similarPairs", () => {
  it("finds every pair once, beyond one block of rows, and counts those that it leaves out", () => {
    const rows = drawn(2300, 6, 3);
    const expected: { first: number; second: number; s: number }[] = [];
    for (let i = 0; i < 2300; i++) {
      for (let j = i + 1; j < 2300; j++) {
        const s = cosine(rows, i, rows, j);
        if (s >= 0.98) expected.push({ first: i, second: j, s });
      }
    }
    expected.sort((a, b) => b.s - a.s);
    const { pairs, total } = similarPairs(rows, { least: 0.98, most: 50 });
    expect(Math.abs(total - expected.length)).toBeLessThanOrEqual(1); // one may lie on the edge
    expect(pairs).toHaveLength(50);
    expect(new Set(pairs.map(({ first, second }) => `${first},${second}`)).size).toBe(50);
    pairs.forEach(({ similarity }, i) => expect(similarity).toBeCloseTo(expected[i]!.s, 5));
    const before = memoryStats().bytesInUse;
    const all = similarPairs(rows, { least: 0.98, most: 1e6 });
    expect(memoryStats().bytesInUse).toBe(before);
    expect([all.total, all.pairs.length]).toEqual([total, total]);
  });
});
