// The pixels of a PNG: inflated no further than the header declares, unfiltered, one element per sample.
// Portable Network Graphics, W3C Recommendation, third edition, https://www.w3.org/TR/png-3/

import { Unzlib } from "../../vendor/fflate.js";
import { joined } from "./bytes.js";
import type { PngInfo } from "./png.js";

/** Largest expansion of a byte by deflate (RFC 1951: 258 bytes from two bits). */
const MOST_INFLATION = 1032;
/** Most compressed bytes inflated at a time; fewer for a small picture, since its limit can be exceeded within a piece. */
const SLICE = 2 ** 16;
const LEAST_SLICE = 64;
/** A row with at least this many samples is copied at once. */
const LONG = 32;

/** Adam7 (PNG §8.1): where each pass starts and how far its pixels are apart. */
const PASSES = [
  { x: 0, y: 0, stepX: 8, stepY: 8 },
  { x: 4, y: 0, stepX: 8, stepY: 8 },
  { x: 0, y: 4, stepX: 4, stepY: 8 },
  { x: 2, y: 0, stepX: 4, stepY: 4 },
  { x: 0, y: 2, stepX: 2, stepY: 4 },
  { x: 1, y: 0, stepX: 2, stepY: 2 },
  { x: 0, y: 1, stepX: 1, stepY: 2 },
];
const WHOLE = [{ x: 0, y: 0, stepX: 1, stepY: 1 }];

/** Pixels stored together in the file: the picture, or a pass over it. */
interface Pass {
  x: number;
  y: number;
  stepX: number;
  stepY: number;
  columns: number;
  rows: number;
  /** Bytes of a row without the filter byte. */
  rowBytes: number;
}

function passesOf({ width, height, depth, samples, interlaced }: PngInfo): Pass[] {
  return (interlaced ? PASSES : WHOLE).map((pass) => {
    const columns = Math.max(0, Math.ceil((width - pass.x) / pass.stepX));
    const rows = columns > 0 ? Math.max(0, Math.ceil((height - pass.y) / pass.stepY)) : 0;
    return { ...pass, columns, rows, rowBytes: Math.ceil((columns * depth * samples) / 8) };
  });
}

/** The data of all IDAT chunks, one after the other. */
function packedData(bytes: Uint8Array, { chunks }: PngInfo): Uint8Array {
  const data = chunks.filter(({ type }) => type === "IDAT");
  return joined(data.map(({ start, end }) => bytes.subarray(start + 8, end - 4)));
}

/** Adler-32 (RFC 1950) of earlier bytes and these. */
function adler32(bytes: Uint8Array, before: number): number {
  let a = before & 0xffff;
  let b = before >>> 16;
  for (let at = 0; at < bytes.length;) {
    const end = Math.min(at + 3800, bytes.length); // the sums stay below 2³¹
    for (; at < end; at++) b += a += bytes[at]!;
    a %= 65521;
    b %= 65521;
  }
  return ((b << 16) | a) >>> 0;
}

/** Whether the checksum ends the data, or occurs in it with other bytes after it. */
function holds(packed: Uint8Array, sum: number): boolean {
  const [w, x, y, z] = [sum >>> 24, (sum >>> 16) & 255, (sum >>> 8) & 255, sum & 255];
  for (let at = packed.length - 4; at >= 2; at--) {
    if (packed[at] === w && packed[at + 1] === x && packed[at + 2] === y && packed[at + 3] === z) return true;
  }
  return false;
}

/**
 * The filtered rows after `before` zeros. Takes memory and work in proportion to the declared size, whatever the data would inflate to.
 * @throws Error if it inflates to fewer bytes, or to more than twice as many
 */
function inflate(packed: Uint8Array, before: number, expected: number, picture: string): Uint8Array {
  // Before anything of the declared size is allocated.
  if (packed.length * MOST_INFLATION < expected) {
    throw new Error(`got ${packed.length} bytes of data; expected more for ${picture}`);
  }
  const out = new Uint8Array(before + expected);
  let filled = 0;
  let ended = false;
  let size = 0;
  let sum = 1;
  const stream = new Unzlib((part, last) => {
    size += part.length;
    sum = adler32(part, sum);
    // Some writers add a few extra bytes, which Pillow ignores.
    if (size > 2 * expected + SLICE) {
      throw new Error(
        `got more than ${2 * expected + SLICE} bytes of pixels, inflated; expected ${expected} for ${picture}`,
      );
    }
    const room = part.subarray(0, expected - filled);
    out.set(room, before + filled);
    filled += room.length;
    ended = last;
  });
  const slice = Math.min(SLICE, Math.max(LEAST_SLICE, Math.ceil((4 * expected) / MOST_INFLATION)));
  for (let at = 0; at < packed.length && !ended; at += slice) {
    stream.push(packed.subarray(at, at + slice), at + slice >= packed.length);
  }
  if (filled < expected)
    throw new Error(`got ${filled} bytes of pixels, inflated; expected ${expected} for ${picture}`);
  // Pillow stops when it has all pixels: it only sees the checksum if nothing else follows them.
  if (size === expected && !holds(packed, sum))
    throw new Error("got a wrong checksum of the inflated pixels");
  return out;
}

/**
 * Undoes the filter of the row of n bytes at `at`, in place (PNG §9.2). The row above is at `above`; a sample and its left neighbour
 * are `bpp` bytes apart.
 */
function unfilter(data: Uint8Array, filter: number, at: number, above: number, n: number, bpp: number): void {
  const end = at + n;
  const begin = Math.min(at + bpp, end);
  const up = above - at;
  switch (filter) {
    case 0:
      return;
    case 1:
      for (let i = begin; i < end; i++) data[i] = data[i]! + data[i - bpp]!;
      return;
    case 2:
      for (let i = at; i < end; i++) data[i] = data[i]! + data[i + up]!;
      return;
    case 3:
      for (let i = at; i < begin; i++) data[i] = data[i]! + (data[i + up]! >> 1);
      for (let i = begin; i < end; i++) data[i] = data[i]! + ((data[i - bpp]! + data[i + up]!) >> 1);
      return;
    case 4:
      for (let i = at; i < begin; i++) data[i] = data[i]! + data[i + up]!;
      for (let i = begin; i < end; i++) {
        data[i] = data[i]! + paeth(data[i - bpp]!, data[i + up]!, data[i + up - bpp]!);
      }
      return;
    default:
      throw new Error(`got filter ${filter}; expected 0…4`);
  }
}

function paeth(a: number, b: number, c: number): number {
  const [pa, pb, pc] = [Math.abs(b - c), Math.abs(a - c), Math.abs(a + b - 2 * c)];
  return pa <= pb && pa <= pc ? a : pb <= pc ? b : c;
}

/**
 * Every sample of the picture as an element, including alpha: row after row, pixel after pixel.
 * @throws Error if the data is damaged, or is not of the declared size
 */
export function samplesOf(bytes: Uint8Array, info: PngInfo): Uint8Array | Uint16Array {
  const { width, height, depth, samples } = info;
  const passes = passesOf(info);
  const expected = passes.reduce((sum, { rows, rowBytes }) => sum + rows * (rowBytes + 1), 0);
  const most = Math.max(...passes.map(({ rowBytes }) => rowBytes));
  // A row of zeros before the others, for the first row of a pass.
  const data = inflate(packedData(bytes, info), most, expected, `${width}×${height}`);
  const bpp = Math.max(1, (depth * samples) >> 3);
  const out = new (depth === 16 ? Uint16Array : Uint8Array)(width * height * samples);
  let at = most;
  for (const pass of passes) {
    let above = 0;
    for (let row = 0; row < pass.rows; row++) {
      const line = at + 1;
      unfilter(data, data[at]!, line, above, pass.rowBytes, bpp);
      spread(data, line, pass, row, out, info);
      above = line;
      at = line + pass.rowBytes;
    }
  }
  return out;
}

/** Puts the samples of a pass's row in their places. */
function spread(
  data: Uint8Array,
  line: number,
  { x, y, stepX, stepY, columns }: Pass,
  row: number,
  out: Uint8Array | Uint16Array,
  { width, depth, samples }: PngInfo,
): void {
  const mask = (1 << depth) - 1;
  const step = (stepX - 1) * samples;
  const n = columns * samples;
  let to = ((y + row * stepY) * width + x) * samples;
  if (depth === 8 && step === 0 && n >= LONG) return out.set(data.subarray(line, line + n), to);
  for (let i = 0, left = samples; i < n; i++) {
    if (depth === 8) out[to++] = data[line + i]!;
    else if (depth === 16) out[to++] = (data[line + 2 * i]! << 8) | data[line + 2 * i + 1]!;
    else out[to++] = (data[line + ((i * depth) >> 3)]! >> (8 - depth - ((i * depth) & 7))) & mask;
    if (--left === 0) {
      to += step;
      left = samples;
    }
  }
}
