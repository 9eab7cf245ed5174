// How a picture was held, wherever a file says so, as Pillow reads it (test/golden/orientations.py).

import { readFileSync } from "node:fs";
import { deflateSync, crc32 } from "node:zlib";
import { afterEach, describe, expect, it } from "vitest";
import { decodeActive, imageInfo, setDecoder } from "../../../src/data/decode/index.js";
import { jpg, png } from "../../helpers/pictures.js";

const golden = JSON.parse(
  readFileSync(new URL("../../golden/orientations.json", import.meta.url), "utf8"),
) as {
  jpeg: { name: string; orientation: number; segments: [marker: number, data: string][] }[];
  png: { name: string; orientation: number; before: [string, string][]; after: [string, string][] }[];
};
const bytesOf = (base64: string): Uint8Array => Buffer.from(base64, "base64");
const text = (s: string): Uint8Array => Uint8Array.from(s, (c) => c.charCodeAt(0));
const join = (...parts: Uint8Array[]): Uint8Array => Uint8Array.from(Buffer.concat(parts));

function chunk(type: string, data: Uint8Array): Uint8Array {
  const out = Buffer.alloc(12 + data.length);
  out.writeUInt32BE(data.length);
  out.write(type, 4, "latin1");
  out.set(data, 8);
  out.writeUInt32BE(crc32(out.subarray(4, -4)), 8 + data.length);
  return out;
}

/** A PNG with these chunks before and after its pixels. */
function withChunks(before: Uint8Array[], after: Uint8Array[] = []): Uint8Array {
  const bytes = png(4, 2, [1, 2, 3]);
  const at = (type: string): number => Buffer.from(bytes).indexOf(type) - 4;
  return join(bytes.subarray(0, at("IDAT")), ...before, bytes.subarray(at("IDAT"), at("IEND")), ...after, bytes.subarray(at("IEND"))); // prettier-ignore
}

describe("orientation", () => {
  it.each(golden.jpeg)("of a JPEG with $name is Pillow's: $orientation", ({ orientation, segments }) => {
    const bytes = jpg(16, 8);
    const parts = segments.map(([marker, data]) => {
      const { length } = bytesOf(data);
      return join(Uint8Array.of(0xff, marker, (length + 2) >> 8, (length + 2) & 255), bytesOf(data));
    });
    expect(imageInfo(join(bytes.subarray(0, 2), ...parts, bytes.subarray(2)), "f").orientation).toBe(
      orientation,
    );
  });

  it.each(golden.png)("of a PNG with $name is Pillow's: $orientation", ({ orientation, before, after }) => {
    const chunks = (of: [string, string][]): Uint8Array[] =>
      of.map(([type, data]) => chunk(type, bytesOf(data)));
    expect(imageInfo(withChunks(chunks(before), chunks(after)), "f").orientation).toBe(orientation);
  });

  it("costs no more than a text's limit, however many there are and whatever they unpack to", () => {
    const bomb = chunk("zTXt", join(text("Raw profile type exif\0\0"), deflateSync(new Uint8Array(2 ** 24))));
    const begin = performance.now();
    expect(imageInfo(withChunks(Array.from({ length: 400 }, () => bomb)), "f").orientation).toBe(1);
    expect(performance.now() - begin).toBeLessThan(2000);
  });
});

describe("a flood of EXIF segments", () => {
  it("costs no more than its bytes", () => {
    const segment = new Uint8Array(65535);
    segment.set([0xff, 0xe1, 0xff, 0xfd, ...text("Exif\0\0")]);
    const bytes = jpg(16, 8);
    const flood = join(
      bytes.subarray(0, 2),
      ...Array.from({ length: 200 }, () => segment),
      bytes.subarray(2),
    );
    const begin = performance.now();
    expect(imageInfo(flood, "f").orientation).toBe(1);
    expect(performance.now() - begin).toBeLessThan(2000);
  });
});

describe("pictures that another decoder reads", () => {
  afterEach(() => setDecoder(undefined));
  const image = { data: Uint8Array.from({ length: 24 }, (_, i) => i), width: 4, height: 2, channels: 3 };
  const tiff = text("II*\0\x08\0\0\0\x01\0\x12\x01\x03\0\x01\0\0\0\x06\0\0\0\0\0\0\0");
  const riff = (type: string, data: Uint8Array): Uint8Array =>
    join(text(type), Uint8Array.of(data.length, 0, 0, 0), data, new Uint8Array(data.length & 1));
  const webp = join(
    text("RIFF\0\0\0\0WEBP"),
    riff("VP8X", new Uint8Array(9)),
    riff("EXIF", join(text("Exif\0\0"), tiff)),
  );

  it.each([
    ["TIFF", tiff],
    ["WebP", webp],
  ])("are turned as their EXIF says: %s", async (_, bytes) => {
    setDecoder({ name: "mine", formats: ["tiff", "webp"], decode: () => image });
    expect(await decodeActive(bytes, { file: "f" })).toMatchObject({ width: 2, height: 4 });
    expect(await decodeActive(bytes, { file: "f", exif: "ignore" })).toEqual(image);
  });
});
