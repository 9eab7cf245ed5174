// Stride-2 data gradient of a depthwise convolution with a kernel 3 or 5 wide. Two neighbouring columns of dx reach the
// same pixels of dy: the first of a pair through the odd taps, the second through the even ones and one pixel further,
//
//   dx[2t] = Σ_p Σ_{u ≤ K/2 − 1} dy[p][t + u] · w[p][K − 2 − 2u],   dx[2t + 1] = Σ_p Σ_{u ≤ K/2} dy[p][t + u] · w[p][K − 1 − 2u]
//
// so that doing both shares the loads of dy. Sums are in the order of depthwise-rows.ts.

import { at, madd } from "./simd";
import { storeFour } from "./depthwise-rows";

/** Body of a run of count ≥ 4 pairs of columns; the last four may repeat some of those before. w: the last tap. */
function pairsBody(
  KERNEL: i32,
  dy: usize,
  dyRow: usize,
  rows: i32,
  w: usize,
  wRow: usize,
  dx: usize,
  count: i32,
  channels: i32,
): void {
  const pixel = at(0, channels);
  const pair = 2 * pixel;
  const dyRows = dyRow * rows;
  for (;;) {
    for (let c = 0; c < channels; c += 4) {
      let a0 = f32x4.splat(0);
      let a1 = a0,
        a2 = a0,
        a3 = a0,
        b0 = a0,
        b1 = a0,
        b2 = a0,
        b3 = a0;
      let wp = at(w, c);
      let from = at(dy, c);
      const end = from + dyRows;
      for (; from != end; from += dyRow) {
        let tap = wp;
        const w4 = v128.load(tap);
        const w3 = v128.load((tap -= pixel));
        const w2 = v128.load((tap -= pixel));
        let w1 = w2,
          w0 = w2;
        if (KERNEL > 3) w1 = v128.load((tap -= pixel));
        if (KERNEL > 3) w0 = v128.load(tap - pixel);
        wp += wRow;
        let next = from;
        let v = v128.load(next);
        a0 = madd(v, w3, a0);
        b0 = madd(v, w4, b0);
        v = v128.load((next += pixel));
        if (KERNEL > 3) a0 = madd(v, w1, a0);
        b0 = madd(v, w2, b0);
        a1 = madd(v, w3, a1);
        b1 = madd(v, w4, b1);
        v = v128.load((next += pixel));
        if (KERNEL > 3) b0 = madd(v, w0, b0);
        if (KERNEL > 3) a1 = madd(v, w1, a1);
        b1 = madd(v, w2, b1);
        a2 = madd(v, w3, a2);
        b2 = madd(v, w4, b2);
        v = v128.load((next += pixel));
        if (KERNEL > 3) b1 = madd(v, w0, b1);
        if (KERNEL > 3) a2 = madd(v, w1, a2);
        b2 = madd(v, w2, b2);
        a3 = madd(v, w3, a3);
        b3 = madd(v, w4, b3);
        v = v128.load((next += pixel));
        if (KERNEL > 3) b2 = madd(v, w0, b2);
        if (KERNEL > 3) a3 = madd(v, w1, a3);
        b3 = madd(v, w2, b3);
        if (KERNEL > 3) b3 = madd(v128.load(next + pixel), w0, b3);
      }
      const to = at(dx, c);
      inline.always(storeFour(to, pair, a0, a1, a2, a3, channels - c));
      inline.always(storeFour(to + pixel, pair, b0, b1, b2, b3, channels - c));
    }
    count -= 4;
    if (count <= 0) return;
    const next = min(count, 4);
    dy += next * pixel;
    dx += next * pair;
  }
}

function pairs3(
  dy: usize,
  dyRow: usize,
  rows: i32,
  w: usize,
  wRow: usize,
  dx: usize,
  count: i32,
  channels: i32,
): void {
  inline.always(pairsBody(3, dy, dyRow, rows, w, wRow, dx, count, channels));
}

function pairs5(
  dy: usize,
  dyRow: usize,
  rows: i32,
  w: usize,
  wRow: usize,
  dx: usize,
  count: i32,
  channels: i32,
): void {
  inline.always(pairsBody(5, dy, dyRow, rows, w, wRow, dx, count, channels));
}

/** A run of count ≥ 4 pairs of columns of dx, for a kernel 3 or 5 wide whose last tap is w. */
export function columnPairs(
  kernelWidth: i32,
  dy: usize,
  dyRow: usize,
  rows: i32,
  w: usize,
  wRow: usize,
  dx: usize,
  count: i32,
  channels: i32,
): void {
  if (kernelWidth == 3) pairs3(dy, dyRow, rows, w, wRow, dx, count, channels);
  else pairs5(dy, dyRow, rows, w, wRow, dx, count, channels);
}
