import { describe, expect, it } from "vitest";
import { Random } from "../../src/core/random.js";
import { ImageDataset } from "../../src/data/dataset.js";
import { classBalance, classCounts, randomSplit, stratifiedSplit, Subset } from "../../src/data/split.js";
import { DataError } from "../../src/errors.js";

/** A dataset with these labels; picture i is the byte i. */
function dataset(labels: readonly number[], classes = ["a", "b", "c"]): ImageDataset {
  const images = Uint8Array.from(labels, (_, i) => i);
  return new ImageDataset({ name: "set", images, labels, shape: [1, 1, 1], classes });
}

const ten = dataset([0, 0, 0, 0, 0, 1, 1, 1, 2, 2]);
const placesOf = (parts: readonly Subset[]): number[] =>
  parts.flatMap(({ indices }) => [...indices]).sort((a, b) => a - b);
const all = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9];

describe("Subset", () => {
  it("gives pictures and labels in its own order", () => {
    const subset = new Subset(ten, [9, 0, 5]);
    expect([...subset.labels]).toEqual([2, 0, 1]);
    expect(subset.image(0)).toMatchObject({ data: Uint8Array.of(9) });
    expect(subset.classes).toEqual(["a", "b", "c"]);
    expect(subset.source).toMatchObject({ kind: "subset", indices: Uint32Array.of(9, 0, 5) });
    expect([...new Subset(subset, [2]).labels]).toEqual([1]);
  });

  it.each([[[10]], [[-1]], [[0.5]]])("refuses %j", (indices) => {
    const message = `Subset: index out of range; got ${indices[0]}; expected 0…9`;
    expect(() => new Subset(ten, indices)).toThrow(new DataError(message));
  });
});

describe("randomSplit", () => {
  it.each([
    [
      [0.8, 0.2],
      [8, 2],
    ],
    [
      [7, 3],
      [7, 3],
    ],
    [
      [0.33, 0.33, 0.34],
      [4, 3, 3],
    ],
    [[1], [10]],
    [
      [0, 10],
      [0, 10],
    ],
  ])("by %j gives %j, every picture once", (lengths, sizes) => {
    const parts = randomSplit(ten, lengths, 3);
    expect(parts.map(({ length }) => length)).toEqual(sizes);
    expect(placesOf(parts)).toEqual(all);
  });

  it("is the same for the same seed, another for another", () => {
    const first = (seed: number): number[] => [...randomSplit(ten, [0.5, 0.5], seed)[0]!.indices];
    expect(first(1)).toEqual(first(1));
    expect(first(1)).not.toEqual(first(2));
  });

  it.each([[[0.5, 0.4]], [[5, 4]], [[-1, 11]], [[1.5, 8.5]]])("refuses %j", (lengths) => {
    const expected = "expected fractions that sum to 1, or counts that sum to 10";
    expect(() => randomSplit(ten, lengths)).toThrow(
      new DataError(`randomSplit: lengths do not fit; got [${lengths.join(",")}]; ${expected}`),
    );
  });
});

describe("stratifiedSplit", () => {
  it("gives every part its share of every class", () => {
    const labels = Array.from({ length: 1000 }, (_, i) => (i % 10 < 6 ? 0 : i % 10 < 9 ? 1 : 2));
    const parts = stratifiedSplit(dataset(labels), [0.7, 0.2, 0.1], 5);
    expect(parts.map(classCounts)).toEqual([
      [420, 210, 70],
      [120, 60, 20],
      [60, 30, 10],
    ]);
    expect(new Set(placesOf(parts)).size).toBe(1000);
  });

  it("rounds now up, now down, so that parts get their share of many small classes", () => {
    const labels = Array.from({ length: 200 }, (_, i) => i >> 2);
    const classes = Array.from({ length: 50 }, (_, i) => String(i));
    const [train, val] = stratifiedSplit(dataset(labels, classes), [0.9, 0.1], 1) as [Subset, Subset];
    expect([train.length, val.length]).toEqual([180, 20]);
    expect(Math.max(...classCounts(val))).toBe(1);
    expect(placesOf([train, val])).toEqual(Array.from({ length: 200 }, (_, i) => i));
  });

  it("draws differently for each seed, in the dataset's order", () => {
    const [a] = stratifiedSplit(ten, [0.5, 0.5], 1) as [Subset];
    expect([...a.indices]).toEqual([...a.indices].sort((x, y) => x - y));
    const draws = [1, 2, 3, 4].map((seed) => [...stratifiedSplit(ten, [0.5, 0.5], seed)[0]!.indices].join());
    expect(new Set(draws).size).toBeGreaterThan(1);
  });

  it("leaves the first part an image of every class, at any seed", () => {
    const labels = [0, 1, 1, 2, 2, 2, ...Array.from({ length: 30 }, () => 3)];
    const set = dataset(labels, ["a", "b", "c", "d"]);
    for (let seed = 0; seed < 20; seed++) {
      const [train, val] = stratifiedSplit(set, [0.5, 0.5], seed) as [Subset, Subset];
      expect(Math.min(...classCounts(train))).toBeGreaterThan(0);
      expect(placesOf([train, val])).toEqual(labels.map((_, i) => i));
      expect(Math.abs(val.length - 18)).toBeLessThanOrEqual(2);
    }
  });

  it("keeps proportions and rare classes where images have several each", () => {
    const random = new Random(2);
    const own = Array.from({ length: 400 }, (_, i) => [
      Number(random.integer(10) < 5),
      Number(random.integer(10) < 1),
      Number(i === 7),
      Number(i % 100 === 3),
    ]);
    const fields = { images: new Uint8Array(400), shape: [1, 1, 1] as const, classes: ["a", "b", "c", "d"] };
    const set = new ImageDataset({ ...fields, targets: own.flat() });
    const [train, val] = stratifiedSplit(set, [0.8, 0.2], 1) as [Subset, Subset];
    const [all, kept, held] = [classCounts(set), classCounts(train), classCounts(val)];
    expect(placesOf([train, val])).toEqual(own.map((_, i) => i));
    expect([kept[2], held[2]]).toEqual([1, 0]);
    expect([kept[3], held[3]]).toEqual([3, 1]);
    for (const c of [0, 1]) expect(Math.abs(held[c]! - all[c]! / 5)).toBeLessThanOrEqual(2);
    expect(Math.abs(val.length - 80)).toBeLessThanOrEqual(4);
  });

  it("refuses counts", () => {
    expect(() => stratifiedSplit(ten, [7, 3])).toThrow(
      new DataError("stratifiedSplit: got [7,3]; expected fractions that sum to 1"),
    );
  });
});

describe("classBalance", () => {
  it("counts, and names what is empty", () => {
    expect(classBalance(dataset([0, 0, 0, 2]))).toMatchObject({
      counts: [3, 0, 1],
      smallest: 0,
      largest: 3,
      ratio: Infinity,
      empty: ["b"],
    });
    expect(classBalance(dataset([0, 1, 2]))).toMatchObject({ ratio: 1, empty: [] });
    expect(classBalance(dataset([0, 1, 2])).evenness).toBeCloseTo(1, 12);
    expect(classBalance(dataset([1, 1, 1])).evenness).toBe(0);
  });
});
