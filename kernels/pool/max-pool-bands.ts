// Max pooling with windows of 3 × 3 taps two pixels apart, all inside the image: some rows of outputs at once, a column of
// windows after the other, down each column. The maxima along every other row of x then serve two windows. Eight
// channels at a time, so that which tap a maximum is, small numbers, takes half a vector's work.

import { anyWindow } from "./max-pool-window";
import { Window } from "../shapes";
import { at } from "../simd";

/**
 * `rows` × `columns` outputs, and in taps, if WHERE, the first tap that holds each maximum. x: the first pixel of the first
 * window. channels: a multiple of eight. Returns a vector that holds a NaN if any of the pixels is one; then y and taps are not
 * what they should be.
 */
function bandBody(WHERE: bool, s: Window, x: usize, y: usize, taps: usize, rows: i32, columns: i32): v128 {
  const channels = s.channels;
  const pixel = at(0, channels);
  const xRow = pixel * s.width;
  const yRow = pixel * s.outWidth;
  // −1 by a number from memory: V8 builds constants anew at each use.
  const minus1 = i16x8.splat(<i16>(2 - s.kernelHeight));
  const minus3 = i16x8.add(i16x8.add(minus1, minus1), minus1);
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
      // Along the first row, four channels and the next four.
      let from = row + pixel;
      let last = from + pixel;
      let v = v128.load(row);
      let w = v128.load(from);
      let u = v128.load(last);
      let part = f32x4.add(w, u);
      let mid = f32x4.pmax(v, w);
      let best0 = f32x4.pmax(mid, u);
      let second = f32x4.gt(w, v);
      let third = f32x4.gt(u, mid);
      v = v128.load(row, 16);
      w = v128.load(from, 16);
      u = v128.load(last, 16);
      sum = f32x4.add(sum, f32x4.add(part, f32x4.add(w, u)));
      mid = f32x4.pmax(v, w);
      let best1 = f32x4.pmax(mid, u);
      let where = minus1;
      if (WHERE) {
        second = i16x8.narrow_i32x4_s(second, f32x4.gt(w, v));
        third = i16x8.narrow_i32x4_s(third, f32x4.gt(u, mid));
        where = i16x8.min_s(second, i16x8.add(third, third));
      }
      for (let i = rows; i > 0; i--) {
        row += xRow;
        from = row + pixel;
        last = from + pixel;
        v = v128.load(row);
        w = v128.load(from);
        u = v128.load(last);
        part = f32x4.add(w, u);
        mid = f32x4.pmax(v, w);
        second = f32x4.gt(w, v);
        third = f32x4.gt(u, mid);
        mid = f32x4.pmax(mid, u);
        let better = f32x4.gt(mid, best0);
        best0 = f32x4.pmax(best0, mid);
        v = v128.load(row, 16);
        w = v128.load(from, 16);
        u = v128.load(last, 16);
        sum = f32x4.add(sum, f32x4.add(part, f32x4.add(w, u)));
        mid = f32x4.pmax(v, w);
        if (WHERE) {
          second = i16x8.narrow_i32x4_s(second, f32x4.gt(w, v));
          third = i16x8.narrow_i32x4_s(third, f32x4.gt(u, mid));
          second = i16x8.min_s(second, i16x8.add(third, third));
        }
        mid = f32x4.pmax(mid, u);
        if (WHERE) {
          better = i16x8.narrow_i32x4_s(better, f32x4.gt(mid, best1));
          where = i16x8.min_s(where, v128.and(better, i16x8.add(second, minus3)));
        }
        best1 = f32x4.pmax(best1, mid);
        // The row that the next window begins with.
        row += xRow;
        from = row + pixel;
        last = from + pixel;
        v = v128.load(row);
        w = v128.load(from);
        u = v128.load(last);
        part = f32x4.add(w, u);
        mid = f32x4.pmax(v, w);
        second = f32x4.gt(w, v);
        third = f32x4.gt(u, mid);
        mid = f32x4.pmax(mid, u);
        better = f32x4.gt(mid, best0);
        v128.store(to, f32x4.pmax(best0, mid));
        best0 = mid;
        v = v128.load(row, 16);
        w = v128.load(from, 16);
        u = v128.load(last, 16);
        sum = f32x4.add(sum, f32x4.add(part, f32x4.add(w, u)));
        mid = f32x4.pmax(v, w);
        if (WHERE) {
          second = i16x8.narrow_i32x4_s(second, f32x4.gt(w, v));
          third = i16x8.narrow_i32x4_s(third, f32x4.gt(u, mid));
          second = i16x8.min_s(second, i16x8.add(third, third));
        }
        mid = f32x4.pmax(mid, u);
        if (WHERE) {
          better = i16x8.narrow_i32x4_s(better, f32x4.gt(mid, best1));
          third = i16x8.add(i16x8.add(second, minus3), minus3);
          where = i16x8.abs(i16x8.min_s(where, v128.and(better, third)));
          v128.store64_lane(tapTo, i8x16.narrow_i16x8_u(where, where), 0);
          tapTo += tapsRow;
          where = second;
        }
        v128.store(to, f32x4.pmax(best1, mid), 16);
        best1 = mid;
        to += yRow;
      }
    }
    x += 2 * pixel;
    y += pixel;
    if (WHERE) taps += channels;
  }
  return sum;
}

function bandWithTaps(s: Window, x: usize, y: usize, taps: usize, rows: i32, columns: i32): v128 {
  return inline.always(bandBody(true, s, x, y, taps, rows, columns));
}

function bandAlone(s: Window, x: usize, y: usize, rows: i32, columns: i32): v128 {
  return inline.always(bandBody(false, s, x, y, 0, rows, columns));
}

/**
 * `rows` × `columns` outputs and, unless taps is 0, the first tap of each that holds the maximum, or the last NaN. x: the first
 * pixel of the first window. channels: a multiple of eight. A NaN anywhere has the band done again, window by window.
 */
export function bandOfMaxima(s: Window, x: usize, y: usize, taps: usize, rows: i32, columns: i32): void {
  const sum = taps ? bandWithTaps(s, x, y, taps, rows, columns) : bandAlone(s, x, y, rows, columns);
  if (!v128.any_true(f32x4.ne(sum, sum))) return;
  const channels = s.channels;
  for (let i = 0; i < rows; i++) {
    for (let j = 0; j < columns; j++) {
      const corner = at(x, 2 * (i * s.width + j) * channels);
      const first = (i * s.outWidth + j) * channels;
      anyWindow(s, corner, 3, 3, 0, at(y, first), taps ? taps + first : 0, channels);
    }
  }
}
