// Published weights against torchvision: what is said of each, how images are prepared for it, and what whole pipelines answer.
// published.py wrote the file.

import { createHash } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Random } from "../../src/core/random.js";
import type { AnyImage, Dataset, Transform } from "../../src/data/index.js";
import {
  createModel,
  imagenetClasses,
  noGrad,
  publishedByFile,
  publishedByName,
  publishedWeights,
  softmax,
  tensor,
  resizeOf,
  tidy,
  type Preprocessing,
} from "../../src/index.js";
import { evalTransforms, openModel, preprocessingOf, readConfig, saveWeights } from "../../src/node.js";
import { init } from "../../src/wasm/runtime.js";
import { drawnState } from "../helpers/drawn.js";
import { crcOf, picture } from "../helpers/picture.js";
import golden from "./published.json" with { type: "json" };

const folder = mkdtempSync(join(tmpdir(), "fovea-published-"));
beforeAll(() => void init());
afterAll(() => rmSync(folder, { recursive: true }));

const pictures = golden.sizes.map(([seed, height, width]) => picture(seed!, height!, width!, 3));
const data: Dataset = {
  name: "drawn",
  classes: ["a"],
  labels: Int32Array.of(0, 0),
  length: 2,
  image: (i) => pictures[i]!,
};

type Floats = AnyImage & { data: Float32Array };

/** Many weights want the same: each preparation is computed once. */
const prepared = new Map<string, Floats>();

function prepare(i: number, preparation: Preprocessing): Floats {
  const key = JSON.stringify([i, preparation]);
  const { transform } = evalTransforms(data, preparation);
  const image = prepared.get(key) ?? ((transform as Transform).apply(pictures[i]!, new Random(0)) as Floats);
  prepared.set(key, image);
  return image;
}

const crcs = new Map<Floats, number>();

function bytesCrc(image: Floats, { mean, std }: Preprocessing): number {
  const known = crcs.get(image);
  if (known !== undefined) return known;
  const data = new Uint8Array(image.data.length);
  for (let j = 0; j < data.length; j++)
    data[j] = Math.round((image.data[j]! * std[j % 3]! + mean[j % 3]!) * 255);
  crcs.set(image, crcOf({ ...image, data }));
  return crcs.get(image)!;
}

/** What the golden has of a picture: its size, the CRC-32 of its bytes, some of the numbers that the network sees. */
function expectSeen(preparation: Preprocessing, i: number, want: readonly number[]): void {
  const image = prepare(i, preparation);
  const [height, width, crc, ...numbers] = want as [number, number, number, ...number[]];
  expect([image.height, image.width, bytesCrc(image, preparation)]).toEqual([height, width, crc]);
  const step = Math.floor(image.data.length / 7);
  numbers.forEach((v, k) => expect(Math.abs(image.data[(step >> 1) + k * step]! - v)).toBeLessThan(3e-6));
}

it("the classes are torchvision's, in its order", () => {
  const hash = createHash("sha256").update(imagenetClasses.join("\n")).digest("hex").slice(0, 16);
  const hashes = new Set(golden.weights.flatMap(({ categories }) => categories ?? []));
  expect([...hashes]).toEqual([hash]);
});

it("every published file of weights is known, and no other", () => {
  expect(publishedWeights.map(({ url }) => url).sort()).toEqual(golden.weights.map(({ url }) => url).sort());
});

describe.each(golden.weights)("$model $version", (row) => {
  const weights = publishedByFile(`somewhere/${row.url.replace(/^.*\//, "")}`)!;

  it("is described as torchvision does", () => {
    const { preprocessing } = weights;
    expect(weights).toMatchObject({
      name: `${row.model}@${row.version.replace("IMAGENET1K_", "")}`,
      model: row.model,
      url: row.url,
      parameters: row.parameters,
      fileSize: row.fileSize,
      recipe: row.recipe,
      featuresOnly: row.categories === null,
    });
    expect(row.url).toContain(`-${weights.sha256}.pth`);
    expect(weights.top1 === undefined).toBe(row.top1 === null);
    if (row.top1 !== null) {
      expect(weights.top1).toBeCloseTo(row.top1 / 100, 7);
      expect(weights.top5).toBeCloseTo(row.top5! / 100, 7);
    }
    expect(row.antialias).toBe(true);
    expect([resizeOf(preprocessing)]).toEqual(row.resize);
    expect(preprocessing.inputSize).toEqual([...row.crop, ...row.crop, 3]);
    expect(preprocessing.interpolation).toBe(row.interpolation);
    if (["googlenet", "inception_v3"].includes(row.model))
      expect(preprocessing).toMatchObject({ mean: [0.5, 0.5, 0.5], std: [0.5, 0.5, 0.5] });
    else expect(preprocessing).toMatchObject({ mean: row.mean, std: row.std });
    expect(publishedByName(`${row.model}@${row.version}`)).toBe(weights);
  });

  it("is given pictures as torchvision gives them to the network's first layer", () => {
    row.pictures.forEach((want, i) => expectSeen(weights.preprocessing, i, want));
  });
});

describe("timm's descriptions", () => {
  it.each(golden.timm)("$cfg are followed", async ({ cfg, pictures }) => {
    const path = join(folder, "config.json");
    writeFileSync(path, JSON.stringify({ architecture: "resnet18", num_classes: 10, pretrained_cfg: cfg }));
    // Pictures were resized by Pillow 12.
    const preparation = {
      ...preprocessingOf((await readConfig(path)).config),
      resample: "pillow12",
    } as const;
    pictures.forEach((want, i) => expectSeen(preparation, i, want));
  });
});

describe("a file with a published name", () => {
  it.each(Object.entries(golden.networks))("gives torchvision's probabilities: %s", async (name, wanted) => {
    const { model: architecture, file } = publishedByName(name.replace(" IMAGENET1K_", "@"));
    const drawn = createModel(architecture, { numClasses: 10, initialise: false });
    const path = join(folder, file.replace(".pth", ".safetensors"));
    await saveWeights(path, drawnState(drawn));
    drawn.dispose();
    const { model, preparation, assumed } = await openModel({ weights: path });
    expect(assumed).toBeUndefined();
    wanted.forEach((want, i) => {
      const { data: pixels, height, width } = prepare(i, preparation(data));
      const got = noGrad(() =>
        tidy(() => softmax(model.forward(tensor(pixels, [1, height, width, 3]))).data()),
      );
      expect(Math.max(...want.map((p, k) => Math.abs(p - got[k]!)))).toBeLessThan(1e-4);
    });
    model.dispose();
  });
});
