// rowsTile: the micro-kernel whose rows of A lie anywhere in memory. See tile.ts.

import { madd } from "./simd";
import { storeRow, wholeRow } from "./tile";

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
  const c0 = <usize>load<u32>(cList, 0) + cOffset;
  const c1 = <usize>load<u32>(cList, 4) + cOffset;
  const c2 = <usize>load<u32>(cList, 8) + cOffset;
  let c3: usize = 0;
  if (MR > 3) c3 = <usize>load<u32>(cList, 12) + cOffset;
  let c4: usize = 0;
  if (MR > 4) c4 = <usize>load<u32>(cList, 16) + cOffset;
  let c5: usize = 0;
  if (MR > 5) c5 = <usize>load<u32>(cList, 20) + cOffset;
  if (accumulate) {
    c00 = v128.load(c0);
    c01 = v128.load(c0, 16);
    if (NV > 2) c02 = v128.load(c0, 32);
    c10 = v128.load(c1);
    c11 = v128.load(c1, 16);
    if (NV > 2) c12 = v128.load(c1, 32);
    c20 = v128.load(c2);
    c21 = v128.load(c2, 16);
    if (NV > 2) c22 = v128.load(c2, 32);
    if (MR > 3) {
      c30 = v128.load(c3);
      c31 = v128.load(c3, 16);
      if (NV > 2) c32 = v128.load(c3, 32);
    }
    if (MR > 4) {
      c40 = v128.load(c4);
      c41 = v128.load(c4, 16);
      if (NV > 2) c42 = v128.load(c4, 32);
    }
    if (MR > 5) {
      c50 = v128.load(c5);
      c51 = v128.load(c5, 16);
      if (NV > 2) c52 = v128.load(c5, 32);
    }
  } else if (bias) {
    c00 = v128.load(bias);
    c01 = v128.load(bias, 16);
    if (NV > 2) c02 = v128.load(bias, 32);
    c10 = c00;
    c11 = c01;
    c12 = c02;
    c20 = c00;
    c21 = c01;
    c22 = c02;
    c30 = c00;
    c31 = c01;
    c32 = c02;
    c40 = c00;
    c41 = c01;
    c42 = c02;
    c50 = c00;
    c51 = c01;
    c52 = c02;
  }
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
      bp += <usize>(NV << 4);
      let a = v128.load32_splat(a0);
      a0 += 4;
      c00 = madd(a, b0, c00);
      c01 = madd(a, b1, c01);
      if (NV > 2) c02 = madd(a, b2, c02);
      a = v128.load32_splat(a1);
      a1 += 4;
      c10 = madd(a, b0, c10);
      c11 = madd(a, b1, c11);
      if (NV > 2) c12 = madd(a, b2, c12);
      a = v128.load32_splat(a2);
      a2 += 4;
      c20 = madd(a, b0, c20);
      c21 = madd(a, b1, c21);
      if (NV > 2) c22 = madd(a, b2, c22);
      if (MR > 3) {
        a = v128.load32_splat(a3);
        a3 += 4;
        c30 = madd(a, b0, c30);
        c31 = madd(a, b1, c31);
        if (NV > 2) c32 = madd(a, b2, c32);
      }
      if (MR > 4) {
        a = v128.load32_splat(a4);
        a4 += 4;
        c40 = madd(a, b0, c40);
        c41 = madd(a, b1, c41);
        if (NV > 2) c42 = madd(a, b2, c42);
      }
      if (MR > 5) {
        a = v128.load32_splat(a5);
        a5 += 4;
        c50 = madd(a, b0, c50);
        c51 = madd(a, b1, c51);
        if (NV > 2) c52 = madd(a, b2, c52);
      }
    }
  }
  if (columns >= NV << 2) {
    // Whole rows: no call for each.
    inline.always(wholeRow(NV, c0, c00, c01, c02));
    inline.always(wholeRow(NV, c1, c10, c11, c12));
    inline.always(wholeRow(NV, c2, c20, c21, c22));
    if (MR > 3) inline.always(wholeRow(NV, c3, c30, c31, c32));
    if (MR > 4) inline.always(wholeRow(NV, c4, c40, c41, c42));
    if (MR > 5) inline.always(wholeRow(NV, c5, c50, c51, c52));
    return;
  }
  storeRow(NV, c0, c00, c01, c02, columns);
  storeRow(NV, c1, c10, c11, c12, columns);
  storeRow(NV, c2, c20, c21, c22, columns);
  if (MR > 3) storeRow(NV, c3, c30, c31, c32, columns);
  if (MR > 4) storeRow(NV, c4, c40, c41, c42, columns);
  if (MR > 5) storeRow(NV, c5, c50, c51, c52, columns);
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
): void {
  inline.always(
    rowsBody(4, 2, aList, aBase, cList, cOffset, segments, segmentCount, b, bias, accumulate, columns),
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
): void {
  inline.always(
    rowsBody(6, 2, aList, aBase, cList, cOffset, segments, segmentCount, b, bias, accumulate, columns),
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
): void {
  inline.always(
    rowsBody(3, 3, aList, aBase, cList, cOffset, segments, segmentCount, b, bias, accumulate, columns),
  );
}

/**
 * One tile from MR row addresses of A (u32 list, aBase bytes on) to MR row addresses of C, columns cOffset bytes in. b is a packed
 * panel; The sums start at C's old value if accumulate, else at bias (NR floats, or 0).
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
): void {
  if (tile == 0) rows4x8(aList, aBase, cList, cOffset, segments, segmentCount, b, bias, accumulate, columns);
  else if (tile == 1)
    rows6x8(aList, aBase, cList, cOffset, segments, segmentCount, b, bias, accumulate, columns);
  else rows3x12(aList, aBase, cList, cOffset, segments, segmentCount, b, bias, accumulate, columns);
}
