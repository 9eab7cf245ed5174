// rowsTile: the micro-kernel whose rows of A lie anywhere in memory. See tile/tile.ts.

import { madd } from "../simd";
import { copyTile, wholeRow } from "./tile";

/** Body of rowsTile. Rows that do not exist repeat the last pointer and write the same value twice. */
function rowsBody(
  MR: i32,
  NV: i32,
  aList: usize,
  aBase: usize,
  cList: usize,
  cOffset: usize,
  segments: usize,
  segmentCount: i32,
  b: usize,
  bias: usize,
  accumulate: i32,
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
  const c0 = <usize>load<u32>(cList, 0) + cOffset;
  const c1 = <usize>load<u32>(cList, 4) + cOffset;
  const c2 = <usize>load<u32>(cList, 8) + cOffset;
  let c3: usize = 0;
  if (MR > 3) c3 = <usize>load<u32>(cList, 12) + cOffset;
  let c4: usize = 0;
  if (MR > 4) c4 = <usize>load<u32>(cList, 16) + cOffset;
  let c5: usize = 0;
  if (MR > 5) c5 = <usize>load<u32>(cList, 20) + cOffset;
  for (let s = 0; s < segmentCount; s++) {
    const aOffset = aBase + <usize>load<i32>(segments);
    let bp = b + <usize>load<i32>(segments, 4);
    const length = load<i32>(segments, 8);
    segments += 12;
    let a0 = <usize>load<u32>(aList, 0) + aOffset;
    let a1 = <usize>load<u32>(aList, 4) + aOffset;
    let a2 = <usize>load<u32>(aList, 8) + aOffset;
    let a3: usize = 0;
    if (MR > 3) a3 = <usize>load<u32>(aList, 12) + aOffset;
    let a4: usize = 0;
    if (MR > 4) a4 = <usize>load<u32>(aList, 16) + aOffset;
    let a5: usize = 0;
    if (MR > 5) a5 = <usize>load<u32>(aList, 20) + aOffset;
    for (let k = 0; k < length; k++) {
      const b0 = v128.load(bp);
      const b1 = v128.load(bp, 16);
      let b2 = b0;
      if (NV > 2) b2 = v128.load(bp, 32);
      let b3 = b0;
      if (NV > 3) b3 = v128.load(bp, 48);
      bp += <usize>(NV << 4);
      let a = v128.load32_splat(a0);
      a0 += 4;
      c00 = madd(a, b0, c00);
      c01 = madd(a, b1, c01);
      if (NV > 2) c02 = madd(a, b2, c02);
      if (NV > 3) c03 = madd(a, b3, c03);
      a = v128.load32_splat(a1);
      a1 += 4;
      c10 = madd(a, b0, c10);
      c11 = madd(a, b1, c11);
      if (NV > 2) c12 = madd(a, b2, c12);
      if (NV > 3) c13 = madd(a, b3, c13);
      a = v128.load32_splat(a2);
      a2 += 4;
      c20 = madd(a, b0, c20);
      c21 = madd(a, b1, c21);
      if (NV > 2) c22 = madd(a, b2, c22);
      if (NV > 3) c23 = madd(a, b3, c23);
      if (MR > 3) {
        a = v128.load32_splat(a3);
        a3 += 4;
        c30 = madd(a, b0, c30);
        c31 = madd(a, b1, c31);
        if (NV > 2) c32 = madd(a, b2, c32);
        if (NV > 3) c33 = madd(a, b3, c33);
      }
      if (MR > 4) {
        a = v128.load32_splat(a4);
        a4 += 4;
        c40 = madd(a, b0, c40);
        c41 = madd(a, b1, c41);
        if (NV > 2) c42 = madd(a, b2, c42);
        if (NV > 3) c43 = madd(a, b3, c43);
      }
      if (MR > 5) {
        a = v128.load32_splat(a5);
        a5 += 4;
        c50 = madd(a, b0, c50);
        c51 = madd(a, b1, c51);
        if (NV > 2) c52 = madd(a, b2, c52);
        if (NV > 3) c53 = madd(a, b3, c53);
      }
    }
  }
  // Rows that reach past the matrix are stored apart, and what belongs to it copied.
  const whole = columns >= NV << 2;
  const step = <usize>(NV << 4);
  // All is read before anything is stored: rows that do not exist repeat the last one.
  if (accumulate || bias) {
    const from0 = accumulate ? c0 : bias;
    c00 = f32x4.add(v128.load(from0), c00);
    c01 = f32x4.add(v128.load(from0, 16), c01);
    if (NV > 2) c02 = f32x4.add(v128.load(from0, 32), c02);
    if (NV > 3) c03 = f32x4.add(v128.load(from0, 48), c03);
    const from1 = accumulate ? c1 : bias;
    c10 = f32x4.add(v128.load(from1), c10);
    c11 = f32x4.add(v128.load(from1, 16), c11);
    if (NV > 2) c12 = f32x4.add(v128.load(from1, 32), c12);
    if (NV > 3) c13 = f32x4.add(v128.load(from1, 48), c13);
    const from2 = accumulate ? c2 : bias;
    c20 = f32x4.add(v128.load(from2), c20);
    c21 = f32x4.add(v128.load(from2, 16), c21);
    if (NV > 2) c22 = f32x4.add(v128.load(from2, 32), c22);
    if (NV > 3) c23 = f32x4.add(v128.load(from2, 48), c23);
    if (MR > 3) {
      const from3 = accumulate ? c3 : bias;
      c30 = f32x4.add(v128.load(from3), c30);
      c31 = f32x4.add(v128.load(from3, 16), c31);
      if (NV > 2) c32 = f32x4.add(v128.load(from3, 32), c32);
      if (NV > 3) c33 = f32x4.add(v128.load(from3, 48), c33);
    }
    if (MR > 4) {
      const from4 = accumulate ? c4 : bias;
      c40 = f32x4.add(v128.load(from4), c40);
      c41 = f32x4.add(v128.load(from4, 16), c41);
      if (NV > 2) c42 = f32x4.add(v128.load(from4, 32), c42);
      if (NV > 3) c43 = f32x4.add(v128.load(from4, 48), c43);
    }
    if (MR > 5) {
      const from5 = accumulate ? c5 : bias;
      c50 = f32x4.add(v128.load(from5), c50);
      c51 = f32x4.add(v128.load(from5, 16), c51);
      if (NV > 2) c52 = f32x4.add(v128.load(from5, 32), c52);
      if (NV > 3) c53 = f32x4.add(v128.load(from5, 48), c53);
    }
  }
  inline.always(wholeRow(NV, whole ? c0 : spare, c00, c01, c02, c03));
  inline.always(wholeRow(NV, whole ? c1 : spare + step, c10, c11, c12, c13));
  inline.always(wholeRow(NV, whole ? c2 : spare + 2 * step, c20, c21, c22, c23));
  if (MR > 3) inline.always(wholeRow(NV, whole ? c3 : spare + 3 * step, c30, c31, c32, c33));
  if (MR > 4) inline.always(wholeRow(NV, whole ? c4 : spare + 4 * step, c40, c41, c42, c43));
  if (MR > 5) inline.always(wholeRow(NV, whole ? c5 : spare + 5 * step, c50, c51, c52, c53));
  if (whole) return;
  for (let r = 0; r < MR; r++) {
    const to = <usize>load<u32>(cList + (r << 2)) + cOffset;
    copyTile(spare + r * step, step, to, 0, 1, columns, 0);
  }
}

function rows4x8(
  aList: usize,
  aBase: usize,
  cList: usize,
  cOffset: usize,
  segments: usize,
  segmentCount: i32,
  b: usize,
  bias: usize,
  accumulate: i32,
  columns: i32,
  spare: usize,
): void {
  inline.always(
    rowsBody(4, 2, aList, aBase, cList, cOffset, segments, segmentCount, b, bias, accumulate, columns, spare),
  );
}

function rows6x8(
  aList: usize,
  aBase: usize,
  cList: usize,
  cOffset: usize,
  segments: usize,
  segmentCount: i32,
  b: usize,
  bias: usize,
  accumulate: i32,
  columns: i32,
  spare: usize,
): void {
  inline.always(
    rowsBody(6, 2, aList, aBase, cList, cOffset, segments, segmentCount, b, bias, accumulate, columns, spare),
  );
}

function rows3x12(
  aList: usize,
  aBase: usize,
  cList: usize,
  cOffset: usize,
  segments: usize,
  segmentCount: i32,
  b: usize,
  bias: usize,
  accumulate: i32,
  columns: i32,
  spare: usize,
): void {
  inline.always(
    rowsBody(3, 3, aList, aBase, cList, cOffset, segments, segmentCount, b, bias, accumulate, columns, spare),
  );
}

function rows6x16(
  aList: usize,
  aBase: usize,
  cList: usize,
  cOffset: usize,
  segments: usize,
  segmentCount: i32,
  b: usize,
  bias: usize,
  accumulate: i32,
  columns: i32,
  spare: usize,
): void {
  inline.always(
    rowsBody(6, 4, aList, aBase, cList, cOffset, segments, segmentCount, b, bias, accumulate, columns, spare),
  );
}

/**
 * One tile from MR row addresses of A (u32 list, aBase bytes on) to MR row addresses of C, columns cOffset bytes in. b is a packed
 * panel; To the sums come C's old values if accumulate, else bias (NR floats, or 0). spare: SPARE bytes.
 */
export function rowsTile(
  tile: i32,
  aList: usize,
  aBase: usize,
  cList: usize,
  cOffset: usize,
  segments: usize,
  segmentCount: i32,
  b: usize,
  bias: usize,
  accumulate: i32,
  columns: i32,
  spare: usize,
): void {
  if (tile == 0)
    rows4x8(aList, aBase, cList, cOffset, segments, segmentCount, b, bias, accumulate, columns, spare);
  else if (tile == 1)
    rows6x8(aList, aBase, cList, cOffset, segments, segmentCount, b, bias, accumulate, columns, spare);
  else if (tile == 2)
    rows3x12(aList, aBase, cList, cOffset, segments, segmentCount, b, bias, accumulate, columns, spare);
  else rows6x16(aList, aBase, cList, cOffset, segments, segmentCount, b, bias, accumulate, columns, spare);
}
