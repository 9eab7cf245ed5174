// Datasets and transforms of the user's own, from a module: the same batches in worker threads as without, errors that name the
// module. The module imports "fovea" as it is installed: another copy than the one that imports the module.

import { execFile } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { promisify } from "node:util";
import { build } from "esbuild";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { disposeBatch } from "../../src/data/batch.js";
import {
  Compose,
  ConcatDataset,
  DataLoader,
  Normalize,
  RandomChoice,
  Subset,
  ToTensor,
  type Dataset,
  type LoaderOptions,
} from "../../src/data/index.js";
import { DataError } from "../../src/errors.js";
import { batchTransformFromModule, datasetFromModule, transformFromModule } from "../../src/node.js";
import { init, memoryStats } from "../../src/wasm/runtime.js";

const root = fileURLToPath(new URL("../..", import.meta.url));
const folder = mkdtempSync(join(root, "build/module-")); // where installed packages are found;
const at = (name: string): string => join(folder, name);

function write(name: string, text: string): string {
  writeFileSync(at(name), text);
  return at(name);
}

const MINE = `
import { DataError, encodePng, decodeImage, Resize } from "fovea";

export async function dataset({ side, count, broken = [], wrong = [] }) {
  return {
    name: "mine",
    classes: ["a", "b", "c"],
    length: count,
    labels: Array.from({ length: count }, (_, i) => i % 3),
    image(i) {
      if (broken.includes(i)) throw new DataError("this one is broken");
      if (wrong.includes(i)) return { data: [1, 2, 3], height: 1, width: 1, channels: 3 };
      const data = Uint8Array.from({ length: side * side * 3 }, (_, p) => (p * (i + 3)) % 256);
      const image = decodeImage(encodePng({ data, height: side, width: side, channels: 3 }), { file: "mine.png" });
      return i % 2 ? image : Promise.resolve(image);
    },
    path: (i) => "nowhere/" + i,
  };
}

export function transform({ strength = 9, resize, fail = false, returns }) {
  const first = resize && new Resize(resize);
  return {
    apply(image, random) {
      if (fail) throw new TypeError("cannot read what is not there");
      if (returns) return returns;
      const sized = first ? first.apply(image, random) : image;
      const by = random.integer(strength);
      return { ...sized, data: sized.data.map((v) => v ^ by) };
    },
  };
}

export function batchTransform({ by }) {
  return {
    apply(images, [n], targets, random) {
      const add = random.uniform(0, by);
      for (let i = 0; i < images.length; i++) images[i] += add;
      for (let i = 0; i < n; i++) targets.set([0.5, 0.25, 0.25], i * 3);
    },
  };
}
`;

let mine: string;
beforeAll(async () => {
  await build({
    entryPoints: { index: join(root, "src/index.ts"), node: join(root, "src/node.ts") },
    outdir: at("node_modules/fovea"),
    bundle: true,
    splitting: true,
    format: "esm",
    platform: "node",
    target: "es2022",
    packages: "external",
    logLevel: "error",
  });
  writeFileSync(
    at("node_modules/fovea/package.json"),
    JSON.stringify({ name: "fovea", type: "module", exports: { ".": "./index.js", "./node": "./node.js" } }),
  );
  write("package.json", JSON.stringify({ name: "mine" })); // or "fovea" would be the package around the folder
  mine = write("mine.mjs", MINE);
  init({ threads: 1 });
});
afterAll(() => rmSync(folder, { recursive: true }));

const loaders: DataLoader[] = [];
afterEach(() => loaders.splice(0).forEach((loader) => loader.close()));

async function epochs(dataset: Dataset, options: Partial<LoaderOptions> = {}): Promise<unknown[]> {
  const loader = new DataLoader(dataset, { batchSize: 4, shuffle: true, seed: 3, ...options });
  loaders.push(loader);
  const found = [];
  for (const epoch of [0, 1]) {
    for await (const batch of loader.epoch(epoch)) {
      const { images, labels, targets, indices } = batch;
      found.push([images.shape, images.data(), labels.data(), targets?.data(), indices]);
      disposeBatch(batch);
    }
  }
  return [found, loader.stats.failures];
}

describe("what a module makes", () => {
  it("gives the same batches to the bit in any number of threads, alone and within others", async () => {
    const blocks = memoryStats().blocks;
    const whole = await datasetFromModule(pathToFileURL(mine), { side: 12, count: 14 });
    expect([whole.name, whole.length, whole.labels, whole.classes, whole.path?.(3)]).toEqual([
      "mine", 14, Int32Array.from({ length: 14 }, (_, i) => i % 3), ["a", "b", "c"], "nowhere/3",
    ]); // prettier-ignore
    const set = new ConcatDataset([whole, new Subset(whole, [3, 5, 1])]);
    const own = await transformFromModule(mine, { resize: 8 });
    const mixed = await batchTransformFromModule(mine, { by: 2 });
    for (const options of [
      {},
      { transform: own },
      {
        transform: new Compose([
          own,
          await transformFromModule(mine),
          new ToTensor(),
          new Normalize([0.5, 0.5, 0.5], [0.2, 0.3, 0.4]),
        ]),
        batchTransform: new RandomChoice([mixed], [0.8]),
      },
    ] satisfies Partial<LoaderOptions>[]) {
      const expected = await epochs(set, options);
      expect(expected[0]).toHaveLength(10);
      for (const workers of [1, 3]) expect(await epochs(set, { ...options, workers })).toEqual(expected);
    }
    expect(memoryStats().blocks).toBe(blocks);
  });

  it("is left out if it is broken, the same in threads, and reported with module and image", async () => {
    const options = { side: 5, count: 9, broken: [2, 7], wrong: [4] };
    const set = await datasetFromModule(mine, options);
    const [batches, failures] = await epochs(set, { onError: "skip" });
    const seen = (batches as [number[]][]).reduce((count, [shape]) => count + shape[0]!, 0);
    expect(seen).toBe(2 * (9 - 3));
    const found = [...(failures as { index: number; reason: string }[])].sort((a, b) => a.index - b.index);
    expect(found).toEqual([
      { index: 2, reason: `${mine}: image 2: this one is broken` },
      { index: 4, reason: `${mine}: image 4: it must be { data, height, width, channels } with a Uint8Array of height × width × channels; got an object` },
      { index: 7, reason: `${mine}: image 7: this one is broken` },
    ]); // prettier-ignore
    expect(await epochs(set, { onError: "skip", workers: 2 })).toEqual([batches, failures]);
    for (const workers of [0, 2]) {
      const broken = epochs(set, { shuffle: false, workers });
      await expect(broken).rejects.toThrow(DataError);
      await expect(broken).rejects.toThrow(`${mine}: image 2: this one is broken`);
    }
  });

  it("is reported with module and sample if a transform throws or returns no image", async () => {
    const set = await datasetFromModule(mine, { side: 5, count: 9 });
    for (const [options, message] of [
      [{ fail: true }, "transform: cannot read what is not there (sample 0 of mine)"],
      [{ returns: { data: 5 } }, "transform: what apply() gives must be { data, height, width, channels }"],
    ] as const) {
      const transform = await transformFromModule(mine, options);
      for (const workers of [0, 2]) {
        const run = epochs(set, { shuffle: false, transform, workers });
        await expect(run).rejects.toThrow(DataError);
        await expect(run).rejects.toThrow(`${mine}: ${message}`);
      }
    }
  });
});

describe("refused, with the module named:", () => {
  const make = (text: string, options?: unknown) =>
    datasetFromModule(write(`${Math.random()}.mjs`, text), options);

  it.each<[string, () => Promise<unknown>, string]>([
    ["a file that is not there", () => datasetFromModule("./nowhere.mjs"), "datasetFromModule: no such module; got '"],
    ["a package that is not there", () => transformFromModule("no-such-package"), "transformFromModule: no such module; got 'no-such-package' ("],
    ["no module", () => datasetFromModule(5 as never), "datasetFromModule: module must be a URL, a path or a package's name; got 5"],
    ["a syntax error", () => make("export const ="), ".mjs: cannot be imported: "],
    ["what throws when it is imported", () => make('throw new Error("no data today")'), ".mjs: cannot be imported: no data today"],
    ["no such export", () => make("export const data = 1"), ".mjs: exports no function 'dataset'; got undefined"],
    ["another export", () => transformFromModule(write("one.mjs", "export const transform = 1")), "one.mjs: exports no function 'transform'; got 1"],
    ["a function that throws", () => make('export function dataset() { throw new TypeError("what?") }'), ".mjs: dataset(): what?"],
    ["a promise that is broken", () => make('export async function dataset() { throw new TypeError("what?") }'), ".mjs: dataset(): what?"],
    ["anything other than a dataset", () => make("export const dataset = () => [1, 2]"), ".mjs: dataset(): dataset must be a Dataset, with length, labels, classes and image(); got an array"],
    ["labels that do not fit", () => make('export const dataset = () => ({ length: 2, labels: [0, 1], classes: ["a"], image() {} })'), ".mjs: dataset(): labels do not fit; got 1 at index 1; expected 2 from 0 to 0"],
    ["anything other than a transform", () => transformFromModule(write("two.mjs", "export const transform = () => 7")), "two.mjs: transform(): it must be an object with apply(); got 7"],
    ["anything other than a batch transform", () => batchTransformFromModule(write("three.mjs", "export const batchTransform = () => null")), "three.mjs: batchTransform(): it must be an object with apply(); got null"],
    ["options that cannot be sent", () => make("", { f: () => 1 }), "datasetFromModule: options cannot be sent to worker threads: "],
  ])("%s", async (_, run, message) => {
    await expect(run()).rejects.toThrow(DataError);
    await expect(run()).rejects.toThrow(message);
  }); // prettier-ignore

  it("what works in the main thread alone", async () => {
    const text = `
      import { isMainThread } from "node:worker_threads";
      if (!isMainThread) throw new Error("not here");
      export const dataset = () => ({ length: 2, labels: [0, 0], classes: ["a"], image: () => ({ data: new Uint8Array(3), height: 1, width: 1, channels: 3 }) });
    `;
    const path = write("main.mjs", text);
    const set = await datasetFromModule(path);
    expect((await epochs(set))[0]).toHaveLength(2);
    await expect(epochs(set, { workers: 1 })).rejects.toThrow(
      new DataError(`${path}: cannot be imported: not here`),
    );
  });
});

it("the module and the program of the guide to photos run as they stand", async () => {
  const guide = readFileSync(join(root, "docs/guides/photos.md"), "utf8");
  const [module, program] = [...guide.matchAll(/^```js\n([^]*?)^```$/gm)].map(([, text]) => text!);
  expect(module).toContain("// my-data.mjs");
  mkdirSync(at("program"));
  write("program/my-data.mjs", module!);
  write("program/main.mjs", program!);
  const { stdout } = await promisify(execFile)(process.execPath, [at("program/main.mjs")], { cwd: folder });
  const lines = stdout.trim().split("\n");
  expect([lines.length, new Set(lines)]).toEqual([20, new Set(["[ 50, 16, 16, 1 ] [ 50 ]"])]);
});
