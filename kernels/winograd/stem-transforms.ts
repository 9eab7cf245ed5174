// The transforms of F(3×3, 4×4) that F(4×4, 3×3) does not share (winograd/transforms.ts): the same six points 0, ±1, ±2, ∞ and
// the same Bᵀ; A and G have other lengths. Four channels at a time; two passes of one dimension each over TRANSFORM_SCRATCH bytes.

import { at, madd } from "../simd";
import { constant, Outputs } from "./transforms";

/** y = Aᵀ m A + bias: 3×3 outputs of `channels` channels at y. bias may be 0. */
export function stemOutput(s: Outputs, m: usize, channels: i32, bias: usize, y: usize, scratch: usize): void {
  const two = constant(scratch, 0, 2);
  const four = constant(scratch, 1, 4);
  const step = <usize>s.stepBytes;
  const row = <usize>s.rowBytes;
  const pixel = <usize>s.pixelBytes;
  const jump = <usize>(s.panelBytes - (s.panelChannels << 2));
  let b = f32x4.splat(0);
  let lane = 0;
  for (let c = 0; c < channels; c += 4) {
    let from = m;
    for (let q: usize = 0; q < 96; q += 16) {
      const m1 = v128.load(from + 6 * step);
      const m2 = v128.load(from + 12 * step);
      const p = f32x4.add(m1, m2);
      const d = f32x4.sub(m1, m2);
      const m3 = v128.load(from + 18 * step);
      const m4 = v128.load(from + 24 * step);
      const r = f32x4.add(m3, m4);
      const e = f32x4.sub(m3, m4);
      const to = scratch + q;
      v128.store(to, f32x4.add(v128.load(from), f32x4.add(p, r)));
      v128.store(to, madd(two, e, d), 96);
      v128.store(to, f32x4.add(madd(four, r, p), v128.load(from + 30 * step)), 192);
      from += step;
    }
    if (bias) b = v128.load(at(bias, c));
    let to = at(y, c);
    from = scratch;
    for (let h = 0; h < 3; h++) {
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
      v128.store(to + 2 * pixel, f32x4.add(madd(four, r, p), v128.load(from, 80)));
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

/** A·(d0, d1, d2): three values to six. */
function spread(from: usize, fromStep: usize, to: usize, toStep: usize, two: v128, four: v128): void {
  const d0 = v128.load(from);
  const d1 = v128.load(from + fromStep);
  const d2 = v128.load(from + 2 * fromStep);
  const a = f32x4.add(d0, d2);
  const e = madd(four, d2, d0);
  const f = f32x4.mul(two, d1);
  v128.store(to, d0);
  v128.store(to + toStep, f32x4.add(a, d1));
  v128.store(to + 2 * toStep, f32x4.sub(a, d1));
  v128.store(to + 3 * toStep, f32x4.add(e, f));
  v128.store(to + 4 * toStep, f32x4.sub(e, f));
  v128.store(to + 5 * toStep, d2);
}

/** v[ξ] = A d Aᵀ, d the 3×3 gradients at dy; arrays `step` bytes apart. */
export function stemGradient(
  dy: usize,
  rowBytes: usize,
  pixel: usize,
  channels: i32,
  v: usize,
  step: usize,
  scratch: usize,
): void {
  const two = constant(scratch, 0, 2);
  const four = constant(scratch, 1, 4);
  for (let c = 0; c < channels; c += 4) {
    let from = dy;
    for (let r: usize = 0; r < 3 * 96; r += 96) {
      inline.always(spread(from, pixel, scratch + r, 16, two, four));
      from += rowBytes;
    }
    let out = v;
    for (let q: usize = 0; q < 96; q += 16) {
      inline.always(spread(scratch + q, 96, out, 6 * step, two, four));
      out += step;
    }
    dy += 16;
    v += 16;
  }
}

/** The six values G·(g0, …, g3), of values `fromStep` bytes apart. */
function widen(from: usize, fromStep: usize, to: usize, toStep: usize, scratch: usize): void {
  const two = v128.load32_splat(scratch, 576);
  const sixth = v128.load32_splat(scratch, 580);
  const far = v128.load32_splat(scratch, 584);
  const quarter = v128.load32_splat(scratch, 588);
  const four = v128.load32_splat(scratch, 592);
  const g0 = v128.load(from);
  const g1 = v128.load(from + fromStep);
  const g2 = v128.load(from + 2 * fromStep);
  const g3 = v128.load(from + 3 * fromStep);
  const p = f32x4.mul(sixth, f32x4.add(g0, g2));
  const q = f32x4.mul(sixth, f32x4.add(g1, g3));
  const r = f32x4.mul(far, madd(four, g2, g0));
  const s = f32x4.mul(far, f32x4.mul(two, madd(four, g3, g1)));
  v128.store(to, f32x4.mul(quarter, g0));
  v128.store(to + toStep, f32x4.add(p, q));
  v128.store(to + 2 * toStep, f32x4.sub(p, q));
  v128.store(to + 3 * toStep, f32x4.add(r, s));
  v128.store(to + 4 * toStep, f32x4.sub(r, s));
  v128.store(to + 5 * toStep, g3);
}

/** The factors of G, where widen and narrow look for them. */
function factors(scratch: usize): void {
  constant(scratch, 0, 2);
  constant(scratch, 1, -1 / 6);
  constant(scratch, 2, 1 / 24);
  constant(scratch, 3, 0.25);
  constant(scratch, 4, 4);
}

/** u[ξ] = G g Gᵀ for vectors begin ≤ k < end, g the sixteen taps w[4p + q][k], wStepBytes apart. */
export function stemWeight(
  w: usize,
  wStepBytes: i32,
  u: usize,
  uStepBytes: i32,
  scratch: usize,
  begin: i32,
  end: i32,
): void {
  factors(scratch);
  const tap = <usize>wStepBytes;
  const step = <usize>uStepBytes;
  for (let k = begin; k < end; k++) {
    const from = at(w, 4 * k);
    for (let q: usize = 0; q < 4; q++) {
      inline.always(widen(from + q * tap, 4 * tap, scratch + q * 16, 64, scratch));
    }
    let out = at(u, 4 * k);
    for (let r: usize = 0; r < 6 * 64; r += 64) {
      inline.always(widen(scratch + r, 16, out, step, scratch));
      out += 6 * step;
    }
  }
}

/** The four values Gᵀ·(s0, …, s5). */
function narrow(from: usize, fromStep: usize, to: usize, toStep: usize, scratch: usize): void {
  const two = v128.load32_splat(scratch, 576);
  const sixth = v128.load32_splat(scratch, 580);
  const far = v128.load32_splat(scratch, 584);
  const quarter = v128.load32_splat(scratch, 588);
  const four = v128.load32_splat(scratch, 592);
  const s1 = v128.load(from + fromStep);
  const s2 = v128.load(from + 2 * fromStep);
  const s3 = v128.load(from + 3 * fromStep);
  const s4 = v128.load(from + 4 * fromStep);
  const p = f32x4.mul(sixth, f32x4.add(s1, s2));
  const d = f32x4.mul(sixth, f32x4.sub(s1, s2));
  const r = f32x4.mul(far, f32x4.add(s3, s4));
  const e = f32x4.mul(two, f32x4.mul(far, f32x4.sub(s3, s4)));
  v128.store(to, f32x4.add(madd(quarter, v128.load(from), p), r));
  v128.store(to + toStep, f32x4.add(d, e));
  v128.store(to + 2 * toStep, madd(four, r, p));
  v128.store(to + 3 * toStep, f32x4.add(madd(four, e, d), v128.load(from + 5 * fromStep)));
}

/**
 * dw[4p + q][k] = Gᵀ s G for vectors begin ≤ k < end, s[ξ] the sum of `groups` arrays in their order; they are overwritten
 * by it.
 */
export function stemWeightBackward(
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
  factors(scratch);
  const step = <usize>sStepBytes;
  for (let k = begin; k < end; k++) {
    const from = at(s, 4 * k);
    for (let g = 1; g < groups; g++) {
      let total = from;
      for (let xi = 0; xi < 36; xi++, total += step) {
        v128.store(total, f32x4.add(v128.load(total), v128.load(total + <usize>(g * groupBytes))));
      }
    }
    for (let c: usize = 0; c < 6; c++) {
      inline.always(narrow(from + c * step, 6 * step, scratch + c * 16, 96, scratch));
    }
    let out = at(dw, 4 * k);
    for (let p: usize = 0; p < 4 * 96; p += 96) {
      inline.always(narrow(scratch + p, 16, out, <usize>dwStepBytes, scratch));
      out += 4 * dwStepBytes;
    }
  }
}
