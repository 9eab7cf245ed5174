// Depthwise convolution: channel c of the output sees channel c of the input alone (groups = channels, one filter
// each). NHWC; weights [kernelHeight][kernelWidth][channels]. Four channels to a vector; reads whole vectors, up to
// three floats past the end of each array.
// Howard et al., MobileNets (2017), arXiv 1704.04861.
//
// Forward and the gradient of the data are the same sliding sum: the gradient slides over dy, with the taps backwards and,
// for a stride s, with only those taps that reach a multiple of s. Which taps these are depends on the row and on the
// column modulo s, so the columns go in s phases.

import { fourOutputs, oneOutput } from "./depthwise-rows";
import { Window } from "./shapes";
import { at } from "./simd";
import { endTap, firstTap } from "./window";

/**
 * y[n, i, j, c] = bias[c] + Σ_{p,q} x[n, i·s + p·d − pad, j·s + q·d − pad, c] · w[p, q, c], for the rows
 * begin ≤ n·outHeight + i < end. bias may be 0 (none).
 */
export function depthwise(
  window: usize,
  x: usize,
  w: usize,
  bias: usize,
  y: usize,
  begin: i32,
  end: i32,
): void {
  const s = changetype<Window>(window);
  const channels = s.channels;
  const wRow = s.kernelWidth * channels;
  for (let row = begin; row < end; row++) {
    const n = row / s.outHeight;
    const h = (row - n * s.outHeight) * s.strideHeight - s.paddingTop;
    const p0 = firstTap(h, s.dilationHeight);
    const p1 = endTap(h, s.dilationHeight, s.kernelHeight, s.height);
    slide(
      at(x, (n * s.height + h + p0 * s.dilationHeight) * s.width * channels),
      s.dilationHeight * s.width,
      p1 - p0,
      s.width,
      -s.paddingLeft,
      s.strideWidth,
      s.dilationWidth,
      at(w, p0 * wRow),
      wRow,
      channels,
      s.kernelWidth,
      bias,
      at(y, row * s.outWidth * channels),
      1,
      s.outWidth,
      channels,
    );
  }
}

/**
 * dx[n, h, k, c] = Σ over the windows that contain (h, k) of dy · w, for the rows begin ≤ n·height + h < end.
 */
export function depthwiseBackwardData(
  window: usize,
  dy: usize,
  w: usize,
  dx: usize,
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
  for (let row = begin; row < end; row++) {
    const n = row / s.height;
    const h = row - n * s.height + s.paddingTop;
    const p = lastTap(h, s.kernelHeight, s.strideHeight, s.dilationHeight);
    const i = (h - p * s.dilationHeight) / s.strideHeight;
    const p0 = firstTap(i, rowStep);
    const p1 = p < 0 ? p0 : endTap(i, rowStep, p / tapRows + 1, s.outHeight);
    const from = at(dy, (n * s.outHeight + i + p0 * rowStep) * s.outWidth * channels);
    for (let phase = 0; phase < min(s.strideWidth, s.width); phase++) {
      const k = phase + s.paddingLeft;
      const q = lastTap(k, s.kernelWidth, s.strideWidth, s.dilationWidth);
      slide(
        from,
        rowStep * s.outWidth,
        q < 0 ? 0 : p1 - p0,
        s.outWidth,
        (k - q * s.dilationWidth) / s.strideWidth,
        1,
        columnStep,
        at(w, ((p - p0 * tapRows) * s.kernelWidth + q) * channels),
        -tapRows * s.kernelWidth * channels,
        -tapColumns * channels,
        q < 0 ? 1 : q / tapColumns + 1,
        0,
        at(dx, (row * s.width + phase) * channels),
        s.strideWidth,
        (s.width - phase - 1) / s.strideWidth + 1,
        channels,
      );
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
 * Rows of x lie xRow pixels apart, those of w wRow floats.
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
): void {
  rows = max(rows, 0);
  // Outputs t0 ≤ t < t1 have all their taps inside.
  const last = start + (taps - 1) * dilation;
  let t0 = min(firstTap(start, stride), count);
  let t1 = max(t0, endTap(last, stride, count, width));
  const xPixel = at(0, channels);
  const xRowBytes = xPixel * xRow;
  const yBytes = xPixel * yStep;
  if (
    dilation == 1 &&
    t1 - t0 >= 4 &&
    fourOutputs(
      stride,
      taps,
      x + (start + t0 * stride) * xPixel,
      xPixel,
      xRowBytes,
      rows,
      w,
      at(0, wStep),
      at(0, wRow),
      bias,
      y + t0 * yBytes,
      yBytes,
      t1 - t0,
      channels,
    )
  ) {
  } else t1 = t0;
  for (let t = 0; t < count; t++) {
    if (t == t0) t = t1;
    if (t >= count) break;
    const k = start + t * stride;
    const u0 = firstTap(k, dilation);
    const u1 = endTap(k, dilation, taps, width);
    const inside = u1 > u0;
    oneOutput(
      x + (k + u0 * dilation) * xPixel,
      dilation * xPixel,
      xRowBytes,
      inside ? rows : 0,
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
