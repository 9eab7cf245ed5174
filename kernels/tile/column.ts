// The micro-kernel of the weight gradient's 36 products: as panelTile (tile/panel.ts), for a column of whole tiles in one call,
// since their k is short and a call for each would cost a tenth of it.

import { madd } from "../simd";
import { column6x8 } from "./written-6x8";
import { sumRow } from "./panel";

/** Body of columnTile. */
function columnBody(
  MR: i32,
  NV: i32,
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
      c02 = c00,
      c03 = c00;
    let c10 = f32x4.splat(0);
    let c11 = c10,
      c12 = c10,
      c13 = c10;
    let c20 = f32x4.splat(0);
    let c21 = c20,
      c22 = c20,
      c23 = c20;
    let c30 = f32x4.splat(0);
    let c31 = c30,
      c32 = c30,
      c33 = c30;
    let c40 = f32x4.splat(0);
    let c41 = c40,
      c42 = c40,
      c43 = c40;
    let c50 = f32x4.splat(0);
    let c51 = c50,
      c52 = c50,
      c53 = c50;
    let ap = a;
    let bp = b;
    for (let p = 0; p < k; p++) {
      const b0 = v128.load(bp);
      const b1 = v128.load(bp, 16);
      let b2 = b0;
      if (NV > 2) b2 = v128.load(bp, 32);
      let b3 = b0;
      if (NV > 3) b3 = v128.load(bp, 48);
      bp += bStep;
      let x = v128.load32_splat(ap, 0);
      c00 = madd(x, b0, c00);
      c01 = madd(x, b1, c01);
      if (NV > 2) c02 = madd(x, b2, c02);
      if (NV > 3) c03 = madd(x, b3, c03);
      x = v128.load32_splat(ap, 4);
      c10 = madd(x, b0, c10);
      c11 = madd(x, b1, c11);
      if (NV > 2) c12 = madd(x, b2, c12);
      if (NV > 3) c13 = madd(x, b3, c13);
      x = v128.load32_splat(ap, 8);
      c20 = madd(x, b0, c20);
      c21 = madd(x, b1, c21);
      if (NV > 2) c22 = madd(x, b2, c22);
      if (NV > 3) c23 = madd(x, b3, c23);
      if (MR > 3) {
        x = v128.load32_splat(ap, 12);
        c30 = madd(x, b0, c30);
        c31 = madd(x, b1, c31);
        if (NV > 2) c32 = madd(x, b2, c32);
        if (NV > 3) c33 = madd(x, b3, c33);
      }
      if (MR > 4) {
        x = v128.load32_splat(ap, 16);
        c40 = madd(x, b0, c40);
        c41 = madd(x, b1, c41);
        if (NV > 2) c42 = madd(x, b2, c42);
        if (NV > 3) c43 = madd(x, b3, c43);
      }
      if (MR > 5) {
        x = v128.load32_splat(ap, 20);
        c50 = madd(x, b0, c50);
        c51 = madd(x, b1, c51);
        if (NV > 2) c52 = madd(x, b2, c52);
        if (NV > 3) c53 = madd(x, b3, c53);
      }
      ap += aStep;
    }
    inline.always(sumRow(NV, c, c00, c01, c02, c03, accumulate));
    c += cRow;
    inline.always(sumRow(NV, c, c10, c11, c12, c13, accumulate));
    c += cRow;
    inline.always(sumRow(NV, c, c20, c21, c22, c23, accumulate));
    c += cRow;
    if (MR > 3) {
      inline.always(sumRow(NV, c, c30, c31, c32, c33, accumulate));
      c += cRow;
    }
    if (MR > 4) {
      inline.always(sumRow(NV, c, c40, c41, c42, c43, accumulate));
      c += cRow;
    }
    if (MR > 5) {
      inline.always(sumRow(NV, c, c50, c51, c52, c53, accumulate));
      c += cRow;
    }
    a += <usize>(MR << 2);
  }
}

function column4x8(
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
  inline.always(columnBody(4, 2, a, aStep, b, bStep, k, c, cRow, accumulate, tiles));
}

function column3x12(
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
  inline.always(columnBody(3, 3, a, aStep, b, bStep, k, c, cRow, accumulate, tiles));
}

function column6x16(
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
  inline.always(columnBody(6, 4, a, aStep, b, bStep, k, c, cRow, accumulate, tiles));
}

/**
 * c[i][j] (+)= Σ_p a[p][i]·b[p][j] for i < tiles·MR, j < NR: the elements of one p side by side, aStep and bStep bytes from
 * one p to the next, rows of c cRow bytes apart.
 */
export function columnTile(
  tile: i32,
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
  if (tile == 0) column4x8(a, aStep, b, bStep, k, c, cRow, accumulate, tiles);
  else if (tile == 1) column6x8(a, aStep, b, bStep, k, c, cRow, accumulate, tiles);
  else if (tile == 2) column3x12(a, aStep, b, bStep, k, c, cRow, accumulate, tiles);
  else column6x16(a, aStep, b, bStep, k, c, cRow, accumulate, tiles);
}
