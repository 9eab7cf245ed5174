// Where a picture lies, whatever dataset holds it.

import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll, expect, it } from "vitest";
import { ImageDataset, Subset } from "../../src/data/index.js";
import { ImageFolder, TarDataset } from "../../src/node/datasets/index.js";
import { relabel } from "../../src/node/relabel.js";
import { png, tar } from "../helpers/pictures.js";

const root = mkdtempSync(join(tmpdir(), "fovea-"));
afterAll(() => rmSync(root, { recursive: true }));

it("path() says it for folders, shards, parts and other labels; images in memory have none", () => {
  const red = png(2, 1, [255, 0, 0]);
  const shard = tar([["x/k.png", red], ["x/k.cls", "0"]]); // prettier-ignore
  for (const [path, data] of Object.entries({ "f/a/1.png": red, "f/b/2.png": red, "s.tar": shard })) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), data);
  }
  const folder = new ImageFolder(join(root, "f"));
  expect(folder.path(1)).toBe(join(root, "f/b/2.png"));
  expect(new Subset(folder, [1]).path(0)).toBe(join(root, "f/b/2.png"));
  expect(relabel(folder, 3, ["b", "x", "a"]).path?.(0)).toBe(join(root, "f/a/1.png"));
  expect(TarDataset.open([join(root, "s.tar")]).path(0)).toBe(`${join(root, "s.tar")}: x/k.png`);
  const memory = new ImageDataset({
    images: new Uint8Array(3),
    labels: [0],
    shape: [1, 1, 3],
    classes: ["a"],
  });
  expect(new Subset(memory, [0]).path(0)).toBeUndefined();
});
