// Two things that fast-png leaves to its callers: what a file may inflate to, and interlaced samples of less than 8 bits.

import { Unzlib } from "fflate";
import type { PngInfo } from "./png.js";

/** The most bytes that deflate makes of one (RFC 1951: 258 bytes from two bits). */
const MOST_INFLATION = 1032;
/** What may be inflated unseen beyond the picture. */
const SLACK = 2 ** 28;
const SLICE = 2 ** 16;

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

/** Filtered rows of the picture, or of its passes: bytes in a row after the filter's, and their count. */
function rowsOf({ width, height, depth, samples, interlaced }: PngInfo): { bytes: number; rows: number }[] {
  const rowBytes = (w: number): number => Math.ceil((w * depth * samples) / 8);
  if (!interlaced) return [{ bytes: rowBytes(width), rows: height }];
  return PASSES.map(({ x, y, stepX, stepY }) => {
    const w = Math.ceil((width - x) / stepX);
    const rows = w > 0 ? Math.max(0, Math.ceil((height - y) / stepY)) : 0;
    return { bytes: rowBytes(Math.max(0, w)), rows };
  });
}

const inflatedSize = (info: PngInfo): number =>
  rowsOf(info).reduce((sum, { bytes, rows }) => sum + rows * (bytes + 1), 0);

/** Inflates the picture's data slice by slice. @throws Error if it becomes more than `most` bytes */
function inflate(
  bytes: Uint8Array,
  { chunks }: PngInfo,
  most: number,
  take: (part: Uint8Array) => void,
): void {
  let size = 0;
  const stream = new Unzlib((part) => {
    size += part.length;
    if (size > most) throw new Error(`got more than ${most} bytes of pixels, inflated`);
    take(part);
  });
  for (const { type, start, end } of chunks) {
    if (type !== "IDAT") continue;
    for (let at = start + 8; at < end - 4; at += SLICE)
      stream.push(bytes.subarray(at, Math.min(at + SLICE, end - 4)));
  }
  stream.push(new Uint8Array(0), true);
}

/**
 * Refuses data too short for the declared size, whatever it inflates to, and data that inflates to much more.
 * @throws Error saying what was got
 */
export function boundInflation(bytes: Uint8Array, info: PngInfo): void {
  const packed = info.chunks.reduce(
    (sum, { type, start, end }) => sum + (type === "IDAT" ? end - start - 12 : 0),
    0,
  );
  const expected = inflatedSize(info);
  if (packed * MOST_INFLATION < expected) {
    throw new Error(`got ${packed} bytes of data; expected more for ${info.width}×${info.height}`);
  }
  if (packed * MOST_INFLATION > expected + SLACK) inflate(bytes, info, 2 * expected + SLICE, () => {});
}

/** The samples of an interlaced picture of 1, 2 or 4 bits, one byte each. @throws Error if the data is damaged */
export function inflatePasses(bytes: Uint8Array, info: PngInfo): Uint8Array {
  const { width, depth } = info;
  const expected = inflatedSize(info);
  const data = new Uint8Array(expected);
  let filled = 0;
  inflate(bytes, info, expected, (part) => {
    data.set(part, filled);
    filled += part.length;
  });
  if (filled < expected) throw new Error(`got ${filled} bytes of pixels, inflated; expected ${expected}`);
  const out = new Uint8Array(width * info.height);
  const mask = (1 << depth) - 1;
  let at = 0;
  rowsOf(info).forEach(({ bytes: rowBytes, rows }, p) => {
    const { x, y, stepX, stepY } = PASSES[p]!;
    let above: Uint8Array = new Uint8Array(rowBytes);
    for (let row = 0; row < rows; row++, at += rowBytes + 1) {
      const line = data.subarray(at + 1, at + 1 + rowBytes);
      unfilter(data[at]!, line, above);
      above = line;
      const to = (y + row * stepY) * width;
      for (let i = 0, column = x; column < width; i++, column += stepX) {
        const bit = i * depth;
        out[to + column] = (line[bit >> 3]! >> (8 - depth - (bit & 7))) & mask;
      }
    }
  });
  return out;
}

/** Undoes a row's filter in place (PNG §9.2), for pixels of one byte or less. */
function unfilter(filter: number, line: Uint8Array, above: Uint8Array): void {
  if (filter > 4) throw new Error(`got filter ${filter}; expected 0…4`);
  for (let i = 0; i < line.length; i++) {
    const a = i > 0 ? line[i - 1]! : 0;
    const b = above[i]!;
    const c = i > 0 ? above[i - 1]! : 0;
    const guess =
      filter === 1 ? a : filter === 2 ? b : filter === 3 ? (a + b) >> 1 : filter === 4 ? paeth(a, b, c) : 0;
    line[i] = line[i]! + guess;
  }
}

function paeth(a: number, b: number, c: number): number {
  const [pa, pb, pc] = [Math.abs(b - c), Math.abs(a - c), Math.abs(a + b - 2 * c)];
  return pa <= pb && pa <= pc ? a : pb <= pc ? b : c;
}
