// The weight gradient of a depthwise convolution: dw[p, q, c] = Σ_{n,i,j} x[n, i·s + p·d − pad, j·s + q·d − pad, c] ·
// dy[n, i, j, c], eight channels and a few taps of one row of the kernel at a time, whose sums stay in registers while
// they pass over a block of rows of dy. Reads whole vectors, up to three floats past the end of x, dy and dw.

import { Window } from "./shapes";
import { at, madd, storeLanes } from "./simd";
import { endTap, firstTap, isFar, touch } from "./window";

/**
 * Outputs to a block, about: what a sum in a register takes in before it goes to dw. Large enough to hide the cost of that,
 * small enough that the rounding errors of long sums do not grow and that x and dy stay in the L1 cache from one unit to
 * the next.
 */
const BLOCK: i32 = 128;

/** Units of depthwiseBackwardWeight: a row of the kernel for eight channels. */
export function depthwiseBackwardWeightUnits(window: usize): i32 {
  const s = changetype<Window>(window);
  return ((s.channels + 7) >> 3) * s.kernelHeight;
}

/** Units begin ≤ u < end of dw: unit u is row u mod kernelHeight of the channels from 8·(u div kernelHeight) on. */
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
    const c = (u / s.kernelHeight) << 3;
    const row = at(dw, (u % s.kernelHeight) * wRow + c);
    for (let q = 0; q < s.kernelWidth; q++) {
      const tap = at(row, q * channels);
      storeLanes(tap, f32x4.splat(0), channels - c);
      storeLanes(at(tap, 4), f32x4.splat(0), channels - c - 4);
    }
  }
  // Blocks outside, units inside: one pass over x and dy, whatever their size.
  const far = isFar(s.images, s.height, s.width, channels);
  const blockRows = max(BLOCK / s.outWidth, 1);
  for (let n = 0; n < s.images; n++) {
    for (let i = 0; i < s.outHeight; i += blockRows) {
      const blockEnd = min(i + blockRows, s.outHeight);
      if (far) touchBlock(s, x, dy, n, i, blockEnd);
      for (let u = begin; u < end; u++) {
        const g = u / s.kernelHeight;
        const p = u - g * s.kernelHeight;
        // Rows i0 ≤ i < i1 of the block see a row of the image under tap row p.
        const h = p * s.dilationHeight - s.paddingTop;
        const i0 = max(i, firstTap(h, s.strideHeight));
        const i1 = endTap(h, s.strideHeight, blockEnd, s.height);
        if (i0 >= i1) continue;
        const xRows = at(x, (n * s.height + h + i0 * s.strideHeight) * s.width * channels + 8 * g);
        const dyRows = at(dy, (n * s.outHeight + i0) * s.outWidth * channels + 8 * g);
        const wTaps = at(dw, p * wRow + 8 * g);
        for (let q = 0; q < s.kernelWidth;) {
          const rest = s.kernelWidth - q;
          if (rest >= 5) {
            taps5(s, xRows, dyRows, i1 - i0, q, at(wTaps, q * channels), channels - 8 * g);
            q += 5;
          } else if (rest >= 3) {
            taps3(s, xRows, dyRows, i1 - i0, q, at(wTaps, q * channels), channels - 8 * g);
            q += 3;
          } else {
            taps1(s, xRows, dyRows, i1 - i0, q, at(wTaps, q * channels), channels - 8 * g);
            q += 1;
          }
        }
      }
    }
  }
}

/** Touches rows i … end of dy in image n, and what their windows see of x. */
function touchBlock(s: Window, x: usize, dy: usize, n: i32, i: i32, end: i32): void {
  const pixel = at(0, s.channels);
  touch(dy + <usize>((n * s.outHeight + i) * s.outWidth) * pixel, <usize>((end - i) * s.outWidth) * pixel);
  const window = s.dilationHeight * (s.kernelHeight - 1) + 1;
  const h0 = max(0, i * s.strideHeight - s.paddingTop);
  const h1 = min(s.height, (end - 1) * s.strideHeight - s.paddingTop + window);
  if (h1 > h0)
    touch(x + <usize>((n * s.height + h0) * s.width) * pixel, <usize>((h1 - h0) * s.width) * pixel);
}

function taps5(s: Window, x: usize, dy: usize, rows: i32, q: i32, dw: usize, left: i32): void {
  inline.always(tapsBody(5, s, x, dy, rows, q, dw, left));
}

function taps3(s: Window, x: usize, dy: usize, rows: i32, q: i32, dw: usize, left: i32): void {
  inline.always(tapsBody(3, s, x, dy, rows, q, dw, left));
}

function taps1(s: Window, x: usize, dy: usize, rows: i32, q: i32, dw: usize, left: i32): void {
  inline.always(tapsBody(1, s, x, dy, rows, q, dw, left));
}

/**
 * Adds to the taps q ≤ t < q + TAPS at dw what `rows` rows of x and dy give, for two vectors of channels, of which `left`
 * exist. Where the second vector has none, the first does its work twice.
 */
function tapsBody(TAPS: i32, s: Window, x: usize, dy: usize, rows: i32, q: i32, dw: usize, left: i32): void {
  const width = s.width;
  const outWidth = s.outWidth;
  const stride = s.strideWidth;
  const dilation = s.dilationWidth;
  const start = q * dilation - s.paddingLeft;
  // Outputs j0 ≤ j < j1 see pixels of the image under all the taps.
  const j0 = min(firstTap(start, stride), outWidth);
  const j1 = max(j0, endTap(start + (TAPS - 1) * dilation, stride, outWidth, width));
  const second: usize = left > 4 ? 16 : 0;
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
        for (; j < j1; j++) {
          const da = v128.load(dy);
          const db = v128.load(dy + second);
          let from = xp;
          a0 = madd(v128.load(from), da, a0);
          b0 = madd(v128.load(from + second), db, b0);
          if (TAPS > 1) {
            from += xStep;
            a1 = madd(v128.load(from), da, a1);
            b1 = madd(v128.load(from + second), db, b1);
            from += xStep;
            a2 = madd(v128.load(from), da, a2);
            b2 = madd(v128.load(from + second), db, b2);
          }
          if (TAPS > 3) {
            from += xStep;
            a3 = madd(v128.load(from), da, a3);
            b3 = madd(v128.load(from + second), db, b3);
            from += xStep;
            a4 = madd(v128.load(from), da, a4);
            b4 = madd(v128.load(from + second), db, b4);
          }
          dy += pixel;
          xp += xNext;
        }
        if (j >= outWidth) break;
      }
      const da = v128.load(dy);
      const db = v128.load(dy + second);
      const k = start + j * stride;
      let from = xp;
      if (<u32>k < <u32>width) {
        a0 = madd(v128.load(from), da, a0);
        b0 = madd(v128.load(from + second), db, b0);
      }
      if (TAPS > 1) {
        from += xStep;
        if (<u32>(k + dilation) < <u32>width) {
          a1 = madd(v128.load(from), da, a1);
          b1 = madd(v128.load(from + second), db, b1);
        }
        from += xStep;
        if (<u32>(k + 2 * dilation) < <u32>width) {
          a2 = madd(v128.load(from), da, a2);
          b2 = madd(v128.load(from + second), db, b2);
        }
      }
      if (TAPS > 3) {
        from += xStep;
        if (<u32>(k + 3 * dilation) < <u32>width) {
          a3 = madd(v128.load(from), da, a3);
          b3 = madd(v128.load(from + second), db, b3);
        }
        from += xStep;
        if (<u32>(k + 4 * dilation) < <u32>width) {
          a4 = madd(v128.load(from), da, a4);
          b4 = madd(v128.load(from + second), db, b4);
        }
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

/** Adds to one tap of up to eight channels. */
function addTap(dw: usize, a: v128, b: v128, left: i32): void {
  storeLanes(dw, f32x4.add(v128.load(dw), a), left);
  if (left > 4) storeLanes(dw + 16, f32x4.add(v128.load(dw, 16), b), left - 4);
}
