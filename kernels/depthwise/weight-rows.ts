// Sums of the weight gradient of a depthwise convolution for four outputs with 3 or 5 taps to a row, one pixel apart. A
// pixel is loaded once for all the outputs whose windows it lies in.

import { at, madd } from "../simd";

/**
 * Body of four outputs one (STRIDE 1) or two pixels apart, with 3 or 5 taps to a row, one pixel apart. EDGE: of the first
 * and last TAPS/2 columns of x only those that have their bit in `columns` lie in the image, and the first `done` outputs are in the sums already.
 */
function fourBody(
  STRIDE: i32,
  TAPS: i32,
  EDGE: bool,
  x: usize,
  xRow: usize,
  rows: i32,
  dy: usize,
  sums: usize,
  sumsNext: usize,
  pixel: usize,
  count: i32,
  columns: i32,
  done: i32,
): void {
  for (let c = 0; c < count; c += 4) {
    let from = at(dy, c);
    let d0 = v128.load(from);
    let d1 = v128.load((from += pixel));
    let d2 = v128.load((from += pixel));
    const d3 = v128.load(from + pixel);
    if (EDGE && done > 0) d0 = f32x4.splat(0);
    if (EDGE && done > 1) d1 = f32x4.splat(0);
    if (EDGE && done > 2) d2 = f32x4.splat(0);
    let to = sums;
    let row = at(x, c);
    for (let p = 0; p < rows; p++) {
      let a0 = v128.load(to);
      let a1 = v128.load(to, 16);
      let a2 = v128.load(to, 32);
      let a3 = a2,
        a4 = a2;
      if (TAPS > 3) a3 = v128.load(to, 48);
      if (TAPS > 3) a4 = v128.load(to, 64);
      from = row;
      let v: v128;
      if (STRIDE == 1) {
        if (!EDGE || columns & 1) {
          v = v128.load(from);
          a0 = madd(v, d0, a0);
        }
        from += pixel;
        if (TAPS == 3 || !EDGE || columns & 2) {
          v = v128.load(from);
          a1 = madd(v, d0, a1);
          a0 = madd(v, d1, a0);
        }
        from += pixel;
        v = v128.load(from);
        a2 = madd(v, d0, a2);
        a1 = madd(v, d1, a1);
        a0 = madd(v, d2, a0);
        from += pixel;
        v = v128.load(from);
        if (TAPS > 3) a3 = madd(v, d0, a3);
        a2 = madd(v, d1, a2);
        a1 = madd(v, d2, a1);
        a0 = madd(v, d3, a0);
        from += pixel;
        v = v128.load(from);
        if (TAPS > 3) a4 = madd(v, d0, a4);
        if (TAPS > 3) a3 = madd(v, d1, a3);
        a2 = madd(v, d2, a2);
        a1 = madd(v, d3, a1);
        from += pixel;
        if (TAPS > 3 || !EDGE || columns & 32) {
          v = v128.load(from);
          if (TAPS > 3) a4 = madd(v, d1, a4);
          if (TAPS > 3) a3 = madd(v, d2, a3);
          a2 = madd(v, d3, a2);
        }
        if (TAPS > 3) from += pixel;
        if (TAPS > 3 && (!EDGE || columns & 64)) {
          v = v128.load(from);
          a4 = madd(v, d2, a4);
          a3 = madd(v, d3, a3);
        }
        if (TAPS > 3) from += pixel;
        if (TAPS > 3 && (!EDGE || columns & 128)) {
          v = v128.load(from);
          a4 = madd(v, d3, a4);
        }
      } else {
        if (!EDGE || columns & 1) {
          v = v128.load(from);
          a0 = madd(v, d0, a0);
        }
        from += pixel;
        if (TAPS == 3 || !EDGE || columns & 2) {
          v = v128.load(from);
          a1 = madd(v, d0, a1);
        }
        from += pixel;
        v = v128.load(from);
        a2 = madd(v, d0, a2);
        a0 = madd(v, d1, a0);
        from += pixel;
        v = v128.load(from);
        if (TAPS > 3) a3 = madd(v, d0, a3);
        a1 = madd(v, d1, a1);
        from += pixel;
        v = v128.load(from);
        if (TAPS > 3) a4 = madd(v, d0, a4);
        a2 = madd(v, d1, a2);
        a0 = madd(v, d2, a0);
        from += pixel;
        v = v128.load(from);
        if (TAPS > 3) a3 = madd(v, d1, a3);
        a1 = madd(v, d2, a1);
        from += pixel;
        v = v128.load(from);
        if (TAPS > 3) a4 = madd(v, d1, a4);
        a2 = madd(v, d2, a2);
        a0 = madd(v, d3, a0);
        from += pixel;
        v = v128.load(from);
        if (TAPS > 3) a3 = madd(v, d2, a3);
        a1 = madd(v, d3, a1);
        from += pixel;
        if (TAPS > 3 || !EDGE || columns & 256) {
          v = v128.load(from);
          if (TAPS > 3) a4 = madd(v, d2, a4);
          a2 = madd(v, d3, a2);
        }
        if (TAPS > 3) from += pixel;
        if (TAPS > 3 && (!EDGE || columns & 512)) {
          v = v128.load(from);
          a3 = madd(v, d3, a3);
        }
        if (TAPS > 3) from += pixel;
        if (TAPS > 3 && (!EDGE || columns & 1024)) {
          v = v128.load(from);
          a4 = madd(v, d3, a4);
        }
      }
      v128.store(to, a0);
      v128.store(to, a1, 16);
      v128.store(to, a2, 32);
      if (TAPS > 3) v128.store(to, a3, 48);
      if (TAPS > 3) v128.store(to, a4, 64);
      to += 16 * TAPS;
      row += xRow;
    }
    sums += sumsNext;
  }
}

function four1x3(
  x: usize,
  xRow: usize,
  rows: i32,
  dy: usize,
  sums: usize,
  sumsNext: usize,
  pixel: usize,
  count: i32,
): void {
  inline.always(fourBody(1, 3, false, x, xRow, rows, dy, sums, sumsNext, pixel, count, 0, 0));
}

function edge1x3(
  x: usize,
  xRow: usize,
  rows: i32,
  dy: usize,
  sums: usize,
  sumsNext: usize,
  pixel: usize,
  count: i32,
  columns: i32,
  done: i32,
): void {
  inline.always(fourBody(1, 3, true, x, xRow, rows, dy, sums, sumsNext, pixel, count, columns, done));
}

function four1x5(
  x: usize,
  xRow: usize,
  rows: i32,
  dy: usize,
  sums: usize,
  sumsNext: usize,
  pixel: usize,
  count: i32,
): void {
  inline.always(fourBody(1, 5, false, x, xRow, rows, dy, sums, sumsNext, pixel, count, 0, 0));
}

function edge1x5(
  x: usize,
  xRow: usize,
  rows: i32,
  dy: usize,
  sums: usize,
  sumsNext: usize,
  pixel: usize,
  count: i32,
  columns: i32,
  done: i32,
): void {
  inline.always(fourBody(1, 5, true, x, xRow, rows, dy, sums, sumsNext, pixel, count, columns, done));
}

function four2x3(
  x: usize,
  xRow: usize,
  rows: i32,
  dy: usize,
  sums: usize,
  sumsNext: usize,
  pixel: usize,
  count: i32,
): void {
  inline.always(fourBody(2, 3, false, x, xRow, rows, dy, sums, sumsNext, pixel, count, 0, 0));
}

function edge2x3(
  x: usize,
  xRow: usize,
  rows: i32,
  dy: usize,
  sums: usize,
  sumsNext: usize,
  pixel: usize,
  count: i32,
  columns: i32,
  done: i32,
): void {
  inline.always(fourBody(2, 3, true, x, xRow, rows, dy, sums, sumsNext, pixel, count, columns, done));
}

function four2x5(
  x: usize,
  xRow: usize,
  rows: i32,
  dy: usize,
  sums: usize,
  sumsNext: usize,
  pixel: usize,
  count: i32,
): void {
  inline.always(fourBody(2, 5, false, x, xRow, rows, dy, sums, sumsNext, pixel, count, 0, 0));
}

function edge2x5(
  x: usize,
  xRow: usize,
  rows: i32,
  dy: usize,
  sums: usize,
  sumsNext: usize,
  pixel: usize,
  count: i32,
  columns: i32,
  done: i32,
): void {
  inline.always(fourBody(2, 5, true, x, xRow, rows, dy, sums, sumsNext, pixel, count, columns, done));
}

/**
 * Adds what four outputs give to the sums of `count` channels: outputs `stride` (1 or 2) pixels apart, `taps` (3 or 5) to a
 * row, `rows` rows. Of the first and last taps/2
 * columns of x only those with a bit in `columns` lie in the image (columns = 0: all do), and the first `done` outputs
 * are in the sums already. x, dy: first pixel; sumsNext: bytes from the sums of four channels to the next.
 */
export function addFour(
  stride: i32,
  taps: i32,
  x: usize,
  xRow: usize,
  rows: i32,
  dy: usize,
  sums: usize,
  sumsNext: usize,
  pixel: usize,
  count: i32,
  columns: i32,
  done: i32,
): void {
  if (columns == 0) {
    if (stride == 1 && taps == 3) four1x3(x, xRow, rows, dy, sums, sumsNext, pixel, count);
    else if (stride == 1) four1x5(x, xRow, rows, dy, sums, sumsNext, pixel, count);
    else if (taps == 3) four2x3(x, xRow, rows, dy, sums, sumsNext, pixel, count);
    else four2x5(x, xRow, rows, dy, sums, sumsNext, pixel, count);
  } else {
    if (stride == 1 && taps == 3) edge1x3(x, xRow, rows, dy, sums, sumsNext, pixel, count, columns, done);
    else if (stride == 1) edge1x5(x, xRow, rows, dy, sums, sumsNext, pixel, count, columns, done);
    else if (taps == 3) edge2x3(x, xRow, rows, dy, sums, sumsNext, pixel, count, columns, done);
    else edge2x5(x, xRow, rows, dy, sums, sumsNext, pixel, count, columns, done);
  }
}
