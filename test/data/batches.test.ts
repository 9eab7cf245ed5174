// Who frees what: batches by their loop, everything by `using`, and what leakReport() calls a leak.

import { afterAll, afterEach, beforeEach, describe, expect, it, test } from "vitest";
import { dispose } from "../../src/core/dispose.js";
import {
  Adam,
  createModel,
  crossEntropy,
  DataLoader,
  disposeBatch,
  ImageDataset,
  init,
  keep,
  leakReport,
  memoryStats,
  Mixup,
  ModelEma,
  ones,
  tensor,
  tidy,
  zeros,
  type Batch,
} from "../../src/index.js";

const dataset = new ImageDataset({
  images: new Uint8Array(10 * 28 * 28),
  shape: [28, 28, 1],
  labels: Array.from({ length: 10 }, (_, i) => i % 3),
  classes: ["a", "b", "c"],
});
const loader = (): DataLoader => new DataLoader(dataset, { batchSize: 2, batchTransform: new Mixup() });

beforeEach(() => void init({ threads: 1 }));
afterEach(() => expect(memoryStats()).toMatchObject({ bytesInUse: 0, blocks: 0 }));
afterAll(() => void init());

describe("the batches of a loop over an epoch", () => {
  it("are freed when it goes on, one at a time, without a word", async () => {
    let batches = 0;
    for await (const batch of loader().epoch()) {
      expect(memoryStats().blocks).toBe(3);
      expect(batch.images.data()).toHaveLength(2 * 28 * 28);
      batches++;
    }
    expect(batches).toBe(5);
  });

  it("are freed when it is left, or ends with an error", async () => {
    for await (const batch of loader().epoch()) if (batch.number === 1) break;
    expect(memoryStats().blocks).toBe(0);
    const failing = async (): Promise<void> => {
      for await (const batch of loader().epoch()) if (batch.number === 2) throw new Error("mine");
    };
    await expect(failing()).rejects.toThrow("mine");
    expect(memoryStats().blocks).toBe(0);
    const returning = async (): Promise<number> => {
      for await (const batch of loader().epoch()) return batch.number;
      return -1;
    };
    expect(await returning()).toBe(0);
  });

  it("may be freed before, in whole or in part, by whichever name", async () => {
    for await (const batch of loader().epoch()) {
      if (batch.number === 0) disposeBatch(batch);
      if (batch.number === 1) batch[dispose]();
      if (batch.number === 2) batch.images.dispose();
      if (batch.number === 3) tidy(() => batch.labels.dispose());
      expect(memoryStats().blocks).toBe([0, 0, 2, 2, 3][batch.number]);
    }
  });

  it("stay where they are kept, in whole or in part", async () => {
    const kept: Batch[] = [];
    for await (const batch of loader().epoch()) {
      if (batch.number < 2) kept.push(keep(batch));
      if (batch.number === 2) keep(batch.labels);
      if (batch.number === 2) kept.push(batch);
    }
    expect(memoryStats().blocks).toBe(7);
    expect(kept.map((batch) => batch.images.disposed)).toEqual([false, false, true]);
    expect([...kept[2]!.labels.data()]).toEqual([1, 2]);
    for (const batch of kept) disposeBatch(batch);
  });

  it("free what was made ahead, by hand and after an early end", async () => {
    const epoch = loader().epoch();
    const first = (await epoch.next()).value as Batch;
    const second = (await epoch.next()).value as Batch;
    expect([first.images.disposed, second.images.disposed]).toEqual([true, false]);
    await epoch.return();
    expect(second.images.disposed).toBe(true);
  });

  it("leave the gradients of a step alone", async () => {
    const model = createModel("lenet5", { numClasses: 3 });
    const alone = new DataLoader(dataset, { batchSize: 2 });
    let loss = zeros([]);
    for await (const { images, labels } of alone.epoch()) {
      loss.dispose();
      loss = tidy(() => crossEntropy(model.forward(images), labels));
    }
    loss.backward();
    expect(model.parameters().every((p) => p.grad)).toBe(true);
    for (const each of [loss, model]) each.dispose();
  });
});

test("`using` frees tensors, batches, models, optimizers, averages and loaders at the end of their block", async () => {
  {
    using images = new DataLoader(dataset, { batchSize: 2 });
    using batch = await images.batch(Uint32Array.of(0, 1));
    using model = createModel("lenet5");
    using optimizer = new Adam(model.parameters());
    using ema = new ModelEma(model);
    using x = ones([2]);
    tidy(() => crossEntropy(model.forward(batch.images), batch.labels).backward());
    optimizer.step();
    ema.update();
    expect(x.disposed).toBe(false);
    expect(memoryStats().blocks).toBeGreaterThan(40);
  }
  expect(memoryStats().blocks).toBe(0);
});

test("the symbol of `using` is the engine's, or the one that compilers put in its place", () => {
  expect(dispose).toBe(Symbol.dispose ?? Symbol.for("Symbol.dispose"));
});

describe("leakReport", () => {
  it("distinguishes blocks of models, optimizers and averages from those without an owner", () => {
    const model = createModel("resnet20_cifar", { numClasses: 4 });
    const optimizer = new Adam(model.parameters());
    const ema = new ModelEma(model);
    tidy(() =>
      model
        .forward(zeros([2, 8, 8, 3]))
        .sum()
        .backward(),
    );
    optimizer.step();
    const count = (blocks: Record<string, number>): number =>
      Object.values(blocks).reduce((a, b) => a + b, 0);
    const [parameters, buffers] = [model.parameters().length, model.namedBuffers().length];
    const clean = leakReport();
    expect(clean.live).toEqual({});
    expect(Object.fromEntries(Object.entries(clean.owned).map(([owner, of]) => [owner, count(of)]))).toEqual({
      parameters,
      buffers,
      gradients: parameters,
      optimizers: 2 * parameters,
      averages: parameters + buffers,
    });
    const leaks = [tensor([1, 2]), model.parameters()[0]!.mul(2)];
    expect(leakReport().live).toEqual({ "tensor f32:[2]": 1, "affine f32:[3,3,3,16]": 1 });
    for (const each of [...leaks, ema, optimizer]) each.dispose();
    const view = model.parameters()[0]!.detach();
    model.dispose();
    expect(Object.values(leakReport().owned).every((of) => count(of) === 0)).toBe(true);
    expect(count(leakReport().live)).toBe(1);
    view.dispose();
  });
});
