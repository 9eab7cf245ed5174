// The weight gradient of a depthwise convolution: dw[p, q, c] = Σ_{n,i,j} x[n, i·s + p·d − pad, j·s + q·d − pad, c] ·
// dy[n, i, j, c]. The sums lie in scratch as [channels/4][taps][4] and go to dw after a block of rows. Reads whole vectors,
// up to three floats past the end of x, dy and dw.
//
// Where registers suffice, the nine sums of 3 × 3 taps stay in them along a run of outputs (depthwise/weight-runs.ts).
// Else four outputs of a row at a time, whose windows share pixels: for each vector of channels their dy stay in registers
// while the rows of taps pass over them, and each row of taps gets its part of the sums.

import { goInFours } from "./fours";
import { addFour } from "./weight-rows";
import { runs1, runs2 } from "./weight-runs";
import { Window } from "../shapes";
import { at, madd, storeLanes } from "../simd";
import { endTap, firstTap, touchPixels } from "../window";

/** Outputs to a block, about: few enough that the rounding errors of long sums do not grow. */
const BLOCK: i32 = 128;

/** Channels to a unit. */
const UNIT: i32 = 8;

/** Sums held at once, about: so few that they stay in the L1 cache (9 KiB). */
const CHUNK_SUMS: i32 = 2304;

/** Outputs to a run: few enough that the pixels which vectors of channels share a cache line of stay in the L1 cache. */
const RUN: i32 = 16;

/** Floats after the sums, for those of rows of taps outside the image. */
const UNUSED: i32 = 12;

/** For each of `parts` of the images, units of channels. */
export function depthwiseBackwardWeightUnits(window: usize, parts: i32): i32 {
  return parts * channelUnits(window);
}

function channelUnits(window: usize): i32 {
  return (changetype<Window>(window).channels + UNIT - 1) / UNIT;
}

/** Bytes. */
export function depthwiseBackwardWeightScratch(window: usize): usize {
  const s = changetype<Window>(window);
  const taps = s.kernelHeight * s.kernelWidth;
  return at(0, max(UNIT * taps, CHUNK_SUMS) + UNUSED);
}

/**
 * dw[part]: what each of `parts` of the images gives, to be added. Unit: eight channels of a part; neighbouring ones go
 * together. ahead: whether to touch rows of x and dy first; runs: whether registers suffice for runs.
 */
export function depthwiseBackwardWeight(
  window: usize,
  x: usize,
  dy: usize,
  dw: usize,
  parts: i32,
  ahead: i32,
  runs: i32,
  scratch: usize,
  begin: i32,
  end: i32,
): void {
  const s = changetype<Window>(window);
  const taps = s.kernelHeight * s.kernelWidth;
  const units = channelUnits(window);
  const chunk = max(UNIT, (CHUNK_SUMS / taps) & -UNIT);
  const inRuns = runs != 0 && goInRuns(s);
  while (begin < end) {
    const part = begin / units;
    const stop = min(end, (part + 1) * units);
    const last = min(UNIT * (stop - part * units), s.channels);
    const n0 = (part * s.images) / parts;
    const n1 = ((part + 1) * s.images) / parts;
    const to = at(dw, part * taps * s.channels);
    for (let c = UNIT * (begin - part * units); c < last; c += chunk) {
      sumChannels(
        s,
        at(x, c),
        at(dy, c),
        at(to, c),
        taps,
        ahead,
        inRuns,
        scratch,
        n0,
        n1,
        min(chunk, last - c),
      );
    }
    begin = stop;
  }
}

/** `count` channels of what images n0 ≤ n < n1 give; x, dy, dw: the first of them. */
function sumChannels(
  s: Window,
  x: usize,
  dy: usize,
  dw: usize,
  taps: i32,
  ahead: i32,
  inRuns: bool,
  sums: usize,
  n0: i32,
  n1: i32,
  count: i32,
): void {
  const pixel = at(0, s.channels);
  for (let t = 0; t < taps; t++) {
    const to = dw + <usize>t * pixel;
    for (let i = 0; i < count; i += 4) storeLanes(at(to, i), f32x4.splat(0), count - i);
  }
  memory.fill(sums, 0, at(0, ((count + 3) & ~3) * taps));
  const blockRows = max(BLOCK / s.outWidth, 1);
  for (let n = n0; n < n1; n++) {
    for (let i = 0; i < s.outHeight; i++) {
      if (ahead) touchNew(s, x, dy, n, i, count);
      sumRow(s, x, dy, inRuns, sums, n, i, count);
      if ((i + 1) % blockRows == 0 || i + 1 == s.outHeight) addSums(sums, dw, taps, pixel, count);
    }
  }
}

/** Touches row i of dy, and the rows of x that it sees and the one before does not: `count` channels of each pixel. */
function touchNew(s: Window, x: usize, dy: usize, n: i32, i: i32, count: i32): void {
  const pixel = at(0, s.channels);
  touchPixels(dy + <usize>((n * s.outHeight + i) * s.outWidth) * pixel, pixel, count, s.outWidth);
  const h = i * s.strideHeight - s.paddingTop;
  const end = min(h + (s.kernelHeight - 1) * s.dilationHeight + 1, s.height);
  const begin = max(0, i == 0 ? h : end - s.strideHeight);
  touchPixels(x + <usize>((n * s.height + begin) * s.width) * pixel, pixel, count, (end - begin) * s.width);
}

/** Adds the sums of `count` channels to dw and clears them. */
function addSums(sums: usize, dw: usize, taps: i32, pixel: usize, count: i32): void {
  for (let c = 0; c < count; c += 4) {
    let to = at(dw, c);
    for (let t = 0; t < taps; t++) {
      storeLanes(to, f32x4.add(v128.load(to), v128.load(sums)), count - c);
      v128.store(sums, f32x4.splat(0));
      sums += 16;
      to += pixel;
    }
  }
}

/** Adds what row i of image n gives to the sums of `count` channels. */
function sumRow(s: Window, x: usize, dy: usize, inRuns: bool, sums: usize, n: i32, i: i32, count: i32): void {
  const channels = s.channels;
  const taps = s.kernelWidth;
  const stride = s.strideWidth;
  const width = s.width;
  const outWidth = s.outWidth;
  const h = i * s.strideHeight - s.paddingTop;
  const p0 = firstTap(h, s.dilationHeight);
  const rows = endTap(h, s.dilationHeight, s.kernelHeight, s.height) - p0;
  if (rows <= 0) return;
  const pixel = at(0, channels);
  const xRow = pixel * s.width * s.dilationHeight;
  const sumsNext = at(0, 4 * taps * s.kernelHeight);
  x += <usize>((n * s.height + h + p0 * s.dilationHeight) * width) * pixel;
  dy += <usize>((n * s.outHeight + i) * outWidth) * pixel;
  if (inRuns) {
    runRow(s, x, xRow, p0, rows, dy, sums, count);
    return;
  }
  sums += at(0, 4 * taps * p0);
  const shared = goInFours(stride, s.dilationWidth, taps, -s.paddingLeft, width, outWidth);
  for (let j = 0; j < outWidth; j += 4) {
    const from = min(j, outWidth - 4);
    const k = from * stride - s.paddingLeft;
    if (!shared) {
      anyFour(s, x, xRow, rows, dy, sums, sumsNext, j, count);
      continue;
    }
    const done = j - from;
    let columns = 0;
    if (done || k < 0 || k + 3 * stride + taps > width) {
      for (let v = 0; v < 3 * stride + taps; v++) if (<u32>(k + v) < <u32>width) columns |= 1 << v;
    }
    const xFrom = x + <usize>k * pixel;
    addFour(
      stride,
      taps,
      xFrom,
      xRow,
      rows,
      dy + <usize>from * pixel,
      sums,
      sumsNext,
      pixel,
      count,
      columns,
      done,
    );
  }
}

/** Whether rows of outputs go as depthwise/weight-runs.ts has them: at most the first and the last window reach over by a column. */
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
function runRow(
  s: Window,
  x: usize,
  xRow: usize,
  p0: i32,
  rows: i32,
  dy: usize,
  sums: usize,
  count: i32,
): void {
  const pixel = at(0, s.channels);
  const next = at(0, 36);
  const unused = sums + at(0, max(9 * UNIT, CHUNK_SUMS));
  const left = s.paddingLeft == 1;
  const right = overRight(s) == 1;
  const first = p0 == 0;
  const second = p0 <= 1 && p0 + rows > 1;
  const third = p0 + rows > 2;
  // A row outside: any row will do.
  if (left) x -= pixel;
  const x1 = second && first ? x + xRow : x;
  const x2 = third ? x + xRow * (rows - 1) : x;
  const s0 = first ? sums : unused;
  const s1 = second ? at(sums, 12) : unused;
  const s2 = third ? at(sums, 24) : unused;
  const next0 = first ? next : 0;
  const next1 = second ? next : 0;
  const next2 = third ? next : 0;
  const step = pixel * s.strideWidth;
  for (let j = 0; j < s.outWidth; j += RUN) {
    const k = <usize>j * step;
    const size = min(RUN, s.outWidth - j);
    const from = dy + <usize>j * pixel;
    const begins = left && j == 0;
    const ends = right && j + size == s.outWidth;
    const inside = size - (begins ? 1 : 0) - (ends ? 1 : 0);
    if (s.strideWidth == 1) {
      runs1(x + k, x1 + k, x2 + k, from, s0, s1, s2, next0, next1, next2, pixel, count, begins, inside, ends);
    } else {
      runs2(x + k, x1 + k, x2 + k, from, s0, s1, s2, next0, next1, next2, pixel, count, begins, inside, ends);
    }
  }
}

/** Up to four outputs from j on, each tap alone; x, dy: column 0 of the image. */
function anyFour(
  s: Window,
  x: usize,
  xRow: usize,
  rows: i32,
  dy: usize,
  sums: usize,
  sumsNext: usize,
  j: i32,
  count: i32,
): void {
  const pixel = at(0, s.channels);
  const width = s.width;
  const taps = s.kernelWidth;
  const dilation = s.dilationWidth;
  const stride = s.strideWidth;
  const xNext = pixel * stride;
  const outputs = s.outWidth - j;
  const start = j * stride - s.paddingLeft;
  dy += <usize>j * pixel;
  x += <usize>start * pixel;
  for (let c = 0; c < count; c += 4) {
    let from = at(dy, c);
    const d0 = v128.load(from);
    let d1 = d0,
      d2 = d0,
      d3 = d0;
    if (outputs > 1) d1 = v128.load((from += pixel));
    if (outputs > 2) d2 = v128.load((from += pixel));
    if (outputs > 3) d3 = v128.load(from + pixel);
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
    sums += sumsNext;
  }
}
