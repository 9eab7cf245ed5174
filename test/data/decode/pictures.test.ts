// Every kind of PNG and JPEG against what Pillow makes of it (test/golden/pictures.py).

import { readFileSync } from "node:fs";
import { inflateSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import { withChannels } from "../../../src/data/decode/color.js";
import { orient } from "../../../src/data/decode/exif.js";
import { decodeImage, imageInfo } from "../../../src/data/decode/index.js";
import { readJpeg } from "../../../src/data/decode/jpeg-header.js";
import { decodeByJpegJs } from "../../../src/data/decode/jpeg-js.js";

interface Case {
  name: string;
  mode: string;
  width: number;
  height: number;
  file: string;
  /** Which of the golden file's pixels. */
  pixels: number;
}

const golden = JSON.parse(readFileSync(new URL("../../golden/pictures.json", import.meta.url), "utf8")) as {
  cases: Case[];
  pixels: string[];
};

function load(c: Case): { bytes: Uint8Array; rgb: Uint8Array; grey: Uint8Array } {
  const pixels = inflateSync(Buffer.from(golden.pixels[c.pixels]!, "base64"));
  const rgb = 3 * c.width * c.height;
  return { bytes: Buffer.from(c.file, "base64"), rgb: pixels.subarray(0, rgb), grey: pixels.subarray(rgb) };
}

function differences(a: Uint8Array, b: Uint8Array): { most: number; mean: number } {
  const each = Array.from(a, (v, i) => Math.abs(v - b[i]!));
  return { most: Math.max(...each), mean: each.reduce((x, y) => x + y, 0) / each.length };
}

describe("PNG, BMP and PNM", () => {
  it.each(golden.cases.filter(({ name }) => !name.startsWith("jpeg")))(
    "$name is Pillow's, to the bit",
    (c) => {
      const { bytes, rgb, grey } = load(c);
      const image = decodeImage(bytes, { file: c.name });
      expect([image.width, image.height, image.channels]).toEqual([c.width, c.height, 3]);
      expect(differences(image.data, rgb).most).toBe(0);
      expect(Buffer.compare(decodeImage(bytes, { file: c.name, channels: 1 }).data, grey)).toBe(0);
    },
  );
});

describe("JPEG", () => {
  it.each(golden.cases.filter(({ name }) => name.startsWith("jpeg")))(
    "$name is Pillow's, to the bit, and by jpeg-js but for rounding",
    (c) => {
      const { bytes, rgb, grey } = load(c);
      const image = decodeImage(bytes, { file: c.name });
      expect([image.width, image.height, image.channels]).toEqual([c.width, c.height, 3]);
      expect(Buffer.compare(image.data, rgb)).toBe(0);
      expect(Buffer.compare(decodeImage(bytes, { file: c.name, channels: 1 }).data, grey)).toBe(0);
      const info = readJpeg(bytes, c.name);
      const second = withChannels(orient(decodeByJpegJs(info, c.name), info.orientation), 3);
      const { most, mean } = differences(second.data, rgb);
      const halved = /(cmyk|ycck)-42/.test(c.name); // of components that are had by halves
      expect(most).toBeLessThanOrEqual(halved ? 6 : 3);
      expect(mean).toBeLessThan(halved ? 1 : 0.5);
    },
  );

  it("is turned unless EXIF is to be ignored", () => {
    const c = golden.cases.find(({ name }) => name === "jpeg-exif-6")!;
    const { bytes } = load(c);
    expect(imageInfo(bytes, c.name)).toMatchObject({ orientation: 6, width: c.height, height: c.width });
    const stored = decodeImage(bytes, { file: c.name, exif: "ignore" });
    expect([stored.width, stored.height]).toEqual([c.height, c.width]);
  });
});

describe("imageInfo", () => {
  it.each(golden.cases)("knows the mode of $name", (c) => {
    const info = imageInfo(load(c).bytes, c.name);
    // Pillow has no 16-bit LA.
    expect(info.mode).toBe(c.name.startsWith("png-type4-16") ? "LA" : c.mode);
    expect(info.format).toBe(c.name.split("-")[0]);
  });
});
