// PNG: size and truncation are known from the chunks before anything is inflated. Files that Pillow refuses are refused: wrong
// checksums show that a file is damaged, wherever they occur. Other chunks (texts, colour profiles) cannot spoil the
// picture.
// Portable Network Graphics, W3C Recommendation, third edition, https://www.w3.org/TR/png-3/

import { DataError, reason, show } from "../../errors.js";
import type { RawImage } from "../image.js";
import { orientationOf } from "./exif.js";
import { keepText, metadataOf, type Texts } from "./png-text.js";
import type { ImageInfo } from "./info.js";
import { samplesOf } from "./png-pixels.js";

const SIGNATURE_LENGTH = 8;
/** Length, type and CRC around a chunk's data. */
const CHUNK_FRAME = 12;
/** Fewest bytes of other chunks; with fewer, Pillow considers a file truncated. */
const LEAST: ReadonlyMap<string, number> = new Map([
  ["gAMA", 4],
  ["pHYs", 9],
  ["sRGB", 1],
  ["cHRM", 32],
]);
const MOST_COLOURS = 256;

const GREY = 0;
const RGB = 2;
const INDEXED = 3;
const GREY_ALPHA = 4;
const RGB_ALPHA = 6;
/** Colour type → samples of a pixel, bit depths. */
const TYPES: Record<number, { samples: number; depths: readonly number[] }> = {
  [GREY]: { samples: 1, depths: [1, 2, 4, 8, 16] },
  [RGB]: { samples: 3, depths: [8, 16] },
  [INDEXED]: { samples: 1, depths: [1, 2, 4, 8] },
  [GREY_ALPHA]: { samples: 2, depths: [8, 16] },
  [RGB_ALPHA]: { samples: 4, depths: [8, 16] },
};

export interface PngInfo extends ImageInfo {
  readonly format: "png";
  readonly colorType: number;
  readonly depth: number;
  readonly samples: number;
  readonly interlaced: boolean;
  /** Positions of the chunks in the file. */
  readonly chunks: readonly { type: string; start: number; end: number }[];
}

function modeOf(colorType: number, depth: number): string {
  if (colorType === GREY) return depth === 1 ? "1" : depth === 16 ? "I;16" : "L";
  return colorType === RGB ? "RGB" : colorType === INDEXED ? "P" : colorType === GREY_ALPHA ? "LA" : "RGBA";
}

/** Reads the header and walks the chunks. @throws DataError naming the file if they are incomplete */
export function readPng(bytes: Uint8Array, file: string): PngInfo {
  const fail = (what: string): never => {
    throw new DataError(`${file}: ${what}`);
  };
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const chunks: { type: string; start: number; end: number }[] = [];
  let exif: Uint8Array | undefined;
  const texts: Texts = new Map();
  for (let at = SIGNATURE_LENGTH; ;) {
    if (at + CHUNK_FRAME > bytes.length)
      fail(`truncated PNG; got ${bytes.length} bytes; expected an IEND chunk`);
    const length = view.getUint32(at);
    const type = String.fromCharCode(...bytes.subarray(at + 4, at + 8));
    const end = at + CHUNK_FRAME + length;
    if (end > bytes.length) {
      const left = bytes.length - at - CHUNK_FRAME;
      fail(`truncated PNG; got ${Math.max(0, left)} bytes of chunk ${show(type)}; expected ${length}`);
    }
    if (chunks.length === 0 && (type !== "IHDR" || length !== 13))
      fail("damaged PNG; expected an IHDR chunk first");
    if (chunks.length > 0 && type === "IHDR") fail("damaged PNG; got two IHDR chunks; expected one");
    if (!/^\w{4}$/.test(type)) fail(`damaged PNG; got chunk ${show(type)}; expected four letters`);
    if (length < (LEAST.get(type) ?? 0)) {
      fail(`truncated PNG; got ${length} bytes of chunk ${type}; expected ${LEAST.get(type)}`);
    }
    if (type === "IDAT" && chunks.at(-1)!.type !== type && chunks.some((chunk) => chunk.type === type)) {
      fail("damaged PNG; got a chunk between the pixels'; expected IDAT chunks one after the other");
    }
    chunks.push({ type, start: at, end });
    const data = bytes.subarray(at + 8, end - 4);
    if (type === "eXIf") exif = data;
    keepText(type, data, texts);
    if (type === "IEND") break;
    at = end;
  }
  const [depth, colorType, compression, filter, interlace] = bytes.subarray(24, 29) as unknown as [
    number,
    number,
    number,
    number,
    number,
  ];
  const kind = TYPES[colorType];
  if (!kind?.depths.includes(depth)) fail(`damaged PNG; got colour type ${colorType} of ${depth} bits`);
  if (compression || filter || interlace > 1) {
    fail(
      `damaged PNG; got compression ${compression}, filter ${filter}, interlace ${interlace}; expected 0, 0, 0 or 1`,
    );
  }
  return {
    format: "png",
    width: view.getUint32(16),
    height: view.getUint32(20),
    mode: modeOf(colorType, depth),
    orientation: orientationOf(metadataOf(exif, texts)),
    colorType,
    depth,
    samples: kind!.samples,
    interlaced: interlace === 1,
    chunks,
  };
}

/** The picture in 1 channel if it is grey, otherwise 3. @throws DataError naming the file if it is damaged */
export function decodePng(bytes: Uint8Array, info: PngInfo, file: string): RawImage {
  try {
    checkCrcs(bytes, info);
    const { width, height } = info;
    const data = toBytes(samplesOf(bytes, info), bytes, info);
    return { data, width, height, channels: info.colorType & 2 ? 3 : 1 };
  } catch (error) {
    throw new DataError(`${file}: damaged PNG; ${reason(error)}`);
  }
}

const CRC_TABLE = Uint32Array.from({ length: 256 }, (_, byte) => {
  for (let bit = 0; bit < 8; bit++) byte = byte & 1 ? 0xedb88320 ^ (byte >>> 1) : byte >>> 1;
  return byte;
});

/**
 * CRC-32 of type and data (PNG annex D). @throws Error if a chunk's is wrong; Pillow ignores those between the pixels and the
 * end
 */
function checkCrcs(bytes: Uint8Array, { chunks }: PngInfo): void {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const last = chunks.findLastIndex(({ type }) => type === "IDAT");
  for (const [i, { type, start, end }] of chunks.entries()) {
    if (last >= 0 && i > last && type !== "IEND") continue;
    let crc = 0xffffffff;
    for (let i = start + 4; i < end - 4; i++) crc = CRC_TABLE[(crc ^ bytes[i]!) & 255]! ^ (crc >>> 8);
    if ((crc ^ 0xffffffff) >>> 0 !== view.getUint32(end - 4))
      throw new Error(`got a wrong checksum in ${type}`);
  }
}

/** Colours, three bytes each: the last palette before the pixels. @throws Error if there is none, or of a wrong length */
function paletteOf(bytes: Uint8Array, { chunks }: PngInfo): Uint8Array {
  const first = chunks.findIndex(({ type }) => type === "IDAT");
  const chunk = chunks.findLast(({ type }, i) => type === "PLTE" && i < first);
  const length = chunk ? chunk.end - chunk.start - CHUNK_FRAME : 0;
  if (!chunk || length % 3) throw new Error(`got a palette of ${length} bytes; expected a multiple of 3`);
  if (length > 3 * MOST_COLOURS)
    throw new Error(`got ${length / 3} colours; expected at most ${MOST_COLOURS}`);
  return bytes.subarray(chunk.start + 8, chunk.end - 4);
}

/** 8-bit grey or RGB as Pillow's convert("RGB") makes them. */
function toBytes(values: Uint8Array | Uint16Array, bytes: Uint8Array, info: PngInfo): Uint8Array {
  const { colorType, depth, samples } = info;
  const pixels = info.width * info.height;
  if (colorType === INDEXED) {
    const palette = paletteOf(bytes, info);
    const out = new Uint8Array(3 * pixels);
    for (let i = 0, at = 0; i < pixels; i++, at += 3) {
      const from = 3 * values[i]!;
      for (let c = 0; c < 3; c++) out[at + c] = palette[from + c] ?? 0; // black where the palette ends
    }
    return out;
  }
  if (colorType === GREY) {
    if (depth === 8) return values as Uint8Array;
    // Pillow clips 16-bit grey (its modes I and I;16 have no known range) and scales lower depths.
    const grey = new Uint8Array(pixels);
    const scale = depth === 16 ? 1 : 255 / ((1 << depth) - 1);
    for (let i = 0; i < pixels; i++) grey[i] = Math.min(values[i]! * scale, 255);
    return grey;
  }
  const shift = depth === 16 ? 8 : 0;
  const channels = colorType === GREY_ALPHA ? 1 : 3;
  if (!shift && samples === channels) return values as Uint8Array;
  const out = new Uint8Array(pixels * channels);
  for (let i = 0, at = 0, from = 0; i < pixels; i++, from += samples) {
    for (let c = 0; c < channels; c++) out[at++] = values[from + c]! >> shift;
  }
  return out;
}
