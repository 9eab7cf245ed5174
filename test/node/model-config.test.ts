// config.json beside weights: followed whole, or refused.

import { copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { DataError } from "../../src/errors.js";
import { createModel, imagenetClasses, manualSeed } from "../../src/index.js";
import { openModel, readConfig, saveWeights } from "../../src/node.js";
import { init } from "../../src/wasm/runtime.js";

const folder = mkdtempSync(join(tmpdir(), "fovea-config-"));
const at = (...path: string[]): string => join(folder, ...path);
afterAll(() => rmSync(folder, { recursive: true }));

const open = async (weights: string, model?: string) => {
  const opened = await openModel({ weights: at(weights), ...(model !== undefined && { model }) });
  opened.model.dispose();
  return opened;
};

const timm = {
  input_size: [3, 224, 224],
  interpolation: "bicubic",
  crop_pct: 0.95,
  mean: [0.5],
  std: [0.2, 0.3, 0.4],
};

function config(name: string, json: object): string {
  mkdirSync(at(name), { recursive: true });
  writeFileSync(at(name, "config.json"), JSON.stringify(json));
  return at(name, "config.json");
}

describe("a folder's config.json", () => {
  const cfg = { architecture: "mobilenetv2_100", num_classes: 3, pretrained_cfg: timm };
  beforeAll(async () => {
    init();
    manualSeed(1);
    for (const name of ["alias", "other"]) mkdirSync(at(name));
    const model = createModel("mobilenet_v2", { numClasses: 3 });
    await saveWeights(at("alias", "model.safetensors"), model.stateDict());
    model.dispose();
    config("alias", cfg);
    copyFileSync(at("alias", "model.safetensors"), at("other", "model.safetensors"));
    copyFileSync(at("alias", "model.safetensors"), at("other", "mine.safetensors"));
  });

  it("counts under timm's name of the model, too", async () => {
    for (const model of [undefined, "mobilenet_v2"]) {
      const { preparation, assumed } = await open("alias", model);
      expect(assumed).toBeUndefined();
      expect(preparation()).toEqual({
        inputSize: [224, 224, 3],
        cropPct: 0.95,
        interpolation: "bicubic",
        mean: [0.5, 0.5, 0.5],
        std: [0.2, 0.3, 0.4],
      });
    }
  });

  it("of another model is an error for its own weights, and ignored for others", async () => {
    config("other", { ...cfg, architecture: "resnet18" });
    for (const path of ["other", "other/model.safetensors"]) {
      await expect(open(path, "mobilenet_v2")).rejects.toThrow(
        new DataError(`${at("other", "config.json")}: weights of resnet18; expected mobilenet_v2`),
      );
    }
    expect((await open("other/mine.safetensors", "mobilenet_v2")).assumed).toContain("it is unknown");
    config("other", { ...cfg, architecture: "tf_mobilenetv3_large_100" });
    for (const path of ["other", "other/model.safetensors", "other/mine.safetensors"]) {
      await expect(open(path, "mobilenet_v2")).rejects.toThrow(/weights of .*tf_mobilenetv3_large_100/);
    }
  });

  it("names ImageNet's classes where its tag says that they are", async () => {
    const tagged = {
      architecture: "resnet18",
      num_classes: 1000,
      pretrained_cfg: { ...timm, tag: "a1_in1k" },
    };
    expect((await readConfig(config("c", tagged))).config.classes).toBe(imagenetClasses);
    const other = { ...tagged, pretrained_cfg: { ...timm, tag: "a1_in21k" } };
    expect((await readConfig(config("c", other))).config.classes).toBeUndefined();
  });

  it("may be of the old form, and give the channels as an argument", async () => {
    const old = { architecture: "resnet18", num_classes: 2, ...timm, crop_mode: "squash", std: [0.3] };
    expect((await readConfig(config("c", old))).config).toMatchObject({
      cropMode: "squash",
      std: [0.3, 0.3, 0.3],
    });
    const grey = {
      architecture: "resnet18",
      num_classes: 2,
      model_args: { in_chans: 1 },
      pretrained_cfg: { ...timm, std: [0.3] },
    };
    expect((await readConfig(config("c", grey))).config).toMatchObject({
      inputSize: [224, 224, 1],
      mean: [0.5],
    });
  });

  it.each<[string, object, string]>([
    [
      "a way of cropping",
      { pretrained_cfg: { ...timm, crop_mode: "tile" } },
      'crop_mode is not one of center, squash, border; got "tile"',
    ],
    [
      "a filter",
      { pretrained_cfg: { ...timm, interpolation: "hamming" } },
      'interpolation is not one of nearest, box, bilinear, bicubic, lanczos; got "hamming"',
    ],
    [
      "a filter by chance",
      { pretrained_cfg: { ...timm, interpolation: "random" } },
      'interpolation is not one of nearest, box, bilinear, bicubic, lanczos; got "random"',
    ],
    ["another pooling", { global_pool: "max" }, 'global_pool is not avg; got "max"'],
    [
      "another pooling as an argument",
      { model_args: { global_pool: "catavgmax" } },
      'global_pool is not avg; got "catavgmax"',
    ],
    [
      "another network by arguments",
      { model_args: { output_stride: 16 } },
      "model_args.output_stride is not known: it may be another network; got 16",
    ],
    [
      "three means of one channel",
      { pretrained_cfg: { ...timm, input_size: [1, 28, 28] } },
      "std is not 1 numbers; got [0.2,0.3,0.4]",
    ],
    [
      "four means of three channels",
      { pretrained_cfg: { ...timm, mean: [1, 2, 3, 4] } },
      "mean is not 3 numbers; got [1,2,3,4]",
    ],
    ["no classes", { num_classes: 0 }, "num_classes is not a count; got 0"],
    [
      "a test size that is none",
      { pretrained_cfg: { ...timm, test_input_size: [3, 0, 1] } },
      "test_input_size is not [channels, height, width]; got [3,0,1]",
    ],
  ])("is refused if it asks for %s", async (_, more, message) => {
    const path = config("c", { architecture: "resnet18", num_classes: 2, pretrained_cfg: timm, ...more });
    await expect(readConfig(path)).rejects.toThrow(new DataError(`${path}: ${message}`));
  });
});
