// Twice as wide as the squares of depthwise/square-sums.ts, for stride 1: 2 × 4 outputs with all their columns inside the image
// take 41 loads and stores for 72 multiply-adds instead of 58. Sums are in the same order.

import { at, madd } from "../simd";

/** A run of `count` times 2 × 4 outputs; the parameters are those of squares1. */
export function oblongs1(
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
  const last4 = channels - 4;
  for (; count > 0; count--) {
    for (let c = 0; ; c = min(c + 4, last4)) {
      let v0 = bias ? v128.load(at(bias, c)) : f32x4.splat(0);
      let v1 = v0,
        v2 = v0,
        v3 = v0,
        u0 = v0,
        u1 = v0,
        u2 = v0,
        u3 = v0;
      let row = at(x, c);
      let tap = at(w, c);
      const w00 = v128.load(tap);
      const w01 = v128.load((tap += wStep));
      const w02 = v128.load((tap += wStep));
      if (rows & 1) {
        let from = row;
        let a = v128.load(from);
        v0 = madd(a, w00, v0);
        a = v128.load((from += pixel));
        v0 = madd(a, w01, v0);
        v1 = madd(a, w00, v1);
        a = v128.load((from += pixel));
        v0 = madd(a, w02, v0);
        v1 = madd(a, w01, v1);
        v2 = madd(a, w00, v2);
        a = v128.load((from += pixel));
        v1 = madd(a, w02, v1);
        v2 = madd(a, w01, v2);
        v3 = madd(a, w00, v3);
        a = v128.load((from += pixel));
        v2 = madd(a, w02, v2);
        v3 = madd(a, w01, v3);
        a = v128.load((from += pixel));
        v3 = madd(a, w02, v3);
      }
      const w10 = v128.load((tap += wStep));
      const w11 = v128.load((tap += wStep));
      const w12 = v128.load((tap += wStep));
      row += xRow;
      if (rows & 2) {
        let from = row;
        let a = v128.load(from);
        v0 = madd(a, w10, v0);
        u0 = madd(a, w00, u0);
        a = v128.load((from += pixel));
        v0 = madd(a, w11, v0);
        v1 = madd(a, w10, v1);
        u0 = madd(a, w01, u0);
        u1 = madd(a, w00, u1);
        a = v128.load((from += pixel));
        v0 = madd(a, w12, v0);
        v1 = madd(a, w11, v1);
        v2 = madd(a, w10, v2);
        u0 = madd(a, w02, u0);
        u1 = madd(a, w01, u1);
        u2 = madd(a, w00, u2);
        a = v128.load((from += pixel));
        v1 = madd(a, w12, v1);
        v2 = madd(a, w11, v2);
        v3 = madd(a, w10, v3);
        u1 = madd(a, w02, u1);
        u2 = madd(a, w01, u2);
        u3 = madd(a, w00, u3);
        a = v128.load((from += pixel));
        v2 = madd(a, w12, v2);
        v3 = madd(a, w11, v3);
        u2 = madd(a, w02, u2);
        u3 = madd(a, w01, u3);
        a = v128.load((from += pixel));
        v3 = madd(a, w12, v3);
        u3 = madd(a, w02, u3);
      }
      const w20 = v128.load((tap += wStep));
      const w21 = v128.load((tap += wStep));
      const w22 = v128.load(tap + wStep);
      row += xRow;
      if (rows & 4) {
        let from = row;
        let a = v128.load(from);
        v0 = madd(a, w20, v0);
        u0 = madd(a, w10, u0);
        a = v128.load((from += pixel));
        v0 = madd(a, w21, v0);
        v1 = madd(a, w20, v1);
        u0 = madd(a, w11, u0);
        u1 = madd(a, w10, u1);
        a = v128.load((from += pixel));
        v0 = madd(a, w22, v0);
        v1 = madd(a, w21, v1);
        v2 = madd(a, w20, v2);
        u0 = madd(a, w12, u0);
        u1 = madd(a, w11, u1);
        u2 = madd(a, w10, u2);
        a = v128.load((from += pixel));
        v1 = madd(a, w22, v1);
        v2 = madd(a, w21, v2);
        v3 = madd(a, w20, v3);
        u1 = madd(a, w12, u1);
        u2 = madd(a, w11, u2);
        u3 = madd(a, w10, u3);
        a = v128.load((from += pixel));
        v2 = madd(a, w22, v2);
        v3 = madd(a, w21, v3);
        u2 = madd(a, w12, u2);
        u3 = madd(a, w11, u3);
        a = v128.load((from += pixel));
        v3 = madd(a, w22, v3);
        u3 = madd(a, w12, u3);
      }
      row += xRow;
      if (rows & 8) {
        let from = row;
        let a = v128.load(from);
        u0 = madd(a, w20, u0);
        a = v128.load((from += pixel));
        u0 = madd(a, w21, u0);
        u1 = madd(a, w20, u1);
        a = v128.load((from += pixel));
        u0 = madd(a, w22, u0);
        u1 = madd(a, w21, u1);
        u2 = madd(a, w20, u2);
        a = v128.load((from += pixel));
        u1 = madd(a, w22, u1);
        u2 = madd(a, w21, u2);
        u3 = madd(a, w20, u3);
        a = v128.load((from += pixel));
        u2 = madd(a, w22, u2);
        u3 = madd(a, w21, u3);
        a = v128.load((from += pixel));
        u3 = madd(a, w22, u3);
      }
      let to = at(y, c);
      const second = to + yRow;
      v128.store(to, v0);
      v128.store((to += pixel), v1);
      v128.store((to += pixel), v2);
      v128.store(to + pixel, v3);
      to = second;
      v128.store(to, u0);
      v128.store((to += pixel), u1);
      v128.store((to += pixel), u2);
      v128.store(to + pixel, u3);
      if (c == last4) break;
    }
    x += 4 * pixel;
    y += 4 * pixel;
  }
}
