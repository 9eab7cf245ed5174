// How times become numbers, and what is timed.

import { beforeAll, expect, it } from "vitest";
import { createModel, init, memoryStats, ShapeError } from "../../src/index.js";
import { measureSpeed, quantile, speedOf } from "../../src/node/speed.js";

beforeAll(() => void init({ threads: 1 }));

it("finds what a share of the numbers stays below", () => {
  expect(quantile([1, 2, 3, 4], 0.5)).toBe(2.5);
  expect(quantile([7], 0.95)).toBe(7);
  expect(quantile([0, 10, 20], 0.95)).toBeCloseTo(19);
});

it("makes a speed of times in any order", () => {
  const times = Array.from({ length: 21 }, (_, i) => ((i * 8) % 21) + 1);
  expect(speedOf("eager", 4, 99, times)).toMatchObject({ work: "eager", batchSize: 4, firstMs: 99, medianMs: 11, p95Ms: 20, minMs: 1, runs: 21, imagesPerSecond: 4000 / 11 }); // prettier-ignore
});

it("says no 95th percentile of fewer than 20 runs", () => {
  expect(speedOf("compiled", 1, 1, new Array(19).fill(3)).p95Ms).toBeNull();
  expect(speedOf("compiled", 1, 1, new Array(20).fill(3)).p95Ms).toBe(3);
});

it("times the compiled model, its forward() and a step of training, and leaves the model as it was", async () => {
  const model = createModel("lenet5").eval();
  const before = model.stateDict();
  const { bytesInUse } = memoryStats();
  const speeds = await measureSpeed(model, 2, [28, 28, 1], { eager: true, train: true, budgetMs: 20 });
  expect(speeds.map(({ work }) => work)).toEqual(["compiled", "eager", "train"]);
  for (const { runs, batchSize, medianMs, minMs, imagesPerSecond } of speeds) {
    expect(batchSize).toBe(2);
    expect(runs).toBeGreaterThan(0);
    expect(medianMs).toBeGreaterThanOrEqual(minMs);
    expect(imagesPerSecond).toBeCloseTo(2000 / medianMs, 6);
  }
  expect(speeds.map(({ compiledBytes }) => compiledBytes !== undefined)).toEqual([true, false, false]);
  expect(model.training).toBe(false);
  expect(memoryStats().bytesInUse).toBe(bytesInUse);
  for (const [name, { data }] of model.stateDict()) {
    const own = before.get(name)!.data as Float32Array;
    expect(Math.max(...(data as Float32Array).map((v, i) => Math.abs(v - own[i]!)))).toBeLessThan(1e-4);
  }
  model.dispose();
});

it("hands on what the model refuses", async () => {
  const model = createModel("lenet5").eval();
  await expect(measureSpeed(model, 1, [64, 64, 1], { budgetMs: 1 })).rejects.toThrow(ShapeError);
  model.dispose();
});
