import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { DataError } from "../../src/errors.js";
import {
  encodeSafetensors,
  lenet5,
  manualSeed,
  publishedWeights,
  type PublishedWeights,
} from "../../src/index.js";
import { fetchWeights, type FetchWeightsOptions } from "../../src/node/hub.js";
import { loadModel, saveModel } from "../../src/node/model-folder.js";
import { startingWeights } from "../../src/node/starting-weights.js";
import type { TrainArguments } from "../../src/node/train-arguments.js";
import { init } from "../../src/wasm/runtime.js";

let folder: string;
let root: string;
let server: Server;
let baseUrl: string;
/** What the server has, by path; what it was asked; addresses whose first answer breaks off half-way. */
let files: Map<string, Uint8Array | string>;
let requests: string[];
let breaking: Set<string>;
/** Addresses that only this token opens. */
let closed: { to: Set<string>; token: string };
/** What the requests said of who asks. */
let authorizations: (string | undefined)[];
let licences: string[];
let options: FetchWeightsOptions;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "fovea-"));
  root = join(folder, "cache");
  [files, requests, breaking, licences] = [new Map(), [], new Set(), []];
  [closed, authorizations] = [{ to: new Set(), token: "" }, []];
  server = createServer((request, response) => {
    const { url = "" } = request;
    const { authorization } = request.headers;
    authorizations.push(authorization);
    const data = files.has(url) ? Buffer.from(files.get(url)!) : undefined;
    const from = Number(/=(\d+)-/.exec(request.headers.range ?? "")?.[1] ?? 0);
    requests.push(from ? `${url} from ${from}` : url);
    if (closed.to.has(url) && authorization !== `Bearer ${closed.token}`)
      return void response.writeHead(401).end();
    if (!data) return void response.writeHead(404).end();
    const range = from ? { "content-range": `bytes ${from}-${data.length - 1}/${data.length}` } : {};
    response.writeHead(from ? 206 : 200, { etag: '"1"', "content-length": data.length - from, ...range });
    if (!breaking.delete(url)) return void response.end(data.subarray(from));
    response.write(data.subarray(0, data.length / 2), () => setTimeout(() => response.destroy(), 50));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  baseUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  options = { root, baseUrl, onLicence: (line) => licences.push(line) };
});
afterEach(async () => {
  vi.unstubAllEnvs();
  vi.restoreAllMocks();
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
  await rm(folder, { recursive: true });
});

const sha256 = (data: Uint8Array): string => createHash("sha256").update(data).digest("hex");
const commit = "0123456789abcdef0123456789abcdef01234567";

/** Puts a repository on the server. */
function publish(repo: string, contents: Record<string, Uint8Array>, about: object = {}): void {
  const siblings = Object.entries(contents).map(([rfilename, data]) => ({
    rfilename,
    lfs: { sha256: sha256(data) },
  }));
  for (const [file, data] of Object.entries(contents)) files.set(`/${repo}/resolve/${commit}/${file}`, data);
  const json = { sha: commit, cardData: { license: "apache-2.0" }, siblings, ...about };
  files.set(`/api/models/${repo}/revision/main?blobs=true`, JSON.stringify(json));
}

describe("weights of the hub", () => {
  it("start training with their config.json's preparation, unless it is for other software", async () => {
    vi.stubEnv("HF_ENDPOINT", baseUrl);
    vi.stubEnv("FOVEA_HOME", root);
    vi.spyOn(process.stderr, "write").mockReturnValue(true);
    const model = lenet5({ initialise: false });
    await saveModel(join(folder, "p"), model, { architecture: "lenet5", mean: [0.5], std: [0.25] });
    const config = await readFile(join(folder, "p", "config.json"));
    const weights = await readFile(join(folder, "p", "model.safetensors"));
    const start = async (repo: string, config: Uint8Array): Promise<unknown> => {
      publish(repo, { "config.json": config, "model.safetensors": weights });
      const args = { model: "lenet5", smallImages: false, weights: null, pretrained: repo };
      return (await startingWeights(args as Partial<TrainArguments> as TrainArguments))!.preparation;
    };
    expect(await start("someone/own", config)).toMatchObject({ mean: [0.5], std: [0.25] });
    expect(await start("someone/other", Buffer.from(`{"architectures":["X"]}`))).toMatchObject({
      mean: [0.1307],
    });
    const strange = Buffer.from(config.toString().replace("lenet5", "tf_lenet5"));
    await expect(start("someone/tf", strange)).rejects.toThrow(/weights of tf_lenet5; expected lenet5$/);
    model.dispose();
  });

  it("come with their config.json, are checked, resumed and kept, and load as a model", async () => {
    init();
    manualSeed(1);
    const model = lenet5();
    const published = join(folder, "published");
    await saveModel(published, model, { architecture: "lenet5", mean: [0.13], std: [0.31] });
    const contents = await Promise.all(
      ["config.json", "model.safetensors"].map(
        async (file) => [file, await readFile(join(published, file))] as const,
      ),
    );
    publish("someone/lenet5", Object.fromEntries(contents));
    const address = `/someone/lenet5/resolve/${commit}/model.safetensors`;
    breaking.add(address);
    const path = await fetchWeights("someone/lenet5", options);
    expect(path).toBe(join(root, "someone", "lenet5", "main", "model.safetensors"));
    expect((await readdir(dirname(path))).sort()).toEqual(["config.json", "model.safetensors"]);
    expect(licences).toEqual([`someone/lenet5: ${baseUrl}/someone/lenet5; licence: apache-2.0`]);
    expect(requests.filter((url) => url.startsWith(address))).toEqual([
      address,
      expect.stringMatching(/ from \d+$/),
    ]);
    const loaded = await loadModel(dirname(path));
    expect(loaded.config).toMatchObject({ architecture: "lenet5", mean: [0.13], inputSize: [28, 28, 1] });
    expect(
      Buffer.compare(encodeSafetensors(loaded.model.stateDict()), encodeSafetensors(model.stateDict())),
    ).toBe(0);
    const before = requests.length;
    expect(await fetchWeights("someone/lenet5", options)).toBe(path);
    expect(requests).toHaveLength(before);
    loaded.model.dispose();
    model.dispose();
  });

  it("are PyTorch's where there is no other file", async () => {
    publish("a/b", { "pytorch_model.bin": Buffer.from("weights"), "README.md": Buffer.from("x") });
    const path = await fetchWeights("a/b", options);
    expect(await readFile(path, "utf8")).toBe("weights");
  });

  it("are refused when they are not what the hub says", async () => {
    publish("a/b", { "model.safetensors": Buffer.from("weights") });
    files.set(`/a/b/resolve/${commit}/model.safetensors`, "WEIGHTS");
    await expect(fetchWeights("a/b", options)).rejects.toThrow(
      /wrong sha256; got [0-9a-f]{64}; expected [0-9a-f]{64}/,
    );
    expect(existsSync(join(root, "a", "b", "main", "model.safetensors"))).toBe(false);
    publish(
      "a/c",
      { "model.safetensors": Buffer.from("w") },
      { siblings: [{ rfilename: "model.safetensors" }] },
    );
    await expect(fetchWeights("a/c", options)).rejects.toThrow(
      new DataError("fetchWeights: a/c: the hub gives no SHA-256 for model.safetensors"),
    );
    publish("a/d", { "flax_model.msgpack": Buffer.from("w") });
    await expect(fetchWeights("a/d", options)).rejects.toThrow(
      new DataError(
        "fetchWeights: a/d has no file of weights; expected model.safetensors, pytorch_model.bin or model.safetensors.index.json",
      ),
    );
    await expect(fetchWeights("a/none", options)).rejects.toThrow(
      `${baseUrl}/api/models/a/none/revision/main?blobs=true: got HTTP status 404; expected 200`,
    );
  });
});

describe("weights of the hub in several files", () => {
  const index = (map: Record<string, string>): Buffer => Buffer.from(JSON.stringify({ weight_map: map }));

  it("are fetched, each checked, and load as a model", async () => {
    init();
    manualSeed(1);
    const model = lenet5();
    const published = join(folder, "published");
    await saveModel(published, model, { architecture: "lenet5" });
    const entries = [...model.stateDict()];
    const names = ["model-00001-of-00002.safetensors", "model-00002-of-00002.safetensors"];
    const halves = [entries.slice(0, 4), entries.slice(4)];
    const shards = halves.map((half, i) => [names[i]!, encodeSafetensors(new Map(half))] as const);
    const where = halves.flatMap((half, i) => half.map(([name]) => [name, names[i]!] as const));
    publish("a/big", {
      "config.json": await readFile(join(published, "config.json")),
      "model.safetensors.index.json": index(Object.fromEntries(where)),
      ...Object.fromEntries(shards),
    });
    const second = `/a/big/resolve/${commit}/${names[1]}`;
    const good = files.get(second)!;
    files.set(second, "WEIGHTS");
    await expect(fetchWeights("a/big", options)).rejects.toThrow("wrong sha256");
    expect((await readdir(join(root, "a", "big", "main"))).sort()).not.toContain(
      "model.safetensors.index.json",
    );
    files.set(second, good);
    const path = await fetchWeights("a/big", options);
    expect((await readdir(dirname(path))).sort()).toEqual([
      "config.json",
      ...names,
      "model.safetensors.index.json",
    ]);
    expect(requests.filter((url) => url.includes(names[0]!))).toHaveLength(1); // not again
    const loaded = await loadModel(dirname(path));
    expect(encodeSafetensors(loaded.model.stateDict())).toEqual(encodeSafetensors(model.stateDict()));
    const asked = requests.length;
    expect(await fetchWeights("a/big", options)).toBe(path);
    expect(requests).toHaveLength(asked);
    loaded.model.dispose();
    model.dispose();
  });

  it("are refused where the index leads elsewhere or a hash is missing", async () => {
    publish("a/b", { "model.safetensors.index.json": index({ w: "../../x.safetensors" }) });
    await expect(fetchWeights("a/b", options)).rejects.toThrow(
      /w is in "\.\.\/\.\.\/x\.safetensors"; expected a \.safetensors file of the folder$/,
    );
    publish("a/c", { "model.safetensors.index.json": index({ w: "x.safetensors" }) });
    await expect(fetchWeights("a/c", options)).rejects.toThrow(
      new DataError("fetchWeights: a/c: the hub gives no SHA-256 for x.safetensors"),
    );
  });
});

describe("the hub's own variables", () => {
  it("HF_TOKEN opens gated repositories, HF_ENDPOINT says where they are", async () => {
    publish("a/gated", { "model.safetensors": Buffer.from("weights") });
    closed = { to: new Set(files.keys()), token: "secret" };
    vi.stubEnv("HF_ENDPOINT", baseUrl);
    const { baseUrl: _, ...own } = options;
    await expect(fetchWeights("a/gated", own)).rejects.toThrow(
      "got HTTP status 401; expected 200 (private and gated repositories need HF_TOKEN)",
    );
    vi.stubEnv("HF_TOKEN", "secret");
    expect(await readFile(await fetchWeights("a/gated", own), "utf8")).toBe("weights");
    expect(authorizations).toEqual([undefined, "Bearer secret", "Bearer secret"]);
    await expect(fetchWeights("resnet18", options)).rejects.toThrow("got HTTP status 404");
    expect(authorizations.at(-1)).toBeUndefined();
  });
});

describe("weights of torchvision", () => {
  it("are checked against the digits in their name", async () => {
    const data = Buffer.from("weights of a network");
    const url = "/resnet18-f37072fd.pth";
    files.set(url, data);
    await expect(fetchWeights("resnet18", options)).rejects.toThrow(
      `wrong sha256; got ${sha256(data)}; expected f37072fd`,
    );
    expect(licences).toEqual([
      expect.stringMatching(/^resnet18: http.*\.pth; licence: BSD-3-Clause \(torchvision\); trained/),
    ]);
    expect(await readdir(join(root, "torchvision"))).toEqual([]);
    // Contents whose hash begins with the eight digits of a name cannot be made up: shown with the name of our own file.
    const name = `toy-${sha256(data).slice(0, 8)}`;
    files.set(`/${name}.pth`, data);
    const toy = {
      ...publishedWeights[0]!,
      model: "toy",
      version: "V2",
      file: `${name}.pth`,
      sha256: sha256(data).slice(0, 8),
    };
    (publishedWeights as PublishedWeights[]).push(toy);
    const path = await fetchWeights("toy@V2", options);
    (publishedWeights as PublishedWeights[]).pop();
    expect(path).toBe(join(root, "torchvision", `${name}.pth`));
    expect(await readFile(path)).toEqual(data);
  });

  it("are known by models' names", async () => {
    for (const { file } of publishedWeights)
      expect(file).toMatch(/^[\w.-]+-([0-9a-f]{8}|[0-9a-f]{10})\.pth$/);
    await expect(fetchWeights("resnet19", options)).rejects.toThrow(
      /^fetchWeights: torchvision has no 'resnet19'; known: alexnet, densenet121, .*, or owner\/repository$/,
    );
    await expect(fetchWeights("resnet18@V2", options)).rejects.toThrow(
      new DataError("fetchWeights: resnet18 has no version 'V2'; known: V1"),
    );
    for (const name of ["", "../x", "a/b/c", "a/..", "a b", "a@b@c", "./a"]) {
      await expect(fetchWeights(name, options)).rejects.toThrow(
        `fetchWeights: bad name '${name}'; expected a model or owner/repository, then @version`,
      );
    }
    expect(requests).toEqual([]);
  });
});
