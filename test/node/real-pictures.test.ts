// ImageNet pictures against Pillow (test/golden/imagenet-sample.py), where they are at hand: FOVEA_DATA, else
// ../shared/data beside the repository's folder.

import { existsSync, readFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { loadDataset } from "../../src/node/datasets/index.js";
import { unpack } from "../../src/node/unpack.js";

const data = process.env.FOVEA_DATA ?? fileURLToPath(new URL("../../../shared/data", import.meta.url));
const archive = join(data, "imagenet-sample.tar");
const here = existsSync(archive);
if (!here) console.warn(`skipped: no ${archive}; set FOVEA_DATA`);

const { pictures } = JSON.parse(
  readFileSync(new URL("../golden/imagenet-sample.json", import.meta.url), "utf8"),
) as { pictures: Record<string, [width: number, height: number, ...mean: number[]]> };

describe.skipIf(!here)("201 pictures of ImageNet", () => {
  it("are unpacked, labelled, and decoded as Pillow does", async () => {
    const folder = await mkdtemp(join(tmpdir(), "fovea-"));
    try {
      await unpack(archive, folder);
      const root = join(folder, "imagenet-sample");
      const { train, val } = await loadDataset("imagenet", { root, exif: "ignore" });
      expect(train).toBe(val);
      expect(train.length).toBe(201);
      expect(train.classes[train.labels[0]!]).toBe("tench");
      const names = Object.keys(pictures);
      for (let i = 0; i < train.length; i++) {
        const [width, height, ...mean] = pictures[names[i]!]!;
        const image = await train.image(i);
        expect([image.width, image.height]).toEqual([width, height]);
        const sums = [0, 0, 0];
        image.data.forEach((v, p) => (sums[p % 3]! += v));
        sums.forEach((sum, c) => expect(Math.abs(sum / (width * height) - mean[c]!)).toBeLessThan(0.2));
      }
    } finally {
      await rm(folder, { recursive: true });
    }
  });
});
