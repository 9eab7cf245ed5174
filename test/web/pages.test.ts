// fovea/web in pages of real browsers: pictures of all kinds, downloads that are kept, strict policies, reloads.

import { createHash } from "node:crypto";
import type { Browser, Page } from "puppeteer-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { classify, createModel, decodeSafetensors, encodePng, encodeSafetensors, init, manualSeed } from "../../src/index.js"; // prettier-ignore
import { configToJSON } from "../../src/pretrained/config.js";
import type * as fovea from "../../src/web/index.js";
import { has, launch, open, Site, webFiles, type BrowserName } from "./browser.js";
import { isLong } from "../helpers/ring.js";

declare const web: typeof fovea;

const CLASSES = ["ant", "bee", "cow"];
const [WIDTH, HEIGHT] = [50, 40];
const pixels = Uint8Array.from({ length: WIDTH * HEIGHT * 3 }, (_, i) => (i * 7 + (i >> 5)) & 255);
const raw = { data: pixels, width: WIDTH, height: HEIGHT, channels: 3 };

/** A small network as a folder, and what it says in Node. */
async function network(): Promise<{ files: Record<string, string | Uint8Array>; said: number[] }> {
  init({ threads: 1, binary: "relaxed" });
  manualSeed(3);
  const model = createModel("mobilenet_v3_small", { numClasses: 3 });
  model.eval();
  model.preprocessing = { inputSize: [64, 64, 3], cropPct: 0.875, interpolation: "bilinear", mean: [0.5, 0.5, 0.5], std: [0.5, 0.5, 0.5] }; // prettier-ignore
  const labels = await classify(model, raw, { classes: CLASSES });
  const files = {
    "model.safetensors": encodeSafetensors(model.stateDict()),
    "config.json": configToJSON(model, { architecture: "mobilenet_v3_small", classes: CLASSES }),
  };
  model.dispose();
  return { files, said: CLASSES.map((name) => labels.find(({ label }) => label === name)!.probability) };
}

const COMMIT = "0123456789abcdef0123456789abcdef01234567";

/** Adds what the hub says about a repository of owner's: its files and their hashes. */
function repository(files: Record<string, string | Uint8Array>, name: string, names: string[]): void {
  const siblings = names.map((rfilename) => {
    const sha256 = createHash("sha256").update(files[`owner/${name}/resolve/${COMMIT}/${rfilename}`]!).digest("hex"); // prettier-ignore
    return { rfilename, ...(rfilename.endsWith(".safetensors") && { lfs: { sha256 } }) };
  });
  files[`api/models/owner/${name}/revision/main`] = JSON.stringify({ sha: COMMIT, siblings });
}

let site: Site;
let said: number[];

beforeAll(async () => {
  const net = await network();
  ({ said } = net);
  const files: Record<string, string | Uint8Array> = { ...(await webFiles()), "picture.png": encodePng(raw) };
  for (const [name, contents] of Object.entries(net.files)) {
    files[`net/${name}`] = contents;
    files[`owner/net/resolve/${COMMIT}/${name}`] = contents;
  }
  repository(files, "net", ["config.json", "model.safetensors"]);
  // The same network in two shards, and one whose second shard is another file than the hub's hash is of.
  const state = [...decodeSafetensors(net.files["model.safetensors"] as Uint8Array)];
  const shards = ["a.safetensors", "b.safetensors"];
  const shardOf = (i: number): string => shards[i < state.length / 2 ? 0 : 1]!;
  const map = Object.fromEntries(state.map(([name], i) => [name, shardOf(i)]));
  for (const name of ["shards", "torn"]) {
    const folder = `owner/${name}/resolve/${COMMIT}`;
    files[`${folder}/config.json`] = net.files["config.json"]!;
    files[`${folder}/model.safetensors.index.json`] = JSON.stringify({ weight_map: map });
    for (const shard of shards) {
      files[`${folder}/${shard}`] = encodeSafetensors(new Map(state.filter((_, i) => shardOf(i) === shard)));
    }
    repository(files, name, ["config.json", "model.safetensors.index.json", ...shards]);
  }
  files[`owner/torn/resolve/${COMMIT}/b.safetensors`] = Uint8Array.from([1, 2, 3]);
  site = await Site.serve(files);
});
afterAll(() => site?.close());

/** Probabilities of the classes for the picture, given in many ways. */
async function allWays(page: Page): Promise<{ ways: Record<string, number[]>; info: fovea.ClassifierInfo }> {
  return page.evaluate(async () => {
    const classifier = await web.createClassifier({ model: "./net/", threads: 2 });
    const ways: Record<string, number[]> = {};
    const ask = async (name: string, picture: fovea.PagePicture): Promise<void> => {
      const labels = await classifier.classify(picture);
      ways[name] = ["ant", "bee", "cow"].map((one) => labels.find(({ label }) => label === one)!.probability);
    };
    const blob = await (await fetch("picture.png")).blob();
    await ask("blob", blob);
    await ask("bytes", await blob.arrayBuffer());
    const bitmap = await createImageBitmap(blob);
    await ask("bitmap", bitmap);
    await ask("bitmap again", bitmap);
    const canvas = document.createElement("canvas");
    [canvas.width, canvas.height] = [bitmap.width, bitmap.height];
    const context = canvas.getContext("2d")!;
    context.drawImage(bitmap, 0, 0);
    await ask("canvas", canvas);
    await ask("pixels", context.getImageData(0, 0, canvas.width, canvas.height));
    const offscreen = new OffscreenCanvas(bitmap.width, bitmap.height);
    offscreen.getContext("2d")!.drawImage(bitmap, 0, 0);
    await ask("offscreen canvas", offscreen);
    const image = new Image();
    image.src = "picture.png";
    await ask("image", image);
    if (typeof VideoFrame === "function") {
      const frame = new VideoFrame(canvas, { timestamp: 0 });
      await ask("frame", frame);
      frame.close();
    }
    const { info } = classifier;
    classifier.dispose();
    return { ways, info };
  });
}

// Firefox in the long ring, and in npm run test:runtimes.
describe.each((isLong ? ["chrome", "firefox"] : ["chrome"]) as BrowserName[])("%s", (name) => {
  const here = has(name);
  let browser: Browser;
  beforeAll(async () => {
    if (here) browser = await launch(name);
  }, 60_000);
  afterAll(async () => browser?.close());

  it.skipIf(!here).each([
    ["isolated", 2],
    ["plain", 1],
    ["strict", 2],
  ])(
    "%s: says of pictures of any kind what Node says, on %i threads",
    { timeout: 120_000 },
    async (area, threads) => {
      const page = await open(browser, `${site.origin}/${area}/index.html`);
      const { ways, info } = await allWays(page);
      expect(info).toMatchObject({ threads, classes: CLASSES, inputSize: [64, 64, 3] });
      expect(Object.keys(ways).length).toBeGreaterThan(7);
      for (const [way, got] of Object.entries(ways)) {
        got.forEach((p, i) => expect(p, way).toBeCloseTo(said[i]!, way === "frame" ? 1 : 5));
      }
      await page.close();
    },
  );

  it.skipIf(!here)(
    "keeps a hub's files, and needs no network for them again",
    { timeout: 120_000 },
    async () => {
      const page = await open(browser, `${site.origin}/isolated/index.html`);
      const load = async () =>
        page.evaluate(async () => {
          const progress: fovea.LoadProgress[] = [];
          const onProgress = (one: fovea.LoadProgress) => void progress.push(one);
          const classifier = await web.createClassifier({
            model: "owner/net",
            hub: location.origin,
            onProgress,
          });
          classifier.dispose();
          return progress.filter(({ file }) => file === "model.safetensors").at(-1)!;
        });
      const path = `/owner/net/resolve/${COMMIT}/model.safetensors`;
      expect(await load()).toMatchObject({ cached: false });
      const asked = site.asked.get(path);
      const { files } = site;
      const own = files[path.slice(1)]!;
      delete files[path.slice(1)];
      const again = await load();
      expect(again).toMatchObject({ cached: true, received: own.length, total: own.length });
      expect(site.asked.get(path)).toBe(asked);
      files[path.slice(1)] = own;
      // The hub's answer is asked for anew, and taken from the cache where there is no network.
      await page.setOfflineMode(true);
      const offline = await page.evaluate(async () =>
        (await web.loadModel("owner/net", { hub: location.origin })).config.classes?.join(),
      );
      expect(offline).toBe(CLASSES.join());
      await page.setOfflineMode(false);
      await page.close();
    },
  );

  it.skipIf(!here)(
    "takes a hub's shards, and nothing whose hash is another",
    { timeout: 120_000 },
    async () => {
      const page = await open(browser, `${site.origin}/isolated/index.html`);
      const found = await page.evaluate(async () => {
        const load = async (model: string): Promise<string> => {
          const options = { model, hub: location.origin };
          const classifier = await web.createClassifier(options);
          const [best] = await classifier.classify(await (await fetch("picture.png")).blob());
          classifier.dispose();
          return best!.probability.toFixed(4);
        };
        const refused = (model: string): Promise<string> =>
          load(model).catch((error: Error) => error.message);
        return [await load("owner/net"), await load("owner/shards"), await refused("owner/torn"), await refused("owner/none")]; // prettier-ignore
      });
      expect(found[1]).toBe(found[0]);
      expect(found[2]).toMatch(/owner\/torn\/resolve\/\w+\/b\.safetensors: wrong sha256; got [0-9a-f]{64}; expected [0-9a-f]{64}$/); // prettier-ignore
      expect(found[3]).toMatch(
        /revision\/main\?blobs=true: nothing there; expected a repository of the hub$/,
      );
      await page.close();
    },
  );

  it.skipIf(!here)("goes on with training after a reload", { timeout: 120_000 }, async () => {
    const page = await open(browser, `${site.origin}/isolated/index.html`);
    const begun = await page.evaluate(async () => {
      const trainer = await web.createTrainer({ model: "./net/", threads: 1 });
      for (let i = 0; i < 12; i++) {
        const data = new Uint8Array(80 * 80 * 3).fill(i % 2 ? 200 : 60).map((v, at) => v + ((at * i) % 30));
        await trainer.add({ data, width: 80, height: 80, channels: 3 }, i % 2 ? "light" : "dark");
      }
      const options = {
        epochs: 40,
        batchSize: 4,
        train: "lastStage",
        augment: true,
        checkpoint: "light",
      } as const;
      return new Promise<string>((resolve) => {
        void trainer.fit({
          ...options,
          onProgress: (e) => e.kind === "epoch" && e.epoch === 3 && resolve("three"),
        });
      });
    });
    expect(begun).toBe("three");
    await page.reload();
    await page.waitForFunction("window.web !== undefined");
    const after = await page.evaluate(async () => {
      const names = await web.savedTrainers();
      const trainer = await web.loadTrainer("light", { threads: 1 });
      const { interrupted, counts } = trainer.info;
      const stop = new AbortController();
      const report = await trainer.fit({
        resume: true,
        signal: stop.signal,
        onProgress: (e) => e.kind === "epoch" && e.epoch > interrupted!.epoch + 1 && stop.abort(),
      });
      const picture = await trainer.picture((await trainer.examples())[0]!.id);
      const exported = await trainer.export();
      trainer.dispose();
      await web.deleteTrainer("light");
      const left = await web.savedTrainers();
      return { names, interrupted, counts, rows: report.history.length, type: picture.type, bytes: exported.bytes.length, left }; // prettier-ignore
    });
    expect(after).toMatchObject({ names: ["light"], counts: [6, 6], type: "image/jpeg", left: [] });
    expect(after.interrupted!.epochs).toBe(40);
    expect(after.interrupted!.epoch).toBeGreaterThan(1);
    expect(after.rows).toBeGreaterThan(after.interrupted!.epoch);
    await page.close();
  });

  it.skipIf(!here)("says what is wrong where there is no worker", { timeout: 60_000 }, async () => {
    const page = await open(browser, `${site.origin}/isolated/index.html`);
    const message = await page.evaluate(async () => {
      const worker = () => new Worker("nowhere.js", { type: "module" });
      return web
        .createClassifier({ model: "./net/", worker })
        .catch((error: Error) => `${error.name}: ${error.message}`);
    });
    expect(message).toMatch(/^WasmError: fovea\/web: the worker cannot be loaded.*; serve the file, or give the option worker/); // prettier-ignore
    await page.close();
  });
});
