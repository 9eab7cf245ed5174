// The transforms of Winograd's minimal filtering F(4×4, 3×3), see winograd.ts. Four channels at a time; two passes of
// one dimension each over scratch. Points 0, ±1, ±2, ∞.

import { at, madd, nmadd } from "../simd";

/** Bytes of scratch that a transform needs: 36 vectors, then constants. */
export const TRANSFORM_SCRATCH: usize = 640;
const CONSTANTS: usize = 36 * 16;
/** Bytes of a row of six vectors in scratch. */
const ROW: usize = 96;

/** Numbers as vectors come from memory: V8 rebuilds a constant vector at each use, a loaded one stays in a register. */
export function constant(scratch: usize, i: usize, value: f32): v128 {
  store<f32>(scratch + CONSTANTS + (i << 2), value);
  return v128.load32_splat(scratch + CONSTANTS + (i << 2));
}

/**
 * Bᵀ·(d0, …, d5): six values of a row of the tile, `step` bytes apart, to scratch, or (COLUMN) six values of a column in
 * scratch to six `step` bytes apart. Addresses go step by step: V8 computes each multiple anew.
 */
export function forward(
  COLUMN: bool,
  tile: usize,
  step: usize,
  scratch: usize,
  two: v128,
  four: v128,
  five: v128,
): void {
  const d0 = v128.load(COLUMN ? scratch : tile);
  const d1 = COLUMN ? v128.load(scratch, ROW) : v128.load((tile += step));
  const d2 = COLUMN ? v128.load(scratch, 2 * ROW) : v128.load((tile += step));
  const d3 = COLUMN ? v128.load(scratch, 3 * ROW) : v128.load((tile += step));
  const d4 = COLUMN ? v128.load(scratch, 4 * ROW) : v128.load((tile += step));
  const d5 = COLUMN ? v128.load(scratch, 5 * ROW) : v128.load(tile + step);
  const a = nmadd(four, d2, d4);
  const b = nmadd(four, d1, d3);
  const e = f32x4.sub(d4, d2);
  const f = f32x4.sub(d3, d1);
  const y0 = madd(four, d0, nmadd(five, d2, d4));
  const y5 = madd(four, d1, nmadd(five, d3, d5));
  if (COLUMN) {
    v128.store(tile, y0);
    v128.store((tile += step), f32x4.add(a, b));
    v128.store((tile += step), f32x4.sub(a, b));
    v128.store((tile += step), madd(two, f, e));
    v128.store((tile += step), nmadd(two, f, e));
    v128.store(tile + step, y5);
  } else {
    v128.store(scratch, y0);
    v128.store(scratch, f32x4.add(a, b), 16);
    v128.store(scratch, f32x4.sub(a, b), 32);
    v128.store(scratch, madd(two, f, e), 48);
    v128.store(scratch, nmadd(two, f, e), 64);
    v128.store(scratch, y5, 80);
  }
}

/** Where the transformed tiles of a block lie: tile t at t·tileBytes, or in panels of `rows` tiles. */
@unmanaged
export class Tiles {
  base: usize = 0;
  /** Bytes from one of the 36 arrays to the next. */
  stepBytes: i32 = 0;
  /** Tiles of a panel; tile t is number t mod rows of its panel. */
  rows: i32 = 0;
  panelBytes: i32 = 0;
  tileBytes: i32 = 0;
  /** Bytes from four channels to the next four. */
  quadBytes: i32 = 0;
}

export function placeOf(v: Tiles, t: i32): usize {
  return v.base + <usize>((t / v.rows) * v.panelBytes + (t % v.rows) * v.tileBytes);
}

/** Tile number t of v = Bᵀ d B, d the 6×6 pixels at x; channels a multiple of 4. */
export function transformInput(
  x: usize,
  rowBytes: usize,
  pixel: usize,
  channels: i32,
  v: Tiles,
  t: i32,
  scratch: usize,
): void {
  const two = constant(scratch, 0, 2);
  const four = constant(scratch, 1, 4);
  const five = constant(scratch, 2, 5);
  const step = <usize>v.stepBytes;
  const step6 = 6 * step;
  const quad = <usize>v.quadBytes;
  let to = placeOf(v, t);
  for (let c = 0; c < channels; c += 4) {
    let from = x;
    for (let r: usize = 0; r < 6 * ROW; r += ROW) {
      inline.always(forward(false, from, pixel, scratch + r, two, four, five));
      from += rowBytes;
    }
    let out = to;
    for (let q: usize = 0; q < ROW; q += 16) {
      inline.always(forward(true, out, step6, scratch + q, two, four, five));
      out += step;
    }
    x += 16;
    to += quad;
  }
}

/** A·(d0, …, d3): four values to six. */
export function spread(from: usize, fromStep: usize, to: usize, toStep: usize, two: v128, four: v128): void {
  const d0 = v128.load(from);
  const d1 = v128.load(from + fromStep);
  const d2 = v128.load(from + 2 * fromStep);
  const d3 = v128.load(from + 3 * fromStep);
  const a = f32x4.add(d0, d2);
  const b = f32x4.add(d1, d3);
  const e = madd(four, d2, d0);
  const f = madd(four, d3, d1);
  v128.store(to, d0);
  v128.store(to + toStep, f32x4.add(a, b));
  v128.store(to + 2 * toStep, f32x4.sub(a, b));
  v128.store(to + 3 * toStep, madd(two, f, e));
  v128.store(to + 4 * toStep, nmadd(two, f, e));
  v128.store(to + 5 * toStep, d3);
}

/** Tile number t of v = A d Aᵀ, d the 4×4 gradients at dy. */
export function transformGradient(
  dy: usize,
  rowBytes: usize,
  pixel: usize,
  channels: i32,
  v: Tiles,
  t: i32,
  scratch: usize,
): void {
  const two = constant(scratch, 0, 2);
  const four = constant(scratch, 1, 4);
  const step = <usize>v.stepBytes;
  const quad = <usize>v.quadBytes;
  let to = placeOf(v, t);
  for (let c = 0; c < channels; c += 4) {
    let from = dy;
    for (let r: usize = 0; r < 4 * ROW; r += ROW) {
      inline.always(spread(from, pixel, scratch + r, 16, two, four));
      from += rowBytes;
    }
    let out = to;
    for (let q: usize = 0; q < ROW; q += 16) {
      inline.always(spread(scratch + q, 96, out, 6 * step, two, four));
      out += step;
    }
    dy += 16;
    to += quad;
  }
}

/** Where the products of one tile lie and where its outputs go. */
@unmanaged
export class Outputs {
  /** Bytes from one of the 36 arrays to the next. */
  stepBytes: i32 = 0;
  /** Channels of a panel, and bytes from one panel to the next. */
  panelChannels: i32 = 0;
  panelBytes: i32 = 0;
  /** Bytes from one row of y to the next, and from one pixel to the next. */
  rowBytes: i32 = 0;
  pixelBytes: i32 = 0;
}

/**
 * y = Aᵀ m A + bias: 4×4 outputs of `channels` channels at y, of which the first rows × columns exist. bias may be 0.
 */
export function transformOutput(
  s: Outputs,
  m: usize,
  channels: i32,
  bias: usize,
  y: usize,
  scratch: usize,
): void {
  const two = constant(scratch, 0, 2);
  const four = constant(scratch, 1, 4);
  const eight = constant(scratch, 2, 8);
  const step = <usize>s.stepBytes;
  const row = <usize>s.rowBytes;
  const pixel = <usize>s.pixelBytes;
  const jump = <usize>(s.panelBytes - (s.panelChannels << 2));
  let b = f32x4.splat(0);
  let lane = 0;
  for (let c = 0; c < channels; c += 4) {
    let from = m;
    for (let q: usize = 0; q < ROW; q += 16) {
      const m0 = v128.load(from);
      const m1 = v128.load(from + 6 * step);
      const m2 = v128.load(from + 12 * step);
      const p = f32x4.add(m1, m2);
      const d = f32x4.sub(m1, m2);
      const m3 = v128.load(from + 18 * step);
      const m4 = v128.load(from + 24 * step);
      const r = f32x4.add(m3, m4);
      const e = f32x4.sub(m3, m4);
      const to = scratch + q;
      v128.store(to, f32x4.add(m0, f32x4.add(p, r)));
      v128.store(to, madd(two, e, d), 96);
      v128.store(to, madd(four, r, p), 192);
      v128.store(to, f32x4.add(madd(eight, e, d), v128.load(from + 30 * step)), 288);
      from += step;
    }
    if (bias) b = v128.load(at(bias, c));
    let to = at(y, c);
    from = scratch;
    for (let h = 0; h < 4; h++) {
      const m1 = v128.load(from, 16);
      const m2 = v128.load(from, 32);
      const p = f32x4.add(f32x4.add(m1, m2), b);
      const d = f32x4.add(f32x4.sub(m1, m2), b);
      const m3 = v128.load(from, 48);
      const m4 = v128.load(from, 64);
      const r = f32x4.add(m3, m4);
      const e = f32x4.sub(m3, m4);
      v128.store(to, f32x4.add(v128.load(from), f32x4.add(p, r)));
      v128.store(to + pixel, madd(two, e, d));
      v128.store(to + 2 * pixel, madd(four, r, p));
      v128.store(to + 3 * pixel, f32x4.add(madd(eight, e, d), v128.load(from, 80)));
      from += 96;
      to += row;
    }
    m += 16;
    lane += 4;
    if (lane == s.panelChannels) {
      lane = 0;
      m += jump;
    }
  }
}
