// A transform that begins by cutting out a part gets the same batches from datasets that decode only that part.

import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it, vi } from "vitest";
import { readFileSync } from "node:fs";
import {
  Compose,
  DataLoader,
  decodePart,
  RandomHorizontalFlip,
  RandomResizedCrop,
  Subset,
  ToTensor,
  type Dataset,
  type Transform,
} from "../../src/data/index.js";
import { ImageFolder } from "../../src/node/datasets/index.js";

const golden = JSON.parse(readFileSync(new URL("../golden/pictures.json", import.meta.url), "utf8")) as {
  cases: { name: string; file: string }[];
};
let folder: string;
let dataset: Dataset;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "fovea-"));
  await mkdir(join(folder, "a"));
  // Grey, CMYK, turned by EXIF, PNG: whatever way each is decoded.
  const cases = golden.cases.filter(({ name }) => /^(jpeg|png)/.test(name));
  await Promise.all(
    cases.map(({ name, file }) =>
      writeFile(
        join(folder, "a", `${name}.${name.slice(0, 4).replace("-", "")}`),
        Buffer.from(file, "base64"),
      ),
    ),
  );
  dataset = new ImageFolder(folder);
});
afterAll(() => rm(folder, { recursive: true }));

const size = 9;
const cut = (): Transform => new RandomResizedCrop(size);
const rest = (): Transform[] => [new RandomHorizontalFlip(), new ToTensor()];

async function floats(of: Dataset, transform: Transform | readonly Transform[]): Promise<Float32Array[]> {
  const loader = new DataLoader(of, { batchSize: 16, transform, seed: 5 });
  const found: Float32Array[] = [];
  for await (const { images } of loader.epoch(0)) found.push(images.data());
  return found;
}

it.each([
  ["a list of transforms", () => [cut(), ...rest()], (d: Dataset) => d],
  ["Compose", () => new Compose([cut(), ...rest()]), (d: Dataset) => d],
  [
    "a part of the dataset",
    () => [cut(), ...rest()],
    (d: Dataset) =>
      new Subset(
        d,
        Uint32Array.from({ length: d.length }, (_, i) => i),
        "all",
      ),
  ],
])("with %s", async (_, transform, of) => {
  const plain: Dataset = {
    ...dataset,
    name: "plain",
    length: dataset.length,
    image: (i) => dataset.image(i),
  };
  const expected = await floats(plain, [cut(), ...rest()]);
  const parts = vi.spyOn(dataset as ImageFolder, "imagePart");
  expect(await floats(of(dataset), transform())).toEqual(expected);
  expect(parts).toHaveBeenCalledTimes(dataset.length);
  parts.mockRestore();
});

it("reports what is wrong with a picture as image() does", () => {
  const bytes = Buffer.from(golden.cases.find(({ name }) => name.startsWith("jpeg"))!.file, "base64");
  const all = { top: 0, left: 0, height: 1, width: 1 };
  expect(() => decodePart(bytes, { file: "f", maxPixels: 3 }, () => all)).toThrow(
    "f: picture of a wrong size",
  );
  expect(() => decodePart(bytes.subarray(0, 200), { file: "f" }, () => all)).toThrow("f: truncated JPEG");
});
