// The sums of squares of 2 × 2 outputs of a depthwise convolution with 3 × 3 taps; see depthwise/squares.ts. A row of x is
// left out by one test for all its taps. channels ≥ 4: the last vector may repeat some channels of the one before, which is
// faster than to store fewer.

import { at, madd } from "../simd";

/**
 * A run of `count` squares for stride 1. `rows` has a bit for each of the four rows of x that lies inside the image; EDGE:
 * columns 0 and 3 of a square count only if `first` and `last` say so. x, w and y: the first pixel, tap and output.
 */
function squares1Body(
  EDGE: bool,
  x: usize,
  xRow: usize,
  rows: i32,
  first: bool,
  last: bool,
  w: usize,
  wStep: usize,
  bias: usize,
  y: usize,
  yRow: usize,
  pixel: usize,
  channels: i32,
  count: i32,
): void {
  const last4 = channels - 4;
  for (; count > 0; count--) {
    for (let c = 0; ; c = min(c + 4, last4)) {
      let v0 = bias ? v128.load(at(bias, c)) : f32x4.splat(0);
      let v1 = v0,
        u0 = v0,
        u1 = v0;
      let tap = at(w, c);
      const w00 = v128.load(tap);
      const w01 = v128.load((tap += wStep));
      const w02 = v128.load((tap += wStep));
      let row = at(x, c);
      if (rows & 1) {
        let from = row;
        if (!EDGE || first) v0 = madd(v128.load(from), w00, v0);
        let a = v128.load((from += pixel));
        v0 = madd(a, w01, v0);
        v1 = madd(a, w00, v1);
        a = v128.load((from += pixel));
        v0 = madd(a, w02, v0);
        v1 = madd(a, w01, v1);
        if (!EDGE || last) v1 = madd(v128.load(from + pixel), w02, v1);
      }
      const w10 = v128.load((tap += wStep));
      const w11 = v128.load((tap += wStep));
      const w12 = v128.load((tap += wStep));
      row += xRow;
      if (rows & 2) {
        let from = row;
        let a: v128;
        if (!EDGE || first) {
          a = v128.load(from);
          v0 = madd(a, w10, v0);
          u0 = madd(a, w00, u0);
        }
        a = v128.load((from += pixel));
        v0 = madd(a, w11, v0);
        u0 = madd(a, w01, u0);
        v1 = madd(a, w10, v1);
        u1 = madd(a, w00, u1);
        a = v128.load((from += pixel));
        v0 = madd(a, w12, v0);
        u0 = madd(a, w02, u0);
        v1 = madd(a, w11, v1);
        u1 = madd(a, w01, u1);
        if (!EDGE || last) {
          a = v128.load(from + pixel);
          v1 = madd(a, w12, v1);
          u1 = madd(a, w02, u1);
        }
      }
      const w20 = v128.load((tap += wStep));
      const w21 = v128.load((tap += wStep));
      const w22 = v128.load(tap + wStep);
      row += xRow;
      if (rows & 4) {
        let from = row;
        let a: v128;
        if (!EDGE || first) {
          a = v128.load(from);
          v0 = madd(a, w20, v0);
          u0 = madd(a, w10, u0);
        }
        a = v128.load((from += pixel));
        v0 = madd(a, w21, v0);
        u0 = madd(a, w11, u0);
        v1 = madd(a, w20, v1);
        u1 = madd(a, w10, u1);
        a = v128.load((from += pixel));
        v0 = madd(a, w22, v0);
        u0 = madd(a, w12, u0);
        v1 = madd(a, w21, v1);
        u1 = madd(a, w11, u1);
        if (!EDGE || last) {
          a = v128.load(from + pixel);
          v1 = madd(a, w22, v1);
          u1 = madd(a, w12, u1);
        }
      }
      if (rows & 8) {
        let from = row + xRow;
        if (!EDGE || first) u0 = madd(v128.load(from), w20, u0);
        let a = v128.load((from += pixel));
        u0 = madd(a, w21, u0);
        u1 = madd(a, w20, u1);
        a = v128.load((from += pixel));
        u0 = madd(a, w22, u0);
        u1 = madd(a, w21, u1);
        if (!EDGE || last) u1 = madd(v128.load(from + pixel), w22, u1);
      }
      inline.always(storeSquare(at(y, c), pixel, yRow, v0, v1, u0, u1));
      if (c == last4) break;
    }
    x += 2 * pixel;
    y += 2 * pixel;
  }
}

/** The same for stride 2: five rows, five columns. */
function squares2Body(
  EDGE: bool,
  x: usize,
  xRow: usize,
  rows: i32,
  first: bool,
  last: bool,
  w: usize,
  wStep: usize,
  bias: usize,
  y: usize,
  yRow: usize,
  pixel: usize,
  channels: i32,
  count: i32,
): void {
  const last4 = channels - 4;
  for (; count > 0; count--) {
    for (let c = 0; ; c = min(c + 4, last4)) {
      let v0 = bias ? v128.load(at(bias, c)) : f32x4.splat(0);
      let v1 = v0,
        u0 = v0,
        u1 = v0;
      let tap = at(w, c);
      const w00 = v128.load(tap);
      const w01 = v128.load((tap += wStep));
      const w02 = v128.load((tap += wStep));
      let row = at(x, c);
      if (rows & 1) {
        let from = row;
        if (!EDGE || first) v0 = madd(v128.load(from), w00, v0);
        v0 = madd(v128.load((from += pixel)), w01, v0);
        const a = v128.load((from += pixel));
        v0 = madd(a, w02, v0);
        v1 = madd(a, w00, v1);
        v1 = madd(v128.load((from += pixel)), w01, v1);
        if (!EDGE || last) v1 = madd(v128.load(from + pixel), w02, v1);
      }
      const w10 = v128.load((tap += wStep));
      const w11 = v128.load((tap += wStep));
      const w12 = v128.load((tap += wStep));
      row += xRow;
      if (rows & 2) {
        let from = row;
        if (!EDGE || first) v0 = madd(v128.load(from), w10, v0);
        v0 = madd(v128.load((from += pixel)), w11, v0);
        const a = v128.load((from += pixel));
        v0 = madd(a, w12, v0);
        v1 = madd(a, w10, v1);
        v1 = madd(v128.load((from += pixel)), w11, v1);
        if (!EDGE || last) v1 = madd(v128.load(from + pixel), w12, v1);
      }
      const w20 = v128.load((tap += wStep));
      const w21 = v128.load((tap += wStep));
      const w22 = v128.load(tap + wStep);
      row += xRow;
      if (rows & 4) {
        let from = row;
        let a: v128;
        if (!EDGE || first) {
          a = v128.load(from);
          v0 = madd(a, w20, v0);
          u0 = madd(a, w00, u0);
        }
        a = v128.load((from += pixel));
        v0 = madd(a, w21, v0);
        u0 = madd(a, w01, u0);
        a = v128.load((from += pixel));
        v0 = madd(a, w22, v0);
        u0 = madd(a, w02, u0);
        v1 = madd(a, w20, v1);
        u1 = madd(a, w00, u1);
        a = v128.load((from += pixel));
        v1 = madd(a, w21, v1);
        u1 = madd(a, w01, u1);
        if (!EDGE || last) {
          a = v128.load(from + pixel);
          v1 = madd(a, w22, v1);
          u1 = madd(a, w02, u1);
        }
      }
      row += xRow;
      if (rows & 8) {
        let from = row;
        if (!EDGE || first) u0 = madd(v128.load(from), w10, u0);
        u0 = madd(v128.load((from += pixel)), w11, u0);
        const a = v128.load((from += pixel));
        u0 = madd(a, w12, u0);
        u1 = madd(a, w10, u1);
        u1 = madd(v128.load((from += pixel)), w11, u1);
        if (!EDGE || last) u1 = madd(v128.load(from + pixel), w12, u1);
      }
      if (rows & 16) {
        let from = row + xRow;
        if (!EDGE || first) u0 = madd(v128.load(from), w20, u0);
        u0 = madd(v128.load((from += pixel)), w21, u0);
        const a = v128.load((from += pixel));
        u0 = madd(a, w22, u0);
        u1 = madd(a, w20, u1);
        u1 = madd(v128.load((from += pixel)), w21, u1);
        if (!EDGE || last) u1 = madd(v128.load(from + pixel), w22, u1);
      }
      inline.always(storeSquare(at(y, c), pixel, yRow, v0, v1, u0, u1));
      if (c == last4) break;
    }
    x += 4 * pixel;
    y += 2 * pixel;
  }
}

function storeSquare(y: usize, pixel: usize, yRow: usize, v0: v128, v1: v128, u0: v128, u1: v128): void {
  const second = y + yRow;
  v128.store(y, v0);
  v128.store(y + pixel, v1);
  v128.store(second, u0);
  v128.store(second + pixel, u1);
}

export function squares1(
  x: usize,
  xRow: usize,
  rows: i32,
  w: usize,
  wStep: usize,
  bias: usize,
  y: usize,
  yRow: usize,
  pixel: usize,
  channels: i32,
  count: i32,
): void {
  inline.always(
    squares1Body(false, x, xRow, rows, true, true, w, wStep, bias, y, yRow, pixel, channels, count),
  );
}

export function edgeSquare1(
  x: usize,
  xRow: usize,
  rows: i32,
  w: usize,
  wStep: usize,
  bias: usize,
  y: usize,
  yRow: usize,
  pixel: usize,
  channels: i32,
  first: bool,
  last: bool,
): void {
  inline.always(squares1Body(true, x, xRow, rows, first, last, w, wStep, bias, y, yRow, pixel, channels, 1));
}

export function squares2(
  x: usize,
  xRow: usize,
  rows: i32,
  w: usize,
  wStep: usize,
  bias: usize,
  y: usize,
  yRow: usize,
  pixel: usize,
  channels: i32,
  count: i32,
): void {
  inline.always(
    squares2Body(false, x, xRow, rows, true, true, w, wStep, bias, y, yRow, pixel, channels, count),
  );
}

export function edgeSquare2(
  x: usize,
  xRow: usize,
  rows: i32,
  w: usize,
  wStep: usize,
  bias: usize,
  y: usize,
  yRow: usize,
  pixel: usize,
  channels: i32,
  first: bool,
  last: bool,
): void {
  inline.always(squares2Body(true, x, xRow, rows, first, last, w, wStep, bias, y, yRow, pixel, channels, 1));
}
