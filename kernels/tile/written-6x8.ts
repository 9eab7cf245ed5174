// The 6×8 tile of Winograd's products with four steps of k written out: the fewest instructions beside the multiply-adds on V8
// from Node 24 on, which keeps their order: quads6x8 takes 8 % less time than as a loop (k = 16, Intel Xeon, 2026-11). Older V8
// reorders them, out of registers, and takes 20 % more: tiles of other shapes are loops (winograd/tile.ts, tile/column.ts).

import { madd } from "../simd";
import { wholeRow } from "./tile";
import { sumRow } from "./panel";

/** quadsTile of tiles of 6×8. */
export function quads6x8(
  a: usize,
  aSkip: i32,
  panels: i32,
  quads: i32,
  from: usize,
  c: usize,
  accumulate: i32,
): void {
  for (; panels > 0; panels--) {
    let c00 = f32x4.splat(0);
    let c01 = c00,
      c10 = c00,
      c11 = c00,
      c20 = c00,
      c21 = c00,
      c30 = c00,
      c31 = c00,
      c40 = c00,
      c41 = c00,
      c50 = c00,
      c51 = c00;
    if (accumulate) {
      c00 = v128.load(c);
      c01 = v128.load(c, 16);
      c10 = v128.load(c, 32);
      c11 = v128.load(c, 48);
      c20 = v128.load(c, 64);
      c21 = v128.load(c, 80);
      c30 = v128.load(c, 96);
      c31 = v128.load(c, 112);
      c40 = v128.load(c, 128);
      c41 = v128.load(c, 144);
      c50 = v128.load(c, 160);
      c51 = v128.load(c, 176);
    }
    let b = from;
    for (let q = 0; q < quads; q++) {
      let b0 = v128.load(b);
      let b1 = v128.load(b, 16);
      let x = v128.load32_splat(a);
      c00 = madd(x, b0, c00);
      c01 = madd(x, b1, c01);
      x = v128.load32_splat(a, 16);
      c10 = madd(x, b0, c10);
      c11 = madd(x, b1, c11);
      x = v128.load32_splat(a, 32);
      c20 = madd(x, b0, c20);
      c21 = madd(x, b1, c21);
      x = v128.load32_splat(a, 48);
      c30 = madd(x, b0, c30);
      c31 = madd(x, b1, c31);
      x = v128.load32_splat(a, 64);
      c40 = madd(x, b0, c40);
      c41 = madd(x, b1, c41);
      x = v128.load32_splat(a, 80);
      c50 = madd(x, b0, c50);
      c51 = madd(x, b1, c51);
      a += 4;
      b0 = v128.load(b, 32);
      b1 = v128.load(b, 48);
      x = v128.load32_splat(a);
      c00 = madd(x, b0, c00);
      c01 = madd(x, b1, c01);
      x = v128.load32_splat(a, 16);
      c10 = madd(x, b0, c10);
      c11 = madd(x, b1, c11);
      x = v128.load32_splat(a, 32);
      c20 = madd(x, b0, c20);
      c21 = madd(x, b1, c21);
      x = v128.load32_splat(a, 48);
      c30 = madd(x, b0, c30);
      c31 = madd(x, b1, c31);
      x = v128.load32_splat(a, 64);
      c40 = madd(x, b0, c40);
      c41 = madd(x, b1, c41);
      x = v128.load32_splat(a, 80);
      c50 = madd(x, b0, c50);
      c51 = madd(x, b1, c51);
      a += 4;
      b0 = v128.load(b, 64);
      b1 = v128.load(b, 80);
      x = v128.load32_splat(a);
      c00 = madd(x, b0, c00);
      c01 = madd(x, b1, c01);
      x = v128.load32_splat(a, 16);
      c10 = madd(x, b0, c10);
      c11 = madd(x, b1, c11);
      x = v128.load32_splat(a, 32);
      c20 = madd(x, b0, c20);
      c21 = madd(x, b1, c21);
      x = v128.load32_splat(a, 48);
      c30 = madd(x, b0, c30);
      c31 = madd(x, b1, c31);
      x = v128.load32_splat(a, 64);
      c40 = madd(x, b0, c40);
      c41 = madd(x, b1, c41);
      x = v128.load32_splat(a, 80);
      c50 = madd(x, b0, c50);
      c51 = madd(x, b1, c51);
      a += 4;
      b0 = v128.load(b, 96);
      b1 = v128.load(b, 112);
      x = v128.load32_splat(a);
      c00 = madd(x, b0, c00);
      c01 = madd(x, b1, c01);
      x = v128.load32_splat(a, 16);
      c10 = madd(x, b0, c10);
      c11 = madd(x, b1, c11);
      x = v128.load32_splat(a, 32);
      c20 = madd(x, b0, c20);
      c21 = madd(x, b1, c21);
      x = v128.load32_splat(a, 48);
      c30 = madd(x, b0, c30);
      c31 = madd(x, b1, c31);
      x = v128.load32_splat(a, 64);
      c40 = madd(x, b0, c40);
      c41 = madd(x, b1, c41);
      x = v128.load32_splat(a, 80);
      c50 = madd(x, b0, c50);
      c51 = madd(x, b1, c51);
      a += 84;
      b += 128;
    }
    a += aSkip;
    inline.always(wholeRow(2, c, c00, c01, c00, c01));
    inline.always(wholeRow(2, c + 32, c10, c11, c10, c11));
    inline.always(wholeRow(2, c + 64, c20, c21, c20, c21));
    inline.always(wholeRow(2, c + 96, c30, c31, c30, c31));
    inline.always(wholeRow(2, c + 128, c40, c41, c40, c41));
    inline.always(wholeRow(2, c + 160, c50, c51, c50, c51));
    c += 192;
  }
}

/** columnTile of tiles of 6×8. */
export function column6x8(
  a: usize,
  aStep: usize,
  b: usize,
  bStep: usize,
  k: i32,
  c: usize,
  cRow: usize,
  accumulate: i32,
  tiles: i32,
): void {
  for (; tiles > 0; tiles--) {
    let c00 = f32x4.splat(0);
    let c01 = c00,
      c10 = c00,
      c11 = c00,
      c20 = c00,
      c21 = c00,
      c30 = c00,
      c31 = c00,
      c40 = c00,
      c41 = c00,
      c50 = c00,
      c51 = c00;
    let ap = a;
    let bp = b;
    let p = k;
    for (; p >= 4; p -= 4) {
      let b0 = v128.load(bp);
      let b1 = v128.load(bp, 16);
      let x = v128.load32_splat(ap);
      c00 = madd(x, b0, c00);
      c01 = madd(x, b1, c01);
      x = v128.load32_splat(ap, 4);
      c10 = madd(x, b0, c10);
      c11 = madd(x, b1, c11);
      x = v128.load32_splat(ap, 8);
      c20 = madd(x, b0, c20);
      c21 = madd(x, b1, c21);
      x = v128.load32_splat(ap, 12);
      c30 = madd(x, b0, c30);
      c31 = madd(x, b1, c31);
      x = v128.load32_splat(ap, 16);
      c40 = madd(x, b0, c40);
      c41 = madd(x, b1, c41);
      x = v128.load32_splat(ap, 20);
      c50 = madd(x, b0, c50);
      c51 = madd(x, b1, c51);
      ap += aStep;
      bp += bStep;
      b0 = v128.load(bp);
      b1 = v128.load(bp, 16);
      x = v128.load32_splat(ap);
      c00 = madd(x, b0, c00);
      c01 = madd(x, b1, c01);
      x = v128.load32_splat(ap, 4);
      c10 = madd(x, b0, c10);
      c11 = madd(x, b1, c11);
      x = v128.load32_splat(ap, 8);
      c20 = madd(x, b0, c20);
      c21 = madd(x, b1, c21);
      x = v128.load32_splat(ap, 12);
      c30 = madd(x, b0, c30);
      c31 = madd(x, b1, c31);
      x = v128.load32_splat(ap, 16);
      c40 = madd(x, b0, c40);
      c41 = madd(x, b1, c41);
      x = v128.load32_splat(ap, 20);
      c50 = madd(x, b0, c50);
      c51 = madd(x, b1, c51);
      ap += aStep;
      bp += bStep;
      b0 = v128.load(bp);
      b1 = v128.load(bp, 16);
      x = v128.load32_splat(ap);
      c00 = madd(x, b0, c00);
      c01 = madd(x, b1, c01);
      x = v128.load32_splat(ap, 4);
      c10 = madd(x, b0, c10);
      c11 = madd(x, b1, c11);
      x = v128.load32_splat(ap, 8);
      c20 = madd(x, b0, c20);
      c21 = madd(x, b1, c21);
      x = v128.load32_splat(ap, 12);
      c30 = madd(x, b0, c30);
      c31 = madd(x, b1, c31);
      x = v128.load32_splat(ap, 16);
      c40 = madd(x, b0, c40);
      c41 = madd(x, b1, c41);
      x = v128.load32_splat(ap, 20);
      c50 = madd(x, b0, c50);
      c51 = madd(x, b1, c51);
      ap += aStep;
      bp += bStep;
      b0 = v128.load(bp);
      b1 = v128.load(bp, 16);
      x = v128.load32_splat(ap);
      c00 = madd(x, b0, c00);
      c01 = madd(x, b1, c01);
      x = v128.load32_splat(ap, 4);
      c10 = madd(x, b0, c10);
      c11 = madd(x, b1, c11);
      x = v128.load32_splat(ap, 8);
      c20 = madd(x, b0, c20);
      c21 = madd(x, b1, c21);
      x = v128.load32_splat(ap, 12);
      c30 = madd(x, b0, c30);
      c31 = madd(x, b1, c31);
      x = v128.load32_splat(ap, 16);
      c40 = madd(x, b0, c40);
      c41 = madd(x, b1, c41);
      x = v128.load32_splat(ap, 20);
      c50 = madd(x, b0, c50);
      c51 = madd(x, b1, c51);
      ap += aStep;
      bp += bStep;
    }
    for (; p > 0; p--) {
      let b0 = v128.load(bp);
      let b1 = v128.load(bp, 16);
      let x = v128.load32_splat(ap);
      c00 = madd(x, b0, c00);
      c01 = madd(x, b1, c01);
      x = v128.load32_splat(ap, 4);
      c10 = madd(x, b0, c10);
      c11 = madd(x, b1, c11);
      x = v128.load32_splat(ap, 8);
      c20 = madd(x, b0, c20);
      c21 = madd(x, b1, c21);
      x = v128.load32_splat(ap, 12);
      c30 = madd(x, b0, c30);
      c31 = madd(x, b1, c31);
      x = v128.load32_splat(ap, 16);
      c40 = madd(x, b0, c40);
      c41 = madd(x, b1, c41);
      x = v128.load32_splat(ap, 20);
      c50 = madd(x, b0, c50);
      c51 = madd(x, b1, c51);
      ap += aStep;
      bp += bStep;
    }
    inline.always(sumRow(2, c, c00, c01, c00, c01, accumulate));
    c += cRow;
    inline.always(sumRow(2, c, c10, c11, c10, c11, accumulate));
    c += cRow;
    inline.always(sumRow(2, c, c20, c21, c20, c21, accumulate));
    c += cRow;
    inline.always(sumRow(2, c, c30, c31, c30, c31, accumulate));
    c += cRow;
    inline.always(sumRow(2, c, c40, c41, c40, c41, accumulate));
    c += cRow;
    inline.always(sumRow(2, c, c50, c51, c50, c51, accumulate));
    c += cRow;
    a += 24;
  }
}
