import { describe, expect, it } from "vitest";
import { disposeBatch } from "../../src/data/batch.js";
import { ImageDataset } from "../../src/data/dataset.js";
import { SequentialSampler } from "../../src/data/sampler.js";
import type { RawImage } from "../../src/data/image.js";
import type { Transform } from "../../src/data/transform.js";
import { DataLoader, type LoaderOptions } from "../../src/data/loader.js";
import { DataError } from "../../src/errors.js";

const dataset = new ImageDataset({
  name: "ten",
  images: Uint8Array.from({ length: 10 * 2 * 1 * 3 }, (_, i) => i),
  labels: [0, 1, 2, 0, 1, 2, 0, 1, 2, 0],
  shape: [2, 1, 3],
  classes: ["a", "b", "c"],
});

async function orders(options: LoaderOptions, epoch: number): Promise<number[][]> {
  const found = [];
  for await (const batch of new DataLoader(dataset, options).epoch(epoch)) {
    found.push([...batch.indices]);
    disposeBatch(batch);
  }
  return found;
}

describe("DataLoader", () => {
  it("gives every image once, in order, the rest in a smaller last batch", async () => {
    expect(await orders({ batchSize: 4 }, 0)).toEqual([
      [0, 1, 2, 3],
      [4, 5, 6, 7],
      [8, 9],
    ]);
    expect(new DataLoader(dataset, { batchSize: 4 }).images).toBe(10);
  });

  it("leaves out the last, smaller batch with dropLast", async () => {
    expect(await orders({ batchSize: 4, dropLast: true }, 0)).toHaveLength(2);
    expect(new DataLoader(dataset, { batchSize: 4, dropLast: true }).images).toBe(8);
  });

  it("shuffles every image once, differently each epoch, the same for the same seed", async () => {
    const options = { batchSize: 10, shuffle: true, seed: 3 };
    const [first] = (await orders(options, 0)) as [number[]];
    const [second] = (await orders(options, 1)) as [number[]];
    expect([...first].sort((a, b) => a - b)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
    expect(first).not.toEqual(second);
    expect(await orders(options, 0)).toEqual([first]);
    expect(await orders({ ...options, seed: 4 }, 0)).not.toEqual([first]);
  });

  it("normalises each channel and keeps labels beside their images", async () => {
    const normalization = { mean: [0, 0.5, 1], std: [1, 0.5, 2] };
    const loader = new DataLoader(dataset, { batchSize: 2, normalization });
    const batch = await loader.batch(Uint32Array.of(9, 1));
    expect(batch.images.shape).toEqual([2, 2, 1, 3]);
    expect([...batch.labels.data()]).toEqual([0, 1]);
    const pixels = [54, 55, 56, 57, 58, 59, 6, 7, 8, 9, 10, 11];
    const expected = pixels.map((p, i) =>
      Math.fround((p / 255 - normalization.mean[i % 3]!) / normalization.std[i % 3]!),
    );
    expect([...batch.images.data()]).toEqual(expected);
    disposeBatch(batch);
  });

  it.each([
    [{ batchSize: 0 }, "DataLoader: batchSize must be an integer ≥ 1; got 0"],
    [{ batchSize: 1, workers: -1 }, "DataLoader: workers must be an integer ≥ 0 and ≤ 64; got -1"],
    [{ batchSize: 1, workers: 1e6 }, "DataLoader: workers must be an integer ≥ 0 and ≤ 64; got 1000000"],
    [{ batchSize: 1, seed: NaN }, "DataLoader: seed must be an integer; got NaN"],
    [
      { batchSize: 1, transform: ((image: RawImage) => image) as unknown as Transform },
      "DataLoader: transform 0 has no apply(); got a function; expected a Transform",
    ],
    [{ batchSize: 1, prefetch: 0 }, "DataLoader: prefetch must be an integer ≥ 1; got 0"],
    [
      { batchSize: 1, shuffle: true, sampler: new SequentialSampler(dataset) },
      "DataLoader: a sampler draws the order; shuffle must be off",
    ],
    [{ batchSize: 1.5 }, "DataLoader: batchSize must be an integer ≥ 1; got 1.5"],
    [
      { batchSize: 1, normalization: { mean: [0], std: [1] } },
      "DataLoader: ten has 3 channels; got 1 means and 1 deviations",
    ],
  ])("refuses %j", (options, message) => {
    expect(() => new DataLoader(dataset, options)).toThrow(new DataError(message));
  });

  it("refuses a sampler made for more samples", async () => {
    const sampler = new SequentialSampler({ length: 11 });
    await expect(orders({ batchSize: 4, sampler }, 0)).rejects.toThrow(
      new DataError("DataLoader: the sampler drew sample 10 of ten, which has 10"),
    );
  });

  it("refuses a dataset without images", () => {
    expect(() => new DataLoader(dataset.slice(0, 0), { batchSize: 1 })).toThrow(
      new DataError("DataLoader: ten has no images"),
    );
  });
});

describe("ImageDataset", () => {
  it("refuses pixels and labels that do not match", () => {
    const fields = { images: new Uint8Array(5), labels: [0], shape: [2, 1, 3] as const, classes: ["a"] };
    expect(() => new ImageDataset(fields)).toThrow(
      new DataError("dataset: 5 bytes of images; expected 6 for 1 labels of [2,1,3]"),
    );
  });
});
