// imagenetEval on photographs against torchvision. The pictures are not part of the project:
//   python3 test/golden/generate_transforms.py --pictures FOLDER_OF_JPEG_FILES $FOVEA_DATA/imagenet-eval
// decodes them with Pillow, so that both sides start from the same pixels.

import { existsSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { expect, it } from "vitest";
import { Random } from "../../src/core/random.js";
import { imagenetEval } from "../../src/data/presets.js";
import { crcOf } from "../helpers/picture.js";

const data = process.env["FOVEA_DATA"] ?? fileURLToPath(new URL("../../../shared/data", import.meta.url));
const folder = `${data}/imagenet-eval`;
const found = existsSync(`${folder}/index.json`);

interface Entry {
  file: string;
  height: number;
  width: number;
  crc: number;
}

it.skipIf(!found)(`imagenetEval gives torchvision's floats on photographs (in ${folder})`, () => {
  const index = JSON.parse(readFileSync(`${folder}/index.json`, "utf8")) as Entry[];
  expect(index.length).toBeGreaterThan(0);
  const transform = imagenetEval();
  const wrong = index.filter(({ file, height, width, crc }) => {
    const pixels = new Uint8Array(readFileSync(`${folder}/${file}`));
    return crcOf(transform.apply({ data: pixels, height, width, channels: 3 }, new Random(0))) !== crc;
  });
  expect(wrong.map(({ file }) => file)).toEqual([]);
});
