// Rows of the input, or of the output's gradient, for a row of tiles.

import { Winograd } from "../shapes";
import { at } from "../simd";
import { columnStart, Grid, rowStart } from "./grid";
import { depthOf, hasPhases } from "./points";

/** The rows of an image that a row of tiles needs, with zeros where the image has none. */
@unmanaged
export class Strip {
  /** The stack of images, and rows and columns of zeros before the first of each. */
  images: usize = 0;
  height: i32 = 0;
  width: i32 = 0;
  channels: i32 = 0;
  top: i32 = 0;
  left: i32 = 0;
  /** The strip's rows, and its columns. */
  base: usize = 0;
  rows: i32 = 0;
  columns: i32 = 0;
  pixelBytes: i32 = 0;
  rowBytes: i32 = 0;
  /** Rows and columns from one pixel of a phase to the next: 2, or 1 where there are no phases. */
  stride: i32 = 0;
}

/** Rows and columns of the input from one output to the next; pixels of all phases are one pixel. */
export function inputStep(s: Winograd): i32 {
  return hasPhases(s.kernel, s.stride) && !s.backward ? 2 : 1;
}

/** Sets the strip of the input, at base. Returns where it ends. */
export function setInput(p: Strip, s: Winograd, g: Grid, base: usize): usize {
  const phases = hasPhases(s.kernel, s.stride);
  p.images = s.x;
  p.height = s.height;
  p.width = s.width;
  p.channels = depthOf(s.kernel, s.channels);
  p.top = s.top;
  p.left = s.left;
  p.stride = inputStep(s);
  p.rows = phases ? 4 * p.stride + 1 : 6;
  p.columns = p.stride * columnStart(g, g.tilesWide) + (phases ? 1 : s.kernel == 7 ? 3 : 2);
  return setSize(p, base);
}

/** The same of the output's gradient. */
export function setGradient(p: Strip, s: Winograd, g: Grid, base: usize): usize {
  p.images = s.y;
  p.height = s.outHeight;
  p.width = s.outWidth;
  p.channels = s.outChannels;
  p.top = 0;
  p.left = 0;
  p.stride = 1;
  p.rows = g.outputs;
  p.columns = columnStart(g, g.tilesWide);
  return setSize(p, base);
}

function setSize(p: Strip, base: usize): usize {
  p.base = base;
  p.pixelBytes = p.channels << 2;
  p.rowBytes = p.columns * p.pixelBytes;
  return base + <usize>(p.rows * p.rowBytes);
}

/** Bytes of both. */
export function inputBytes(s: Winograd): i32 {
  const step = inputStep(s);
  const columns = 4 * step * s.tilesWide + 3;
  return ((4 * step + 2) * columns * depthOf(s.kernel, s.channels)) << 2;
}

export function gradientBytes(s: Winograd): i32 {
  return (16 * s.tilesWide * s.outChannels) << 2;
}

/** Fills the strip of the input for the next `tiles` tiles of the grid. */
export function fillInput(p: Strip, s: Winograd, g: Grid, tiles: i32): void {
  const image = g.row / g.tilesHigh;
  const first = p.stride * rowStart(g, g.row % g.tilesHigh);
  if (s.kernel == 3) fillStrip(p, image, first);
  else fillPhases(p, image, first, columnStart(g, g.column), columnStart(g, g.column + tiles) + 3);
}

/** Zeros the columns of a strip that lie outside the image; they stay zero while rows come and go. */
export function clearStrip(p: Strip): void {
  const right = p.left + min(p.width, p.columns - p.left);
  let row = p.base;
  for (let r = 0; r < p.rows; r++) {
    memory.fill(row, 0, p.left * p.pixelBytes);
    memory.fill(row + <usize>(right * p.pixelBytes), 0, (p.columns - right) * p.pixelBytes);
    row += <usize>p.rowBytes;
  }
}

/** Copies rows from number `first` of an image on, counted with its zeros. */
export function fillStrip(p: Strip, image: i32, first: i32): void {
  const bytes = min(p.width, p.columns - p.left) * p.pixelBytes;
  const x = at(p.images, image * p.height * p.width * p.channels);
  let to = p.base + <usize>(p.left * p.pixelBytes);
  for (let h = first - p.top; h < first - p.top + p.rows; h++) {
    if (h < 0 || h >= p.height) memory.fill(to, 0, bytes);
    else memory.copy(to, at(x, h * p.width * p.channels), bytes);
    to += <usize>p.rowBytes;
  }
}

/**
 * Fills columns j0 ≤ j < j1 of a strip whose pixels are of all phases: pixel (i, j) is x's pixels (2i, 2j), (2i, 2j + 1),
 * (2i + 1, 2j), (2i + 1, 2j + 1), counted with its zeros.
 */
function fillPhases(p: Strip, image: i32, first: i32, j0: i32, j1: i32): void {
  const channels = p.channels >> 2;
  const half = at(0, 2 * channels);
  const x = at(p.images, image * p.height * p.width * channels);
  // Pairs of pixels that lie inside: 0 ≤ 2j − left and 2j + 1 − left < width.
  const inside0 = min(j1, max(j0, (p.left + 1) >> 1));
  const inside1 = max(inside0, min(j1, (p.width + p.left) >> 1));
  for (let r = 0; r < 2 * p.rows; r++) {
    const h = 2 * first + r - p.top;
    let to = p.base + <usize>((r >> 1) * p.rowBytes + j0 * p.pixelBytes) + <usize>(r & 1) * half;
    const missing = h < 0 || h >= p.height;
    const row = at(x, h * p.width * channels);
    let j = j0;
    for (; j < j1; j++, to += 2 * half) {
      if (!missing && j == inside0) {
        let from = at(row, (2 * j - p.left) * channels);
        for (; j < inside1; j++, to += 2 * half) {
          for (let c = 0; c < channels; c++)
            store<u64>(to + <usize>(c << 3), load<u64>(from + <usize>(c << 3)));
          from += half;
        }
        if (j == j1) break;
      }
      for (let q = 0; q < 2; q++) {
        const w = 2 * j + q - p.left;
        const zero = missing || w < 0 || w >= p.width;
        for (let c = 0; c < channels; c++) {
          store<f32>(at(to, q * channels + c), zero ? 0 : load<f32>(at(row, w * channels + c)));
        }
      }
    }
  }
}
