// Squares of 2 × 2 outputs of a depthwise convolution with 3 × 3 taps next to each other and stride 1 or 2, or of the
// data gradient of one with stride 1. A square's outputs share the loads of the weights and of the pixels that their
// windows have in common, and no tap needs a test of its own: rows outside the image are left out as a whole, and of the
// columns only the first and the last can lie outside. Each sum is in the order of depthwise/rows.ts. The channel loop is
// innermost, so that x, w and y are read and written as streams.

import { oblongs1 } from "./oblongs";
import { edgeSquare1, edgeSquare2, squares1, squares2 } from "./square-sums";
import { at } from "../simd";
import { firstTap } from "../window";

/** Channels done at once: few enough that their weights, and the pixels that two squares share, stay in the L1 cache. */
const CHUNK: i32 = 256;

/** How many outputs of a row go in squares: those from firstSquare on. */
export function squareOutputs(stride: i32, padding: i32, width: i32, outWidth: i32): i32 {
  const room = width + padding - stride - 2;
  const last = room < 0 ? -1 : min(outWidth - 2, room / stride);
  const first = firstSquare(stride, padding);
  return last < first ? 0 : last + 2 - first;
}

/** The first output of a row whose square has all columns but the first and the last inside the image. */
export function firstSquare(stride: i32, padding: i32): i32 {
  return firstTap(1 - padding, stride);
}

/**
 * Rows i and i + 1 of the outputs of one image: outputs begin ≤ j < begin + count.
 * x, y: the image; its size is height × width before padding. w: the tap that the first pixel of a window meets, and wStep
 * bytes from tap to tap.
 */
export function squareRows(
  stride: i32,
  paddingTop: i32,
  paddingLeft: i32,
  height: i32,
  width: i32,
  x: usize,
  w: usize,
  wStep: usize,
  bias: usize,
  y: usize,
  outWidth: i32,
  i: i32,
  begin: i32,
  count: i32,
  channels: i32,
  oblong: i32,
): void {
  const pixel = at(0, channels);
  const xRow = pixel * width;
  y += <usize>(i * outWidth) * pixel;
  const yRow = pixel * outWidth;
  const h = i * stride - paddingTop;
  let rows = 0;
  for (let r = 0; r < stride + 3; r++) {
    if (<u32>(h + r) < <u32>height) rows |= 1 << r;
  }
  x += <usize>(h * width) * pixel;
  const end = begin + count - 2;
  for (let c = 0; c < channels; c += CHUNK) {
    // The last chunk repeats channels of the one before rather than have less than a vector.
    const c0 = min(c, channels - 4);
    const chunkBias = bias ? at(bias, c0) : 0;
    rowOfSquares(
      stride,
      paddingLeft,
      width,
      at(x, c0),
      xRow,
      rows,
      at(w, c0),
      wStep,
      chunkBias,
      at(y, c0),
      yRow,
      pixel,
      min(CHUNK, channels - c0),
      begin,
      end,
      oblong,
    );
  }
}

/** Some channels of a row of squares, the first at output `begin`, the last at `end`. */
function rowOfSquares(
  stride: i32,
  paddingLeft: i32,
  width: i32,
  x: usize,
  xRow: usize,
  rows: i32,
  w: usize,
  wStep: usize,
  bias: usize,
  y: usize,
  yRow: usize,
  pixel: usize,
  channels: i32,
  begin: i32,
  end: i32,
  oblong: i32,
): void {
  const lastColumn = stride + 2;
  for (let j = begin; ; j = min(j + 2, end)) {
    const k = j * stride - paddingLeft;
    const first = k >= 0;
    const last = k + lastColumn < width;
    const from = x + <usize>k * pixel;
    const to = y + <usize>j * pixel;
    if (first && last) {
      // All squares from here on that lie inside.
      const more = min(end - j, (width - 1 - lastColumn - k) / stride) >> 1;
      if (oblong && stride == 1 && more > 0) {
        const pairs = (more + 1) >> 1;
        oblongs1(from, xRow, rows, w, wStep, bias, to, yRow, pixel, channels, pairs);
        j += 4 * pairs - 2;
        if (j >= end) return;
        continue;
      }
      if (stride == 1) squares1(from, xRow, rows, w, wStep, bias, to, yRow, pixel, channels, more + 1);
      else squares2(from, xRow, rows, w, wStep, bias, to, yRow, pixel, channels, more + 1);
      j += 2 * more;
    } else if (stride == 1) {
      edgeSquare1(from, xRow, rows, w, wStep, bias, to, yRow, pixel, channels, first, last);
    } else {
      edgeSquare2(from, xRow, rows, w, wStep, bias, to, yRow, pixel, channels, first, last);
    }
    if (j >= end) return;
  }
}
