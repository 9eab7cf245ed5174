import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { DataError } from "../../src/errors.js";
import { encodeSafetensors, lenet5, manualSeed } from "../../src/index.js";
import { fetchWeights, type FetchWeightsOptions } from "../../src/node/hub.js";
import { loadModel, saveModel } from "../../src/node/model-folder.js";
import { torchvisionFiles } from "../../src/node/torchvision-files.js";
import { init } from "../../src/wasm/runtime.js";

let folder: string;
let root: string;
let server: Server;
let baseUrl: string;
/** What the server has, by path; what it was asked; addresses whose first answer breaks off half-way. */
let files: Map<string, Uint8Array | string>;
let requests: string[];
let breaking: Set<string>;
let licences: string[];
let options: FetchWeightsOptions;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "fovea-"));
  root = join(folder, "cache");
  [files, requests, breaking, licences] = [new Map(), [], new Set(), []];
  server = createServer((request, response) => {
    const { url = "" } = request;
    const data = files.has(url) ? Buffer.from(files.get(url)!) : undefined;
    const from = Number(/=(\d+)-/.exec(request.headers.range ?? "")?.[1] ?? 0);
    requests.push(from ? `${url} from ${from}` : url);
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
        "fetchWeights: a/d has no file of weights; expected model.safetensors or pytorch_model.bin",
      ),
    );
    await expect(fetchWeights("a/none", options)).rejects.toThrow(
      `${baseUrl}/api/models/a/none/revision/main?blobs=true: got HTTP status 404; expected 200`,
    );
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
    (torchvisionFiles as Record<string, object>)["toy"] = { V1: "toy-00000000", V2: name };
    const path = await fetchWeights("toy@V2", options);
    expect(path).toBe(join(root, "torchvision", `${name}.pth`));
    expect(await readFile(path)).toEqual(data);
  });

  it("are known by models' names", async () => {
    for (const versions of Object.values(torchvisionFiles)) {
      for (const file of Object.values(versions)) expect(file).toMatch(/^[\w-]+-[0-9a-f]{8}$/);
    }
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
