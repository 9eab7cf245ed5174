// Depthwise convolution: channel c of the output sees only channel c of the input (groups = channels, one filter
// each). NHWC; weights [kernelHeight][kernelWidth][channels]. Four channels to a vector; reads whole vectors, up to
// three floats past the end of each array.
// Howard et al., MobileNets (2017), arXiv 1704.04861.
//
// Forward and the gradient of the data are the same sliding sum: the gradient slides over dy, with the taps backwards and,
// for a stride s, with only those taps that reach a multiple of s. Which taps these are depends on the row and on the
// column modulo s, so the columns go in s phases.
//
// 3 × 3 windows of stride 1 or 2 go in blocks of outputs of two rows (depthwise/blocks.ts, depthwise/gradient-blocks.ts); everything else,
// and the rest at the edges, row by row (depthwise/rows.ts, depthwise/gradient-row.ts).

import { blockRows, chooseBlocks } from "./blocks";
import { gradientRow3, gradientRow5 } from "./generated/gradient-row";
import { gradientBlocks } from "./gradient-blocks";
import { slide } from "./rows";
import { Sliding } from "./sliding";
import { activate, highOf } from "../elementwise/activation";
import { Depthwise, Window } from "../shapes";
import { at } from "../simd";
import { endTap, firstTap, isSquare, touch } from "../window";

/** Writes the common fields of both passes' rows to scratch. */
function sliding(scratch: usize, d: Depthwise, channels: i32): Sliding {
  const r = changetype<Sliding>(scratch);
  r.channels = channels;
  r.bias = d.bias;
  r.high = highOf(d.activation);
  r.cuts = i32(r.high > 0);
  r.wide = d.wide;
  r.doneFrom = 0;
  r.done = 0;
  r.blocks = 0;
  return r;
}

/**
 * y[n, i, j, c] = activation(bias[c] + Σ_{p,q} x[n, i·s + p·d − pad, j·s + q·d − pad, c] · w[p, q, c]). Unit u is a pair of rows
 * of an image: rows 2v and 2v + 1, with u = n·⌈outHeight/2⌉ + v. bias may be 0 (none).
 */
export function depthwise(shape: usize, scratch: usize, begin: i32, end: i32): void {
  const d = changetype<Depthwise>(shape);
  const s = changetype<Window>(d.window);
  const channels = s.channels;
  const row = at(0, s.width * channels);
  const outRow = at(0, s.outWidth * channels);
  const wRow = at(0, s.kernelWidth * channels);
  const pairs = (s.outHeight + 1) >> 1;
  const r = sliding(scratch, d, channels);
  r.xRow = <usize>s.dilationHeight * row;
  r.width = s.width;
  r.height = s.height;
  r.start = -s.paddingLeft;
  r.stride = s.strideWidth;
  r.dilation = s.dilationWidth;
  r.taps = s.kernelWidth;
  r.wRow = wRow;
  r.wStep = at(0, channels);
  r.yStep = at(0, channels);
  r.yRow = outRow;
  r.count = s.outWidth;
  if (blockStride(s)) chooseBlocks(r);
  for (let u = begin; u < end; u++) {
    const n = u / pairs;
    const i0 = (u - n * pairs) << 1;
    const i1 = min(i0 + 2, s.outHeight);
    const from = d.x + <usize>(n * s.height) * row;
    const to = d.y + <usize>(n * s.outHeight) * outRow;
    const top = i0 * s.strideHeight - s.paddingTop;
    if (d.ahead) {
      const bottom = top + (i1 - 1 - i0) * s.strideHeight + (s.kernelHeight - 1) * s.dilationHeight + 1;
      const fresh = u == begin || i0 == 0 ? top : bottom - (i1 - i0) * s.strideHeight;
      const first = max(fresh, 0);
      const rows = min(bottom, s.height) - first;
      if (rows > 0) touch(from + <usize>first * row, <usize>rows * row);
    }
    // A single row is not worth blocks.
    r.doneFrom = r.firstBlock;
    r.done = i1 - i0 == 2 ? r.blocks : 0;
    const first = to + <usize>i0 * outRow;
    if (r.done > 0) blockRows(r, from, top, d.w, first);
    for (let i = r.done == s.outWidth ? i1 : i0; i < i1; i++) {
      const h = i * s.strideHeight - s.paddingTop;
      const p0 = firstTap(h, s.dilationHeight);
      const p1 = endTap(h, s.dilationHeight, s.kernelHeight, s.height);
      r.x = from + <usize>(h + p0 * s.dilationHeight) * row;
      r.rows = max(p1 - p0, 0);
      r.w = d.w + <usize>p0 * wRow;
      r.y = to + <usize>i * outRow;
      slide(r);
    }
    if (d.activation && !r.cuts) {
      activate(d.activation, first, first, (i1 - i0) * s.outWidth * channels);
    }
  }
}

/** The stride if the window is one that goes in blocks, otherwise 0. */
function blockStride(s: Window): i32 {
  if (s.channels < 4 || s.strideWidth > 2 || !isSquare(s, 3, s.strideWidth)) return 0;
  return s.strideWidth;
}

/** dx[n, h, k, c] = Σ over the windows that contain (h, k) of dy · w; x of the shape is dy, y is dx. Units as for y, of rows of dx. */
export function depthwiseBackwardData(shape: usize, scratch: usize, begin: i32, end: i32): void {
  const d = changetype<Depthwise>(shape);
  const s = changetype<Window>(d.window);
  const channels = s.channels;
  const pixel = at(0, channels);
  const dyRow = at(0, s.outWidth * channels);
  const row = at(0, s.width * channels);
  // Taps that reach one row are tapRows apart and reach rows of dy that are rowStep apart; columns alike.
  const tapRows = s.strideHeight / gcd(s.strideHeight, s.dilationHeight);
  const tapColumns = s.strideWidth / gcd(s.strideWidth, s.dilationWidth);
  const rowStep = (tapRows * s.dilationHeight) / s.strideHeight;
  const r = sliding(scratch, d, channels);
  r.xRow = <usize>rowStep * dyRow;
  r.width = s.outWidth;
  r.height = s.outHeight;
  r.stride = 1;
  r.dilation = (tapColumns * s.dilationWidth) / s.strideWidth;
  r.wRow = at(0, -tapRows * s.kernelWidth * channels);
  r.wStep = at(0, -tapColumns * channels);
  r.yStep = <usize>s.strideWidth * pixel;
  r.yRow = row;
  // Columns k0 ≤ k < k0 + 2·pairs go in pairs, with pixels firstPair and on of dy.
  let firstPair = 0;
  let pairs = 0;
  let k0 = 0;
  if (s.strideWidth == 2 && s.dilationWidth == 1 && (s.kernelWidth == 3 || s.kernelWidth == 5)) {
    const offset = s.kernelWidth - 2 - s.paddingLeft;
    firstPair = firstTap(offset, 2);
    k0 = 2 * firstPair + offset;
    pairs = min(s.outWidth - (s.kernelWidth >> 1) - firstPair, (s.width - k0) >> 1);
    if (pairs % 3 == 1) pairs--;
    if (pairs < 3) pairs = 0;
  }
  const strides = blockStride(s);
  const both = strides == 2 && s.paddingTop == 1 && s.paddingLeft == 1 && s.width >= 4;
  if (both) pairs = s.width >> 1;
  if (strides == 1) {
    r.start = s.paddingLeft - 2;
    r.count = s.width;
    chooseBlocks(r);
  }
  const rowPairs = (s.height + 1) >> 1;
  for (let u = begin; u < end; u++) {
    const n = u / rowPairs;
    const h0 = (u - n * rowPairs) << 1;
    const h1 = min(h0 + 2, s.height);
    const dy = d.x + <usize>(n * s.outHeight) * dyRow;
    const dx = d.y + <usize>(n * s.height) * row;
    if (d.ahead) {
      const i0 = max(0, (h0 + s.paddingTop - (s.kernelHeight - 1) * s.dilationHeight) / s.strideHeight);
      const i1 = min(s.outHeight, (h1 - 1 + s.paddingTop) / s.strideHeight + 1);
      // The rows that the previous pair has not seen.
      const first = u == begin || h0 == 0 ? i0 : max(i0, (h0 - 1 + s.paddingTop) / s.strideHeight + 1);
      if (first < i1) touch(dy + <usize>first * dyRow, <usize>(i1 - first) * dyRow);
    }
    const paired = h1 - h0 == 2 ? r.blocks : 0;
    if (paired > 0) {
      blockRows(r, dy, h0 + s.paddingTop - 2, at(d.w, 8 * channels), dx + <usize>h0 * row);
      if (paired == s.width) continue;
    } else if (both) {
      const v = h0 >> 1;
      const dxRow = h1 - h0 == 2 ? row : 0;
      gradientBlocks(r, dy + <usize>v * dyRow, v + 1 < s.outHeight, d.w, dx + <usize>h0 * row, dxRow, pairs);
      if (2 * pairs == s.width) continue;
    }
    for (let h = h0; h < h1; h++) {
      const p = lastTap(h + s.paddingTop, s.kernelHeight, s.strideHeight, s.dilationHeight);
      const i = (h + s.paddingTop - p * s.dilationHeight) / s.strideHeight;
      const p0 = firstTap(i, rowStep);
      const p1 = p < 0 ? p0 : endTap(i, rowStep, p / tapRows + 1, s.outHeight);
      const rows = max(p1 - p0, 0);
      const w = at(d.w, (p - p0 * tapRows) * s.kernelWidth * channels);
      const to = dx + <usize>h * row;
      r.x = dy + <usize>(i + p0 * rowStep) * dyRow;
      if (pairs > 0 && !both) {
        r.rows = rows;
        const from = r.x + <usize>firstPair * pixel;
        const last = at(w, (s.kernelWidth - 1) * channels);
        if (s.kernelWidth == 3) gradientRow3(r, from, last, at(to, k0 * channels), pairs);
        else gradientRow5(r, from, last, at(to, k0 * channels), pairs);
      }
      for (let phase = 0; phase < min(s.strideWidth, s.width); phase++) {
        const k = phase + s.paddingLeft;
        const q = lastTap(k, s.kernelWidth, s.strideWidth, s.dilationWidth);
        r.rows = q < 0 ? 0 : rows;
        r.start = (k - q * s.dilationWidth) / s.strideWidth;
        r.w = at(w, q * channels);
        r.taps = q < 0 ? 1 : q / tapColumns + 1;
        r.y = to + <usize>phase * pixel;
        r.count = (s.width - phase - 1) / s.strideWidth + 1;
        r.doneFrom = paired > 0 ? r.firstBlock : (k0 - phase + 1) >> 1;
        r.done = paired > 0 ? paired : pairs;
        slide(r);
      }
    }
  }
}

function gcd(a: i32, b: i32): i32 {
  while (b) {
    const rest = a % b;
    a = b;
    b = rest;
  }
  return a;
}

/** The last tap of a window that reaches row (or column) h of the padded image from a multiple of the stride; −1: none. */
function lastTap(h: i32, kernel: i32, stride: i32, dilation: i32): i32 {
  let p = kernel - 1;
  while (p >= 0 && (h - p * dilation) % stride) p--;
  return p;
}
