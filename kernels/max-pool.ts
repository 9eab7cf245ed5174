// Max pooling of NHWC images, forward and backward. Window (shapes.ts) says where windows lie. Reads whole vectors, up to
// three floats (and taps) past the end of each array.

import { Window } from "./shapes";
import { at, storeLanes } from "./simd";
import { endTap, firstTap, touchRows } from "./window";

/** Stores the low byte of each of the first `count` lanes. */
function storeBytes(p: usize, v: v128, count: i32): void {
  const bytes = i8x16.shuffle(v, v, 0, 4, 8, 12, 0, 4, 8, 12, 0, 4, 8, 12, 0, 4, 8, 12);
  if (count >= 4) {
    v128.store32_lane(p, bytes, 0);
  } else {
    if (count >= 2) v128.store16_lane(p, bytes, 0);
    if (count == 3) v128.store8_lane(p, bytes, 2, 2);
    if (count == 1) v128.store8_lane(p, bytes, 0);
  }
}

/**
 * y[n, i, j, c] = max over the window, and taps (u8; 0: not wanted) = the first tap (p·kernelWidth + q) that holds it,
 * or the last NaN. Padding never wins: every window needs a tap inside the image. At most 256 taps. Unit = row of y.
 */
export function maxPool2d(window: usize, x: usize, y: usize, taps: usize, begin: i32, end: i32): void {
  const s = changetype<Window>(window);
  const channels = s.channels;
  const rowStep = at(0, s.dilationHeight * s.width * channels);
  const tapStep = at(0, s.dilationWidth * channels);
  y = at(y, begin * s.outWidth * channels);
  if (taps) taps += begin * s.outWidth * channels;
  for (let unit = begin; unit < end; unit++) {
    const n = unit / s.outHeight;
    const h = (unit % s.outHeight) * s.strideHeight - s.paddingTop;
    const p0 = firstTap(h, s.dilationHeight);
    const p1 = endTap(h, s.dilationHeight, s.kernelHeight, s.height);
    const first = x + <usize>((n * s.height + h + p0 * s.dilationHeight) * s.width) * at(0, channels);
    touchRows(
      first,
      s.width * at(0, channels),
      s.dilationHeight,
      p1 - p0,
      unit == begin ? p1 : s.strideHeight,
    );
    for (let j = 0; j < s.outWidth; j++) {
      const w = j * s.strideWidth - s.paddingLeft;
      const q0 = firstTap(w, s.dilationWidth);
      const q1 = endTap(w, s.dilationWidth, s.kernelWidth, s.width);
      const row0 = n * s.height + h + p0 * s.dilationHeight;
      const corner = at(x, (row0 * s.width + w + q0 * s.dilationWidth) * channels);
      const first = p0 * s.kernelWidth + q0;
      const whole = p1 - p0 == s.kernelHeight && q1 - q0 == s.kernelWidth;
      if (whole && s.kernelHeight == 3 && s.kernelWidth == 3) {
        inline.always(square(3, corner, rowStep, tapStep, channels, y, taps));
      } else if (whole && s.kernelHeight == 2 && s.kernelWidth == 2) {
        inline.always(square(2, corner, rowStep, tapStep, channels, y, taps));
      } else {
        for (let c = 0; c < channels; c += 4) {
          const to = taps ? taps + c : 0;
          anyWindow(
            at(corner, c),
            rowStep,
            tapStep,
            p1 - p0,
            q1 - q0,
            first,
            s.kernelWidth,
            at(y, c),
            to,
            channels - c,
          );
        }
      }
      y = at(y, channels);
      if (taps) taps += channels;
    }
  }
}

/** Four channels of one window of rows × columns taps, the first one being tap number `first`. */
function anyWindow(
  row: usize,
  rowStep: usize,
  tapStep: usize,
  rows: i32,
  columns: i32,
  first: i32,
  kernelWidth: i32,
  y: usize,
  taps: usize,
  left: i32,
): void {
  let best = v128.load(row);
  let where = i32x4.splat(first);
  for (let p = 0; p < rows; p++) {
    let from = row;
    for (let q = 0; q < columns; q++) {
      const v = v128.load(from);
      const wins = v128.or(f32x4.gt(v, best), f32x4.ne(v, v));
      best = v128.bitselect(v, best, wins);
      where = v128.bitselect(i32x4.splat(first + p * kernelWidth + q), where, wins);
      from += tapStep;
    }
    row += rowStep;
  }
  inline.always(storeLanes(y, best, left));
  if (taps) storeBytes(taps, where, left);
}

/**
 * All channels of one window of K × K taps inside the image. The winner is the last tap that is more than all before
 * it; a NaN anywhere shows in the sum of all taps, and the vector is done again with the test for it.
 */
function square(
  K: i32,
  corner: usize,
  rowStep: usize,
  tapStep: usize,
  channels: i32,
  y: usize,
  taps: usize,
): void {
  const one = i32x4.splat(1);
  const last = 2 * tapStep;
  for (let c = 0; c < channels; c += 4) {
    let row = at(corner, c);
    let best = v128.load(row);
    let where = i32x4.splat(0);
    let sum = f32x4.splat(0);
    let tap = where;
    for (let p = 0; p < K; p++) {
      let v = v128.load(row);
      sum = f32x4.add(sum, v);
      where = i32x4.max_s(where, v128.and(f32x4.gt(v, best), tap));
      best = f32x4.pmax(best, v);
      tap = i32x4.add(tap, one);
      v = v128.load(row + tapStep);
      sum = f32x4.add(sum, v);
      where = i32x4.max_s(where, v128.and(f32x4.gt(v, best), tap));
      best = f32x4.pmax(best, v);
      tap = i32x4.add(tap, one);
      if (K > 2) {
        v = v128.load(row + last);
        sum = f32x4.add(sum, v);
        where = i32x4.max_s(where, v128.and(f32x4.gt(v, best), tap));
        best = f32x4.pmax(best, v);
        tap = i32x4.add(tap, one);
      }
      row += rowStep;
    }
    const to = taps ? taps + c : 0;
    if (channels - c < 4 || v128.any_true(f32x4.ne(sum, sum))) {
      anyWindow(at(corner, c), rowStep, tapStep, K, K, 0, K, at(y, c), to, channels - c);
      continue;
    }
    v128.store(at(y, c), best);
    if (taps) {
      v128.store32_lane(
        to,
        i8x16.shuffle(where, where, 0, 4, 8, 12, 0, 4, 8, 12, 0, 4, 8, 12, 0, 4, 8, 12),
        0,
      );
    }
  }
}

/** Units of work of maxPool2dBackward: bands of strideHeight rows of dx. */
export function maxPool2dBackwardUnits(window: usize): i32 {
  const s = changetype<Window>(window);
  return s.images * ((s.height + s.strideHeight - 1) / s.strideHeight);
}

/** dx = the sum of dy over the windows whose maximum a pixel is. Unit = band of strideHeight rows of dx. */
export function maxPool2dBackward(
  window: usize,
  dy: usize,
  taps: usize,
  dx: usize,
  begin: i32,
  end: i32,
): void {
  const s = changetype<Window>(window);
  const bands = (s.height + s.strideHeight - 1) / s.strideHeight;
  const pairs = s.strideHeight == 2 && s.strideWidth == 2 && s.dilationHeight == 1 && s.dilationWidth == 1;
  const three = pairs && s.kernelHeight == 3 && s.kernelWidth == 3 && s.paddingTop == 1 && s.paddingLeft == 1;
  const two = pairs && s.kernelHeight == 2 && s.kernelWidth == 2 && s.paddingTop == 0 && s.paddingLeft == 0;
  for (let unit = begin; unit < end; unit++) {
    const n = unit / bands;
    const i = unit % bands;
    const from = n * s.outHeight * s.outWidth * s.channels;
    const image = at(dx, n * s.height * s.width * s.channels);
    const h0 = i * s.strideHeight;
    const h1 = min(s.height, h0 + s.strideHeight);
    let pairsDone = 0;
    if (h1 - h0 == 2 && ((three && i + 1 < s.outHeight) || (two && i < s.outHeight))) {
      pairsDone = min(s.width >> 1, three ? s.outWidth - 1 : s.outWidth);
      const start = from + i * s.outWidth * s.channels;
      if (three)
        bandOfThrees(s, at(dy, start), taps + start, at(image, h0 * s.width * s.channels), pairsDone);
      else bandOfTwos(s, at(dy, start), taps + start, at(image, h0 * s.width * s.channels), pairsDone);
    }
    for (let h = h0; h < h1; h++) {
      for (let w = 2 * pairsDone; w < s.width; w++) {
        gather(s, at(dy, from), taps + from, h, w, at(image, (h * s.width + w) * s.channels));
      }
    }
  }
}

/** One pixel of dx, from every window that contains it. */
function gather(s: Window, dy: usize, taps: usize, h: i32, w: i32, dx: usize): void {
  const channels = s.channels;
  for (let c = 0; c < channels; c += 4) storeLanes(at(dx, c), f32x4.splat(0), channels - c);
  for (let p = 0; p < s.kernelHeight; p++) {
    const top = h + s.paddingTop - p * s.dilationHeight;
    const i = top / s.strideHeight;
    if (top < 0 || i >= s.outHeight || i * s.strideHeight != top) continue;
    for (let q = 0; q < s.kernelWidth; q++) {
      const side = w + s.paddingLeft - q * s.dilationWidth;
      const j = side / s.strideWidth;
      if (side < 0 || j >= s.outWidth || j * s.strideWidth != side) continue;
      const from = (i * s.outWidth + j) * channels;
      const tap = i32x4.splat(p * s.kernelWidth + q);
      for (let c = 0; c < channels; c += 4) {
        const v = won(at(dy, from + c), taps + from + c, tap);
        inline.always(storeLanes(at(dx, c), f32x4.add(v128.load(at(dx, c)), v), channels - c));
      }
    }
  }
}

/** Four values of dy where the window's maximum is at this tap, else 0. */
function won(dy: usize, taps: usize, tap: v128): v128 {
  return v128.and(v128.load(dy), i32x4.eq(tapsAt(taps), tap));
}

function tapsAt(taps: usize): v128 {
  return i32x4.extend_low_i16x8_u(i16x8.extend_low_i8x16_u(v128.load32_zero(taps)));
}

/**
 * Two rows of dx under 3×3 windows of stride 2 and padding 1, `pairs` pairs of columns. Pixels at an even row belong to the
 * middle of one row of windows, at an odd row to the last tap of one and the first of the next; columns likewise.
 */
function bandOfThrees(s: Window, dy: usize, taps: usize, dx: usize, pairs: i32): void {
  const channels = s.channels;
  const pixel = at(0, channels);
  const below = s.outWidth * channels;
  const row = s.width * pixel;
  for (let j = 0; j < pairs; j++) {
    for (let c = 0; c < channels; c += 4) {
      const left = channels - c;
      const g00 = v128.load(at(dy, c));
      const t00 = inline.always(tapsAt(taps + c));
      const g01 = v128.load(at(dy, channels + c));
      const t01 = inline.always(tapsAt(taps + channels + c));
      const d00 = v128.and(g00, i32x4.eq(t00, i32x4.splat(4)));
      const d01 = f32x4.add(
        v128.and(g00, i32x4.eq(t00, i32x4.splat(5))),
        v128.and(g01, i32x4.eq(t01, i32x4.splat(3))),
      );
      inline.always(storeLanes(at(dx, c), d00, left));
      inline.always(storeLanes(at(dx, c) + pixel, d01, left));
      let d10 = v128.and(g00, i32x4.eq(t00, i32x4.splat(7)));
      let d11 = f32x4.add(
        v128.and(g00, i32x4.eq(t00, i32x4.splat(8))),
        v128.and(g01, i32x4.eq(t01, i32x4.splat(6))),
      );
      const g10 = v128.load(at(dy, below + c));
      const t10 = inline.always(tapsAt(taps + below + c));
      const g11 = v128.load(at(dy, below + channels + c));
      const t11 = inline.always(tapsAt(taps + below + channels + c));
      d10 = f32x4.add(d10, v128.and(g10, i32x4.eq(t10, i32x4.splat(1))));
      d11 = f32x4.add(d11, v128.and(g10, i32x4.eq(t10, i32x4.splat(2))));
      d11 = f32x4.add(d11, v128.and(g11, i32x4.eq(t11, i32x4.splat(0))));
      inline.always(storeLanes(at(dx, c) + row, d10, left));
      inline.always(storeLanes(at(dx, c) + row + pixel, d11, left));
    }
    dy += pixel;
    taps += channels;
    dx += 2 * pixel;
  }
}

/** Two rows of dx under 2×2 windows of stride 2, `pairs` pairs of columns. */
function bandOfTwos(s: Window, dy: usize, taps: usize, dx: usize, pairs: i32): void {
  const channels = s.channels;
  const pixel = at(0, channels);
  const row = s.width * pixel;
  for (let j = 0; j < pairs; j++) {
    for (let c = 0; c < channels; c += 4) {
      const left = channels - c;
      const g = v128.load(at(dy, c));
      const t = inline.always(tapsAt(taps + c));
      const to = at(dx, c);
      inline.always(storeLanes(to, v128.and(g, i32x4.eq(t, i32x4.splat(0))), left));
      inline.always(storeLanes(to + pixel, v128.and(g, i32x4.eq(t, i32x4.splat(1))), left));
      inline.always(storeLanes(to + row, v128.and(g, i32x4.eq(t, i32x4.splat(2))), left));
      inline.always(storeLanes(to + row + pixel, v128.and(g, i32x4.eq(t, i32x4.splat(3))), left));
    }
    dy += pixel;
    taps += channels;
    dx += 2 * pixel;
  }
}
