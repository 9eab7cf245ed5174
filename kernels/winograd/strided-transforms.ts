// The transforms of minimal filtering for 3×3 convolutions of stride 2, see winograd/strided.ts. Four channels at a time; two
// passes of one dimension each over TRANSFORM_SCRATCH bytes. Points 0, 1, −1, 2, ∞; in a dimension where a tile has three outputs instead
// of four, point 2 is left out. Factors are where both lengths can share the transformed weights:
//
//   four outputs   d0 − d2 − (d1 − d3)/2,  2·d1 + d2 − d3,  d2 − (2·d1 + d3)/3,  d1 − d3,  d4 − d2 + 2·(d1 − d3)
//   three          d0 − d2,                d1 + d2,         d2 − d1,             –,        d3 − d1
//   weights        g0,                     (g0 + g1)/2,     (g0 − g1)/2,         −(g0 + 2·g1)/6,  g1
//
// A phase of one tap in a dimension has g1 = 0 and thus no point ∞.

import { at, madd } from "../simd";
import { constant } from "./transforms";

/** Points of both dimensions; number ξ = 5·row + column. */
export const POINTS: i32 = 25;
/** Number of point 2, and of point ∞. */
export const TWO: i32 = 3;
const INFINITY: i32 = 4;
/** Bytes from one row of vectors to the next. */
const ROW: usize = 80;
/** Bytes of a table of addresses, one for each point. */
export const TABLE: usize = 112;

/**
 * Where a phase has its channels among those of a point, in units of one phase: odd rows and even columns, even and even,
 * even and odd, odd and odd. A point has the phases without ∞ where it is ∞: of each, they are neighbours.
 */
export function phasePlace(oddRow: i32, oddColumn: i32): i32 {
  return oddColumn ? 2 + oddRow : 1 - oddRow;
}

/** The first of a point's phases. */
export function firstPhase(xi: i32): i32 {
  return i32(xi >= 5 * INFINITY);
}

/** How many phases a point has. */
export function phaseCount(xi: i32): i32 {
  return (xi < 5 * INFINITY ? 2 : 1) << i32(xi % 5 < INFINITY);
}

/** How many phases the points before this one have, all together: 81 before number 25. */
export function phasesBefore(xi: i32): i32 {
  const row = xi / 5;
  const column = xi % 5;
  return row < INFINITY ? 18 * row + 4 * column : 72 + 2 * column + i32(column > INFINITY);
}

/** The values of one row at the points, to five vectors; even: with ∞. */
function liftRow(
  from: usize,
  step: usize,
  to: usize,
  four: i32,
  even: i32,
  two: v128,
  half: v128,
  third: v128,
): void {
  const d0 = v128.load(from);
  const d1 = v128.load(from + step);
  const d2 = v128.load(from + 2 * step);
  const a = f32x4.sub(d0, d2);
  if (four) {
    const d3 = v128.load(from + 3 * step);
    const u = f32x4.sub(d1, d3);
    v128.store(to, madd(half, u, a));
    v128.store(to, madd(two, d1, f32x4.sub(d2, d3)), 16);
    v128.store(to, madd(third, madd(two, d1, d3), d2), 32);
    v128.store(to, u, 48);
    if (even) v128.store(to, madd(two, u, f32x4.sub(v128.load(from + 4 * step), d2)), 64);
  } else {
    v128.store(to, a);
    v128.store(to, f32x4.add(d1, d2), 16);
    v128.store(to, f32x4.sub(d2, d1), 32);
    if (even) v128.store(to, f32x4.sub(v128.load(from + 3 * step), d1), 64);
  }
}

/** The place of a point: rows of points are five addresses apart. */
export function place(table: usize, row: i32, offset: usize): usize {
  return <usize>load<u32>(table + <usize>(20 * row)) + offset;
}

/** The same for a column, to the places of five points below each other. */
function liftColumn(
  from: usize,
  table: usize,
  offset: usize,
  four: i32,
  even: i32,
  two: v128,
  half: v128,
  third: v128,
): void {
  const d0 = v128.load(from);
  const d1 = v128.load(from, ROW);
  const d2 = v128.load(from, 2 * ROW);
  const a = f32x4.sub(d0, d2);
  if (four) {
    const d3 = v128.load(from, 3 * ROW);
    const u = f32x4.sub(d1, d3);
    v128.store(place(table, 0, offset), madd(half, u, a));
    v128.store(place(table, 1, offset), madd(two, d1, f32x4.sub(d2, d3)));
    v128.store(place(table, 2, offset), madd(third, madd(two, d1, d3), d2));
    v128.store(place(table, 3, offset), u);
    if (even) v128.store(place(table, 4, offset), madd(two, u, f32x4.sub(v128.load(from, 4 * ROW), d2)));
  } else {
    v128.store(place(table, 0, offset), a);
    v128.store(place(table, 1, offset), f32x4.add(d1, d2));
    v128.store(place(table, 2, offset), f32x4.sub(d2, d1));
    if (even) v128.store(place(table, 4, offset), f32x4.sub(v128.load(from, 3 * ROW), d1));
  }
}

/**
 * Transforms one phase of a tile: the pixels at x, rowBytes and pixelBytes apart, to the places of the points. tall, wide:
 * whether the tile has four rows, columns of outputs. oddRow, oddColumn: the phase. quadBytes: from four channels to the
 * next four.
 */
export function stridedInput(
  x: usize,
  rowBytes: usize,
  pixelBytes: usize,
  channels: i32,
  tall: i32,
  wide: i32,
  oddRow: i32,
  oddColumn: i32,
  table: usize,
  offset: usize,
  quadBytes: usize,
  scratch: usize,
): void {
  const two = constant(scratch, 0, 2);
  const half = constant(scratch, 1, -0.5);
  const third = constant(scratch, 2, -1 / 3);
  const rows = 4 + tall - oddRow;
  const columns = 5 - oddColumn;
  for (let c = 0; c < channels; c += 4) {
    let from = x;
    let to = scratch;
    for (let r = 0; r < rows; r++) {
      inline.always(liftRow(from, pixelBytes, to, wide, 1 - oddColumn, two, half, third));
      from += rowBytes;
      to += ROW;
    }
    for (let q = 0; q < columns; q++) {
      if (q == TWO && !wide) continue;
      inline.always(
        liftColumn(
          scratch + <usize>(q << 4),
          table + <usize>(q << 2),
          offset,
          tall,
          1 - oddRow,
          two,
          half,
          third,
        ),
      );
    }
    x += 16;
    offset += quadBytes;
  }
}

/**
 * y = Aᵀ m A + bias for one phase of the outputs of a tile: at y, rowBytes and pixelBytes apart. odd: a phase without ∞. m of
 * channel c: at its point's place, in panels of NR channels panelBytes apart. bias may be 0.
 */
export function stridedOutput(
  table: usize,
  offset: usize,
  NR: i32,
  panelBytes: usize,
  channels: i32,
  tall: i32,
  wide: i32,
  oddRow: i32,
  oddColumn: i32,
  bias: usize,
  y: usize,
  rowBytes: usize,
  pixelBytes: usize,
  scratch: usize,
): void {
  const two = constant(scratch, 0, 2);
  const four = constant(scratch, 1, 4);
  const eight = constant(scratch, 2, 8);
  const rows = 3 + tall;
  const columns = 5 - oddColumn;
  const jump = panelBytes - <usize>(NR << 2);
  let b = f32x4.splat(0);
  let lane = 0;
  for (let c = 0; c < channels; c += 4) {
    for (let q = 0; q < columns; q++) {
      if (q == TWO && !wide) continue;
      const from = table + <usize>(q << 2);
      const to = scratch + <usize>(q << 4);
      const m0 = v128.load(place(from, 0, offset));
      const m1 = v128.load(place(from, 1, offset));
      const m2 = v128.load(place(from, 2, offset));
      const p = f32x4.add(m1, m2);
      const d = f32x4.sub(m1, m2);
      if (tall) {
        const m3 = v128.load(place(from, 3, offset));
        let last = madd(eight, m3, d);
        if (!oddRow) last = f32x4.add(last, v128.load(place(from, 4, offset)));
        v128.store(to, f32x4.add(m0, f32x4.add(p, m3)));
        v128.store(to, madd(two, m3, d), ROW);
        v128.store(to, madd(four, m3, p), 2 * ROW);
        v128.store(to, last, 3 * ROW);
      } else {
        let last = p;
        if (!oddRow) last = f32x4.add(last, v128.load(place(from, 4, offset)));
        v128.store(to, f32x4.add(m0, p));
        v128.store(to, d, ROW);
        v128.store(to, last, 2 * ROW);
      }
    }
    if (bias) b = v128.load(at(bias, c));
    let from = scratch;
    let to = at(y, c);
    for (let h = 0; h < rows; h++) {
      const m1 = v128.load(from, 16);
      const m2 = v128.load(from, 32);
      const p = f32x4.add(f32x4.add(m1, m2), b);
      const d = f32x4.add(f32x4.sub(m1, m2), b);
      if (wide) {
        const m3 = v128.load(from, 48);
        let last = madd(eight, m3, d);
        if (!oddColumn) last = f32x4.add(last, v128.load(from, 64));
        v128.store(to, f32x4.add(v128.load(from), f32x4.add(p, m3)));
        v128.store(to + pixelBytes, madd(two, m3, d));
        v128.store(to + 2 * pixelBytes, madd(four, m3, p));
        v128.store(to + 3 * pixelBytes, last);
      } else {
        let last = p;
        if (!oddColumn) last = f32x4.add(last, v128.load(from, 64));
        v128.store(to, f32x4.add(v128.load(from), p));
        v128.store(to + pixelBytes, d);
        v128.store(to + 2 * pixelBytes, last);
      }
      from += ROW;
      to += rowBytes;
    }
    offset += 16;
    lane += 4;
    if (lane == NR) {
      lane = 0;
      offset += jump;
    }
  }
}
