// The weight gradient of a depthwise convolution: dw[p, q, c] = Σ_{n,i,j} x[n, i·s + p·d − pad, j·s + q·d − pad, c] ·
// dy[n, i, j, c], four channels and a few taps of one row of the kernel at a time, whose sums stay in registers while they
// pass over a block of rows of dy.

import { Window } from "./shapes";
import { at, madd, storeLanes } from "./simd";
import { endTap, firstTap } from "./window";

/**
 * Outputs to a block, about: what a sum in a register takes in before it goes to dw. Large enough to hide the cost of that,
 * small enough that the rounding errors of long sums do not grow and that x and dy stay in the L1 cache from one unit to
 * the next.
 */
const BLOCK: i32 = 128;

/** Units of depthwiseBackwardWeight: a row of the kernel for four channels. */
export function depthwiseBackwardWeightUnits(window: usize): i32 {
  const s = changetype<Window>(window);
  return ((s.channels + 3) >> 2) * s.kernelHeight;
}

/** Units begin ≤ u < end of dw: unit u is row u mod kernelHeight of the channels from 4·(u div kernelHeight) on. */
export function depthwiseBackwardWeight(
  window: usize,
  x: usize,
  dy: usize,
  dw: usize,
  begin: i32,
  end: i32,
): void {
  const s = changetype<Window>(window);
  const channels = s.channels;
  const wRow = s.kernelWidth * channels;
  for (let u = begin; u < end; u++) {
    const c = (u / s.kernelHeight) << 2;
    const row = at(dw, (u % s.kernelHeight) * wRow + c);
    for (let q = 0; q < s.kernelWidth; q++) storeLanes(at(row, q * channels), f32x4.splat(0), channels - c);
  }
  // Blocks outside, units inside: one pass over x and dy, whatever their size.
  const blockRows = max(BLOCK / s.outWidth, 1);
  for (let n = 0; n < s.images; n++) {
    for (let i = 0; i < s.outHeight; i += blockRows) {
      const blockEnd = min(i + blockRows, s.outHeight);
      for (let u = begin; u < end; u++) {
        const g = u / s.kernelHeight;
        const p = u - g * s.kernelHeight;
        // Rows i0 ≤ i < i1 of the block see a row of the image under tap row p.
        const h = p * s.dilationHeight - s.paddingTop;
        const i0 = max(i, firstTap(h, s.strideHeight));
        const i1 = endTap(h, s.strideHeight, blockEnd, s.height);
        if (i0 >= i1) continue;
        tapRow(
          s,
          at(x, (n * s.height + h + i0 * s.strideHeight) * s.width * channels + 4 * g),
          at(dy, (n * s.outHeight + i0) * s.outWidth * channels + 4 * g),
          i1 - i0,
          at(dw, p * wRow + 4 * g),
          channels - 4 * g,
        );
      }
    }
  }
}

/** Adds to a row of taps at dw what `rows` rows of x and dy give; `left` channels. */
function tapRow(s: Window, x: usize, dy: usize, rows: i32, dw: usize, left: i32): void {
  const dense = s.dilationWidth == 1;
  for (let q = 0; q < s.kernelWidth; ) {
    const rest = s.kernelWidth - q;
    const to = at(dw, q * s.channels);
    if (rest >= 5 && dense && s.strideWidth == 1) {
      taps1x5(s, x, dy, rows, q, to, left);
      q += 5;
    } else if (rest >= 5 && dense && s.strideWidth == 2) {
      taps2x5(s, x, dy, rows, q, to, left);
      q += 5;
    } else if (rest >= 3) {
      if (dense && s.strideWidth == 1) taps1x3(s, x, dy, rows, q, to, left);
      else if (dense && s.strideWidth == 2) taps2x3(s, x, dy, rows, q, to, left);
      else tapsAny3(s, x, dy, rows, q, to, left);
      q += 3;
    } else {
      tapsAny1(s, x, dy, rows, q, to, left);
      q++;
    }
  }
}

function taps1x3(s: Window, x: usize, dy: usize, rows: i32, q: i32, dw: usize, left: i32): void {
  inline.always(tapsBody(1, 3, s, x, dy, rows, q, dw, left));
}

function taps2x3(s: Window, x: usize, dy: usize, rows: i32, q: i32, dw: usize, left: i32): void {
  inline.always(tapsBody(2, 3, s, x, dy, rows, q, dw, left));
}

function taps1x5(s: Window, x: usize, dy: usize, rows: i32, q: i32, dw: usize, left: i32): void {
  inline.always(tapsBody(1, 5, s, x, dy, rows, q, dw, left));
}

function taps2x5(s: Window, x: usize, dy: usize, rows: i32, q: i32, dw: usize, left: i32): void {
  inline.always(tapsBody(2, 5, s, x, dy, rows, q, dw, left));
}

function tapsAny3(s: Window, x: usize, dy: usize, rows: i32, q: i32, dw: usize, left: i32): void {
  inline.always(tapsBody(0, 3, s, x, dy, rows, q, dw, left));
}

function tapsAny1(s: Window, x: usize, dy: usize, rows: i32, q: i32, dw: usize, left: i32): void {
  inline.always(tapsBody(0, 1, s, x, dy, rows, q, dw, left));
}

/**
 * Taps q ≤ t < q + TAPS. STRIDE 1 and 2 are that stride without dilation, where two neighbouring outputs share pixels; 0
 * is any. Two sums for each tap, for outputs in turn, so that fused multiply-adds need not wait for each other.
 */
function tapsBody(
  STRIDE: i32,
  TAPS: i32,
  s: Window,
  x: usize,
  dy: usize,
  rows: i32,
  q: i32,
  dw: usize,
  left: i32,
): void {
  const width = s.width;
  const outWidth = s.outWidth;
  const stride = s.strideWidth;
  const dilation = s.dilationWidth;
  const start = q * dilation - s.paddingLeft;
  // Outputs j0 ≤ j < j1 see pixels of the image under all the taps.
  const j0 = min(firstTap(start, stride), outWidth);
  const j1 = max(j0, endTap(start + (TAPS - 1) * dilation, stride, outWidth, width));
  const pixel = at(0, s.channels);
  const xStep = pixel * dilation;
  const xNext = pixel * stride;
  const xRow = pixel * width * s.strideHeight;
  x += start * pixel;
  let a0 = f32x4.splat(0);
  let a1 = a0,
    a2 = a0,
    a3 = a0,
    a4 = a0,
    b0 = a0,
    b1 = a0,
    b2 = a0,
    b3 = a0,
    b4 = a0;
  for (let r = 0; r < rows; r++) {
    let xp = x;
    for (let j = 0; j < outWidth; j++) {
      if (j == j0) {
        for (; j + 2 <= j1; j += 2) {
          const d0 = v128.load(dy);
          const d1 = v128.load(dy + pixel);
          dy += 2 * pixel;
          let from = xp;
          let v = v128.load(from);
          a0 = madd(v, d0, a0);
          if (STRIDE == 1) {
            v = v128.load((from += pixel));
            a1 = madd(v, d0, a1);
            b0 = madd(v, d1, b0);
            v = v128.load((from += pixel));
            a2 = madd(v, d0, a2);
            b1 = madd(v, d1, b1);
            v = v128.load((from += pixel));
            if (TAPS > 3) a3 = madd(v, d0, a3);
            b2 = madd(v, d1, b2);
            if (TAPS > 3) {
              v = v128.load((from += pixel));
              a4 = madd(v, d0, a4);
              b3 = madd(v, d1, b3);
              v = v128.load(from + pixel);
              b4 = madd(v, d1, b4);
            }
          } else if (STRIDE == 2) {
            v = v128.load((from += pixel));
            a1 = madd(v, d0, a1);
            v = v128.load((from += pixel));
            a2 = madd(v, d0, a2);
            b0 = madd(v, d1, b0);
            v = v128.load((from += pixel));
            if (TAPS > 3) a3 = madd(v, d0, a3);
            b1 = madd(v, d1, b1);
            v = v128.load((from += pixel));
            if (TAPS > 3) a4 = madd(v, d0, a4);
            b2 = madd(v, d1, b2);
            if (TAPS > 3) {
              v = v128.load((from += pixel));
              b3 = madd(v, d1, b3);
              v = v128.load(from + pixel);
              b4 = madd(v, d1, b4);
            }
          } else {
            b0 = madd(v128.load(from + xNext), d1, b0);
            if (TAPS > 1) {
              from += xStep;
              a1 = madd(v128.load(from), d0, a1);
              b1 = madd(v128.load(from + xNext), d1, b1);
              from += xStep;
              a2 = madd(v128.load(from), d0, a2);
              b2 = madd(v128.load(from + xNext), d1, b2);
            }
          }
          xp += 2 * xNext;
        }
        if (j >= outWidth) break;
      }
      const d = v128.load(dy);
      const k = start + j * stride;
      let from = xp;
      if (<u32>k < <u32>width) a0 = madd(v128.load(from), d, a0);
      if (TAPS > 1) {
        from += xStep;
        if (<u32>(k + dilation) < <u32>width) a1 = madd(v128.load(from), d, a1);
        from += xStep;
        if (<u32>(k + 2 * dilation) < <u32>width) a2 = madd(v128.load(from), d, a2);
      }
      if (TAPS > 3) {
        from += xStep;
        if (<u32>(k + 3 * dilation) < <u32>width) a3 = madd(v128.load(from), d, a3);
        from += xStep;
        if (<u32>(k + 4 * dilation) < <u32>width) a4 = madd(v128.load(from), d, a4);
      }
      dy += pixel;
      xp += xNext;
    }
    x += xRow;
  }
  addTap(dw, a0, b0, left);
  if (TAPS > 1) {
    addTap(dw + pixel, a1, b1, left);
    addTap(dw + 2 * pixel, a2, b2, left);
  }
  if (TAPS > 3) {
    addTap(dw + 3 * pixel, a3, b3, left);
    addTap(dw + 4 * pixel, a4, b4, left);
  }
}

function addTap(dw: usize, a: v128, b: v128, left: i32): void {
  storeLanes(dw, f32x4.add(v128.load(dw), f32x4.add(a, b)), left);
}
