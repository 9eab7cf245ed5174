import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { encode as encodePng } from "fast-png";
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from "vitest";
import { Random } from "../../src/core/random.js";
import { disposeBatch, type Batch } from "../../src/data/batch.js";
import {
  balancedSampler,
  cifarTrain,
  Compose,
  CutMix,
  DataLoader,
  ImageDataset,
  Mixup,
  RandAugment,
  RandomChoice,
  RandomErasing,
  RandomResizedCrop,
  Subset,
  ToTensor,
  type BatchTransform,
  type Dataset,
  type LoaderOptions,
} from "../../src/data/index.js";
import type { Transform } from "../../src/data/transform.js";
import { DataWorkers } from "../../src/data/worker-crew.js";
import { provideWorkers } from "../../src/data/workers.js";
import { DataError } from "../../src/errors.js";
import { ImageFolder } from "../../src/node/datasets/index.js";
import { dataThreads } from "../../src/node/data-workers.js";
import { workerText } from "../../src/node/worker-text.js";
import { init, runtime } from "../../src/wasm/runtime.js";

function noise(count: number): ImageDataset {
  const random = new Random(1);
  return new ImageDataset({
    name: "noise",
    images: Uint8Array.from({ length: count * 8 * 6 * 3 }, () => random.integer(256)),
    labels: Array.from({ length: count }, () => random.integer(4)),
    shape: [8, 6, 3],
    classes: ["a", "b", "c", "d"],
  });
}

/** Everything in a batch, copied out. */
function contents(batch: Batch): unknown[] {
  const { images, labels, targets, indices, number } = batch;
  const all = [images.shape, images.data(), labels.data(), targets?.data(), indices, number];
  disposeBatch(batch);
  return all;
}

async function epochs(loader: DataLoader, count: number, from = 0): Promise<unknown[][]> {
  const found = [];
  for (let epoch = 0; epoch < count; epoch++) {
    for await (const batch of loader.epoch(epoch, { from })) found.push(contents(batch));
  }
  return found;
}

const loaders: DataLoader[] = [];
function load(dataset: Dataset, options: Partial<LoaderOptions>): DataLoader {
  const loader = new DataLoader(dataset, { batchSize: 7, shuffle: true, seed: 5, ...options });
  loaders.push(loader);
  return loader;
}
afterEach(() => loaders.splice(0).forEach((loader) => loader.close()));

describe.each([1, 2])("data workers beside kernels on %d threads", (threads) => {
  it("make the same batches to the byte, whatever their number, from any batch on", async () => {
    init({ threads });
    const before = runtime().heap.bytesInUse;
    const set = noise(40);
    const expected = await epochs(load(set, {}), 2);
    expect(expected).toHaveLength(12);
    for (const workers of [1, 2, 4]) {
      expect(await epochs(load(set, { workers }), 2)).toEqual(expected);
      expect(await epochs(load(set, { workers, prefetch: 1 }), 1, 3)).toEqual(expected.slice(3, 6));
    }
    expect(runtime().heap.bytesInUse).toBe(before);
  });

  it("make the same batches of pictures with several classes, mixed or not, from any batch on", async () => {
    init({ threads });
    const random = new Random(2);
    const { images, shape, classes } = noise(30);
    const targets = Float32Array.from({ length: 30 * 4 }, () => random.integer(2));
    const several = new ImageDataset({ images, shape, classes, targets });
    const set = new Subset(several, [...Array(29).keys()].reverse());
    let mixed = false;
    for (const options of [{}, { batchTransform: new Mixup() }]) {
      const expected = await epochs(load(set, options), 2);
      const found = await epochs(load(set, { ...options, workers: 2 }), 2);
      expect(found).toEqual(expected);
      expect(await epochs(load(set, { ...options, workers: 1 }), 1, 3)).toEqual(expected.slice(3, 5));
      for (const [, , , rows, indices] of expected as [0, 0, 0, Float32Array, Uint32Array][]) {
        const own = [...indices].flatMap((i) => [...set.targets!.slice(4 * i, 4 * i + 4)]);
        if (!("batchTransform" in options)) expect([...rows]).toEqual(own);
        else mixed ||= rows.some((t) => t > 0 && t < 1);
      }
    }
    expect(mixed).toBe(true);
  });

  it("leave nothing in the heap when an epoch is left early, and serve the next one", async () => {
    init({ threads });
    const before = runtime().heap.bytesInUse;
    const loader = load(noise(100), { workers: 2 });
    for (let epoch = 0; epoch < 3; epoch++) {
      for await (const batch of loader.epoch(epoch)) {
        disposeBatch(batch);
        if (batch.number === epoch) break;
      }
      expect(runtime().heap.bytesInUse).toBe(before);
    }
    expect(await epochs(loader, 1)).toHaveLength(15);
  });
});

describe("samples from files", () => {
  let folder: string;
  /** Files that are broken, by their place in the dataset. */
  const broken = [0, 8, 9, 20];
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), "fovea-loader-"));
    const random = new Random(2);
    for (let i = 0; i < 24; i++) {
      const [width, height] = [33 + random.integer(9), 35 + random.integer(9)];
      const data = Uint8Array.from({ length: width * height * 3 }, (_, p) => (p * (i + 3)) >> 2);
      const png = encodePng({ width, height, channels: 3, data });
      for (const set of ["good", "bad"]) {
        const file = join(folder, set, i < 9 ? "a" : "b", `${String(i).padStart(2, "0")}.png`);
        mkdirSync(join(file, ".."), { recursive: true });
        writeFileSync(file, set === "bad" && broken.includes(i) ? png.subarray(0, 60) : png);
      }
    }
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  it("are transformed and mixed alike by any number of workers, and after a resume in mid-epoch", async () => {
    const set = new ImageFolder(join(folder, "good"));
    const options = {
      batchSize: 5,
      shuffle: false,
      sampler: balancedSampler(set.labels, 31),
      transform: [
        new RandomResizedCrop(32),
        cifarTrain({ augment: [new RandAugment()], erase: [new RandomErasing({ p: 1, value: "random" })] }),
      ],
      batchTransform: new RandomChoice([new Mixup(), new CutMix()]),
    };
    const expected = await epochs(load(set, options), 2);
    expect(expected).toHaveLength(14);
    expect(expected[7]![1]).not.toEqual(expected[0]![1]);
    expect(expected[0]![3]).toHaveLength(5 * 2);
    for (const workers of [1, 2, 4]) {
      expect(await epochs(load(set, { ...options, workers }), 2)).toEqual(expected);
      expect(await epochs(load(set, { ...options, workers }), 1, 4)).toEqual(expected.slice(4, 7));
    }
    expect(await epochs(load(set, options), 1, 4)).toEqual(expected.slice(4, 7));
  });

  it("drawn twice in an epoch are transformed in two ways", async () => {
    const set = new ImageFolder(join(folder, "good"));
    const sampler = { length: 4, indices: () => Uint32Array.of(3, 3, 5, 3) };
    const transform = new RandomResizedCrop(32);
    const [batch] = await epochs(load(set, { shuffle: false, sampler, transform }), 1);
    const pixels = batch![1] as Float32Array;
    const [first, second, , third] = [0, 1, 2, 3].map((i) => pixels.slice(i * 3072, (i + 1) * 3072));
    expect(second).not.toEqual(first);
    expect(third).not.toEqual(first);
    expect(third).not.toEqual(second);
  });

  const transform = new RandomResizedCrop(32);
  const path = (i: number): string =>
    join(folder, "bad", i < 9 ? "a" : "b", `${String(i).padStart(2, "0")}.png`);

  it.each([0, 2])(
    "that are broken end the epoch with an error that names them (%d workers)",
    async (workers) => {
      const before = runtime().heap.bytesInUse;
      const loader = load(new ImageFolder(join(folder, "bad")), { shuffle: false, workers, transform });
      await expect(epochs(loader, 1)).rejects.toThrow(`${path(0)}: truncated PNG`);
      await expect(epochs(loader, 1)).rejects.toThrow(DataError);
      await expect(loader.batch(Uint32Array.of(1, 8))).rejects.toThrow(`${path(8)}: truncated PNG`);
      expect(runtime().heap.bytesInUse).toBe(before);
    },
  );

  it("that are broken are left out and listed with onError skip, alike for any number of workers", async () => {
    const set = new ImageFolder(join(folder, "bad"));
    const before = runtime().heap.bytesInUse;
    const options = {
      batchSize: 4,
      shuffle: false,
      onError: "skip",
      transform,
      batchTransform: new Mixup(),
    } as const;
    const loader = load(set, options);
    const expected = await epochs(loader, 2);
    const indices = expected.slice(0, 6).map((batch) => [...(batch[4] as Uint32Array)]);
    const rows = [
      [1, 2, 3],
      [4, 5, 6, 7],
      [10, 11],
      [12, 13, 14, 15],
      [16, 17, 18, 19],
      [21, 22, 23],
    ];
    expect(indices).toEqual(rows);
    expect(expected[2]![0]).toEqual([2, 32, 32, 3]);
    const { skipped, failures } = loader.stats;
    expect(skipped).toBe(8);
    expect(failures.map(({ index }) => index)).toEqual(broken);
    for (const { index, reason } of failures) expect(reason).toContain(`${path(index)}: truncated PNG`);
    for (const workers of [1, 2, 4]) {
      const same = load(set, { ...options, workers });
      expect(await epochs(same, 2)).toEqual(expected);
      expect(same.stats).toMatchObject({ batches: 12, skipped, failures });
    }
    expect(runtime().heap.bytesInUse).toBe(before);
  });

  it("leave out a batch of broken samples, and fail if there is no other", async () => {
    const set = new ImageFolder(join(folder, "bad"));
    const sampler = { length: 4, indices: () => Uint32Array.of(8, 9, 1, 2) };
    const options = { batchSize: 2, shuffle: false, onError: "skip", transform } as const;
    const found = await epochs(load(set, { ...options, sampler, workers: 1 }), 1);
    expect(found.map((batch) => batch[5])).toEqual([1]);
    const none = { length: 4, indices: () => Uint32Array.of(8, 9, 0, 20) };
    await expect(epochs(load(set, { ...options, sampler: none }), 1)).rejects.toThrow(
      `DataLoader: every sample of ${set.name} was skipped; the first: ${path(8)}: truncated PNG`,
    );
  });

  it("of different sizes are an error that says which, skipped or not", async () => {
    const set = new ImageFolder(join(folder, "good"));
    await expect(epochs(load(set, { shuffle: false, onError: "skip" }), 1)).rejects.toThrow(
      /^DataLoader: sample 1 of .*good is \[\d+,\d+,3\]; expected \[\d+,\d+,3\] as the first of its batch/,
    );
  });
});

describe("data workers", () => {
  it("hand on what the kernels' memory cannot hold in place", async () => {
    init({ threads: 2 });
    const loader = load(noise(60), { workers: 1 });
    await epochs(loader, 1); // now the shape is known, and batches are written through shared memory
    const grown = runtime().heap.alloc(2 ** 26, () => "test"); // the workers have never seen addresses this high
    expect(await epochs(loader, 1)).toEqual(await epochs(load(noise(60), {}), 1));
    runtime().heap.free(grown);
  });

  it("are refused where they could not open the dataset", () => {
    const dataset: Dataset = { ...noise(3), name: "mine", length: 3, image: (i) => noise(3).image(i) };
    expect(() => load(dataset, { workers: 1 })).toThrow(
      new DataError(
        "DataLoader: mine has no source by which worker threads could open it; use datasetFromModule() or workers: 0",
      ),
    );
  });

  it("are refused for a transform that nothing describes", () => {
    const plain: Transform = { apply: (image) => image };
    const none = "has no spec by which worker threads could make it; use";
    for (const transform of [plain, new Compose([new ToTensor(), plain])]) {
      expect(() => load(noise(3), { workers: 1, transform })).toThrow(
        new DataError(`DataLoader: transform 0 ${none} transformFromModule() or workers: 0`),
      );
    }
    const same: BatchTransform = { apply: () => undefined };
    for (const batchTransform of [same, new RandomChoice([new Mixup(), same])]) {
      expect(() => load(noise(3), { workers: 1, batchTransform })).toThrow(
        new DataError(`DataLoader: batchTransform ${none} batchTransformFromModule() or workers: 0`),
      );
    }
  });

  it("name a transform that only the main thread knows", async () => {
    const mine = { spec: { name: "Mine", options: {} }, apply: (image: never) => image };
    await expect(epochs(load(noise(3), { workers: 1, transform: mine }), 1)).rejects.toThrow(
      /^transform: unknown name 'Mine'; known: .*; worker threads know only fovea's own: use transformFromModule\(\) or workers: 0 for others$/,
    );
  });

  it("that die are an error that says so, for this epoch and not the next", async () => {
    const loader = load(noise(50), { workers: 2 });
    for (const [text, why] of [
      ["process.exit(3)", "it has exited with code 3"],
      ["setTimeout(() => { throw new TypeError('oops') }, 20)", "TypeError: oops"],
      [`${workerText}; setTimeout(() => process.exit(4), 200)`, "it has exited with code 4"],
    ] as const) {
      provideWorkers((count, recipe) => new DataWorkers(count, recipe, dataThreads(text)));
      const endless = (async () => {
        for (;;) await epochs(loader, 1);
      })();
      await expect(endless).rejects.toThrow(new RegExp(`^DataLoader: worker [12] is dead: ${why}$`));
    }
    provideWorkers((count, recipe) => new DataWorkers(count, recipe, dataThreads()));
    expect(await epochs(loader, 1)).toEqual(await epochs(load(noise(50), {}), 1));
  });

  it("work where no memory can be shared, and stop there as well when an epoch is left", async () => {
    init({ threads: 1 });
    const expected = await epochs(load(noise(40), {}), 2);
    vi.stubGlobal("SharedArrayBuffer", undefined);
    try {
      const posted: object[] = [];
      let held: (() => void)[] | undefined;
      provideWorkers(
        (count, recipe) =>
          new DataWorkers(count, recipe, (number, same, events) => {
            const thread = dataThreads()(number, same, events);
            const post = (message: Parameters<typeof thread.post>[0]): void => {
              posted.push(message);
              const send = (): void => thread.post(message);
              if (held && "withdrawn" in message) {
                for (const order of held) order();
                held = undefined;
              }
              // In the epoch that is left only the first order is answered, so that the others are open then.
              if (held && posted.length > 1) held.push(send);
              else send();
            };
            return { ...thread, post };
          }),
      );
      const loader = load(noise(40), { workers: 2 });
      expect(await epochs(loader, 2)).toEqual(expected);
      expect(posted.some((message) => "withdrawn" in message)).toBe(false);
      posted.length = 0;
      held = [];
      for await (const batch of loader.epoch()) {
        disposeBatch(batch);
        break;
      }
      expect(posted.filter((message) => "withdrawn" in message)).toHaveLength(3); // of four that are made ahead
      expect(await epochs(loader, 2)).toEqual(expected);
    } finally {
      vi.unstubAllGlobals();
      provideWorkers((count, recipe) => new DataWorkers(count, recipe, dataThreads()));
    }
  });

  it("that never come up leave their work to the main thread, which says so once", async () => {
    const warn = vi.spyOn(console, "warn").mockImplementation(() => {});
    provideWorkers(
      (count, recipe) =>
        new DataWorkers(count, recipe, (_, __, { refused }) => {
          setTimeout(() => refused("its script cannot be loaded"), 5);
          return { post: () => {}, end: () => {} };
        }),
    );
    const expected = await epochs(load(noise(40), {}), 2);
    expect(await epochs(load(noise(40), { workers: 2 }), 2)).toEqual(expected);
    expect(warn.mock.calls).toEqual([
      ["fovea: images are read by the main thread: workers cannot be started (its script cannot be loaded)"],
    ]);
    warn.mockRestore();
    provideWorkers((count, recipe) => new DataWorkers(count, recipe, dataThreads()));
  });

  it("refuse what they were asked for when the loader is closed", async () => {
    const loader = load(noise(50), { workers: 1 });
    const first = loader.epoch().next();
    loader.close();
    await expect(first).rejects.toThrow(new DataError("DataLoader: its workers were closed"));
  });

  it.each([
    ["that has left an epoch in the middle", 2],
    ["when some of them never had anything to do", 64],
  ])("do not keep a process alive %s", (_, batchSize) => {
    const url = (path: string): string => new URL(`../../${path}`, import.meta.url).href;
    const script = `
      import { DataLoader, ImageDataset } from ${JSON.stringify(url("src/index.ts"))};
      import ${JSON.stringify(url("src/node.ts"))};
      const images = new Uint8Array(64);
      const set = new ImageDataset({ images, labels: new Array(64).fill(0), shape: [1, 1, 1], classes: ["a"] });
      const epoch = new DataLoader(set, { batchSize: ${batchSize}, workers: 3 }).epoch();
      console.log((await epoch.next()).value.number);
      const end = performance.now();
      process.on("exit", () => console.log(performance.now() - end < 2000));
    `;
    const args = ["--import", "tsx", "--input-type=module", "-e", script];
    const cwd = fileURLToPath(new URL("../..", import.meta.url));
    expect(execFileSync(process.execPath, args, { cwd, encoding: "utf8", timeout: 30_000 })).toBe(
      "0\ntrue\n",
    );
  });
});
