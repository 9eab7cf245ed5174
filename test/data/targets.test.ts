import { describe, expect, it } from "vitest";
import {
  classBalance,
  classCounts,
  DataError,
  DataLoader,
  disposeBatch,
  ImageDataset,
  Mixup,
  randomSplit,
  stratifiedSplit,
  Subset,
} from "../../src/index.js";

const targets = [1, 0, 1, 0, 0, 0, 0, 1, 0, 1, 1, 1];

function dataset(fields: object = { targets }): ImageDataset {
  return new ImageDataset({
    name: "set",
    images: Uint8Array.from({ length: 16 }, (_, i) => i),
    shape: [2, 2, 1],
    classes: ["a", "b", "c"],
    ...fields,
  });
}

describe("a dataset of pictures with several classes", () => {
  it("has the first class of each picture for a label", () => {
    const set = dataset();
    expect(set.length).toBe(4);
    expect([...set.labels]).toEqual([0, -1, 1, 0]);
    expect([...set.slice(1, 3).targets!]).toEqual([0, 0, 0, 0, 1, 0]);
    expect([...new Subset(set, [3, 0]).targets!]).toEqual([1, 1, 1, 1, 0, 1]);
    expect([...new Subset(set, [3, 1]).labels]).toEqual([0, -1]);
  });

  it("counts its classes", () => {
    expect(classCounts(dataset())).toEqual([2, 2, 2]);
    expect(classBalance(dataset())).toMatchObject({ ratio: 1, evenness: 1, empty: [] });
    expect(classBalance(new Subset(dataset(), [2])).empty).toEqual(["a", "c"]);
  });

  it("can be split at random, and by classes", () => {
    for (const parts of [randomSplit(dataset(), [3, 1]), stratifiedSplit(dataset(), [0.75, 0.25])]) {
      expect(parts.flatMap(({ targets }) => [...targets!]).length).toBe(12);
    }
  });

  it("gives batches their targets, which a batch transform mixes", async () => {
    const loader = new DataLoader(dataset(), { batchSize: 3 });
    const rows: number[] = [];
    for await (const batch of loader.epoch()) {
      expect(batch.targets!.shape).toEqual([batch.indices.length, 3]);
      rows.push(...batch.targets!.data());
      disposeBatch(batch);
    }
    expect(rows).toEqual(targets);
    const mixed = new DataLoader(dataset(), { batchSize: 4, batchTransform: new Mixup({ alpha: 8 }) });
    for await (const batch of mixed.epoch()) {
      const own = [...batch.targets!.data()];
      expect(own).not.toEqual(targets);
      // Mixing keeps each class' sum over the batch.
      [0, 1, 2].forEach((j) => expect(own[j]! + own[3 + j]! + own[6 + j]! + own[9 + j]!).toBeCloseTo(2, 5));
      disposeBatch(batch);
    }
    const picked = await mixed.batch(Uint32Array.of(2));
    expect([...picked.targets!.data()]).toEqual([0, 1, 0]);
    disposeBatch(picked);
  });

  it.each([
    [{ targets: [1, 0, 1] }, "set: 3 targets; expected 12, for 4 images of 3 classes"],
    [{ targets: targets.with(7, 0.5) }, "set: targets must be 0 or 1; got 0.5 for image 2, class 1"],
    [{ targets, labels: [0, 0, 0, 0] }, "set: expected labels or targets, one of the two"],
    [{}, "set: expected labels or targets, one of the two"],
  ])("refuses %j", (fields, message) => {
    expect(() => dataset(fields)).toThrow(new DataError(message));
  });
});
