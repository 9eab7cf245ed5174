// panelTile: the micro-kernel whose operands have the elements of one k side by side. See tile/tile.ts.

import { madd } from "../simd";
import { copyTile, wholeRow } from "./tile";

/** Body of panelTile. C's old value is added at the end. */
function panelBody(
  MR: i32,
  NV: i32,
  a: usize,
  aStep: usize,
  b: usize,
  bStep: usize,
  segments: usize,
  segmentCount: i32,
  c: usize,
  cRow: usize,
  accumulate: i32,
  rows: i32,
  columns: i32,
  spare: usize,
): void {
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
  for (let s = 0; s < segmentCount; s++) {
    let ap = a + <usize>load<i32>(segments);
    let bp = b + <usize>load<i32>(segments, 4);
    const length = load<i32>(segments, 8);
    segments += 12;
    for (let k = 0; k < length; k++) {
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
  }
  // Tiles that reach past the matrix are put together apart, and what belongs to it copied.
  const whole = rows >= MR && columns >= NV << 2;
  const to = whole ? c : spare;
  const step = whole ? cRow : <usize>(NV << 4);
  const sum = accumulate & i32(whole);
  inline.always(sumRow(NV, to, c00, c01, c02, c03, sum));
  inline.always(sumRow(NV, to + step, c10, c11, c12, c13, sum));
  inline.always(sumRow(NV, to + 2 * step, c20, c21, c22, c23, sum));
  if (MR > 3) inline.always(sumRow(NV, to + 3 * step, c30, c31, c32, c33, sum));
  if (MR > 4) inline.always(sumRow(NV, to + 4 * step, c40, c41, c42, c43, sum));
  if (MR > 5) inline.always(sumRow(NV, to + 5 * step, c50, c51, c52, c53, sum));
  if (!whole) copyTile(spare, step, c, cRow, min(rows, MR), min(columns, NV << 2), accumulate);
}

/** Stores a whole row, or adds it to what is there. */
export function sumRow(NV: i32, p: usize, v0: v128, v1: v128, v2: v128, v3: v128, accumulate: i32): void {
  if (accumulate) {
    v0 = f32x4.add(v128.load(p), v0);
    v1 = f32x4.add(v128.load(p, 16), v1);
    if (NV > 2) v2 = f32x4.add(v128.load(p, 32), v2);
    if (NV > 3) v3 = f32x4.add(v128.load(p, 48), v3);
  }
  inline.always(wholeRow(NV, p, v0, v1, v2, v3));
}

function panel4x8(
  a: usize,
  aStep: usize,
  b: usize,
  bStep: usize,
  segments: usize,
  segmentCount: i32,
  c: usize,
  cRow: usize,
  accumulate: i32,
  rows: i32,
  columns: i32,
  spare: usize,
): void {
  inline.always(
    panelBody(4, 2, a, aStep, b, bStep, segments, segmentCount, c, cRow, accumulate, rows, columns, spare),
  );
}

function panel6x8(
  a: usize,
  aStep: usize,
  b: usize,
  bStep: usize,
  segments: usize,
  segmentCount: i32,
  c: usize,
  cRow: usize,
  accumulate: i32,
  rows: i32,
  columns: i32,
  spare: usize,
): void {
  inline.always(
    panelBody(6, 2, a, aStep, b, bStep, segments, segmentCount, c, cRow, accumulate, rows, columns, spare),
  );
}

function panel3x12(
  a: usize,
  aStep: usize,
  b: usize,
  bStep: usize,
  segments: usize,
  segmentCount: i32,
  c: usize,
  cRow: usize,
  accumulate: i32,
  rows: i32,
  columns: i32,
  spare: usize,
): void {
  inline.always(
    panelBody(3, 3, a, aStep, b, bStep, segments, segmentCount, c, cRow, accumulate, rows, columns, spare),
  );
}

function panel6x16(
  a: usize,
  aStep: usize,
  b: usize,
  bStep: usize,
  segments: usize,
  segmentCount: i32,
  c: usize,
  cRow: usize,
  accumulate: i32,
  rows: i32,
  columns: i32,
  spare: usize,
): void {
  inline.always(
    panelBody(6, 4, a, aStep, b, bStep, segments, segmentCount, c, cRow, accumulate, rows, columns, spare),
  );
}

/**
 * One tile from A at a (aStep bytes from one k to the next) and B at b (bStep bytes) to C at c, rows cRow bytes apart; rows and columns past
 * `rows` and `columns` are computed from what lies there and dropped. spare: SPARE bytes.
 */
export function panelTile(
  tile: i32,
  a: usize,
  aStep: usize,
  b: usize,
  bStep: usize,
  segments: usize,
  segmentCount: i32,
  c: usize,
  cRow: usize,
  accumulate: i32,
  rows: i32,
  columns: i32,
  spare: usize,
): void {
  if (tile == 0)
    panel4x8(a, aStep, b, bStep, segments, segmentCount, c, cRow, accumulate, rows, columns, spare);
  else if (tile == 1)
    panel6x8(a, aStep, b, bStep, segments, segmentCount, c, cRow, accumulate, rows, columns, spare);
  else if (tile == 2)
    panel3x12(a, aStep, b, bStep, segments, segmentCount, c, cRow, accumulate, rows, columns, spare);
  else panel6x16(a, aStep, b, bStep, segments, segmentCount, c, cRow, accumulate, rows, columns, spare);
}
