// ImageNet pictures against Pillow (test/golden/jpeg.py), where they are at hand: FOVEA_DATA, else
// ../shared/data beside the repository's folder.

import { existsSync, readFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { crc32 } from "node:zlib";
import { describe, expect, it } from "vitest";
import { loadDataset } from "../../src/node/datasets/index.js";
import { unpack } from "../../src/node/unpack.js";

const data = process.env.FOVEA_DATA ?? fileURLToPath(new URL("../../../shared/data", import.meta.url));
const archive = join(data, "imagenet-sample.tar");
const here = existsSync(archive);
if (!here) console.warn(`skipped: no ${archive}; set FOVEA_DATA`);

const { photographs } = JSON.parse(readFileSync(new URL("../golden/jpeg.json", import.meta.url), "utf8")) as {
  photographs: Record<string, number>;
};

describe.skipIf(!here)("201 pictures of ImageNet", () => {
  it("are unpacked, labelled, and have Pillow's pixels", async () => {
    const folder = await mkdtemp(join(tmpdir(), "fovea-"));
    try {
      await unpack(archive, folder);
      const root = join(folder, "imagenet-sample");
      const { train, val } = await loadDataset("imagenet", { root, exif: "ignore" });
      expect(train).toBe(val);
      expect(train.length).toBe(201);
      expect(train.classes[train.labels[0]!]).toBe("tench");
      const found: number[] = [];
      for (let i = 0; i < train.length; i++) found.push(crc32((await train.image(i)).data));
      expect(found).toEqual(Object.values(photographs));
    } finally {
      await rm(folder, { recursive: true });
    }
  });
});
