// Stride-2 data gradient of a depthwise convolution with a kernel 3 or 5 wide. Two neighbouring columns of dx reach the
// same pixels of dy: the first of a pair through the odd taps, the second through the even ones and one pixel further,
//
//   dx[2t] = Σ_p Σ_{u ≤ K/2 − 1} dy[p][t + u] · w[p][K − 2 − 2u],   dx[2t + 1] = Σ_p Σ_{u ≤ K/2} dy[p][t + u] · w[p][K − 1 − 2u]
//
// so that doing both shares the loads of dy. Sums are in the order of depthwise/rows.ts.

import { at, madd, storeLanes } from "../simd";

/** Body of a run of count ≥ 3 pairs of columns; the last three may repeat some of those before. w: the last tap. */
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
        b0 = a0,
        b1 = a0,
        b2 = a0;
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
        if (KERNEL > 3) b2 = madd(v128.load(next + pixel), w0, b2);
      }
      const to = at(dx, c);
      const to1 = to + pair;
      const to2 = to1 + pair;
      const left = channels - c;
      if (left >= 4) {
        v128.store(to, a0);
        v128.store(to + pixel, b0);
        v128.store(to1, a1);
        v128.store(to1 + pixel, b1);
        v128.store(to2, a2);
        v128.store(to2 + pixel, b2);
      } else {
        storeLanes(to, a0, left);
        storeLanes(to + pixel, b0, left);
        storeLanes(to1, a1, left);
        storeLanes(to1 + pixel, b1, left);
        storeLanes(to2, a2, left);
        storeLanes(to2 + pixel, b2, left);
      }
    }
    count -= 3;
    if (count <= 0) return;
    const next = min(count, 3);
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

/** A run of count ≥ 3 pairs of columns of dx, for a kernel 3 or 5 wide whose last tap is w. */
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

/**
 * Rows 2v and 2v + 1 of one image of dx, columns 0 ≤ k < 2·pairs, for a kernel of 3 × 3 and padding 1; if dxRow is 0, row 2v
 * alone. dy: row v, of outWidth pixels, dyRow bytes before the next one, which lies inside if `below` says so. In both
 * directions the first of a pair sees one pixel of dy, the second that one and the next. pairs ≥ 2, channels ≥ 4.
 */
export function rowAndColumnPairs(
  dy: usize,
  dyRow: usize,
  below: bool,
  outWidth: i32,
  w: usize,
  dx: usize,
  dxRow: usize,
  pairs: i32,
  channels: i32,
): void {
  const pixel = at(0, channels);
  const wRow = 3 * pixel;
  const last4 = channels - 4;
  for (let t = 0; ; t = min(t + 2, pairs - 2)) {
    const right = t + 2 < outWidth;
    const dyFrom = dy + <usize>t * pixel;
    const dxTo = dx + <usize>(2 * t) * pixel;
    for (let c = 0; ; c = min(c + 4, last4)) {
      const zero = f32x4.splat(0);
      let from = at(dyFrom, c);
      const next = from + dyRow;
      const d0 = v128.load(from);
      const d1 = v128.load((from += pixel));
      let d2 = zero;
      if (right) d2 = v128.load(from + pixel);
      const taps = at(w, c);
      let tap = taps + 2 * wRow;
      let w0 = v128.load(tap);
      let w1 = v128.load((tap += pixel));
      let w2 = v128.load(tap + pixel);
      let a0 = madd(d0, w1, zero);
      let a1 = madd(d0, w2, zero);
      let a2 = madd(d1, w1, zero);
      let a3 = madd(d1, w2, zero);
      a1 = madd(d1, w0, a1);
      if (right) a3 = madd(d2, w0, a3);
      if (below) {
        tap = taps;
        w0 = v128.load(tap);
        w1 = v128.load((tap += pixel));
        w2 = v128.load(tap + pixel);
        from = next;
        let d = v128.load(from);
        a0 = madd(d, w1, a0);
        a1 = madd(d, w2, a1);
        d = v128.load((from += pixel));
        a1 = madd(d, w0, a1);
        a2 = madd(d, w1, a2);
        a3 = madd(d, w2, a3);
        if (right) a3 = madd(v128.load(from + pixel), w0, a3);
      }
      const row = at(dxTo, c);
      let to = row + dxRow;
      v128.store(to, a0);
      v128.store((to += pixel), a1);
      v128.store((to += pixel), a2);
      v128.store(to + pixel, a3);
      tap = taps + wRow;
      w0 = v128.load(tap);
      w1 = v128.load((tap += pixel));
      w2 = v128.load(tap + pixel);
      a0 = madd(d0, w1, zero);
      a1 = madd(d0, w2, zero);
      a2 = madd(d1, w1, zero);
      a3 = madd(d1, w2, zero);
      a1 = madd(d1, w0, a1);
      if (right) a3 = madd(d2, w0, a3);
      to = row;
      v128.store(to, a0);
      v128.store((to += pixel), a1);
      v128.store((to += pixel), a2);
      v128.store(to + pixel, a3);
      if (c == last4) break;
    }
    if (t == pairs - 2) return;
  }
}
