// BMP, as Windows and OS/2 write it: 1 to 32 bits a pixel, with a palette, bit masks or run lengths; pixels as Pillow makes
// them. https://learn.microsoft.com/en-us/windows/win32/gdi/bitmap-storage

import { DataError } from "../../errors.js";
import type { RawImage } from "../image.js";
import type { ImageInfo } from "./info.js";

const FILE_HEADER = 14;
const CORE_HEADER = 12;
const HEADERS = [CORE_HEADER, 40, 52, 56, 64, 108, 124];
const RLE8 = 1;
const RLE4 = 2;
const BITFIELDS = 3;
/** Default positions of red, green and blue in a pixel. */
const MASKS: Record<number, readonly number[]> = {
  16: [0x7c00, 0x3e0, 0x1f],
  24: [0xff0000, 0xff00, 0xff],
  32: [0xff0000, 0xff00, 0xff],
};

export interface BmpInfo extends ImageInfo {
  readonly format: "bmp";
  readonly bits: number;
  readonly compression: number;
  readonly topDown: boolean;
  readonly masks: readonly number[];
  /** Colours as blue, green, red, and a fourth byte unless the header is OS/2's. */
  readonly palette: { readonly at: number; readonly colors: number; readonly step: 3 | 4 } | undefined;
  /** Start of the pixels. */
  readonly start: number;
}

/** Reads the header. @throws DataError naming the file if it is damaged or of an unknown kind */
export function readBmp(bytes: Uint8Array, file: string): BmpInfo {
  const fail = (what: string): never => {
    throw new DataError(`${file}: ${what}`);
  };
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const header = view.getUint32(FILE_HEADER, true);
  if (!HEADERS.includes(header)) fail(`damaged BMP; got a header of ${header} bytes`);
  if (bytes.length < FILE_HEADER + header) fail(`truncated BMP; got ${bytes.length} bytes of the header`);
  const core = header === CORE_HEADER;
  const bits = view.getUint16(core ? 24 : 28, true);
  const compression = core ? 0 : view.getUint32(30, true);
  const stored = core ? view.getUint16(20, true) : view.getInt32(22, true);
  const width = core ? view.getUint16(18, true) : view.getUint32(18, true);
  if (![1, 2, 4, 8, 16, 24, 32].includes(bits) || compression > BITFIELDS) {
    fail(`BMP of ${bits} bits and compression ${compression}; expected 1 to 32 bits and compression 0…3`);
  }
  if (compression === RLE8 ? bits !== 8 : compression === RLE4 ? bits !== 4 : false) {
    fail(`damaged BMP; got run lengths of ${bits} bits`);
  }
  const masked = compression === BITFIELDS;
  const end = FILE_HEADER + header + (masked && header === 40 ? 12 : 0);
  const colors = (core ? 0 : view.getUint32(46, true)) || 2 ** bits;
  const palette = bits <= 8 ? ({ at: end, colors, step: core ? 3 : 4 } as const) : undefined;
  if (palette && palette.at + colors * palette.step > bytes.length) fail("truncated BMP; expected a palette");
  if (masked && (bits <= 8 || end > bytes.length || end < FILE_HEADER + 52))
    fail("damaged BMP; expected masks");
  const stated = masked ? [54, 58, 62].map((at) => view.getUint32(at, true)) : [0, 0, 0];
  const masks = stated.some((mask) => mask !== 0) ? stated : (MASKS[bits] ?? []);
  if (masks.some((mask) => mask === 0 || !/^1+0*$/.test(mask.toString(2))))
    fail("damaged BMP; got odd masks");
  // Masks of zeros stand for blue, green, red, alpha; headers from 56 bytes on have a mask of alpha.
  const alpha =
    masked && bits === 32 && (masks !== stated || (header >= 56 && view.getUint32(66, true) !== 0));
  return {
    format: "bmp",
    width,
    height: Math.abs(stored),
    mode: palette ? (isGrey(bytes, palette) ? (colors <= 2 ? "1" : "L") : "P") : alpha ? "RGBA" : "RGB",
    orientation: 1,
    bits,
    compression,
    topDown: stored < 0,
    masks,
    palette,
    start: pixelsStart(view.getUint32(10, true), end, palette),
  };
}

/** Start of the pixels: some writers forget the palette before them. */
function pixelsStart(told: number, headerEnd: number, palette: BmpInfo["palette"]): number {
  const least = headerEnd + (palette ? palette.colors * palette.step : 0);
  return told === 0 || (palette && told === headerEnd) ? least : told;
}

function isGrey(bytes: Uint8Array, { at, colors, step }: NonNullable<BmpInfo["palette"]>): boolean {
  for (let i = 0, from = at; i < colors; i++, from += step) {
    if (bytes[from] !== bytes[from + 1] || bytes[from] !== bytes[from + 2]) return false;
  }
  return true;
}

/** The picture in 1 channel if its palette is grey, otherwise 3. @throws DataError naming the file if it is cut */
export function decodeBmp(bytes: Uint8Array, info: BmpInfo, file: string): RawImage {
  const { width, height, bits, compression, palette, topDown } = info;
  const stride =
    compression === RLE8 || compression === RLE4 ? width : (((width * bits + 31) >>> 5) << 2) >>> 0;
  const packed = stride === width && compression !== 0 && compression !== BITFIELDS;
  const rows = packed ? runLengths(bytes.subarray(info.start), info) : bytes.subarray(info.start);
  // Some writers leave out the bytes that fill up the last row.
  const least = packed ? width * height : stride * (height - 1) + Math.ceil((width * bits) / 8);
  if (rows.length < least) {
    throw new DataError(`${file}: truncated BMP; got ${rows.length} bytes of pixels; expected ${least}`);
  }
  const channels = info.mode === "L" || info.mode === "1" ? 1 : 3;
  const data = new Uint8Array(width * height * channels);
  const depth = packed ? 8 : bits;
  for (let y = 0; y < height; y++) {
    const row = rows.subarray(stride * (topDown ? y : height - 1 - y));
    const out = data.subarray(y * width * channels, (y + 1) * width * channels);
    if (palette) indexed(row, depth, out, bytes, palette, channels);
    else direct(row, bits, out, info.masks);
  }
  return { data, width, height, channels };
}

function indexed(
  row: Uint8Array,
  depth: number,
  out: Uint8Array,
  bytes: Uint8Array,
  { at, colors, step }: NonNullable<BmpInfo["palette"]>,
  channels: number,
): void {
  const mask = 2 ** depth - 1;
  for (let x = 0, bit = 0, to = 0; to < out.length; x++, bit += depth, to += channels) {
    const index = (row[bit >> 3]! >> (8 - depth - (bit & 7))) & mask;
    const from = at + index * step;
    for (let c = 0; c < channels; c++) out[to + c] = index < colors ? bytes[from + 2 - c]! : 0;
  }
}

function direct(row: Uint8Array, bits: number, out: Uint8Array, masks: readonly number[]): void {
  const size = bits >> 3;
  const fields = masks.map((mask) => {
    const shift = 31 - Math.clz32(mask & -mask);
    return { mask, shift, most: mask >>> shift };
  });
  for (let from = 0, to = 0; to < out.length; from += size, to += 3) {
    let pixel = row[from]! | (row[from + 1]! << 8);
    if (size > 2) pixel |= row[from + 2]! << 16;
    if (size > 3) pixel |= row[from + 3]! << 24;
    for (let c = 0; c < 3; c++) {
      const { mask, shift, most } = fields[c]!;
      const value = (pixel & mask) >>> shift;
      out[to + c] = most === 255 ? value : Math.floor((value * 255) / most);
    }
  }
}

/**
 * One byte per pixel, from run lengths as Pillow reads them: runs end with their row, literal pixels go on in the next one, and
 * pixels that are left out are 0. Shorter than the picture if the runs end before it.
 */
function runLengths(bytes: Uint8Array, { width, height, compression }: BmpInfo): Uint8Array {
  const out = new Uint8Array(width * height);
  const four = compression === RLE4;
  let n = 0;
  for (let at = 0, x = 0; n < out.length && at + 1 < bytes.length;) {
    const [count, value] = [bytes[at]!, bytes[at + 1]!];
    at += 2;
    if (count > 0) {
      const end = Math.min(n + Math.max(0, Math.min(count, width - x)), out.length);
      for (let i = 0; n < end; i++, n++, x++) out[n] = !four ? value : i & 1 ? value & 15 : value >> 4;
    } else if (value === 0) {
      n = Math.ceil(n / width) * width;
      x = 0;
    } else if (value === 1) {
      break;
    } else if (value === 2) {
      if (at + 1 >= bytes.length) break;
      n = Math.min(n + bytes[at]! + bytes[at + 1]! * width, out.length);
      x = n % width;
      at += 2;
    } else {
      const size = four ? Math.ceil(value / 2) : value;
      const end = Math.min(n + value, out.length);
      for (let i = 0; n < end; i++, n++) {
        const byte = bytes[at + (four ? i >> 1 : i)];
        if (byte === undefined) return out.subarray(0, n);
        out[n] = !four ? byte : i & 1 ? byte & 15 : byte >> 4;
      }
      x += value;
      at += size + (size & 1);
    }
  }
  return out.subarray(0, n);
}
