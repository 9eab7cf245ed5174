// The micro-kernel of Winograd's 36 products: as panelTile (tile/tile.ts), but A comes in panels of MR tiles whose channels lie in
// fours, [k / 4][MR][4], as the input transform writes them, and C in whole tiles, so that one pointer reads A and one
// writes C. A long k goes in several calls, each of which takes up the sums of the one before.

import { madd } from "../simd";
import { wholeRow } from "../tile/tile";
import { quads6x8 } from "../tile/written-6x8";

/** Body of quadsTile. */
function quadsBody(
  MR: i32,
  NV: i32,
  a: usize,
  aSkip: i32,
  panels: i32,
  quads: i32,
  b: usize,
  c: usize,
  accumulate: i32,
): void {
  for (; panels > 0; panels--) {
    let c00 = f32x4.splat(0);
    let c01 = c00,
      c02 = c00,
      c03 = c00;
    let c10 = c00,
      c11 = c00,
      c12 = c00,
      c13 = c00;
    let c20 = c00,
      c21 = c00,
      c22 = c00,
      c23 = c00;
    let c30 = c00,
      c31 = c00,
      c32 = c00,
      c33 = c00;
    let c40 = c00,
      c41 = c00,
      c42 = c00,
      c43 = c00;
    let c50 = c00,
      c51 = c00,
      c52 = c00,
      c53 = c00;
    if (accumulate) {
      let row = c;
      c00 = v128.load(row);
      c01 = v128.load(row, 16);
      if (NV > 2) c02 = v128.load(row, 32);
      if (NV > 3) c03 = v128.load(row, 48);
      row += <usize>(NV << 4);
      c10 = v128.load(row);
      c11 = v128.load(row, 16);
      if (NV > 2) c12 = v128.load(row, 32);
      if (NV > 3) c13 = v128.load(row, 48);
      row += <usize>(NV << 4);
      c20 = v128.load(row);
      c21 = v128.load(row, 16);
      if (NV > 2) c22 = v128.load(row, 32);
      if (NV > 3) c23 = v128.load(row, 48);
      if (MR > 3) {
        row += <usize>(NV << 4);
        c30 = v128.load(row);
        c31 = v128.load(row, 16);
        if (NV > 2) c32 = v128.load(row, 32);
        if (NV > 3) c33 = v128.load(row, 48);
      }
      if (MR > 4) {
        row += <usize>(NV << 4);
        c40 = v128.load(row);
        c41 = v128.load(row, 16);
        if (NV > 2) c42 = v128.load(row, 32);
        if (NV > 3) c43 = v128.load(row, 48);
      }
      if (MR > 5) {
        row += <usize>(NV << 4);
        c50 = v128.load(row);
        c51 = v128.load(row, 16);
        if (NV > 2) c52 = v128.load(row, 32);
        if (NV > 3) c53 = v128.load(row, 48);
      }
    }
    let bp = b;
    for (let q = 0; q < quads; q++) {
      for (let e = 0; e < 4; e++) {
        const b0 = v128.load(bp);
        const b1 = v128.load(bp, 16);
        let b2 = b0;
        if (NV > 2) b2 = v128.load(bp, 32);
        let b3 = b0;
        if (NV > 3) b3 = v128.load(bp, 48);
        bp += <usize>(NV << 4);
        let x = v128.load32_splat(a, 0);
        c00 = madd(x, b0, c00);
        c01 = madd(x, b1, c01);
        if (NV > 2) c02 = madd(x, b2, c02);
        if (NV > 3) c03 = madd(x, b3, c03);
        x = v128.load32_splat(a, 16);
        c10 = madd(x, b0, c10);
        c11 = madd(x, b1, c11);
        if (NV > 2) c12 = madd(x, b2, c12);
        if (NV > 3) c13 = madd(x, b3, c13);
        x = v128.load32_splat(a, 32);
        c20 = madd(x, b0, c20);
        c21 = madd(x, b1, c21);
        if (NV > 2) c22 = madd(x, b2, c22);
        if (NV > 3) c23 = madd(x, b3, c23);
        if (MR > 3) {
          x = v128.load32_splat(a, 48);
          c30 = madd(x, b0, c30);
          c31 = madd(x, b1, c31);
          if (NV > 2) c32 = madd(x, b2, c32);
          if (NV > 3) c33 = madd(x, b3, c33);
        }
        if (MR > 4) {
          x = v128.load32_splat(a, 64);
          c40 = madd(x, b0, c40);
          c41 = madd(x, b1, c41);
          if (NV > 2) c42 = madd(x, b2, c42);
          if (NV > 3) c43 = madd(x, b3, c43);
        }
        if (MR > 5) {
          x = v128.load32_splat(a, 80);
          c50 = madd(x, b0, c50);
          c51 = madd(x, b1, c51);
          if (NV > 2) c52 = madd(x, b2, c52);
          if (NV > 3) c53 = madd(x, b3, c53);
        }
        a += 4;
      }
      a += <usize>((MR - 1) << 4);
    }
    a += aSkip;
    inline.always(wholeRow(NV, c, c00, c01, c02, c03));
    c += <usize>(NV << 4);
    inline.always(wholeRow(NV, c, c10, c11, c12, c13));
    c += <usize>(NV << 4);
    inline.always(wholeRow(NV, c, c20, c21, c22, c23));
    c += <usize>(NV << 4);
    if (MR > 3) {
      inline.always(wholeRow(NV, c, c30, c31, c32, c33));
      c += <usize>(NV << 4);
    }
    if (MR > 4) {
      inline.always(wholeRow(NV, c, c40, c41, c42, c43));
      c += <usize>(NV << 4);
    }
    if (MR > 5) {
      inline.always(wholeRow(NV, c, c50, c51, c52, c53));
      c += <usize>(NV << 4);
    }
  }
}

function quads4x8(a: usize, aSkip: i32, panels: i32, quads: i32, b: usize, c: usize, accumulate: i32): void {
  inline.always(quadsBody(4, 2, a, aSkip, panels, quads, b, c, accumulate));
}

function quads3x12(a: usize, aSkip: i32, panels: i32, quads: i32, b: usize, c: usize, accumulate: i32): void {
  inline.always(quadsBody(3, 3, a, aSkip, panels, quads, b, c, accumulate));
}

function quads6x16(a: usize, aSkip: i32, panels: i32, quads: i32, b: usize, c: usize, accumulate: i32): void {
  inline.always(quadsBody(6, 4, a, aSkip, panels, quads, b, c, accumulate));
}

/**
 * c[panel][MR][NR] (+)= Σ_k a[panel][k / 4][MR][k mod 4] · b[k][NR] for all panels, k < 4·quads; aSkip bytes from the end of
 * one panel's k to the next panel.
 */
export function quadsTile(
  tile: i32,
  a: usize,
  aSkip: i32,
  panels: i32,
  quads: i32,
  b: usize,
  c: usize,
  accumulate: i32,
): void {
  if (tile == 0) quads4x8(a, aSkip, panels, quads, b, c, accumulate);
  else if (tile == 1) quads6x8(a, aSkip, panels, quads, b, c, accumulate);
  else if (tile == 2) quads3x12(a, aSkip, panels, quads, b, c, accumulate);
  else quads6x16(a, aSkip, panels, quads, b, c, accumulate);
}
