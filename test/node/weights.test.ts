import { execFile } from "node:child_process";
import { mkdtemp, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { DataError } from "../../src/errors.js";
import {
  createModel,
  encodeSafetensors,
  lenet5,
  manualSeed,
  modelInfo,
  resnet18,
  resnet50,
  type Module,
} from "../../src/index.js";
import { loadModel, saveModel } from "../../src/node/model-folder.js";
import { loadWeights, readWeights, saveWeights } from "../../src/node/weights.js";
import { init } from "../../src/wasm/runtime.js";
import { expectedState, goldens } from "../helpers/weights.js";
import { isLong } from "../helpers/ring.js";

const run = promisify(execFile);
let folder: string;
beforeEach(async () => {
  init();
  manualSeed(1);
  folder = await mkdtemp(join(tmpdir(), "fovea-"));
});
afterEach(() => rm(folder, { recursive: true }));

const bytesOf = (model: Module): Buffer => Buffer.from(encodeSafetensors(model.stateDict()));

describe("readWeights", () => {
  it.each(["zip.pth", "legacy.pth"])("reads %s piece by piece, and safetensors as written", async (name) => {
    const path = join(folder, "weights.bin");
    await writeFile(path, await readFile(new URL(name, goldens)));
    const state = await readWeights(path);
    expect(state).toEqual(expectedState);
    await saveWeights(path, state);
    expect([...(await readWeights(path))]).toEqual([...state]);
  });

  it("names files that are missing, folders, or damaged", async () => {
    const path = join(folder, "none.safetensors");
    await expect(readWeights(path)).rejects.toThrow(`${path}: cannot be read: ENOENT`);
    await expect(readWeights(folder)).rejects.toThrow(new DataError(`${folder}: cannot be read: not a file`));
    await writeFile(path, "junk");
    await expect(readWeights(path)).rejects.toThrow(`${path}: not a file of weights: 4 bytes`);
  });
});

describe("loadWeights", () => {
  it("brings a model's weights back, under a wrapper's names too", async () => {
    const [a, b] = [lenet5(), lenet5()];
    const path = join(folder, "weights.safetensors");
    await saveWeights(path, new Map([...a.stateDict()].map(([name, tensor]) => [`module.${name}`, tensor])));
    expect(await loadWeights(b, path)).toEqual({ missing: [], unexpected: [], mismatched: [] });
    expect(bytesOf(b).equals(bytesOf(a))).toBe(true);
    a.dispose();
    b.dispose();
  });

  it("refuses another number of classes, telling both shapes, and loads the rest on request", async () => {
    const [ten, five] = [lenet5(), lenet5({ numClasses: 5 })];
    const path = join(folder, "ten.safetensors");
    await saveWeights(path, ten.stateDict());
    const before = bytesOf(five);
    await expect(loadWeights(five, path)).rejects.toThrow(
      new DataError(
        `${path}: classifier.5.weight is [10,84], expected [5,84], classifier.5.bias is [10], expected [5]; ` +
          "strict: false loads the rest",
      ),
    );
    expect(bytesOf(five).equals(before)).toBe(true);
    const head = five.stateDict().get("classifier.5.weight");
    expect(await loadWeights(five, path, { strict: false })).toEqual({
      missing: [],
      unexpected: [],
      mismatched: [
        { name: "classifier.5.weight", got: "[10,84]", expected: "[5,84]" },
        { name: "classifier.5.bias", got: "[10]", expected: "[5]" },
      ],
    });
    const after = five.stateDict();
    expect(after.get("classifier.5.weight")).toEqual(head);
    expect(after.get("features.0.weight")).toEqual(ten.stateDict().get("features.0.weight"));
    ten.dispose();
    five.dispose();
  });

  it("lists a few names and their number, and refuses if nothing fits", async () => {
    const [small, large] = [lenet5(), resnet18()];
    const path = join(folder, "small.safetensors");
    await saveWeights(path, small.stateDict());
    const before = bytesOf(large);
    for (const strict of [true, false]) {
      await expect(loadWeights(large, path, { strict })).rejects.toThrow(
        new DataError(
          `${path}: missing conv1.weight, bn1.weight, bn1.bias, bn1.running_mean and 98 more; unexpected ` +
            "features.0.weight, features.0.bias, features.3.weight, features.3.bias and 6 more",
        ),
      );
    }
    expect(bytesOf(large).equals(before)).toBe(true);
    small.dispose();
    large.dispose();
  });

  it("takes names that the caller maps, and leaves out what he drops", async () => {
    const [a, b] = [lenet5(), lenet5()];
    const path = join(folder, "weights.safetensors");
    const named = [...a.stateDict()].map(([name, t]) => [name.replace("classifier", "head"), t] as const);
    await saveWeights(path, new Map([...named, ["aux.weight", named[0]![1]]]));
    const rename = (name: string): string | undefined =>
      name.startsWith("aux") ? undefined : name.replace("head", "classifier");
    await loadWeights(b, path, { rename });
    expect(bytesOf(b).equals(bytesOf(a))).toBe(true);
    a.dispose();
    b.dispose();
  });

  it("reads the files that an index names, and names one with the wrong contents", async () => {
    const model = lenet5();
    const entries = [...model.stateDict()];
    const [name] = entries.at(-1)!;
    const [a, b] = ["a.safetensors", "b.safetensors"].map((file) => join(folder, file)) as [string, string];
    await saveWeights(a, new Map(entries.slice(0, -1)));
    await saveWeights(b, new Map(entries.slice(-1)));
    const path = join(folder, "model.safetensors.index.json");
    const map = Object.fromEntries(
      entries.map(([key]) => [key, key === name ? "b.safetensors" : "a.safetensors"]),
    );
    const refuse = async (weight_map: unknown, message: string): Promise<void> => {
      await writeFile(path, JSON.stringify({ weight_map }));
      await expect(readWeights(path)).rejects.toThrow(new DataError(message));
    };
    await refuse({ ...map, [name]: "a.safetensors" }, `${a}: lacks ${name}, which ${path} puts there`);
    await refuse({ ...map, more: "b.safetensors" }, `${b}: lacks more, which ${path} puts there`);
    await refuse({ [name]: "a.safetensors" }, `${a}: has ${entries[0]![0]}, which ${path} puts elsewhere`);
    await refuse([], `${path}: weight_map is not an object that names tensors' files`);
    await refuse({ w: "/b.safetensors" }, `${path}: w is in "/b.safetensors"; expected a .safetensors file of the folder`); // prettier-ignore
    await writeFile(path, JSON.stringify({ weight_map: map }));
    const other = lenet5();
    await loadWeights(other, path);
    expect(bytesOf(other).equals(bytesOf(model))).toBe(true);
    await rm(b);
    await expect(loadWeights(other, path)).rejects.toThrow(`${b}: cannot be read: ENOENT`);
    model.dispose();
    other.dispose();
  });

  it.runIf(isLong)("loads ResNet-50's 100 MB in under a second, with one extra copy at most", async () => {
    const path = join(folder, "resnet50.safetensors");
    const model = resnet50();
    await saveWeights(path, model.stateDict());
    model.dispose();
    const { size } = await stat(path);
    expect(size).toBeGreaterThan(100e6);
    const script = fileURLToPath(new URL("../helpers/load-large.ts", import.meta.url));
    const args = ["--expose-gc", "--import", "tsx", script, "resnet50", path];
    const { seconds, grown } = JSON.parse((await run(process.execPath, args)).stdout) as Record<
      string,
      number
    >;
    expect(seconds).toBeLessThan(1);
    expect(grown).toBeLessThan(1.15 * size);
  });
});

describe("a model's folder", () => {
  const config = { architecture: "resnet18", mean: [0.5, 0.4, 0.3], std: [0.2, 0.2, 0.2] };

  it("holds weights and config.json as timm has them, and comes back as it was", async () => {
    const model = resnet18({ numClasses: 3 });
    await saveModel(folder, model, {
      ...config,
      classes: ["a", "b", "c"],
      cropPct: 0.95,
      interpolation: "bicubic",
    });
    expect(JSON.parse(await readFile(join(folder, "config.json"), "utf8"))).toEqual({
      architecture: "resnet18",
      num_classes: 3,
      num_features: 512,
      label_names: ["a", "b", "c"],
      pretrained_cfg: {
        input_size: [3, 224, 224],
        fixed_input_size: false,
        interpolation: "bicubic",
        crop_pct: 0.95,
        crop_mode: "center",
        mean: [0.5, 0.4, 0.3],
        std: [0.2, 0.2, 0.2],
        num_classes: 3,
        first_conv: "conv1",
        classifier: "fc",
      },
    });
    const back = await loadModel(folder);
    expect(back.model.training).toBe(false);
    expect(bytesOf(back.model).equals(bytesOf(model))).toBe(true);
    expect(back.config).toEqual({
      ...config,
      classes: ["a", "b", "c"],
      inputSize: [224, 224, 3],
      cropPct: 0.95,
      interpolation: "bicubic",
    });
    back.model.dispose();
    model.dispose();
  });

  it("holds the architecture's own preprocessing by default", async () => {
    const model = createModel("efficientnet_b1", { numClasses: 3 });
    await saveModel(folder, model, { architecture: "efficientnet_b1", std: [1, 2, 3] });
    const back = await loadModel(folder);
    const { mean, inputSize, cropPct, interpolation } = modelInfo("efficientnet_b1");
    expect(back.config).toEqual({
      architecture: "efficientnet_b1",
      mean,
      std: [1, 2, 3],
      inputSize,
      cropPct,
      interpolation,
    });
    expect(interpolation).toBe("bicubic");
    back.model.dispose();
    model.dispose();
  });

  it("refuses what does not belong together", async () => {
    const model = lenet5();
    const save = (more: object): Promise<void> =>
      saveModel(folder, model, { architecture: "lenet5", mean: [0], std: [1], ...more });
    await expect(save({ classes: ["a"] })).rejects.toThrow(
      new DataError("saveModel: classes and the model's outputs differ in number; got 1, expected 10"),
    );
    await expect(save({ mean: [1, 2, 3] })).rejects.toThrow(
      new DataError("saveModel: mean has another length than the channels; got 3, expected 1"),
    );
    await expect(save({ architecture: "lenet6" })).rejects.toThrow("unknown model 'lenet6'");
    const path = join(folder, "config.json");
    await expect(loadModel(folder)).rejects.toThrow(`${path}: cannot be read: ENOENT`);
    await save({});
    const good = JSON.parse(await readFile(path, "utf8")) as { pretrained_cfg: object };
    const refuse = async (json: unknown, message: string): Promise<void> => {
      await writeFile(path, JSON.stringify(json));
      await expect(loadModel(folder)).rejects.toThrow(new DataError(message));
    };
    await refuse(null, `${path}: no JSON object; expected {…}`);
    await refuse({ ...good, num_classes: -1 }, `${path}: num_classes is not a count; got -1`);
    await refuse({ ...good, label_names: ["a"] }, `${path}: label_names are not 10 names`);
    const odd = { ...good.pretrained_cfg, std: [0] };
    await refuse({ ...good, pretrained_cfg: odd }, `${path}: std is not 1 numbers; got [0]`);
    await refuse(
      { ...good, num_classes: 4 },
      `${join(folder, "model.safetensors")}: classifier.5.weight is [10,84], expected [4,84], ` +
        "classifier.5.bias is [10], expected [4]; strict: false loads the rest",
    );
    model.dispose();
  });
});
