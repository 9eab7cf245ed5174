// The maxima of windows of max pooling, and which taps they are.

import { Window } from "../shapes";
import { at, storeLanes } from "../simd";

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

/** One window of rows × columns taps inside the image, the first one being tap number `first`; −∞ if there are none. */
export function anyWindow(
  s: Window,
  corner: usize,
  rows: i32,
  columns: i32,
  first: i32,
  y: usize,
  taps: usize,
  channels: i32,
): void {
  const rowStep = at(0, s.dilationHeight * s.width * s.channels);
  const tapStep = at(0, s.dilationWidth * s.channels);
  const kernelWidth = s.kernelWidth;
  for (let c = 0; c < channels; c += 4) {
    let best = f32x4.splat(-Infinity);
    let where = i32x4.splat(first);
    let row = at(corner, c);
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
    inline.always(storeLanes(at(y, c), best, channels - c));
    if (taps) storeBytes(taps + c, where, channels - c);
  }
}

/**
 * All channels of `count` windows of K × K taps inside the image, K = 2 or 3, WHERE: and which tap each maximum is: the
 * last that is more than all before it. First along the rows, then down. A NaN anywhere shows in the sum of all taps, and
 * the vector is done again with the test for it. channels ≥ 4: the last vector may repeat some of the one before. K is read from
 * memory where it is a vector: V8 builds constants anew at each use.
 */
function denseWindows(
  K: i32,
  WHERE: bool,
  s: Window,
  corner: usize,
  y: usize,
  taps: usize,
  count: i32,
): void {
  const channels = s.channels;
  const pixel = at(0, channels);
  const rowStep = pixel * s.dilationHeight * s.width;
  const tapStep = pixel * s.dilationWidth;
  const next = pixel * s.strideWidth;
  const kernel = s.kernelWidth;
  const size = i32x4.splat(kernel);
  const one = i32x4.shr_u(size, 1);
  const two = i32x4.add(one, one);
  const last4 = channels - 4;
  for (; count > 0; count--) {
    for (let c = 0; ; c = min(c + 4, last4)) {
      let row = at(corner, c);
      let v = v128.load(row);
      let w = v128.load(row + tapStep);
      let sum = f32x4.add(v, w);
      let where = v128.and(f32x4.gt(w, v), one);
      let best = f32x4.pmax(v, w);
      if (K > 2) {
        v = v128.load(row + tapStep + tapStep);
        sum = f32x4.add(sum, v);
        where = i32x4.max_s(where, v128.and(f32x4.gt(v, best), two));
        best = f32x4.pmax(best, v);
      }
      let before = size;
      for (let p = 1; p < K; p++) {
        row += rowStep;
        v = v128.load(row);
        w = v128.load(row + tapStep);
        sum = f32x4.add(sum, f32x4.add(v, w));
        let tap = v128.and(f32x4.gt(w, v), one);
        let most = f32x4.pmax(v, w);
        if (K > 2) {
          v = v128.load(row + tapStep + tapStep);
          sum = f32x4.add(sum, v);
          tap = i32x4.max_s(tap, v128.and(f32x4.gt(v, most), two));
          most = f32x4.pmax(most, v);
        }
        where = i32x4.max_s(where, v128.and(f32x4.gt(most, best), i32x4.add(tap, before)));
        best = f32x4.pmax(best, most);
        before = i32x4.add(before, size);
      }
      const to = WHERE ? taps + c : 0;
      if (v128.any_true(f32x4.ne(sum, sum))) {
        anyWindow(s, at(corner, c), K, K, 0, at(y, c), to, 4);
      } else {
        v128.store(at(y, c), best);
        if (WHERE) {
          where = i8x16.shuffle(where, where, 0, 4, 8, 12, 0, 4, 8, 12, 0, 4, 8, 12, 0, 4, 8, 12);
          v128.store32_lane(to, where, 0);
        }
      }
      if (c == last4) break;
    }
    corner += next;
    y = at(y, channels);
    if (WHERE) taps += channels;
  }
}

export function windows2x2(s: Window, corner: usize, y: usize, taps: usize, count: i32): void {
  if (taps) inline.always(denseWindows(2, true, s, corner, y, taps, count));
  else inline.always(denseWindows(2, false, s, corner, y, 0, count));
}

export function windows3x3(s: Window, corner: usize, y: usize, taps: usize, count: i32): void {
  if (taps) inline.always(denseWindows(3, true, s, corner, y, taps, count));
  else inline.always(denseWindows(3, false, s, corner, y, 0, count));
}
