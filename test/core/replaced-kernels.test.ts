// init() once there are tensors: it replaces their memory, and using one of them throws.

import { afterAll, beforeEach, describe, expect, it, test } from "vitest";
import {
  Adam,
  add,
  backward,
  batchNorm,
  conv2d,
  createModel,
  crossEntropy,
  DataError,
  DataLoader,
  ImageDataset,
  init,
  keep,
  leakReport,
  memoryStats,
  ModelEma,
  ones,
  relu,
  tensor,
  tidy,
  WasmError,
  zeros,
  type Batch,
  type Tensor,
} from "../../src/index.js";
import { noGrad } from "../../src/index.js";
import { compiled, startFrom } from "../../src/wasm/runtime.js";

const GONE = "made before init() replaced the kernels and their memory";

beforeEach(() => void init({ threads: 1 }));
afterAll(() => void init());

/** Has fn throw our error, and nothing of the new memory change. */
function refused(fn: () => unknown): void {
  const before = memoryStats();
  let error: unknown;
  try {
    tidy(() => void fn());
  } catch (caught) {
    error = caught;
  }
  expect(error).toBeInstanceOf(WasmError);
  expect((error as Error).message).toContain(GONE);
  expect(memoryStats()).toMatchObject({ bytesInUse: before.bytesInUse, blocks: before.blocks });
}

const dataset = () =>
  new ImageDataset({
    name: "grey",
    images: new Uint8Array(4 * 28 * 28),
    shape: [28, 28, 1],
    labels: Int32Array.of(0, 1, 2, 3),
    classes: ["a", "b", "c", "d"],
  });

describe("after init(), a tensor of before", () => {
  it("is refused by name, however it is used", () => {
    const x = ones([2, 3]);
    x.requiresGrad = true;
    const view = x.reshape([6]);
    init({ threads: 1 });
    const stranger = ones([2, 3]);
    refused(() => x.data());
    expect(() => x.data()).toThrow("ones f32:[2,3]: made before init() replaced");
    for (const use of [
      () => x.tolist(),
      () => x.copyFrom([1, 2, 3, 4, 5, 6]),
      () => stranger.copyFrom(x),
      () => view.data(),
      () => relu(x).data(),
      () => add(stranger, x).data(),
      () => add(x, stranger).data(),
      () => x.matmul(ones([3, 2])).data(),
      () => x.detach().sum().item(),
      () => x.permute([1, 0]).data(),
      () => x.argmax(1).data(),
    ]) {
      refused(use);
    }
    expect([...stranger.data()]).toEqual([1, 1, 1, 1, 1, 1]);
  });

  it("can be freed, and no report mentions it", () => {
    const x = ones([1000]);
    init({ threads: 1 });
    expect(leakReport().live).toEqual({});
    expect(memoryStats()).toMatchObject({ bytesInUse: 0, blocks: 0 });
    const y = zeros([1000]);
    x.dispose();
    expect(memoryStats().blocks).toBe(1);
    expect(y.data().every((v) => v === 0)).toBe(true);
    y.dispose();
    expect(memoryStats().blocks).toBe(0);
  });

  it("that waits to be computed, or that a gradient needs, is refused as well", () => {
    const [x, k] = [ones([1, 8, 8, 4]), ones([3, 3, 4, 4])];
    k.requiresGrad = true;
    const y = conv2d(x, k, undefined, { padding: 1 });
    const normed = batchNorm(y, undefined, undefined, undefined, undefined, { training: true });
    const loss = relu(normed).sum();
    init({ threads: 1 });
    refused(() => y.data());
    refused(() => normed.data());
    refused(() => relu(normed).data());
    refused(() => backward(loss));
    refused(() => backward(relu(normed), ones(normed.shape)));
    expect(k.grad).toBeUndefined();
  });

  it("is not mixed up with one that a weight's packed form was kept for", () => {
    const k = ones([3, 3, 4, 4]);
    const image = (): Tensor => ones([1, 8, 8, 4]);
    const apply = () => noGrad(() => tidy(() => conv2d(image(), k, undefined, { padding: 1 }).data()));
    apply();
    init({ threads: 1 });
    refused(apply);
    k.dispose();
    expect(memoryStats().blocks).toBe(0);
  });
});

test.each<[string, () => void]>([
  ["init()", () => void init({ threads: 1 })],
  ["startFrom()", () => startFrom(compiled())],
])("after %s, models, optimizers and averages are refused, and change no numbers", (_, replace) => {
  const model = createModel("lenet5", { numClasses: 4 });
  const optimizer = new Adam(model.parameters());
  const step = (): void =>
    tidy(() => {
      const labels = tensor(Int32Array.of(0, 1));
      crossEntropy(model.forward(zeros([2, 28, 28, 1])), labels).backward();
    });
  step();
  optimizer.step();
  const ema = new ModelEma(model);
  replace();
  const strangers = Array.from({ length: 30 }, (_, i) => ones([1000 * i]));
  refused(() => model.forward(zeros([2, 28, 28, 1])));
  refused(() => optimizer.step());
  refused(() => optimizer.stateDict());
  refused(() => ema.update());
  refused(() => ema.swap());
  refused(() => model.stateDict());
  refused(step);
  expect(strangers.every((t) => t.data().every((v) => v === 1))).toBe(true);
  for (const thing of [model, optimizer, ema, ...strangers]) thing.dispose();
  expect(memoryStats().blocks).toBe(0);
});

test("after init(), a loader's batches of before are refused, and those that come after are whole", async () => {
  const loader = new DataLoader(dataset(), { batchSize: 2 });
  const batches: Batch[] = [];
  for await (const batch of loader.epoch()) {
    batches.push(keep(batch));
    if (batches.length === 1) init({ threads: 1 });
  }
  const [old, fresh] = batches as [Batch, Batch];
  refused(() => old.images.data());
  refused(() => old.labels.data());
  expect([...fresh.labels.data()]).toEqual([2, 3]);
  expect(fresh.images.data().every((v) => v === 0)).toBe(true);
});

test("an init() that fails leaves everything as it was", () => {
  const x = ones([3]);
  expect(() => init({ threads: 0 })).toThrow(DataError);
  expect(() => init({ maxBytes: 1 })).toThrow(DataError);
  expect([...x.data()]).toEqual([1, 1, 1]);
});
