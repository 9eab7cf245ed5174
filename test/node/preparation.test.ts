// Preparation belongs to weights: how it is found, refused, kept, and said where it is a guess.

import { createHash } from "node:crypto";
import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { DataError } from "../../src/errors.js";
import {
  createModel,
  imagenetClasses,
  manualSeed,
  publishedByFile,
  publishedByName,
  publishedWeights,
  type PublishedWeights,
} from "../../src/index.js";
import {
  atTestSize,
  configOf,
  describePreparation,
  loadModel,
  loadWeights,
  openModel,
  preprocessingOf,
  readConfig,
  saveModel,
  saveWeights,
} from "../../src/node.js";
import { preprocessingFromJSON, preprocessingToJSON } from "../../src/data/index.js";
import { cropPctFor, resizeFor, resizeOf, type Preprocessing } from "../../src/data/preprocessing.js";
import { transformsFor } from "../../src/data/presets.js";
import { preparationFor } from "../../src/node/preprocessing.js";
import { loadStartingWeights, startingWeights } from "../../src/node/starting-weights.js";
import type { TrainArguments } from "../../src/node/train-arguments.js";
import { init } from "../../src/wasm/runtime.js";
import { foveaHere } from "../cli/run.js";
import { png } from "../helpers/pictures.js";

const folder = mkdtempSync(join(tmpdir(), "fovea-preparation-"));
const at = (...path: string[]): string => join(folder, ...path);
afterAll(() => rmSync(folder, { recursive: true }));

const V2 = "mobilenet_v2-7ebf99e0.safetensors";

async function write(file: string, model: string, options: object): Promise<string> {
  const made = createModel(model, options);
  await saveWeights(at(file), made.stateDict());
  made.dispose();
  return at(file);
}

beforeAll(async () => {
  init();
  manualSeed(1);
  await write(V2, "mobilenet_v2", { numClasses: 3 });
  copyFileSync(at(V2), at("raw.safetensors"));
});

const open = async (weights: string, model?: string) => {
  const opened = await openModel({ weights: at(weights), ...(model !== undefined && { model }) });
  opened.model.dispose();
  return opened;
};

describe("published weights", () => {
  it("are known by a file's name, with another ending or a browser's number too", () => {
    const { name } = publishedByFile("a/b/resnet50-11ad3fa6.pth")!;
    expect(name).toBe("resnet50@V2");
    for (const file of ["resnet50-11ad3fa6.pt", "C:\\x\\resnet50-11ad3fa6 (1).pth", "resnet50-11ad3fa6"]) {
      expect(publishedByFile(file)?.name).toBe(name);
    }
    for (const file of [
      "resnet50.pth",
      "my-resnet50-11ad3fa6.pth",
      "resnet50-11ad3fa6-flowers.pth",
      "resnet50-00000000.pth",
    ]) {
      expect(publishedByFile(file)).toBeUndefined();
    }
  });

  it("are known by model and version", () => {
    expect(publishedByName("resnet50").version).toBe("V1");
    expect(publishedByName("resnet50@DEFAULT").version).toBe("V2");
    expect(publishedByName("resnet50@IMAGENET1K_V2")).toBe(publishedByName("resnet50@V2"));
    expect(publishedByName("vgg16@DEFAULT").version).toBe("V1");
    expect(() => publishedByName("resnet50@V3")).toThrow(
      new DataError("fetchWeights: resnet50 has no version 'V3'; known: V1, V2"),
    );
  });

  it("need no model's name and bring their own preparation", async () => {
    const opened = await open(V2);
    expect(opened).toMatchObject({ architecture: "mobilenet_v2" });
    expect(opened.assumed).toBeUndefined();
    expect(opened.preparation()).toMatchObject({ cropPct: 224 / 232, interpolation: "bilinear" });
    expect(opened.model.preprocessing).toBe(opened.preparation());
    await expect(open(V2, "resnet18")).rejects.toThrow(
      new DataError(`${at(V2)}: published weights of mobilenet_v2; expected resnet18`),
    );
  });

  it("are known by their hash under any name", async () => {
    const data = readFileSync(at("raw.safetensors"));
    const sha256 = createHash("sha256").update(data).digest("hex").slice(0, 8);
    const fileSize = Number((statSync(at("raw.safetensors")).size / 2 ** 20).toFixed(3));
    const one = { ...publishedByName("mobilenet_v2@V2"), file: "x-00000000.pth", sha256, fileSize };
    (publishedWeights as PublishedWeights[]).push(one);
    try {
      expect(resizeOf((await open("raw.safetensors")).preparation())).toBe(232);
    } finally {
      (publishedWeights as PublishedWeights[]).pop();
    }
  });

  it("are ImageNet's thousand classes in torchvision's order, if there are as many", async () => {
    await write("squeezenet1_1-b8a52dc0.safetensors", "squeezenet1_1", {});
    expect((await open("squeezenet1_1-b8a52dc0.safetensors")).classes).toBe(imagenetClasses);
    expect((await open(V2)).classes).toBeUndefined();
    await write("tf1001.safetensors", "squeezenet1_1", { numClasses: 1001 });
    expect((await open("tf1001.safetensors", "squeezenet1_1")).classes).toBeUndefined();
  });

  it("without a classifier can start training, and are refused for anything else", async () => {
    const file = at("vgg16_features-amdegroot-88682ab5.safetensors");
    const small = { numClasses: 2, smallImages: true };
    const model = createModel("vgg16", small);
    const state = model.stateDict();
    for (const [name, { data }] of state)
      if (name.startsWith("classifier.")) (data as Float32Array).fill(NaN);
    await saveWeights(file, state);
    await expect(openModel({ weights: file })).rejects.toThrow(
      new DataError(
        `${file}: vgg16@FEATURES has no trained classifier; expected weights to start training from`,
      ),
    );
    const args = { model: "vgg16", smallImages: true, weights: file, pretrained: null };
    const start = (await startingWeights(args as unknown as TrainArguments))!;
    expect(start.preparation.mean).toEqual([0.48235, 0.45882, 0.40784]);
    await loadStartingWeights(model, start.file, start);
    for (const [, { data }] of model.stateDict()) expect(Number.isNaN(Number(data[0]))).toBe(false);
    model.dispose();
  });
});

describe("weights that nothing is known of", () => {
  it("say that their preparation is assumed", async () => {
    const { assumed, preparation } = await open("raw.safetensors", "mobilenet_v2");
    expect(assumed).toBe(`${at("raw.safetensors")}: it is unknown how images are prepared for it`);
    expect(resizeOf(preparation())).toBe(256);
    const args = {
      model: "mobilenet_v2",
      smallImages: false,
      weights: at("raw.safetensors"),
      pretrained: null,
    };
    const start = await startingWeights(args as unknown as TrainArguments);
    expect(start).toMatchObject({
      assumed: expect.stringContaining("it is unknown how"),
      preparation: { cropPct: 0.875 },
    });
    await write("thousand.safetensors", "squeezenet1_1", {});
    const thousand = await open("thousand.safetensors", "squeezenet1_1");
    expect(thousand.assumed).toMatch(/ for it and whether its classes are ImageNet's in their order$/);
  });

  it("of grey images are distinguished from published ones of the name", async () => {
    const grey = "mobilenet_v3_small-047dcff4.safetensors";
    await write(grey, "mobilenet_v3_small", { numClasses: 2, inChannels: 1 });
    const { assumed, preparation } = await open(grey);
    expect(assumed).toContain("it is unknown how");
    expect(preparation()).toMatchObject({ inputSize: [224, 224, 1], mean: [expect.closeTo(0.449, 9)] });
  });

  it("are refused if a name says that they pad as TensorFlow does", async () => {
    for (const file of ["tf_mobilenet_v2-1.safetensors", "timm_tf_mixnet_s.pth"]) {
      copyFileSync(at(V2), at(file));
      await expect(open(file, "mobilenet_v2")).rejects.toThrow(
        `${at(file)}: weights of timm's ${file}, which pads convolutions as TensorFlow does; no such model is known`,
      );
      const args = { model: "mobilenet_v2", smallImages: false, weights: at(file), pretrained: null };
      await expect(startingWeights(args as unknown as TrainArguments)).rejects.toThrow("pads convolutions");
    }
    mkdirSync(at("tf_efficientnet_b0.in1k"));
    copyFileSync(at(V2), at("tf_efficientnet_b0.in1k", "model.safetensors"));
    await expect(open("tf_efficientnet_b0.in1k", "efficientnet_b0")).rejects.toThrow(
      "weights of tf_efficientnet_b0, not of efficientnet_b0; use --model tf_efficientnet_b0",
    );
    const model = createModel("mobilenet_v2", { numClasses: 3 });
    await expect(loadWeights(model, at("tf_mobilenet_v2-1.safetensors"))).rejects.toThrow(
      "pads convolutions",
    );
    await saveModel(at("tf_mobilenet_mine"), model, { architecture: "mobilenet_v2" }); // a folder's name, not timm's
    (await open("tf_mobilenet_mine")).preparation();
    await loadWeights(model, at("tf_mobilenet_mine", "model.safetensors"));
    model.dispose();
  });
});

describe("a preparation", () => {
  const whole = {
    inputSize: [64, 64, 3],
    cropPct: 64 / 73,
    cropMode: "border",
    interpolation: "lanczos",
    mean: [0.1, 0.2, 0.3],
    std: [1, 2, 3],
    test: { inputSize: [96, 96, 3], cropPct: 1 },
    fixedInputSize: true,
  } as const;

  it("is kept whole by a saved model", async () => {
    const model = createModel("resnet20_cifar", { numClasses: 2 });
    await saveModel(at("whole"), model, configOf("resnet20_cifar", whole));
    model.dispose();
    const back = await loadModel(at("whole"));
    expect(preprocessingOf(back.config)).toEqual(whole);
    expect(back.model.preprocessing).toEqual(whole);
    await saveModel(at("again"), back.model, { architecture: "resnet20_cifar" });
    expect(readFileSync(at("again", "config.json"))).toEqual(readFileSync(at("whole", "config.json")));
    back.model.dispose();
  });

  it("of loaded weights is what a model is saved with", async () => {
    const model = createModel("mobilenet_v2", { numClasses: 5 });
    await loadWeights(model, at(V2), { strict: false });
    expect(model.preprocessing).toBe(publishedByName("mobilenet_v2@V2").preprocessing);
    await saveModel(at("kept"), model, { architecture: "mobilenet_v2" });
    expect(resizeOf((await readConfig(at("kept", "config.json"))).config)).toBe(232);
    model.dispose();
    const other = createModel("mobilenet_v2", { numClasses: 5 });
    await loadWeights(other, at("kept", "model.safetensors")); // its config.json lies beside it
    expect(resizeOf(other.preprocessing!)).toBe(232);
    other.dispose();
  });

  it("is kept for other sizes in proportion, unless these are refused", () => {
    const trained = publishedByName("resnet50@V2").preprocessing;
    const prepare = (said: object) => preparationFor("resnet50", undefined, { trained, ...said });
    expect(prepare({})).toEqual(trained);
    expect([prepare({ imgSize: 96 })].map((p) => [p.inputSize, resizeOf(p)])).toEqual([[[96, 96, 3], 99]]);
    expect(prepare({ cropPct: 0.9, cropMode: "squash", interpolation: "bicubic" })).toMatchObject({
      cropPct: 0.9,
      cropMode: "squash",
      interpolation: "bicubic",
    });
    expect(resizeOf(prepare({ cropPct: 0.9 }))).toBe(248);
    expect(() => preparationFor("resnet20_cifar", undefined, { trained: whole, imgSize: 32 })).toThrow(
      new DataError("resnet20_cifar: weights for images of 64 pixels only; got 32"),
    );
  });

  it("names an order of passes that is not the newest: in its line, in JSON and in the transforms", () => {
    const old = preparationFor("resnet50", undefined, { resample: "pillow12" });
    expect(old.resample).toBe("pillow12");
    expect(describePreparation(old)).toContain(", bilinear as pillow12, mean");
    expect(preprocessingFromJSON(preprocessingToJSON(old))).toEqual(old);
    expect(preparationFor("resnet50", undefined, { trained: old }).resample).toBe("pillow12");
    expect(preprocessingToJSON(preparationFor("resnet50", undefined))).not.toHaveProperty("resample");
    const specOf = (preparation: Preprocessing): string => JSON.stringify(transformsFor(preparation).spec);
    expect(specOf(old)).toContain('"resample":"pillow12"');
    expect(specOf(preparationFor("resnet50", undefined))).toContain('"resample":"pillow13"');
    expect(() => preprocessingFromJSON({ ...preprocessingToJSON(old), resample: "pillow2" })).toThrow(
      'preprocessingFromJSON: resample is not one of pillow13, pillow12; got "pillow2"',
    );
  });

  it("has a size for tests, which is used on request", () => {
    const { test, ...rest } = whole;
    expect(atTestSize(whole)).toEqual({ ...rest, ...test });
    expect(atTestSize(rest)).toEqual(rest);
  });

  it("is a line of text", () => {
    expect(describePreparation(whole)).toBe(
      "64×64 of 73 pixels, border, lanczos, mean 0.1,0.2,0.3, std 1,2,3",
    );
  });

  it("has a crop_pct from which timm and fovea get its size before the cut", () => {
    for (let size = 8; size < 700; size++) {
      for (let resize = size; resize < 2 * size; resize++) {
        const pct = cropPctFor(size, resize);
        if (
          Math.floor(size / pct) === resize &&
          resizeFor(size, pct) === resize &&
          resizeFor(size, size / resize) === resize
        )
          continue;
        expect.fail(`${size} of ${resize}: ${pct}`);
      }
    }
    const timms = [[224, 0.875, 256], [224, 0.95, 235], [224, 0.965, 232], [240, 0.882, 272], [380, 0.922, 412]] as const; // prettier-ignore
    for (const [size, pct, resize] of timms) expect(resizeFor(size, pct)).toBe(resize);
  });
});

describe("on the command line", () => {
  beforeAll(() => {
    for (const part of ["train", "val"]) {
      for (const [name, colour] of [
        ["blue", [0, 0, 255]],
        ["red", [255, 0, 0]],
      ] as const) {
        mkdirSync(at("photos", part, name), { recursive: true });
        for (let i = 0; i < 2; i++)
          writeFileSync(at("photos", part, name, `${i}.png`), png(120, 100, colour));
      }
    }
  });
  const resizeIn = async (run: string): Promise<number> =>
    resizeOf((await readConfig(at(run, "config.json"))).config);

  it("predict and eval say what they assume, and nothing where they know", async () => {
    const picture = at("photos/val/red/0.png");
    const raw = await foveaHere(
      "predict",
      "--model",
      "mobilenet_v2",
      "--weights",
      at("raw.safetensors"),
      picture,
    );
    expect(raw.stderr).toBe(
      `fovea: ${at("raw.safetensors")}: it is unknown how images are prepared for it; assumed: 224×224 of 256 pixels, bilinear, mean 0.485,0.456,0.406, std 0.229,0.224,0.225\n`,
    );
    const said = [
      "--img-size",
      "64",
      "--crop-pct",
      "0.8",
      "--crop-mode",
      "squash",
      "--interpolation",
      "nearest",
    ];
    const told = await foveaHere("predict", "--model", "mobilenet_v2", "--weights", at("raw.safetensors"), picture, ...said, "--mean", "0,0,0", "--std", "1,1,1"); // prettier-ignore
    expect(told.stderr).toMatch(/; assumed: 64×64 of 80 pixels, squash, nearest, mean 0,0,0, std 1,1,1\n$/);
    const bad = await foveaHere("predict", "--weights", at(V2), picture, "--mean", "0");
    expect([bad.status, bad.stderr]).toEqual([
      1,
      "fovea: mean: got 1 numbers; expected 3, one for each channel\n",
    ]);
    const none = await foveaHere("predict", "--weights", at(V2), picture, "--use-test-size");
    expect([none.status, none.stderr]).toEqual([
      2,
      expect.stringContaining("--use-test-size: the weights have no test size"),
    ]);
    const known = await foveaHere("predict", "--weights", at(V2), picture);
    expect([known.status, known.stderr]).toEqual([0, ""]);
  });

  it("--use-test-size takes config.json's test size", async () => {
    const model = createModel("mobilenet_v2", { numClasses: 3 });
    await saveModel(at("tested"), model, {
      architecture: "mobilenet_v2",
      test: { inputSize: [288, 288, 3], cropPct: 0.9 },
    });
    model.dispose();
    await foveaHere("export", at("tested"), "--use-test-size", "--out", at("at-test"));
    const { config } = await readConfig(at("at-test", "config.json"));
    expect([config.inputSize, resizeOf(config)]).toEqual([[288, 288, 3], 320]);
    expect(config.test).toBeUndefined();
  });

  it("a run keeps the preparation of the weights it began with: evaluated, exported and resumed", async () => {
    const train = await foveaHere("train", at("photos"), "--model", "mobilenet_v2", "--pretrained", at(V2),
      "--epochs", "1", "--batch-size", "4", "--img-size", "72", "--lr", "1e-5", "--out", at("run")); // prettier-ignore
    expect([train.status, train.stderr.includes("assumed")]).toEqual([0, false]);
    expect(await resizeIn("run")).toBe(75);
    await foveaHere("export", at("run"), "--out", at("exported"));
    expect(await resizeIn("exported")).toBe(75);
    // A run of before this was known of its weights goes on as it began.
    const path = at("run", "config.json");
    const json = JSON.parse(readFileSync(path, "utf8")) as { pretrained_cfg: { crop_pct: number } };
    json.pretrained_cfg.crop_pct = 72 / 82;
    writeFileSync(path, JSON.stringify(json));
    await foveaHere("train", "--resume", at("run"));
    expect(await resizeIn("run")).toBe(82);
  });
});
