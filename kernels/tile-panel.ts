// panelTile: the micro-kernel whose operands have the elements of one k side by side. See tile.ts.

import { madd } from "./simd";
import { addRow, wholeRow } from "./tile";

/** Body of panelTile. C's old value is added at the end. Rows and columns past `rows` and `columns` are computed from what lies there and dropped. */
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
): void {
  let c00 = f32x4.splat(0);
  let c01 = c00,
    c02 = c00;
  let c10 = c00,
    c11 = c00,
    c12 = c00;
  let c20 = c00,
    c21 = c00,
    c22 = c00;
  let c30 = c00,
    c31 = c00,
    c32 = c00;
  let c40 = c00,
    c41 = c00,
    c42 = c00;
  let c50 = c00,
    c51 = c00,
    c52 = c00;
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
      bp += bStep;
      let x = v128.load32_splat(ap, 0);
      c00 = madd(x, b0, c00);
      c01 = madd(x, b1, c01);
      if (NV > 2) c02 = madd(x, b2, c02);
      x = v128.load32_splat(ap, 4);
      c10 = madd(x, b0, c10);
      c11 = madd(x, b1, c11);
      if (NV > 2) c12 = madd(x, b2, c12);
      x = v128.load32_splat(ap, 8);
      c20 = madd(x, b0, c20);
      c21 = madd(x, b1, c21);
      if (NV > 2) c22 = madd(x, b2, c22);
      if (MR > 3) {
        x = v128.load32_splat(ap, 12);
        c30 = madd(x, b0, c30);
        c31 = madd(x, b1, c31);
        if (NV > 2) c32 = madd(x, b2, c32);
      }
      if (MR > 4) {
        x = v128.load32_splat(ap, 16);
        c40 = madd(x, b0, c40);
        c41 = madd(x, b1, c41);
        if (NV > 2) c42 = madd(x, b2, c42);
      }
      if (MR > 5) {
        x = v128.load32_splat(ap, 20);
        c50 = madd(x, b0, c50);
        c51 = madd(x, b1, c51);
        if (NV > 2) c52 = madd(x, b2, c52);
      }
      ap += aStep;
    }
  }
  if (rows >= MR && columns >= NV << 2) {
    // Inside the matrix: no call for each row.
    inline.always(sumRow(NV, c, c00, c01, c02, accumulate));
    inline.always(sumRow(NV, c + cRow, c10, c11, c12, accumulate));
    inline.always(sumRow(NV, c + 2 * cRow, c20, c21, c22, accumulate));
    if (MR > 3) inline.always(sumRow(NV, c + 3 * cRow, c30, c31, c32, accumulate));
    if (MR > 4) inline.always(sumRow(NV, c + 4 * cRow, c40, c41, c42, accumulate));
    if (MR > 5) inline.always(sumRow(NV, c + 5 * cRow, c50, c51, c52, accumulate));
    return;
  }
  addRow(NV, c, c00, c01, c02, columns, accumulate);
  if (rows > 1) addRow(NV, c + cRow, c10, c11, c12, columns, accumulate);
  if (rows > 2) addRow(NV, c + 2 * cRow, c20, c21, c22, columns, accumulate);
  if (MR > 3 && rows > 3) addRow(NV, c + 3 * cRow, c30, c31, c32, columns, accumulate);
  if (MR > 4 && rows > 4) addRow(NV, c + 4 * cRow, c40, c41, c42, columns, accumulate);
  if (MR > 5 && rows > 5) addRow(NV, c + 5 * cRow, c50, c51, c52, columns, accumulate);
}

/** Stores a whole row, or adds it to what is there. */
function sumRow(NV: i32, p: usize, v0: v128, v1: v128, v2: v128, accumulate: i32): void {
  if (accumulate) {
    v0 = f32x4.add(v128.load(p), v0);
    v1 = f32x4.add(v128.load(p, 16), v1);
    if (NV > 2) v2 = f32x4.add(v128.load(p, 32), v2);
  }
  inline.always(wholeRow(NV, p, v0, v1, v2));
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
): void {
  inline.always(
    panelBody(4, 2, a, aStep, b, bStep, segments, segmentCount, c, cRow, accumulate, rows, columns),
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
): void {
  inline.always(
    panelBody(6, 2, a, aStep, b, bStep, segments, segmentCount, c, cRow, accumulate, rows, columns),
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
): void {
  inline.always(
    panelBody(3, 3, a, aStep, b, bStep, segments, segmentCount, c, cRow, accumulate, rows, columns),
  );
}

/** One tile from A at a (aStep bytes from one k to the next) and B at b (bStep bytes) to C at c, rows cRow bytes apart. */
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
): void {
  if (tile == 0) panel4x8(a, aStep, b, bStep, segments, segmentCount, c, cRow, accumulate, rows, columns);
  else if (tile == 1)
    panel6x8(a, aStep, b, bStep, segments, segmentCount, c, cRow, accumulate, rows, columns);
  else panel3x12(a, aStep, b, bStep, segments, segmentCount, c, cRow, accumulate, rows, columns);
}
