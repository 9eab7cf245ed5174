// Stride-2 data gradient of a depthwise convolution with 3 × 3 taps, in blocks of 2 × 4 columns of dx. In both directions the first of
// two neighbours sees one pixel of dy, the second that one and the next. Sums are in the order of depthwise/rows.ts.

import { Sliding } from "./sliding";
import { at, madd } from "../simd";

/**
 * Rows 2v and 2v + 1 of one image of dx, columns 0 ≤ k < 2·pairs, for padding 1; if dxRow is 0, row 2v alone. dy: row v, after
 * which the next one lies inside if `below` says so. pairs ≥ 2, channels ≥ 4.
 */
export function gradientBlocks(
  s: Sliding,
  dy: usize,
  below: bool,
  w: usize,
  dx: usize,
  dxRow: usize,
  pairs: i32,
): void {
  const channels = s.channels;
  const outWidth = s.width;
  const dyRow = s.xRow;
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
