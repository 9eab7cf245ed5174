// Max pooling with windows of 3 × 3 taps two pixels apart, all inside the image: some rows of outputs at once, a column of
// windows after the other, down each column. The maxima along every other row of x then serve two windows. Eight
// channels at a time, so that which tap a maximum is, small numbers, takes half a vector's work.

import { anyWindow } from "./max-pool-window";
import { at } from "./simd";

/** Minus the first tap along a row that holds the maximum of v, w and u, for eight channels; mid: the maximum of v and w. */
function tapAlong(v0: v128, w0: v128, mid0: v128, u0: v128, v1: v128, w1: v128, mid1: v128, u1: v128): v128 {
  const second = i16x8.narrow_i32x4_s(f32x4.gt(w0, v0), f32x4.gt(w1, v1));
  const third = i16x8.narrow_i32x4_s(f32x4.gt(u0, mid0), f32x4.gt(u1, mid1));
  return i16x8.min_s(second, i16x8.add(third, third));
}

/** −1 in each of eight lanes where the maximum of a row is more than that of the rows before. */
function more(most0: v128, best0: v128, most1: v128, best1: v128): v128 {
  return i16x8.narrow_i32x4_s(f32x4.gt(most0, best0), f32x4.gt(most1, best1));
}

/**
 * `rows` × `columns` outputs, and in taps, if WHERE, the first tap that holds each maximum. x: the first pixel of the first
 * window; pixel, xRow, yRow: bytes to the next pixel and to the next rows. channels: a multiple of eight. minus1: −1 in
 * each of eight lanes, from memory: V8 builds constants anew at each use. Returns a vector that holds a NaN if any of the
 * pixels is one; then y and taps are not what they should be.
 */
function bandBody(
  WHERE: bool,
  x: usize,
  xRow: usize,
  pixel: usize,
  minus1: v128,
  channels: i32,
  y: usize,
  yRow: usize,
  taps: usize,
  rows: i32,
  columns: i32,
): v128 {
  const minus3 = i16x8.add(i16x8.add(minus1, minus1), minus1);
  const minus6 = i16x8.add(minus3, minus3);
  const tapsRow = yRow >> 2;
  // The first column of pixels; all others are the second or the third of a window.
  let sum = f32x4.splat(0);
  for (let c = 0; c < channels; c += 4) {
    let row = at(x, c);
    for (let p = 0; p <= 2 * rows; p++) {
      sum = f32x4.add(sum, v128.load(row));
      row += xRow;
    }
  }
  for (; columns > 0; columns--) {
    for (let c = 0; c < channels; c += 8) {
      let row = at(x, c);
      let to = at(y, c);
      let tapTo = taps + c;
      let from = row + pixel;
      let v0 = v128.load(row);
      let v1 = v128.load(row, 16);
      let w0 = v128.load(from);
      let w1 = v128.load(from, 16);
      from += pixel;
      let u0 = v128.load(from);
      let u1 = v128.load(from, 16);
      sum = f32x4.add(sum, f32x4.add(f32x4.add(w0, u0), f32x4.add(w1, u1)));
      let mid0 = f32x4.pmax(v0, w0);
      let mid1 = f32x4.pmax(v1, w1);
      let best0 = f32x4.pmax(mid0, u0);
      let best1 = f32x4.pmax(mid1, u1);
      let where = minus1;
      if (WHERE) where = inline.always(tapAlong(v0, w0, mid0, u0, v1, w1, mid1, u1));
      for (let i = rows; i > 0; i--) {
        row += xRow;
        from = row + pixel;
        v0 = v128.load(row);
        v1 = v128.load(row, 16);
        w0 = v128.load(from);
        w1 = v128.load(from, 16);
        from += pixel;
        u0 = v128.load(from);
        u1 = v128.load(from, 16);
        sum = f32x4.add(sum, f32x4.add(f32x4.add(w0, u0), f32x4.add(w1, u1)));
        mid0 = f32x4.pmax(v0, w0);
        mid1 = f32x4.pmax(v1, w1);
        let most0 = f32x4.pmax(mid0, u0);
        let most1 = f32x4.pmax(mid1, u1);
        if (WHERE) {
          const tap = i16x8.add(inline.always(tapAlong(v0, w0, mid0, u0, v1, w1, mid1, u1)), minus3);
          where = i16x8.min_s(where, v128.and(inline.always(more(most0, best0, most1, best1)), tap));
        }
        best0 = f32x4.pmax(best0, most0);
        best1 = f32x4.pmax(best1, most1);
        row += xRow;
        from = row + pixel;
        v0 = v128.load(row);
        v1 = v128.load(row, 16);
        w0 = v128.load(from);
        w1 = v128.load(from, 16);
        from += pixel;
        u0 = v128.load(from);
        u1 = v128.load(from, 16);
        sum = f32x4.add(sum, f32x4.add(f32x4.add(w0, u0), f32x4.add(w1, u1)));
        mid0 = f32x4.pmax(v0, w0);
        mid1 = f32x4.pmax(v1, w1);
        most0 = f32x4.pmax(mid0, u0);
        most1 = f32x4.pmax(mid1, u1);
        if (WHERE) {
          const tap = inline.always(tapAlong(v0, w0, mid0, u0, v1, w1, mid1, u1));
          const last = v128.and(inline.always(more(most0, best0, most1, best1)), i16x8.add(tap, minus6));
          const bytes = i16x8.mul(i16x8.min_s(where, last), minus1);
          v128.store64_lane(tapTo, i8x16.narrow_i16x8_u(bytes, bytes), 0);
          tapTo += tapsRow;
          where = tap;
        }
        v128.store(to, f32x4.pmax(best0, most0));
        v128.store(to, f32x4.pmax(best1, most1), 16);
        to += yRow;
        best0 = most0;
        best1 = most1;
      }
    }
    x += 2 * pixel;
    y += pixel;
    if (WHERE) taps += channels;
  }
  return sum;
}

function bandWithTaps(
  x: usize,
  xRow: usize,
  pixel: usize,
  minus1: v128,
  channels: i32,
  y: usize,
  yRow: usize,
  taps: usize,
  rows: i32,
  columns: i32,
): v128 {
  return inline.always(bandBody(true, x, xRow, pixel, minus1, channels, y, yRow, taps, rows, columns));
}

function bandAlone(
  x: usize,
  xRow: usize,
  pixel: usize,
  minus1: v128,
  channels: i32,
  y: usize,
  yRow: usize,
  rows: i32,
  columns: i32,
): v128 {
  return inline.always(bandBody(false, x, xRow, pixel, minus1, channels, y, yRow, 0, rows, columns));
}

/**
 * `rows` × `columns` outputs and, unless taps is 0, the first tap of each that holds the maximum, or the last NaN. x: the first
 * pixel of the first window; pixel, xRow, yRow: bytes to the next pixel and to the next rows. channels: a multiple of eight;
 * kernel: 3. A NaN anywhere has the band done again, window by window.
 */
export function bandOfMaxima(
  x: usize,
  xRow: usize,
  pixel: usize,
  kernel: i32,
  channels: i32,
  y: usize,
  yRow: usize,
  taps: usize,
  rows: i32,
  columns: i32,
): void {
  const minus1 = i16x8.splat(<i16>(2 - kernel));
  const sum = taps
    ? bandWithTaps(x, xRow, pixel, minus1, channels, y, yRow, taps, rows, columns)
    : bandAlone(x, xRow, pixel, minus1, channels, y, yRow, rows, columns);
  if (!v128.any_true(f32x4.ne(sum, sum))) return;
  for (let i = 0; i < rows; i++) {
    for (let j = 0; j < columns; j++) {
      const corner = x + <usize>(2 * i) * xRow + <usize>(2 * j) * pixel;
      const first = (<usize>i * yRow) / 4 + <usize>(j * channels);
      for (let c = 0; c < channels; c += 4) {
        const to = at(y, <i32>first + c);
        anyWindow(at(corner, c), xRow, pixel, 3, 3, 0, 3, to, taps ? taps + first + c : 0, 4);
      }
    }
  }
}
