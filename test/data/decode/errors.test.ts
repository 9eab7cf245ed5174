import { afterEach, describe, expect, it, vi } from "vitest";
import { imageBitmapDecoder } from "../../../src/data/decode/bitmap.js";
import {
  decodeActive,
  decodeImage,
  decoderName,
  imageInfo,
  setDecoder,
} from "../../../src/data/decode/index.js";
import type { RawImage } from "../../../src/data/image.js";
import { DataError } from "../../../src/errors.js";
import { jpg, png } from "../../helpers/pictures.js";

const text = (s: string): Uint8Array => Uint8Array.from(s, (c) => c.charCodeAt(0));
const goodPng = png(4, 3, [1, 2, 3]);
const goodJpg = jpg(16, 8);

/** The file with other bytes from `at` on. */
function patched(bytes: Uint8Array, at: number, ...values: number[]): Uint8Array {
  const out = bytes.slice();
  out.set(values, at);
  return out;
}

const sof = goodJpg.findIndex((b, i) => b === 0xff && goodJpg[i + 1] === 0xc0);

describe("decodeImage refuses", () => {
  it.each([
    ["an empty file", new Uint8Array(0), "f: empty file; got 0 bytes; expected a picture"],
    [
      "a text",
      text("hello, world"),
      "f: not a picture; got a file that starts with 68 65 6c 6c 6f 2c 20 77; expected a picture",
    ],
    [
      "a GIF",
      text("GIF89a\x01\0\x01\0"),
      'f: cannot decode this format; got GIF; expected PNG, JPEG, BMP, PNM; --decoder sharp, or useDecoder("sharp"), reads it (npm install sharp)',
    ],
    [
      "a WebP",
      text("RIFF\x24\0\0\0WEBPVP8 "),
      'f: cannot decode this format; got WebP; expected PNG, JPEG, BMP, PNM; --decoder sharp, or useDecoder("sharp"), reads it (npm install sharp); so does --decoder jsquash (npm install @jsquash/webp)',
    ],
    [
      "half a BMP's header",
      text(`BM${"\0".repeat(12)}\x28${"\0".repeat(19)}`),
      "f: truncated BMP; got 34 bytes of the header",
    ],
    ["a PNM without a size", text("P6\n12\n"), "f: damaged PNM; expected width, height, maximum"],
    ["a PNM of 16 bits", text("P5 1 1 65535 \0\0"), "f: PNM of samples to 65535; expected 1…255"],
    ["half a PNM", text("P6 2 2 255 abc"), "f: truncated PNM; got 3 samples; expected 12"],
    [
      "a camera's raw file",
      text("II*\0\x10\0\0\0CR\x02\0"),
      "got camera raw; expected PNG, JPEG, BMP, PNM; nothing here reads it",
    ],
    [
      "a TIFF",
      text("II*\0\x08\0\0\0"),
      "f: cannot decode this format; got TIFF; expected PNG, JPEG, BMP, PNM; --decoder sharp",
    ],
    [
      "a HEIC",
      text("\0\0\0\x18ftypheic"),
      'f: cannot decode this format; got HEIC; expected PNG, JPEG, BMP, PNM; --decoder jsquash, or useDecoder("jsquash"), reads it (npm install heic-decode)',
    ],
    [
      "an AVIF",
      text("\0\0\0\x18ftypmif1\0\0\0\0mif1avif"),
      "f: cannot decode this format; got AVIF; expected PNG, JPEG, BMP, PNM; --decoder sharp",
    ],
    [
      "a PNG bomb",
      patched(goodPng, 16, 0, 0, 0xc3, 0x50, 0, 0, 0xc3, 0x50),
      "f: picture of a wrong size; got 50000×50000; expected 1…89478485 pixels (maxPixels)",
    ],
    [
      "a PNG without pixels",
      patched(goodPng, 16, 0, 0, 0, 0),
      "f: picture of a wrong size; got 0×3; expected 1…89478485 pixels (maxPixels)",
    ],
    ["half a PNG", goodPng.subarray(0, 50), 'f: truncated PNG; got 5 bytes of chunk "IDAT"; expected'],
    ["a PNG's signature", goodPng.subarray(0, 8), "f: truncated PNG; got 8 bytes; expected an IEND chunk"],
    ["a PNG of 3 bits", patched(goodPng, 24, 3), "f: damaged PNG; got colour type 2 of 3 bits"],
    [
      "a PNG with another interlacing",
      patched(goodPng, 28, 2),
      "f: damaged PNG; got compression 0, filter 0, interlace 2; expected 0, 0, 0 or 1",
    ],
    ["a PNG with another byte", patched(goodPng, 45, 9), "f: damaged PNG; got a wrong checksum in IDAT"],
    ["half a JPEG", goodJpg.subarray(0, goodJpg.length >> 1), "f: truncated JPEG; got"],
    ["a JPEG's first bytes", goodJpg.subarray(0, 3), "f: truncated JPEG; got 3 bytes; expected a scan"],
    ["a JPEG without an end", goodJpg.subarray(0, -2), "expected an end marker"],
    [
      "a lossless JPEG",
      patched(goodJpg, sof + 1, 0xc3),
      "f: JPEG of process SOF3; expected baseline or progressive",
    ],
    ["a 12-bit JPEG", patched(goodJpg, sof + 4, 12), "f: JPEG of 12 bits; expected 8"],
    ["a JPEG bomb", patched(goodJpg, sof + 5, 0xff, 0xff, 0xff, 0xff), "f: truncated JPEG; got"],
    [
      "a JPEG without lines",
      patched(goodJpg, sof + 5, 0, 0),
      "f: picture of a wrong size; got 16×0; expected 1…",
    ],
  ])("%s", (_, bytes, message) => {
    expect(() => decodeImage(bytes, { file: "f" })).toThrow(DataError);
    expect(() => decodeImage(bytes, { file: "f" })).toThrow(message);
  });

  it("pictures beyond the caller's limit", () => {
    expect(() => decodeImage(goodPng, { file: "f", maxPixels: 11 })).toThrow(
      new DataError("f: picture of a wrong size; got 4×3; expected 1…11 pixels (maxPixels)"),
    );
  });
});

describe("decodeImage", () => {
  it("goes by the bytes, whatever the name says", () => {
    expect(decodeImage(goodPng, { file: "picture.jpg" })).toMatchObject({ width: 4, height: 3, channels: 3 });
    expect(imageInfo(goodJpg, "picture.png").format).toBe("jpeg");
  });

  it("reads views that do not start their buffer", () => {
    for (const file of [goodPng, goodJpg]) {
      const padded = new Uint8Array(file.length + 5);
      padded.set(file, 5);
      expect(decodeImage(padded.subarray(5), { file: "f" })).toEqual(decodeImage(file, { file: "f" }));
    }
  });
});

describe("setDecoder", () => {
  afterEach(() => setDecoder(undefined));
  const image: RawImage = { data: Uint8Array.of(1, 2, 3, 4, 5, 6), width: 2, height: 1, channels: 3 };

  it("decodes the formats that a decoder knows, others by the built-in ones", async () => {
    setDecoder({ name: "mine 1.0", formats: ["jpeg", "gif"], decode: async () => image });
    expect(decoderName()).toBe("mine 1.0; fovea");
    expect(await decodeActive(goodJpg, { file: "f" })).toEqual(image);
    expect(await decodeActive(text("GIF89a"), { file: "f" })).toEqual(image);
    expect(decodeActive(goodPng, { file: "f" })).toMatchObject({ width: 4, height: 3 });
    expect(decodeImage(goodJpg, { file: "f" }).width).toBe(16);
  });

  it("checks the size before, and names the file after", async () => {
    setDecoder({ name: "mine", formats: ["jpeg"], decode: () => Promise.reject(new Error("no")) });
    const error = new DataError("f: cannot be decoded by mine; no");
    await expect(decodeActive(goodJpg, { file: "f" })).rejects.toThrow(error);
    setDecoder({
      name: "mine",
      formats: ["jpeg"],
      decode: () => {
        throw new Error("no");
      },
    });
    expect(() => decodeActive(goodJpg, { file: "f" })).toThrow(error);
    expect(() => decodeActive(goodJpg, { file: "f", maxPixels: 9 })).toThrow(
      "f: picture of a wrong size; got 16×8",
    );
  });
});

describe("imageBitmapDecoder", () => {
  afterEach(() => {
    vi.unstubAllGlobals();
    setDecoder(undefined);
  });

  it("says where it cannot be", () => {
    expect(() => imageBitmapDecoder()).toThrow(
      new DataError("imageBitmapDecoder: no createImageBitmap or OffscreenCanvas; expected a browser"),
    );
  });

  it("asks for pixels as stored, drops alpha, closes the bitmap", async () => {
    const asked: unknown[] = [];
    let closed = 0;
    vi.stubGlobal("createImageBitmap", async (_: Blob, options: unknown) => {
      asked.push(options);
      return { width: 2, height: 1, close: () => closed++ };
    });
    class Canvas {
      getContext(): object {
        const data = Uint8ClampedArray.of(1, 2, 3, 255, 4, 5, 6, 0);
        return { drawImage: () => {}, getImageData: () => ({ data }) };
      }
    }
    vi.stubGlobal("OffscreenCanvas", Canvas);
    setDecoder(imageBitmapDecoder());
    const image = await decodeActive(goodJpg, { file: "f" });
    expect(image).toEqual({ data: Uint8Array.of(1, 2, 3, 4, 5, 6), width: 2, height: 1, channels: 3 });
    expect(asked).toEqual([
      { imageOrientation: "none", premultiplyAlpha: "none", colorSpaceConversion: "none" },
    ]);
    await expect(decodeActive(text("GIF89a"), { file: "f", maxPixels: 1 })).rejects.toThrow(
      new DataError("f: cannot be decoded by createImageBitmap; got 2×1; expected 1 pixels at most"),
    );
    expect(closed).toBe(2);
  });
});
