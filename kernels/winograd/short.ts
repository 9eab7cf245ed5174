// The transforms of short tiles: F(3, 3) on the points 0, ±1, 2, ∞ in a direction with three outputs, F(2, 3) on 0, ±1, ∞ in
// one with two or one. Rows of Bᵀ are M(x)/(x − p) for the points' polynomial M, times what makes the weights those of
// F(4, 3) at the same points: then all tiles share them. See winograd/transforms.ts for the full ones.

import { at, madd } from "../simd";
import { constant, forward, Outputs, placeOf, spread, Tiles } from "./transforms";
import { skips } from "./order";

/** Bᵀ·d at five points of F(3, 3); what belongs to point −2 is left. */
function forward3(from: usize, fromStep: usize, to: usize, toStep: usize, two: v128, four: v128): void {
  const three = f32x4.sub(four, f32x4.div(two, two));
  const d0 = v128.load(from);
  const d1 = v128.load(from + fromStep);
  const d2 = v128.load(from + 2 * fromStep);
  const d3 = v128.load(from + 3 * fromStep);
  const d4 = v128.load(from + 4 * fromStep);
  const a = f32x4.mul(two, f32x4.sub(d3, d1));
  v128.store(to, madd(four, f32x4.sub(d0, d2), a));
  v128.store(to + toStep, f32x4.mul(three, f32x4.sub(f32x4.sub(d3, d2), f32x4.add(d1, d1))));
  v128.store(to + 2 * toStep, f32x4.sub(madd(two, d1, d3), f32x4.mul(three, d2)));
  v128.store(to + 3 * toStep, f32x4.add(a, a));
  v128.store(to + 5 * toStep, f32x4.sub(f32x4.sub(d4, d2), a));
}

/** Bᵀ·d at four points of F(2, 3). */
function forward2(from: usize, fromStep: usize, to: usize, toStep: usize, two: v128, four: v128): void {
  const three = f32x4.sub(four, f32x4.div(two, two));
  const d0 = v128.load(from);
  const d1 = v128.load(from + fromStep);
  const d2 = v128.load(from + 2 * fromStep);
  const d3 = v128.load(from + 3 * fromStep);
  v128.store(to, f32x4.mul(four, f32x4.sub(d0, d2)));
  v128.store(to + toStep, f32x4.mul(three, f32x4.neg(f32x4.add(d1, d2))));
  v128.store(to + 2 * toStep, f32x4.mul(three, f32x4.sub(d1, d2)));
  v128.store(to + 5 * toStep, f32x4.sub(d3, d1));
}

function forwardShort(
  COLUMN: bool,
  short: i32,
  from: usize,
  fromStep: usize,
  to: usize,
  toStep: usize,
  two: v128,
  four: v128,
  five: v128,
): void {
  if (short == 0) {
    if (COLUMN) inline.always(forward(true, to, toStep, from, two, four, five));
    else inline.always(forward(false, from, fromStep, to, two, four, five));
  } else if (short == 1) inline.always(forward3(from, fromStep, to, toStep, two, four));
  else inline.always(forward2(from, fromStep, to, toStep, two, four));
}

/** transformInput for a tile that is so many points short in each direction. */
export function transformInputShort(
  x: usize,
  rowBytes: usize,
  pixel: usize,
  channels: i32,
  v: Tiles,
  t: i32,
  rows: i32,
  columns: i32,
  scratch: usize,
): void {
  const two = constant(scratch, 0, 2);
  const four = constant(scratch, 1, 4);
  const five = constant(scratch, 2, 5);
  const step = <usize>v.stepBytes;
  let to = placeOf(v, t);
  for (let c = 0; c < channels; c += 4) {
    let from = x;
    for (let r: usize = 0; r < <usize>(6 - rows) * 96; r += 96) {
      inline.always(forwardShort(false, columns, from, pixel, scratch + r, 16, two, four, five));
      from += rowBytes;
    }
    for (let q = 0; q < 6; q++) {
      if (skips(columns, q)) continue;
      const out = to + <usize>q * step;
      inline.always(
        forwardShort(true, rows, scratch + ((<usize>q) << 4), 96, out, 6 * step, two, four, five),
      );
    }
    x += 16;
    to += <usize>v.quadBytes;
  }
}

/** A·d of a short direction. */
function spreadShort(
  short: i32,
  from: usize,
  fromStep: usize,
  to: usize,
  toStep: usize,
  two: v128,
  four: v128,
): void {
  if (short == 0) {
    inline.always(spread(from, fromStep, to, toStep, two, four));
  } else {
    const d0 = v128.load(from);
    const d1 = v128.load(from + fromStep);
    v128.store(to, d0);
    if (short == 2) {
      v128.store(to + toStep, f32x4.add(d0, d1));
      v128.store(to + 2 * toStep, f32x4.sub(d0, d1));
      v128.store(to + 5 * toStep, d1);
    } else {
      const d2 = v128.load(from + 2 * fromStep);
      const even = f32x4.add(d0, d2);
      v128.store(to + toStep, f32x4.add(even, d1));
      v128.store(to + 2 * toStep, f32x4.sub(even, d1));
      v128.store(to + 3 * toStep, madd(two, d1, madd(four, d2, d0)));
      v128.store(to + 5 * toStep, d2);
    }
  }
}

/** transformGradient for a tile that is so many points short in each direction. */
export function transformGradientShort(
  dy: usize,
  rowBytes: usize,
  pixel: usize,
  channels: i32,
  v: Tiles,
  t: i32,
  rows: i32,
  columns: i32,
  scratch: usize,
): void {
  const two = constant(scratch, 0, 2);
  const four = constant(scratch, 1, 4);
  const step = <usize>v.stepBytes;
  let to = placeOf(v, t);
  for (let c = 0; c < channels; c += 4) {
    let from = dy;
    for (let r: usize = 0; r < <usize>(4 - rows) * 96; r += 96) {
      inline.always(spreadShort(columns, from, pixel, scratch + r, 16, two, four));
      from += rowBytes;
    }
    for (let q = 0; q < 6; q++) {
      if (skips(columns, q)) continue;
      const out = to + <usize>q * step;
      inline.always(spreadShort(rows, scratch + ((<usize>q) << 4), 96, out, 6 * step, two, four));
    }
    dy += 16;
    to += <usize>v.quadBytes;
  }
}

/** Aᵀ·m: the 4 − short outputs, toStep bytes apart, each plus b. */
function gatherShort(
  short: i32,
  from: usize,
  fromStep: usize,
  to: usize,
  toStep: usize,
  b: v128,
  two: v128,
  four: v128,
): void {
  const m1 = v128.load(from + fromStep);
  const m2 = v128.load(from + 2 * fromStep);
  const p = f32x4.add(f32x4.add(m1, m2), b);
  const d = f32x4.add(f32x4.sub(m1, m2), b);
  const m0 = v128.load(from);
  const m5 = v128.load(from + 5 * fromStep);
  if (short == 2) {
    v128.store(to, f32x4.add(m0, p));
    v128.store(to + toStep, f32x4.add(d, m5));
  } else {
    const m3 = v128.load(from + 3 * fromStep);
    if (short == 1) {
      v128.store(to, f32x4.add(m0, f32x4.add(p, m3)));
      v128.store(to + toStep, madd(two, m3, d));
      v128.store(to + 2 * toStep, f32x4.add(madd(four, m3, p), m5));
    } else {
      const m4 = v128.load(from + 4 * fromStep);
      const r = f32x4.add(m3, m4);
      const e = f32x4.sub(m3, m4);
      v128.store(to, f32x4.add(m0, f32x4.add(p, r)));
      v128.store(to + toStep, madd(two, e, d));
      v128.store(to + 2 * toStep, madd(four, r, p));
      v128.store(to + 3 * toStep, f32x4.add(madd(f32x4.add(four, four), e, d), m5));
    }
  }
}

/** transformOutput for a tile that is so many points short in each direction. */
export function transformOutputShort(
  s: Outputs,
  m: usize,
  channels: i32,
  bias: usize,
  y: usize,
  rows: i32,
  columns: i32,
  scratch: usize,
): void {
  const two = constant(scratch, 0, 2);
  const four = constant(scratch, 1, 4);
  const zero = f32x4.splat(0);
  const step = <usize>s.stepBytes;
  const pixel = <usize>s.pixelBytes;
  const jump = <usize>(s.panelBytes - (s.panelChannels << 2));
  let lane = 0;
  for (let c = 0; c < channels; c += 4) {
    for (let q = 0; q < 6; q++) {
      if (skips(columns, q)) continue;
      const from = m + <usize>q * step;
      inline.always(gatherShort(rows, from, 6 * step, scratch + ((<usize>q) << 4), 96, zero, two, four));
    }
    const b = bias ? v128.load(at(bias, c)) : zero;
    let to = at(y, c);
    for (let h: usize = 0; h < <usize>(4 - rows) * 96; h += 96) {
      inline.always(gatherShort(columns, scratch + h, 16, to, pixel, b, two, four));
      to += <usize>s.rowBytes;
    }
    m += 16;
    lane += 4;
    if (lane == s.panelChannels) {
      lane = 0;
      m += jump;
    }
  }
}
