// The transforms of Winograd's minimal filtering F(4×4, 3×3), see winograd.ts. Four channels at a time; two passes of
// one dimension each over scratch. Points 0, ±1, ±2, ∞.

import { at, madd } from "./simd";

/** Bytes of scratch that a transform needs: 36 vectors, then constants. */
export const TRANSFORM_SCRATCH: usize = 640;
const CONSTANTS: usize = 36 * 16;

/** Numbers as vectors come from memory: V8 rebuilds a constant vector at each use, a loaded one stays in a register. */
function constant(scratch: usize, i: usize, value: f32): v128 {
  store<f32>(scratch + CONSTANTS + (i << 2), value);
  return v128.load32_splat(scratch + CONSTANTS + (i << 2));
}

/** Bᵀ·(d0, …, d5): six values `fromStep` bytes apart to six `toStep` bytes apart. */
function forward(
  from: usize,
  fromStep: usize,
  to: usize,
  toStep: usize,
  two: v128,
  four: v128,
  five: v128,
): void {
  const d0 = v128.load(from);
  const d1 = v128.load(from + fromStep);
  const d2 = v128.load(from + 2 * fromStep);
  const d3 = v128.load(from + 3 * fromStep);
  const d4 = v128.load(from + 4 * fromStep);
  const d5 = v128.load(from + 5 * fromStep);
  const a = f32x4.sub(d4, f32x4.mul(four, d2));
  const b = f32x4.sub(d3, f32x4.mul(four, d1));
  const e = f32x4.sub(d4, d2);
  const f = f32x4.mul(two, f32x4.sub(d3, d1));
  v128.store(to, madd(four, d0, f32x4.sub(d4, f32x4.mul(five, d2))));
  v128.store(to + toStep, f32x4.add(a, b));
  v128.store(to + 2 * toStep, f32x4.sub(a, b));
  v128.store(to + 3 * toStep, f32x4.add(e, f));
  v128.store(to + 4 * toStep, f32x4.sub(e, f));
  v128.store(to + 5 * toStep, madd(four, d1, f32x4.sub(d5, f32x4.mul(five, d3))));
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

function placeOf(v: Tiles, t: i32): usize {
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
  const quad = <usize>v.quadBytes;
  let to = placeOf(v, t);
  for (let c = 0; c < channels; c += 4) {
    let from = x;
    for (let r: usize = 0; r < 6 * 96; r += 96) {
      inline.always(forward(from, pixel, scratch + r, 16, two, four, five));
      from += rowBytes;
    }
    let out = to;
    for (let q: usize = 0; q < 96; q += 16) {
      inline.always(forward(scratch + q, 96, out, 6 * step, two, four, five));
      out += step;
    }
    x += 16;
    to += quad;
  }
}

/** A·(d0, …, d3): four values to six. */
function spread(from: usize, fromStep: usize, to: usize, toStep: usize, two: v128, four: v128): void {
  const d0 = v128.load(from);
  const d1 = v128.load(from + fromStep);
  const d2 = v128.load(from + 2 * fromStep);
  const d3 = v128.load(from + 3 * fromStep);
  const a = f32x4.add(d0, d2);
  const b = f32x4.add(d1, d3);
  const e = madd(four, d2, d0);
  const f = f32x4.mul(two, madd(four, d3, d1));
  v128.store(to, d0);
  v128.store(to + toStep, f32x4.add(a, b));
  v128.store(to + 2 * toStep, f32x4.sub(a, b));
  v128.store(to + 3 * toStep, f32x4.add(e, f));
  v128.store(to + 4 * toStep, f32x4.sub(e, f));
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
    for (let r: usize = 0; r < 4 * 96; r += 96) {
      inline.always(spread(from, pixel, scratch + r, 16, two, four));
      from += rowBytes;
    }
    let out = to;
    for (let q: usize = 0; q < 96; q += 16) {
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
    for (let q: usize = 0; q < 96; q += 16) {
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

/** The six values G·(g0, g1, g2). */
function widen(
  g0: v128,
  g1: v128,
  g2: v128,
  quarter: v128,
  sixth: v128,
  twelfth: v128,
  to: usize,
  step: usize,
): void {
  const outer = f32x4.add(g0, g2);
  const p = f32x4.mul(sixth, outer);
  const q = f32x4.mul(sixth, g1);
  const far = f32x4.mul(twelfth, madd(quarter, g0, g2)); // g0/48 + g2/12
  const r = f32x4.add(far, far); // g0/24 + g2/6
  const s = f32x4.mul(twelfth, g1);
  v128.store(to, f32x4.mul(quarter, g0));
  v128.store(to + step, f32x4.add(p, q));
  v128.store(to + 2 * step, f32x4.sub(p, q));
  v128.store(to + 3 * step, f32x4.add(r, s));
  v128.store(to + 4 * step, f32x4.sub(r, s));
  v128.store(to + 5 * step, g2);
}

/**
 * u[ξ] = G g Gᵀ for vectors begin ≤ k < end, g the nine taps w[3p + q][k], wStepBytes apart; flipped: of the kernel turned by
 * 180°, as the data gradient needs it. scratch: TRANSFORM_SCRATCH bytes.
 */
export function winogradWeight(
  w: usize,
  wStepBytes: i32,
  flipped: i32,
  u: usize,
  uStepBytes: i32,
  scratch: usize,
  begin: i32,
  end: i32,
): void {
  const quarter = constant(scratch, 0, 0.25);
  const sixth = constant(scratch, 1, -1 / 6);
  const twelfth = constant(scratch, 2, 1 / 12);
  // The tap at (p, q), or at (2 − p, 2 − q).
  const tap = <usize>(flipped ? -wStepBytes : wStepBytes);
  const first = flipped ? w + <usize>(8 * wStepBytes) : w;
  const step = <usize>uStepBytes;
  for (let k = begin; k < end; k++) {
    const from = at(first, 4 * k);
    for (let q: usize = 0; q < 3; q++) {
      const top = from + q * tap;
      inline.always(
        widen(
          v128.load(top),
          v128.load(top + 3 * tap),
          v128.load(top + 6 * tap),
          quarter,
          sixth,
          twelfth,
          scratch + q * 16,
          48,
        ),
      );
    }
    let out = at(u, 4 * k);
    for (let r: usize = 0; r < 6 * 48; r += 48) {
      const row = scratch + r;
      inline.always(
        widen(v128.load(row), v128.load(row, 16), v128.load(row, 32), quarter, sixth, twelfth, out, step),
      );
      out += 6 * step;
    }
  }
}

/** The three values Gᵀ·(s0, …, s5). */
function narrow(
  from: usize,
  fromStep: usize,
  quarter: v128,
  sixth: v128,
  twelfth: v128,
  to: usize,
  step: usize,
): void {
  const s1 = v128.load(from + fromStep);
  const s2 = v128.load(from + 2 * fromStep);
  const s3 = v128.load(from + 3 * fromStep);
  const s4 = v128.load(from + 4 * fromStep);
  const near = f32x4.mul(sixth, f32x4.add(s1, s2)); // −(s1 + s2)/6
  const far = f32x4.mul(sixth, f32x4.add(s3, s4)); // −(s3 + s4)/6
  v128.store(to, f32x4.add(near, f32x4.mul(quarter, f32x4.sub(v128.load(from), far))));
  v128.store(to + step, madd(sixth, f32x4.sub(s1, s2), f32x4.mul(twelfth, f32x4.sub(s3, s4))));
  v128.store(to + 2 * step, f32x4.add(f32x4.sub(near, far), v128.load(from + 5 * fromStep)));
}

/**
 * dw[3p + q][k] = Gᵀ s G for vectors begin ≤ k < end, s[ξ] the sum of `groups` arrays in their order; they are overwritten
 * by it. scratch: TRANSFORM_SCRATCH bytes.
 */
export function winogradWeightBackward(
  s: usize,
  sStepBytes: i32,
  groups: i32,
  groupBytes: i32,
  dw: usize,
  dwStepBytes: i32,
  scratch: usize,
  begin: i32,
  end: i32,
): void {
  const quarter = constant(scratch, 0, 0.25);
  const sixth = constant(scratch, 1, -1 / 6);
  const twelfth = constant(scratch, 2, 1 / 12);
  const step = <usize>sStepBytes;
  for (let k = begin; k < end; k++) {
    const from = at(s, 4 * k);
    for (let g = 1; g < groups; g++) {
      let total = from;
      for (let xi = 0; xi < 36; xi++, total += step) {
        v128.store(total, f32x4.add(v128.load(total), v128.load(total + g * groupBytes)));
      }
    }
    for (let c: usize = 0; c < 6; c++)
      inline.always(narrow(from + c * step, 6 * step, quarter, sixth, twelfth, scratch + c * 16, 96));
    let out = at(dw, 4 * k);
    for (let p: usize = 0; p < 3 * 96; p += 96) {
      inline.always(narrow(scratch + p, 16, quarter, sixth, twelfth, out, <usize>dwStepBytes));
      out += 3 * dwStepBytes;
    }
  }
}
