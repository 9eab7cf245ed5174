// Where no worker threads can be started, the loader's images are read by the main thread, and it is said.

import { expect, it, vi } from "vitest";
import "../../src/node/data-workers.js";
import { DataLoader, ImageDataset } from "../../src/data/index.js";

vi.mock("node:worker_threads", async (original) => ({
  ...(await original<object>()),
  Worker: class {
    constructor() {
      throw new Error("Access to this API has been restricted");
    }
  },
}));

it("a loader with workers works without", async () => {
  const warn = vi.spyOn(console, "warn").mockImplementation(() => {});
  const dataset = new ImageDataset({
    name: "small",
    shape: [2, 2, 1],
    images: Uint8Array.from({ length: 40 }, (_, i) => i),
    labels: Int32Array.from({ length: 10 }, (_, i) => i % 2),
    classes: ["a", "b"],
  });
  const pixels = async (workers: number): Promise<number[]> => {
    const loader = new DataLoader(dataset, { batchSize: 4, shuffle: true, workers });
    const all: number[] = [];
    for await (const batch of loader.epoch(0)) all.push(...batch.images.data());
    loader.close();
    return all;
  };
  const want = await pixels(0);
  expect(await pixels(2)).toEqual(want);
  expect(warn.mock.calls).toEqual([
    [
      "fovea: images are read by the main thread: workers cannot be started (Access to this API has been restricted)",
    ],
  ]);
});
