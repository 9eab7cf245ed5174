// Weights in several safetensors files: in a folder, as the hub lays them out, and fetched from it.

import { createHash } from "node:crypto";
import { mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { DataError } from "../../src/errors.js";
import { createModel, encodeSafetensors, manualSeed, type Classifier } from "../../src/index.js";
import { fetchWeights } from "../../src/node/hub.js";
import { loadModel, saveConfig } from "../../src/node/model-folder.js";
import { openModel } from "../../src/node/open-model.js";
import { resolveArguments } from "../../src/node/resolve-arguments.js";
import { loadStartingWeights, startingWeights } from "../../src/node/starting-weights.js";
import { saveWeights } from "../../src/node/weights.js";
import { init } from "../../src/wasm/runtime.js";

const NAME = "resnet20_cifar";
const INDEX = "model.safetensors.index.json";
const SHARDS = [1, 2, 3].map((i) => `model-0000${i}-of-00003.safetensors`);

let folder: string;
let model: Classifier;
/** The shard of each tensor. */
let map: Record<string, string>;

const expectSame = (got: Classifier): void =>
  expect(Buffer.compare(encodeSafetensors(got.stateDict()), encodeSafetensors(model.stateDict()))).toBe(0);
const writeIndex = (weight_map: unknown): Promise<void> =>
  writeFile(join(folder, INDEX), JSON.stringify({ metadata: { total_size: 1 }, weight_map }));

beforeEach(async () => {
  init();
  manualSeed(5);
  folder = await mkdtemp(join(tmpdir(), "fovea-"));
  model = createModel(NAME, { numClasses: 4 }).eval();
  const entries = [...model.stateDict()];
  const shardOf = (i: number): string => SHARDS[Math.floor((3 * i) / entries.length)]!;
  for (const shard of SHARDS) {
    await saveWeights(join(folder, shard), new Map(entries.filter((_, i) => shardOf(i) === shard)));
  }
  map = Object.fromEntries(entries.map(([name], i) => [name, shardOf(i)]));
  await writeIndex(map);
});
afterEach(async () => {
  vi.unstubAllEnvs();
  model.dispose();
  await rm(folder, { recursive: true });
});

describe("a folder with an index and shards", () => {
  const configure = (): Promise<void> =>
    saveConfig(folder, model, { architecture: NAME, classes: ["a", "b", "c", "d"] });

  it("opens as a model, by the folder and by the index, with config.json and without", async () => {
    const open = async (source: Parameters<typeof openModel>[0]): Promise<readonly string[] | undefined> => {
      const opened = await openModel(source);
      expect(opened.architecture).toBe(NAME);
      expect(opened.model.training).toBe(false);
      expectSame(opened.model);
      opened.model.dispose();
      return opened.classes;
    };
    const index = join(folder, INDEX);
    for (const weights of [folder, index]) expect(await open({ model: NAME, weights })).toBeUndefined();
    await expect(openModel({ weights: folder })).rejects.toThrow(
      new DataError(`${index}: no config.json beside it names its model; expected its name (--model)`),
    );
    await configure();
    for (const weights of [folder, index]) expect(await open({ weights })).toEqual(["a", "b", "c", "d"]);
    const loaded = await loadModel(folder);
    expectSame(loaded.model);
    loaded.model.dispose();
  });

  it("gives a training run its first weights", async () => {
    const args = resolveArguments({ model: NAME, data: "x", epochs: 1, weights: folder });
    const start = await startingWeights(args);
    expect(start?.file).toBe(join(folder, INDEX));
    const other = createModel(NAME, { numClasses: 4 });
    await loadStartingWeights(other, start!.file);
    expectSame(other);
    other.dispose();
  });

  it("is refused with the name of the shard that is missing, torn or holds something else", async () => {
    await configure();
    const shard = join(folder, SHARDS[1]!);
    const refuse = async (message: string | RegExp): Promise<void> => {
      for (const open of [() => openModel({ weights: folder }), () => loadModel(folder)]) {
        const error: unknown = await open().then(
          () => undefined,
          (e: unknown) => e,
        );
        expect(error).toBeInstanceOf(DataError);
        expect((error as Error).message).toMatch(message);
      }
    };
    const held = [...model.stateDict()].filter(([name]) => map[name] === SHARDS[1]);
    await saveWeights(shard, new Map(held.slice(1)));
    await refuse(`${shard}: lacks ${held[0]![0]}, which ${join(folder, INDEX)} puts there`);
    await writeFile(shard, encodeSafetensors(new Map(held)).subarray(0, 500));
    await refuse(`${shard}: `);
    await rm(shard);
    await refuse(`${shard}: cannot be read: ENOENT`);
  });

  it("is refused if the index leads out of the folder or is not an index", async () => {
    await configure();
    const index = join(folder, INDEX);
    const [first] = Object.keys(map) as [string];
    const outside = ["../x.safetensors", "/etc/x.safetensors", "a/x.safetensors", "..\\x.safetensors", "C:x.safetensors", "..safetensors", ".x.safetensors", "x.bin", "x\0.safetensors", "x.safetensors\n", 7, null]; // prettier-ignore
    for (const file of outside) {
      await writeIndex({ ...map, [first]: file });
      await expect(openModel({ weights: folder })).rejects.toThrow(
        new DataError(
          `${index}: ${first} is in ${JSON.stringify(file)}; expected a .safetensors file of the folder`,
        ),
      );
    }
    await writeFile(index, "{");
    await expect(openModel({ weights: folder })).rejects.toThrow(`${index}: cannot be read: `);
  });
});

describe("--pretrained with shards of the hub", () => {
  let server: Server;
  let requests: string[];
  let missing: string | undefined;

  beforeEach(async () => {
    const sha = "0123456789abcdef0123456789abcdef01234567";
    const state = model.stateDict();
    const contents: Record<string, Uint8Array> = Object.fromEntries(
      SHARDS.map((shard) => [
        shard,
        encodeSafetensors(new Map([...state].filter(([name]) => map[name] === shard))),
      ]),
    );
    contents[INDEX] = Buffer.from(JSON.stringify({ weight_map: map }));
    const siblings = Object.entries(contents).map(([rfilename, data]) => ({
      rfilename,
      lfs: { sha256: createHash("sha256").update(data).digest("hex") },
    }));
    [requests, missing] = [[], undefined];
    server = createServer((request, response) => {
      const { url = "" } = request;
      requests.push(url);
      if (url.startsWith("/api/models/a/b/")) return void response.end(JSON.stringify({ sha, siblings }));
      const data = contents[url.replace(`/a/b/resolve/${sha}/`, "")];
      if (!data || (missing !== undefined && url.endsWith(missing)))
        return void response.writeHead(404).end();
      response.end(data);
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    vi.stubEnv("HF_ENDPOINT", `http://127.0.0.1:${(server.address() as AddressInfo).port}`);
    vi.stubEnv("FOVEA_HOME", join(folder, "home"));
    vi.spyOn(process.stderr, "write").mockReturnValue(true); // the licence
  });
  afterEach(async () => {
    vi.restoreAllMocks();
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });

  it("gives a training run its first weights, and the cache the next ones", async () => {
    const args = resolveArguments({ model: NAME, data: "x", epochs: 1, pretrained: "a/b" });
    const start = await startingWeights(args);
    const other = createModel(NAME, { numClasses: 4 });
    await loadStartingWeights(other, start!.file);
    expectSame(other);
    other.dispose();
    const asked = requests.length;
    expect(await startingWeights(args)).toEqual(start);
    expect(requests).toHaveLength(asked);
    const opened = await openModel({ model: NAME, weights: start!.file });
    expect(opened.model.numClasses).toBe(4);
    opened.model.dispose();
  });

  it("names the shard that the hub does not have, and fetches only what is missing later", async () => {
    missing = SHARDS[2];
    await expect(fetchWeights("a/b")).rejects.toThrow(
      new RegExp(`${SHARDS[2]}: cannot be downloaded: .*got HTTP status 404`),
    );
    const home = join(folder, "home", "weights", "a", "b", "main");
    expect(await readdir(home)).not.toContain(INDEX);
    missing = undefined;
    requests.length = 0;
    await fetchWeights("a/b");
    expect(requests.filter((url) => url.includes("-of-"))).toEqual([expect.stringContaining(SHARDS[2]!)]);
  });

  it("names the shard that has gone from the cache", async () => {
    const path = await fetchWeights("a/b");
    const shard = join(path, "..", SHARDS[0]!);
    await rm(shard);
    const other = createModel(NAME, { numClasses: 4 });
    await expect(loadStartingWeights(other, path)).rejects.toThrow(
      new DataError(`${shard}: cannot be read: ENOENT: no such file or directory`),
    );
    other.dispose();
  });
});
