// Depthwise convolution: channel c of the output sees channel c of the input alone (groups = channels, one filter
// each). NHWC; weights [kernelHeight][kernelWidth][channels]. Four channels to a vector; reads whole vectors, up to
// three floats past the end of each array.
// Howard et al., MobileNets (2017), arXiv 1704.04861.
//
// Forward and the gradient of the data are the same sliding sum: the gradient slides over dy, with the taps backwards and,
// for a stride s, with only those taps that reach a multiple of s. Which taps these are depends on the row and on the
// column modulo s, so the columns go in s phases.
//
// 3 × 3 windows of stride 1 or 2 go in squares of outputs (depthwise/squares.ts), or in pairs of rows and columns
// (depthwise/pairs.ts); what has 3 or 5 taps to a row in fours (depthwise/fours.ts); all else, and what is left over at the
// edges, in slower ways (depthwise/rows.ts). `ahead`: whether to touch the rows of an image before they are used; `oblong`:
// whether squares may go two at a time where they can (depthwise/oblongs.ts).

import { goInFours, rowOfFours } from "./fours";
import { columnPairs, rowAndColumnPairs } from "./pairs";
import { oneOutput, outputs } from "./rows";
import { firstSquare, squareOutputs, squareRows } from "./squares";
import { Window } from "../shapes";
import { at } from "../simd";
import { endTap, firstTap, touch } from "../window";

/**
 * y[n, i, j, c] = bias[c] + Σ_{p,q} x[n, i·s + p·d − pad, j·s + q·d − pad, c] · w[p, q, c]. Unit u is a pair of rows of an
 * image: rows 2v and 2v + 1, with u = n·⌈outHeight/2⌉ + v. bias may be 0 (none).
 */
export function depthwise(
  window: usize,
  x: usize,
  w: usize,
  bias: usize,
  y: usize,
  ahead: i32,
  oblong: i32,
  begin: i32,
  end: i32,
): void {
  const s = changetype<Window>(window);
  const channels = s.channels;
  const image = s.height * s.width * channels;
  const outImage = s.outHeight * s.outWidth * channels;
  const wRow = s.kernelWidth * channels;
  const pairs = (s.outHeight + 1) >> 1;
  let squares = 0;
  if (s.dilationHeight == 1 && s.dilationWidth == 1 && s.strideHeight == s.strideWidth && isSquare(s)) {
    squares = squareOutputs(s.strideWidth, s.paddingLeft, s.width, s.outWidth);
  }
  const squaresFrom = firstSquare(s.strideWidth, s.paddingLeft);
  for (let u = begin; u < end; u++) {
    const n = u / pairs;
    const i0 = (u - n * pairs) << 1;
    const i1 = min(i0 + 2, s.outHeight);
    const from = at(x, n * image);
    const to = at(y, n * outImage);
    if (ahead) {
      const h0 = i0 * s.strideHeight - s.paddingTop;
      const h1 = h0 + (i1 - 1 - i0) * s.strideHeight + (s.kernelHeight - 1) * s.dilationHeight + 1;
      const fresh = u == begin || i0 == 0 ? h0 : h1 - (i1 - i0) * s.strideHeight;
      const first = max(fresh, 0);
      const rows = min(h1, s.height) - first;
      if (rows > 0) touch(at(from, first * s.width * channels), <usize>(rows * s.width) * at(0, channels));
    }
    // A row alone is not worth squares.
    const paired = i1 - i0 == 2 ? squares : 0;
    if (paired > 0) {
      squareRows(
        s.strideWidth,
        s.paddingTop,
        s.paddingLeft,
        s.height,
        s.width,
        from,
        w,
        at(0, channels),
        bias,
        to,
        s.outWidth,
        i0,
        squaresFrom,
        squares,
        channels,
        oblong,
      );
      if (squares == s.outWidth) continue;
    }
    for (let i = i0; i < i1; i++) {
      const h = i * s.strideHeight - s.paddingTop;
      const p0 = firstTap(h, s.dilationHeight);
      const p1 = endTap(h, s.dilationHeight, s.kernelHeight, s.height);
      slide(
        at(from, (h + p0 * s.dilationHeight) * s.width * channels),
        s.dilationHeight * s.width,
        max(p1 - p0, 0),
        s.width,
        -s.paddingLeft,
        s.strideWidth,
        s.dilationWidth,
        at(w, p0 * wRow),
        wRow,
        channels,
        s.kernelWidth,
        bias,
        at(to, i * s.outWidth * channels),
        1,
        s.outWidth,
        channels,
        squaresFrom,
        paired,
      );
    }
  }
}

/** Whether the window is one that goes in squares if its taps are next to each other. */
function isSquare(s: Window): bool {
  return s.kernelHeight == 3 && s.kernelWidth == 3 && s.strideWidth <= 2 && s.channels >= 4;
}

/**
 * dx[n, h, k, c] = Σ over the windows that contain (h, k) of dy · w, for the rows begin ≤ n·height + h < end.
 */
export function depthwiseBackwardData(
  window: usize,
  dy: usize,
  w: usize,
  dx: usize,
  ahead: i32,
  oblong: i32,
  begin: i32,
  end: i32,
): void {
  const s = changetype<Window>(window);
  const channels = s.channels;
  // Taps that reach one row are tapRows apart and reach rows of dy that are rowStep apart; columns alike.
  const tapRows = s.strideHeight / gcd(s.strideHeight, s.dilationHeight);
  const tapColumns = s.strideWidth / gcd(s.strideWidth, s.dilationWidth);
  const rowStep = (tapRows * s.dilationHeight) / s.strideHeight;
  const columnStep = (tapColumns * s.dilationWidth) / s.strideWidth;
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
  const rowPairs = (s.height + 1) >> 1;
  const both =
    isSquare(s) &&
    s.strideHeight == 2 &&
    s.strideWidth == 2 &&
    s.dilationHeight == 1 &&
    s.dilationWidth == 1 &&
    s.paddingTop == 1 &&
    s.paddingLeft == 1 &&
    s.width >= 4;
  if (both) pairs = s.width >> 1;
  const dyImage = s.outHeight * s.outWidth * channels;
  const image = s.height * s.width * channels;
  let squares = 0;
  const squarePadding = 2 - s.paddingLeft;
  if (
    s.dilationHeight == 1 &&
    s.dilationWidth == 1 &&
    s.strideHeight == 1 &&
    s.strideWidth == 1 &&
    isSquare(s)
  ) {
    squares = squareOutputs(1, squarePadding, s.outWidth, s.width);
  }
  const squaresFrom = firstSquare(1, squarePadding);
  for (let u = begin; u < end; u++) {
    const n = u / rowPairs;
    const h0 = (u - n * rowPairs) << 1;
    const h1 = min(h0 + 2, s.height);
    if (ahead) {
      const i0 = max(0, (h0 + s.paddingTop - (s.kernelHeight - 1) * s.dilationHeight) / s.strideHeight);
      const i1 = min(s.outHeight, (h1 - 1 + s.paddingTop) / s.strideHeight + 1);
      // What the pair of rows before has not seen.
      const first = u == begin || h0 == 0 ? i0 : max(i0, (h0 - 1 + s.paddingTop) / s.strideHeight + 1);
      const row = s.outWidth * channels;
      if (first < i1) touch(at(dy, n * dyImage + first * row), at(0, (i1 - first) * row));
    }
    const paired = h1 - h0 == 2 ? squares : 0;
    if (paired > 0) {
      squareRows(
        1,
        2 - s.paddingTop,
        squarePadding,
        s.outHeight,
        s.outWidth,
        at(dy, n * dyImage),
        at(w, 8 * channels),
        at(0, -channels),
        0,
        at(dx, n * image),
        s.width,
        h0,
        squaresFrom,
        squares,
        channels,
        oblong,
      );
      if (squares == s.width) continue;
    } else if (both) {
      const v = h0 >> 1;
      rowAndColumnPairs(
        at(dy, n * dyImage + v * s.outWidth * channels),
        at(0, s.outWidth * channels),
        v + 1 < s.outHeight,
        s.outWidth,
        w,
        at(dx, n * image + h0 * s.width * channels),
        h1 - h0 == 2 ? at(0, s.width * channels) : 0,
        pairs,
        channels,
      );
      if (2 * pairs == s.width) continue;
    }
    for (let row = n * s.height + h0; row < n * s.height + h1; row++) {
      const h = row - n * s.height + s.paddingTop;
      const p = lastTap(h, s.kernelHeight, s.strideHeight, s.dilationHeight);
      const i = (h - p * s.dilationHeight) / s.strideHeight;
      const p0 = firstTap(i, rowStep);
      const p1 = p < 0 ? p0 : endTap(i, rowStep, p / tapRows + 1, s.outHeight);
      const rows = max(p1 - p0, 0);
      const dyRow = rowStep * s.outWidth;
      const from = at(dy, (n * s.outHeight + i + p0 * rowStep) * s.outWidth * channels);
      const wFrom = at(w, (p - p0 * tapRows) * s.kernelWidth * channels);
      const wRow = -tapRows * s.kernelWidth * channels;
      const to = at(dx, row * s.width * channels);
      if (pairs > 0 && !both) {
        columnPairs(
          s.kernelWidth,
          at(from, firstPair * channels),
          at(0, dyRow * channels),
          rows,
          at(wFrom, (s.kernelWidth - 1) * channels),
          at(0, wRow),
          at(to, k0 * channels),
          pairs,
          channels,
        );
      }
      for (let phase = 0; phase < min(s.strideWidth, s.width); phase++) {
        const k = phase + s.paddingLeft;
        const q = lastTap(k, s.kernelWidth, s.strideWidth, s.dilationWidth);
        slide(
          from,
          dyRow,
          q < 0 ? 0 : rows,
          s.outWidth,
          (k - q * s.dilationWidth) / s.strideWidth,
          1,
          columnStep,
          at(wFrom, q * channels),
          wRow,
          -tapColumns * channels,
          q < 0 ? 1 : q / tapColumns + 1,
          0,
          at(to, phase * channels),
          s.strideWidth,
          (s.width - phase - 1) / s.strideWidth + 1,
          channels,
          paired > 0 ? squaresFrom : (k0 - phase + 1) >> 1,
          paired > 0 ? paired : pairs,
        );
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

/**
 * One row of a sliding sum, `count` outputs that lie yStep pixels apart in y: output t is bias + Σ_{p < rows}
 * Σ_{u < taps} of pixel start + t·stride + u·dilation of row p, if inside the image, times weight w + p·wRow + u·wStep.
 * Rows of x lie xRow pixels apart, those of w wRow floats. If done is not 0, so many outputs from doneFrom on are ready.
 */
function slide(
  x: usize,
  xRow: i32,
  rows: i32,
  width: i32,
  start: i32,
  stride: i32,
  dilation: i32,
  w: usize,
  wRow: i32,
  wStep: i32,
  taps: i32,
  bias: usize,
  y: usize,
  yStep: i32,
  count: i32,
  channels: i32,
  doneFrom: i32,
  done: i32,
): void {
  const pixel = at(0, channels);
  const xRowBytes = pixel * xRow;
  const yBytes = pixel * yStep;
  if (done == 0 && channels >= 4 && goInFours(stride, dilation, taps, start, width, count)) {
    rowOfFours(
      stride,
      taps,
      start,
      width,
      x,
      xRowBytes,
      rows,
      w,
      at(0, wStep),
      at(0, wRow),
      bias,
      y,
      yBytes,
      count,
      channels,
    );
    return;
  }
  if (done == 0) {
    // Outputs that have all their taps inside.
    doneFrom = firstTap(start, stride);
    done = endTap(start + (taps - 1) * dilation, stride, count, width) - doneFrom;
    // Five go as four and one: the last four of a run repeat what is left of the four before.
    if ((done & 3) == 1) done--;
    if (done >= 4) {
      outputs(
        stride,
        dilation,
        taps,
        x + (start + doneFrom * stride) * pixel,
        xRowBytes,
        rows,
        w,
        at(0, wStep),
        at(0, wRow),
        bias,
        y + doneFrom * yBytes,
        yBytes,
        done,
        channels,
      );
    } else done = 0;
  }
  for (let t = 0; t < count; t++) {
    if (t == doneFrom) t += done;
    if (t >= count) break;
    const k = start + t * stride;
    const u0 = firstTap(k, dilation);
    const u1 = endTap(k, dilation, taps, width);
    oneOutput(
      x + (k + u0 * dilation) * pixel,
      dilation * pixel,
      xRowBytes,
      u0 < u1 ? rows : 0,
      at(w, u0 * wStep),
      at(0, wStep),
      at(0, wRow),
      u1 - u0,
      bias,
      y + t * yBytes,
      channels,
    );
  }
}
