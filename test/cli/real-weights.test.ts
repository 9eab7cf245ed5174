// Weights that were really trained, on pictures of ImageNet, where both are at hand: FOVEA_DATA, else ../shared/data beside the
// repository's folder.

import { existsSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, it } from "vitest";
import { unpack } from "../../src/node/unpack.js";
import { fovea } from "./run.js";

const data = process.env.FOVEA_DATA ?? fileURLToPath(new URL("../../../shared/data", import.meta.url));
const archive = join(data, "imagenet-sample.tar");
const weights = join(data, "real-weights/efficientnet-lite0-57934424.pth");
const here = existsSync(archive) && existsSync(weights);
if (!here) console.warn(`skipped: no ${archive} or no ${weights}; set FOVEA_DATA`);

it.skipIf(!here)(
  "EfficientNet-Lite0 from TensorFlow is right as often as in timm: 181 of 201, 198 among the first five",
  async () => {
    const folder = await mkdtemp(join(tmpdir(), "fovea-"));
    try {
      await unpack(archive, folder);
      const pictures = join(folder, "imagenet-sample/val");
      const model = ["--model", "tf_efficientnet_lite0", "--weights", weights];
      const { stdout } = fovea("eval", pictures, ...model, "--json");
      const { top1, top5, images } = JSON.parse(stdout) as Record<string, number>;
      expect({ images, top1: top1! * 201, top5: top5! * 201 }).toEqual({
        images: 201,
        top1: expect.closeTo(181, 6),
        top5: expect.closeTo(198, 6),
      });
    } finally {
      await rm(folder, { recursive: true });
    }
  },
  300_000,
);
