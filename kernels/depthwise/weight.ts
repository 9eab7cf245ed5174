// The weight gradient of a depthwise convolution: dw[p, q, c] = Σ_{n,i,j} x[n, i·s + p·d − pad, j·s + q·d − pad, c] ·
// dy[n, i, j, c]. The sums lie in scratch as [channels/4][taps][4] and go to dw after a block of rows. Reads whole vectors,
// up to three floats past the end of x, dy and dw.
//
// Where registers suffice, the nine sums of 3 × 3 taps stay in them along a run of outputs. Otherwise four outputs of a row at a
// time, whose windows share pixels: for each vector of channels their dy stay in registers while the rows of taps pass over
// them, and each row of taps gets its part of the sums.

import { weightFour } from "./generated/weight-fours";
import { weightRun1, weightRun2 } from "./generated/weight-run";
import { sharePixels } from "./rows";
import { tapRow, WeightSums } from "./sliding";
import { Depthwise, Window } from "../shapes";
import { at, madd, storeLanes } from "../simd";
import { endTap, firstTap, touchPixels } from "../window";

/** Approximate outputs per block: few enough that the rounding errors of long sums do not grow. */
const BLOCK: i32 = 128;

/** Channels per unit. */
const UNIT: i32 = 8;

/** Approximate number of sums held at once: few enough to stay in the L1 cache (9 KiB). */
const CHUNK_SUMS: i32 = 2304;

/** Outputs to a run: few enough that the pixels which vectors of channels share a cache line of stay in the L1 cache. */
const RUN: i32 = 16;

/** Floats before the sums, and after them, for those of rows of taps outside the image. */
const STRUCT: i32 = 32;
const UNUSED: i32 = 12;

/** For each of `parts` of the images, units of channels. */
export function depthwiseBackwardWeightUnits(window: usize, parts: i32): i32 {
  return parts * channelUnits(changetype<Window>(window));
}

function channelUnits(s: Window): i32 {
  return (s.channels + UNIT - 1) / UNIT;
}

/** Bytes. */
export function depthwiseBackwardWeightScratch(window: usize): usize {
  const s = changetype<Window>(window);
  const taps = s.kernelHeight * s.kernelWidth;
  return at(0, STRUCT + max(UNIT * taps, CHUNK_SUMS) + UNUSED);
}

/**
 * w[part] of the shape: the gradient of each of `parts` of the images, to be added up; y is dy. Unit: eight channels of a part;
 * neighbouring ones go together.
 */
export function depthwiseBackwardWeight(shape: usize, scratch: usize, begin: i32, end: i32): void {
  const d = changetype<Depthwise>(shape);
  const s = changetype<Window>(d.window);
  const taps = s.kernelHeight * s.kernelWidth;
  const units = channelUnits(s);
  const chunk = max(UNIT, (CHUNK_SUMS / taps) & -UNIT);
  const r = changetype<WeightSums>(scratch);
  r.pixel = at(0, s.channels);
  r.sums = at(scratch, STRUCT);
  r.sumsNext = at(0, 4 * taps);
  r.xRow = r.pixel * s.width * s.dilationHeight;
  r.stride = s.strideWidth;
  r.taps = s.kernelWidth;
  r.ahead = d.ahead;
  r.runs = i32(d.wide != 0 && goInRuns(s));
  while (begin < end) {
    const part = begin / units;
    const stop = min(end, (part + 1) * units);
    const last = min(UNIT * (stop - part * units), s.channels);
    const n0 = (part * s.images) / d.parts;
    const n1 = ((part + 1) * s.images) / d.parts;
    const to = at(d.w, part * taps * s.channels);
    for (let c = UNIT * (begin - part * units); c < last; c += chunk) {
      r.x = at(d.x, c);
      r.dy = at(d.y, c);
      r.dw = at(to, c);
      r.count = min(chunk, last - c);
      sumChannels(s, r, taps, n0, n1);
    }
    begin = stop;
  }
}

/** The gradient of images n0 ≤ n < n1. */
function sumChannels(s: Window, r: WeightSums, taps: i32, n0: i32, n1: i32): void {
  const count = r.count;
  for (let t = 0; t < taps; t++) {
    const to = r.dw + <usize>t * r.pixel;
    for (let i = 0; i < count; i += 4) storeLanes(at(to, i), f32x4.splat(0), count - i);
  }
  memory.fill(r.sums, 0, at(0, ((count + 3) & ~3) * taps));
  const blockRows = max(BLOCK / s.outWidth, 1);
  for (let n = n0; n < n1; n++) {
    for (let i = 0; i < s.outHeight; i++) {
      if (r.ahead) touchNew(s, r, n, i);
      sumRow(s, r, n, i);
      if ((i + 1) % blockRows == 0 || i + 1 == s.outHeight) addSums(r, taps);
    }
  }
}

/** Touches row i of dy, and the rows of x that it sees but the previous one does not. */
function touchNew(s: Window, r: WeightSums, n: i32, i: i32): void {
  const pixel = r.pixel;
  touchPixels(r.dy + <usize>((n * s.outHeight + i) * s.outWidth) * pixel, pixel, r.count, s.outWidth);
  const h = i * s.strideHeight - s.paddingTop;
  const end = min(h + (s.kernelHeight - 1) * s.dilationHeight + 1, s.height);
  const begin = max(0, i == 0 ? h : end - s.strideHeight);
  const from = r.x + <usize>((n * s.height + begin) * s.width) * pixel;
  touchPixels(from, pixel, r.count, (end - begin) * s.width);
}

/** Adds the sums to dw and clears them. */
function addSums(r: WeightSums, taps: i32): void {
  const count = r.count;
  const pixel = r.pixel;
  let sums = r.sums;
  for (let c = 0; c < count; c += 4) {
    let to = at(r.dw, c);
    for (let t = 0; t < taps; t++) {
      storeLanes(to, f32x4.add(v128.load(to), v128.load(sums)), count - c);
      v128.store(sums, f32x4.splat(0));
      sums += 16;
      to += pixel;
    }
  }
}

/** Adds the gradient of row i of image n to the sums. */
function sumRow(s: Window, r: WeightSums, n: i32, i: i32): void {
  const taps = s.kernelWidth;
  const stride = s.strideWidth;
  const width = s.width;
  const outWidth = s.outWidth;
  const h = i * s.strideHeight - s.paddingTop;
  const p0 = firstTap(h, s.dilationHeight);
  const rows = endTap(h, s.dilationHeight, s.kernelHeight, s.height) - p0;
  if (rows <= 0) return;
  const pixel = r.pixel;
  const x = r.x + <usize>((n * s.height + h + p0 * s.dilationHeight) * width) * pixel;
  const dy = r.dy + <usize>((n * s.outHeight + i) * outWidth) * pixel;
  r.rows = rows;
  if (r.runs) {
    runRow(s, r, x, p0, dy);
    return;
  }
  r.rowSums = at(r.sums, 4 * taps * p0);
  const shared = sharePixels(stride, s.dilationWidth, taps, -s.paddingLeft, width, outWidth);
  for (let j = 0; j < outWidth; j += 4) {
    const from = min(j, outWidth - 4);
    const k = from * stride - s.paddingLeft;
    if (!shared) {
      anyFour(s, r, x, dy, j);
      continue;
    }
    const done = j - from;
    let columns = 0;
    if (done || k < 0 || k + 3 * stride + taps > width) {
      for (let v = 0; v < 3 * stride + taps; v++) if (<u32>(k + v) < <u32>width) columns |= 1 << v;
    }
    weightFour(r, x + <usize>k * pixel, dy + <usize>from * pixel, columns, done);
  }
}

/** Whether rows of outputs go in runs: at most the first and the last window reach over by a column. */
function goInRuns(s: Window): bool {
  if (s.kernelHeight != 3 || s.kernelWidth != 3 || s.dilationWidth != 1 || s.strideWidth > 2) return false;
  const over = overRight(s);
  return s.paddingLeft <= 1 && over <= 1 && s.outWidth >= s.paddingLeft + max(over, 0);
}

/** Columns by which the last window reaches over the right edge. */
function overRight(s: Window): i32 {
  return (s.outWidth - 1) * s.strideWidth - s.paddingLeft + 3 - s.width;
}

/** sumRow() in runs. x, dy: column 0 of the first row inside the image, tap row p0's, and of the outputs. */
function runRow(s: Window, r: WeightSums, x: usize, p0: i32, dy: usize): void {
  const pixel = r.pixel;
  const unused = at(r.sums, max(9 * UNIT, CHUNK_SUMS));
  const left = s.paddingLeft == 1;
  const right = overRight(s) == 1;
  if (left) x -= pixel;
  for (let p = 0; p < 3; p++) {
    const row = tapRow(r, p);
    const inside = p >= p0 && p < p0 + r.rows;
    row.x = inside ? x + r.xRow * (p - p0) : x; // for a row outside, any address will do
    row.sums = inside ? at(r.sums, 12 * p) : unused;
    row.next = inside ? r.sumsNext : 0;
  }
  for (let j = 0; j < s.outWidth; j += RUN) {
    const k = <usize>(j * s.strideWidth) * pixel;
    const size = min(RUN, s.outWidth - j);
    const from = dy + <usize>j * pixel;
    const begins = left && j == 0;
    const ends = right && j + size == s.outWidth;
    const inside = size - (begins ? 1 : 0) - (ends ? 1 : 0);
    if (s.strideWidth == 1) weightRun1(r, k, from, begins, inside, ends);
    else weightRun2(r, k, from, begins, inside, ends);
  }
}

/** Up to four outputs from j on, each tap alone; x, dy: column 0 of the image. */
function anyFour(s: Window, r: WeightSums, x: usize, dy: usize, j: i32): void {
  const pixel = r.pixel;
  const count = r.count;
  const rows = r.rows;
  const xRow = r.xRow;
  const width = s.width;
  const taps = s.kernelWidth;
  const dilation = s.dilationWidth;
  const stride = s.strideWidth;
  const xNext = pixel * stride;
  const outputs = s.outWidth - j;
  const start = j * stride - s.paddingLeft;
  let sums = r.rowSums;
  dy += <usize>j * pixel;
  x += <usize>start * pixel;
  for (let c = 0; c < count; c += 4) {
    let from = at(dy, c);
    const d0 = v128.load(from);
    const d1 = outputs > 1 ? v128.load((from += pixel)) : d0;
    const d2 = outputs > 2 ? v128.load((from += pixel)) : d0;
    const d3 = outputs > 3 ? v128.load(from + pixel) : d0;
    let to = sums;
    let row = at(x, c);
    for (let p = 0; p < rows; p++) {
      from = row;
      let k = start;
      for (let q = 0; q < taps; q++) {
        let a = v128.load(to);
        let next = from;
        if (<u32>k < <u32>width) a = madd(v128.load(next), d0, a);
        next += xNext;
        if (outputs > 1 && <u32>(k + stride) < <u32>width) a = madd(v128.load(next), d1, a);
        next += xNext;
        if (outputs > 2 && <u32>(k + 2 * stride) < <u32>width) a = madd(v128.load(next), d2, a);
        next += xNext;
        if (outputs > 3 && <u32>(k + 3 * stride) < <u32>width) a = madd(v128.load(next), d3, a);
        v128.store(to, a);
        to += 16;
        from += dilation * pixel;
        k += dilation;
      }
      row += xRow;
    }
    sums += r.sumsNext;
  }
}
