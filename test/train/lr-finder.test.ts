import { beforeAll, describe, expect, it } from "vitest";
import { BatchNorm2d, Dropout, Linear, Flatten, Sequential } from "../../src/nn/index.js";
import { disposeBatch, fit, init, manualSeed, memoryStats, DataLoader, ImageDataset, SGD, zeros } from "../../src/index.js"; // prettier-ignore
import { findLr } from "../../src/train/index.js";
import { steepest, valley } from "../../src/train/lr-finder.js";
import { defaultRandom, Random } from "../../src/core/random.js";

beforeAll(() => void init());

/** Pictures of 4×4 whose class is the brighter half, with noise. */
function halves(n: number): ImageDataset {
  const random = new Random(5);
  const labels = Array.from({ length: n }, () => random.integer(2));
  const images = Uint8Array.from({ length: n * 16 }, (_, i) => {
    const top = i % 16 < 8 ? 0 : 1;
    return random.integer(120) + (labels[Math.floor(i / 16)] === top ? 120 : 0);
  });
  return new ImageDataset({ images, labels, shape: [4, 4, 1], classes: ["top", "bottom"] });
}

const rowsOf = (losses: readonly number[]) => losses.map((smoothed, i) => ({ lr: 10 ** (i - 4), smoothed }));

describe("findLr", () => {
  it("finds a rate by which the task is learnt, and gives the weights back", async () => {
    manualSeed(1);
    const model = new Sequential(new Flatten(), new Linear(16, 2));
    const loader = new DataLoader(halves(64), { batchSize: 16, shuffle: true });
    const before = model.stateDict();
    const optimizer = new SGD(model.parameters(), { lr: 0.25 });
    const found = await findLr(model, loader, { optimizer, maxLr: 1000, steps: 80 });
    expect(found.rows[0]!.lr).toBeCloseTo(1e-7, 12);
    expect(found.diverged).toBe(true);
    expect(found.rows.length).toBeLessThan(80);
    for (const lr of [found.steepest!, found.valley!]) {
      expect(lr).toBeGreaterThan(1e-5);
      expect(lr).toBeLessThan(found.rows.at(-1)!.lr);
    }
    expect(model.stateDict()).toEqual(before);
    expect(optimizer.lr).toBe(0.25);

    const first = found.rows[0]!.loss;
    optimizer.lr = found.steepest!;
    const again = await findLr(model, loader, {
      optimizer,
      minLr: found.steepest!,
      maxLr: found.steepest! * 1.01,
    });
    expect(again.rows.at(-1)!.loss).toBeLessThan(first / 2);
    optimizer.dispose();
    model.dispose();
  });

  it.each(["at its end", "after an error"])("leaves everything as it was, %s", async (when) => {
    manualSeed(1);
    const norm = new BatchNorm2d(1);
    const model = new Sequential(norm, new Flatten(), new Dropout(0.5), new Linear(16, 2));
    model.eval();
    norm.training = true;
    const loader = new DataLoader(halves(64), { batchSize: 16, shuffle: true, seed: 3 });
    const optimizer = new SGD(model.parameters(), { lr: 0.25, momentum: 0.9 });
    await fit(model, loader, { optimizer, epochs: 1 });
    const [weight, bias] = model.parameters().slice(-2);
    weight!.grad = zeros(weight!.shape);
    const order = async (): Promise<number[]> => {
      const indices: number[] = [];
      for await (const batch of loader.epoch(2)) {
        indices.push(...batch.indices);
        disposeBatch(batch);
      }
      return indices;
    };
    const state = () => ({
      weights: model.stateDict(),
      modes: [...model.modules()].map(({ training }) => training),
      optimizer: [optimizer.stateDict(), optimizer.lr],
      random: defaultRandom().state,
      gradients: [weight!.grad, bias!.grad],
      bytes: memoryStats().bytesInUse,
    });
    const before = { ...state(), order: await order() };
    const fail = (): void => {
      throw new Error("failed");
    };
    const search = findLr(model, loader, { optimizer, steps: 12, ...(when !== "at its end" && { onStep: fail }) }); // prettier-ignore
    if (when === "at its end") await search;
    else await expect(search).rejects.toThrow("failed");
    expect({ ...state(), order: await order() }).toEqual(before);
    expect(before.modes).toEqual([false, true, false, false, false]);
    for (const one of [model, optimizer]) one.dispose();
  });

  it("goes to the last rate where nothing diverges, and frees what it used", async () => {
    const model = new Sequential(new Flatten(), new Linear(16, 2));
    const loader = new DataLoader(halves(20), { batchSize: 8 });
    const optimizer = new SGD(model.parameters(), { lr: 1 });
    const used = memoryStats().bytesInUse;
    const { rows, diverged } = await findLr(model, loader, { optimizer, maxLr: 1e-5, steps: 12 });
    expect([rows.length, diverged]).toEqual([12, false]);
    expect(rows.at(-1)!.lr).toBeCloseTo(1e-5, 12);
    expect(memoryStats().bytesInUse).toBe(used);
  });

  it("refuses invalid ranges", async () => {
    const model = new Sequential(new Flatten(), new Linear(16, 2));
    const loader = new DataLoader(halves(20), { batchSize: 8 });
    const optimizer = new SGD(model.parameters(), { lr: 1 });
    await expect(findLr(model, loader, { optimizer, minLr: 1, maxLr: 0.1 })).rejects.toThrow(
      "findLr: bad rates; got 1 to 0.1; expected 0 < minLr < maxLr",
    );
    await expect(findLr(model, loader, { optimizer, steps: 3 })).rejects.toThrow(
      "findLr: steps must be an integer ≥ 10; got 3",
    );
  });
});

describe("suggestions", () => {
  it("take the steepest fall and the middle of the longest descent", () => {
    const rows = rowsOf([5, 5.2, 5.1, 4.9, 3, 2.5, 2.4, 2.6, 9]);
    expect(steepest(rows)).toBe(0.1);
    // 5.2 (or 5) → 2.4 falls longest: indices 1 to 6.
    expect(valley(rows)).toBe(0.1);
  });

  it("are none where the loss only grows", () => {
    expect(steepest(rowsOf([1, 2, 3]))).toBeUndefined();
    expect(valley(rowsOf([1, 2, 3]))).toBeUndefined();
    expect(valley([])).toBeUndefined();
  });
});
