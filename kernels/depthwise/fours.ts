// Rows of outputs of a depthwise convolution with 3 or 5 taps to a row, one pixel apart, and stride 1 or 2, in fours: a
// pixel is loaded once for all the outputs of a four whose windows it lies in. Sums are in the order of depthwise/rows.ts.

import { at, madd } from "../simd";

/**
 * Body of `blocks` times four outputs with 3 or 5 taps to a row, one pixel apart, outputs one (STRIDE 1) or two pixels
 * apart. EDGE: of the first and last TAPS/2 columns of x only those that have their bit in `columns` lie in the image. channels ≥ 4: the last vector may
 * repeat some channels of the one before.
 */
function fourBody(
  STRIDE: i32,
  TAPS: i32,
  EDGE: bool,
  x: usize,
  xRow: usize,
  rows: i32,
  columns: i32,
  w: usize,
  wStep: usize,
  wRow: usize,
  bias: usize,
  y: usize,
  yStep: usize,
  blocks: i32,
  channels: i32,
): void {
  const xStep = at(0, channels);
  const xRows = xRow * rows;
  const last4 = channels - 4;
  for (; blocks > 0; blocks--) {
    for (let c = 0; ; c = min(c + 4, last4)) {
      let v0 = bias ? v128.load(at(bias, c)) : f32x4.splat(0);
      let v1 = v0,
        v2 = v0,
        v3 = v0;
      let wp = at(w, c);
      let xp = at(x, c);
      const end = xp + xRows;
      for (; xp != end; xp += xRow) {
        let tap = wp;
        const w0 = v128.load(tap);
        const w1 = v128.load((tap += wStep));
        const w2 = v128.load((tap += wStep));
        let w3 = w2,
          w4 = w2;
        if (TAPS > 3) w3 = v128.load((tap += wStep));
        if (TAPS > 3) w4 = v128.load(tap + wStep);
        wp += wRow;
        let from = xp;
        let a: v128;
        if (STRIDE == 1) {
          if (!EDGE || columns & 1) {
            a = v128.load(from);
            v0 = madd(a, w0, v0);
          }
          from += xStep;
          if (TAPS == 3 || !EDGE || columns & 2) {
            a = v128.load(from);
            v0 = madd(a, w1, v0);
            v1 = madd(a, w0, v1);
          }
          from += xStep;
          a = v128.load(from);
          v0 = madd(a, w2, v0);
          v1 = madd(a, w1, v1);
          v2 = madd(a, w0, v2);
          from += xStep;
          a = v128.load(from);
          if (TAPS > 3) v0 = madd(a, w3, v0);
          v1 = madd(a, w2, v1);
          v2 = madd(a, w1, v2);
          v3 = madd(a, w0, v3);
          from += xStep;
          a = v128.load(from);
          if (TAPS > 3) v0 = madd(a, w4, v0);
          if (TAPS > 3) v1 = madd(a, w3, v1);
          v2 = madd(a, w2, v2);
          v3 = madd(a, w1, v3);
          from += xStep;
          if (TAPS > 3 || !EDGE || columns & 32) {
            a = v128.load(from);
            if (TAPS > 3) v1 = madd(a, w4, v1);
            if (TAPS > 3) v2 = madd(a, w3, v2);
            v3 = madd(a, w2, v3);
          }
          if (TAPS > 3) from += xStep;
          if (TAPS > 3 && (!EDGE || columns & 64)) {
            a = v128.load(from);
            v2 = madd(a, w4, v2);
            v3 = madd(a, w3, v3);
          }
          if (TAPS > 3) from += xStep;
          if (TAPS > 3 && (!EDGE || columns & 128)) {
            a = v128.load(from);
            v3 = madd(a, w4, v3);
          }
        } else {
          if (!EDGE || columns & 1) {
            a = v128.load(from);
            v0 = madd(a, w0, v0);
          }
          from += xStep;
          if (TAPS == 3 || !EDGE || columns & 2) {
            a = v128.load(from);
            v0 = madd(a, w1, v0);
          }
          from += xStep;
          a = v128.load(from);
          v0 = madd(a, w2, v0);
          v1 = madd(a, w0, v1);
          from += xStep;
          a = v128.load(from);
          if (TAPS > 3) v0 = madd(a, w3, v0);
          v1 = madd(a, w1, v1);
          from += xStep;
          a = v128.load(from);
          if (TAPS > 3) v0 = madd(a, w4, v0);
          v1 = madd(a, w2, v1);
          v2 = madd(a, w0, v2);
          from += xStep;
          a = v128.load(from);
          if (TAPS > 3) v1 = madd(a, w3, v1);
          v2 = madd(a, w1, v2);
          from += xStep;
          a = v128.load(from);
          if (TAPS > 3) v1 = madd(a, w4, v1);
          v2 = madd(a, w2, v2);
          v3 = madd(a, w0, v3);
          from += xStep;
          a = v128.load(from);
          if (TAPS > 3) v2 = madd(a, w3, v2);
          v3 = madd(a, w1, v3);
          from += xStep;
          if (TAPS > 3 || !EDGE || columns & 256) {
            a = v128.load(from);
            if (TAPS > 3) v2 = madd(a, w4, v2);
            v3 = madd(a, w2, v3);
          }
          if (TAPS > 3) from += xStep;
          if (TAPS > 3 && (!EDGE || columns & 512)) {
            a = v128.load(from);
            v3 = madd(a, w3, v3);
          }
          if (TAPS > 3) from += xStep;
          if (TAPS > 3 && (!EDGE || columns & 1024)) {
            a = v128.load(from);
            v3 = madd(a, w4, v3);
          }
        }
      }
      // V8 does not take multiples of yStep out of a loop.
      let to = at(y, c);
      v128.store(to, v0);
      v128.store((to += yStep), v1);
      v128.store((to += yStep), v2);
      v128.store(to + yStep, v3);
      if (c == last4) break;
    }
    x += 4 * STRIDE * xStep;
    y += 4 * yStep;
  }
}

function four1x3(
  x: usize,
  xRow: usize,
  rows: i32,
  w: usize,
  wStep: usize,
  wRow: usize,
  bias: usize,
  y: usize,
  yStep: usize,
  blocks: i32,
  channels: i32,
): void {
  inline.always(fourBody(1, 3, false, x, xRow, rows, 0, w, wStep, wRow, bias, y, yStep, blocks, channels));
}

function edge1x3(
  x: usize,
  xRow: usize,
  rows: i32,
  columns: i32,
  w: usize,
  wStep: usize,
  wRow: usize,
  bias: usize,
  y: usize,
  yStep: usize,
  channels: i32,
): void {
  inline.always(fourBody(1, 3, true, x, xRow, rows, columns, w, wStep, wRow, bias, y, yStep, 1, channels));
}

function four1x5(
  x: usize,
  xRow: usize,
  rows: i32,
  w: usize,
  wStep: usize,
  wRow: usize,
  bias: usize,
  y: usize,
  yStep: usize,
  blocks: i32,
  channels: i32,
): void {
  inline.always(fourBody(1, 5, false, x, xRow, rows, 0, w, wStep, wRow, bias, y, yStep, blocks, channels));
}

function edge1x5(
  x: usize,
  xRow: usize,
  rows: i32,
  columns: i32,
  w: usize,
  wStep: usize,
  wRow: usize,
  bias: usize,
  y: usize,
  yStep: usize,
  channels: i32,
): void {
  inline.always(fourBody(1, 5, true, x, xRow, rows, columns, w, wStep, wRow, bias, y, yStep, 1, channels));
}

function four2x3(
  x: usize,
  xRow: usize,
  rows: i32,
  w: usize,
  wStep: usize,
  wRow: usize,
  bias: usize,
  y: usize,
  yStep: usize,
  blocks: i32,
  channels: i32,
): void {
  inline.always(fourBody(2, 3, false, x, xRow, rows, 0, w, wStep, wRow, bias, y, yStep, blocks, channels));
}

function edge2x3(
  x: usize,
  xRow: usize,
  rows: i32,
  columns: i32,
  w: usize,
  wStep: usize,
  wRow: usize,
  bias: usize,
  y: usize,
  yStep: usize,
  channels: i32,
): void {
  inline.always(fourBody(2, 3, true, x, xRow, rows, columns, w, wStep, wRow, bias, y, yStep, 1, channels));
}

function four2x5(
  x: usize,
  xRow: usize,
  rows: i32,
  w: usize,
  wStep: usize,
  wRow: usize,
  bias: usize,
  y: usize,
  yStep: usize,
  blocks: i32,
  channels: i32,
): void {
  inline.always(fourBody(2, 5, false, x, xRow, rows, 0, w, wStep, wRow, bias, y, yStep, blocks, channels));
}

function edge2x5(
  x: usize,
  xRow: usize,
  rows: i32,
  columns: i32,
  w: usize,
  wStep: usize,
  wRow: usize,
  bias: usize,
  y: usize,
  yStep: usize,
  channels: i32,
): void {
  inline.always(fourBody(2, 5, true, x, xRow, rows, columns, w, wStep, wRow, bias, y, yStep, 1, channels));
}

/**
 * Whether the `count` outputs of a row go in fours: see rowOfFours. Windows may reach out of the image by half their width:
 * by more, and columns within a four would lie outside.
 */
export function goInFours(stride: i32, dilation: i32, taps: i32, start: i32, width: i32, count: i32): bool {
  const half = taps >> 1;
  return (
    dilation == 1 &&
    stride <= 2 &&
    (taps == 3 || taps == 5) &&
    count >= 4 &&
    start >= -half &&
    start + (count - 1) * stride + taps <= width + half
  );
}

/**
 * A row of count ≥ 4 outputs, the first from pixel `start` of a row of `width` pixels on, whose windows may reach out of
 * the image. x: pixel 0. The last four may repeat some of those before.
 */
export function rowOfFours(
  stride: i32,
  taps: i32,
  start: i32,
  width: i32,
  x: usize,
  xRow: usize,
  rows: i32,
  w: usize,
  wStep: usize,
  wRow: usize,
  bias: usize,
  y: usize,
  yStep: usize,
  count: i32,
  channels: i32,
): void {
  const pixel = at(0, channels);
  const reach = 3 * stride + taps;
  for (let t = 0; ; t = min(t + 4, count - 4)) {
    const k = start + t * stride;
    const from = x + <usize>k * pixel;
    const to = y + <usize>t * yStep;
    if (k >= 0 && k + reach <= width) {
      // All fours from here on that lie inside.
      const more = min(count - 4 - t, (width - reach - k) / stride) >> 2;
      if (stride == 1 && taps == 3)
        four1x3(from, xRow, rows, w, wStep, wRow, bias, to, yStep, more + 1, channels);
      else if (stride == 1) four1x5(from, xRow, rows, w, wStep, wRow, bias, to, yStep, more + 1, channels);
      else if (taps == 3) four2x3(from, xRow, rows, w, wStep, wRow, bias, to, yStep, more + 1, channels);
      else four2x5(from, xRow, rows, w, wStep, wRow, bias, to, yStep, more + 1, channels);
      t += 4 * more;
    } else {
      let columns = 0;
      for (let v = 0; v < reach; v++) if (<u32>(k + v) < <u32>width) columns |= 1 << v;
      if (stride == 1 && taps == 3)
        edge1x3(from, xRow, rows, columns, w, wStep, wRow, bias, to, yStep, channels);
      else if (stride == 1) edge1x5(from, xRow, rows, columns, w, wStep, wRow, bias, to, yStep, channels);
      else if (taps == 3) edge2x3(from, xRow, rows, columns, w, wStep, wRow, bias, to, yStep, channels);
      else edge2x5(from, xRow, rows, columns, w, wStep, wRow, bias, to, yStep, channels);
    }
    if (t >= count - 4) return;
  }
}
