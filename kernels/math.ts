// exp, log, tanh, the logistic function and GELU of four floats at once, by range reduction and polynomials.
// Coefficients: S. L. Moshier, Cephes mathematical library, expf, logf and tanhf (1989, https://www.netlib.org/cephes/).

import { madd, nmadd } from "./simd";

/** 2ⁿ for integral n in [−126, 127]. */
function exponent(n: v128): v128 {
  return i32x4.shl(i32x4.add(n, i32x4.splat(127)), 23);
}

/** eˣ. ULP error ≤ 2 on [−87, 88]; 0 below −103.9 (subnormal results come from two scalings), Infinity above 88.73, NaN for NaN. */
export function exp4(x: v128): v128 {
  const clamped = f32x4.pmin(f32x4.pmax(x, f32x4.splat(-150)), f32x4.splat(128)); // NaN stays: no comparison holds
  const n = f32x4.nearest(f32x4.mul(clamped, f32x4.splat(1.44269504088896341)));
  let r = f32x4.sub(clamped, f32x4.mul(n, f32x4.splat(0.693359375)));
  r = f32x4.add(r, f32x4.mul(n, f32x4.splat(2.1219444e-4)));
  let p = f32x4.splat(1.98756915e-4);
  p = madd(p, r, f32x4.splat(1.3981999507e-3));
  p = madd(p, r, f32x4.splat(8.3334519073e-3));
  p = madd(p, r, f32x4.splat(4.1665795894e-2));
  p = madd(p, r, f32x4.splat(1.6666665459e-1));
  p = madd(p, r, f32x4.splat(5.0000001201e-1));
  p = f32x4.add(madd(f32x4.mul(r, r), p, r), f32x4.splat(1));
  const whole = i32x4.trunc_sat_f32x4_s(n);
  const half = i32x4.shr_s(whole, 1); // two factors, since 2ⁿ alone leaves the range at both ends
  return f32x4.mul(f32x4.mul(p, exponent(half)), exponent(i32x4.sub(whole, half)));
}

/** ln x. ULP error ≤ 2 for normal x > 0; −Infinity at 0, NaN below, Infinity at Infinity. Subnormals are scaled first. */
export function log4(x: v128): v128 {
  const tiny = f32x4.lt(x, f32x4.splat(1.17549435e-38));
  const scaled = v128.bitselect(f32x4.mul(x, f32x4.splat(8388608)), x, tiny);
  const bits = i32x4.sub(scaled, i32x4.splat(0x3f3504f3)); // so that the mantissa lies in [√½, √2)
  let e = f32x4.convert_i32x4_s(i32x4.shr_s(bits, 23));
  e = f32x4.sub(e, v128.and(tiny, f32x4.splat(23)));
  const m = i32x4.add(v128.and(bits, i32x4.splat(0x007fffff)), i32x4.splat(0x3f3504f3));
  const r = f32x4.sub(m, f32x4.splat(1));
  const r2 = f32x4.mul(r, r);
  let p = f32x4.splat(7.0376836292e-2);
  p = madd(p, r, f32x4.splat(-1.151461031e-1));
  p = madd(p, r, f32x4.splat(1.167699874e-1));
  p = madd(p, r, f32x4.splat(-1.2420140846e-1));
  p = madd(p, r, f32x4.splat(1.4249322787e-1));
  p = madd(p, r, f32x4.splat(-1.6668057665e-1));
  p = madd(p, r, f32x4.splat(2.0000714765e-1));
  p = madd(p, r, f32x4.splat(-2.4999993993e-1));
  p = madd(p, r, f32x4.splat(3.3333331174e-1));
  let y = f32x4.mul(f32x4.mul(r, r2), p);
  y = madd(e, f32x4.splat(-2.1219444e-4), y);
  y = madd(r2, f32x4.splat(-0.5), y);
  y = madd(e, f32x4.splat(0.693359375), f32x4.add(r, y));
  y = v128.bitselect(f32x4.splat(-Infinity), y, f32x4.eq(x, f32x4.splat(0)));
  y = v128.bitselect(x, y, f32x4.eq(x, f32x4.splat(Infinity)));
  return v128.bitselect(f32x4.splat(NaN), y, v128.not(f32x4.ge(x, f32x4.splat(0))));
}

/** Address of sigmoid4's constants: below all heap blocks. */
const SIGMOID: usize = 1024;

/** Stores them; to be called before sigmoid4. All threads store the same. */
export function setSigmoid(): void {
  v128.store(SIGMOID, f32x4(-89, 87, -1.44269504088896341, 12582912));
  v128.store(SIGMOID, f32x4(0.693359375, -2.1219444e-4, 1.98756915e-4, -1.3981999507e-3), 16);
  v128.store(SIGMOID, f32x4(8.3334519073e-3, -4.1665795894e-2, 1.6666665459e-1, -5.0000001201e-1), 32);
  store<f32>(SIGMOID, 1, 48);
  store<i32>(SIGMOID, 127, 52);
}

/** e⁻ˢ for |s| ≤ ln 2 / 2. */
function nearZero(s: v128, one: v128): v128 {
  let p = v128.load32_splat(SIGMOID, 24);
  p = madd(p, s, v128.load32_splat(SIGMOID, 28));
  p = madd(p, s, v128.load32_splat(SIGMOID, 32));
  p = madd(p, s, v128.load32_splat(SIGMOID, 36));
  p = madd(p, s, v128.load32_splat(SIGMOID, 40));
  p = madd(p, s, v128.load32_splat(SIGMOID, 44));
  p = madd(p, s, one);
  return nmadd(p, s, one);
}

/**
 * 1 / (1 + e⁻ˣ). ULP error ≤ 4 on [−87, 88]. With e⁻ˣ = 2ⁿ·e⁻ˢ: n comes out of an addition that leaves no place for fractions, and
 * is in the sum's lowest bits; 2¹²⁸ is Infinity, of which 0 remains.
 */
export function sigmoid4(x: v128): v128 {
  const one = v128.load32_splat(SIGMOID, 48);
  const c = f32x4.pmin(f32x4.pmax(x, v128.load32_splat(SIGMOID)), v128.load32_splat(SIGMOID, 4)); // NaN stays
  const magic = v128.load32_splat(SIGMOID, 12);
  const t = madd(c, v128.load32_splat(SIGMOID, 8), magic);
  const n = f32x4.sub(t, magic);
  const s = madd(n, v128.load32_splat(SIGMOID, 20), madd(n, v128.load32_splat(SIGMOID, 16), c));
  const p = inline.always(nearZero(s, one));
  const power = i32x4.shl(i32x4.add(t, v128.load32_splat(SIGMOID, 52)), 23);
  return f32x4.div(one, madd(p, power, one));
}

/** tanh x: a polynomial for |x| < 0.625, 1 − 2/(e²ˣ + 1) beyond. ULP error ≤ 3. */
export function tanh4(x: v128): v128 {
  const a = f32x4.abs(x);
  const x2 = f32x4.mul(x, x);
  let p = f32x4.splat(-5.70498872745e-3);
  p = madd(p, x2, f32x4.splat(2.06390887954e-2));
  p = madd(p, x2, f32x4.splat(-5.37397155531e-2));
  p = madd(p, x2, f32x4.splat(1.33314422036e-1));
  p = madd(p, x2, f32x4.splat(-3.33332819422e-1));
  p = madd(f32x4.mul(p, x2), x, x);
  const one = f32x4.splat(1);
  const e = exp4(f32x4.add(a, a));
  const far = f32x4.sub(one, f32x4.div(f32x4.splat(2), f32x4.add(e, one)));
  const signed = v128.or(far, v128.and(x, f32x4.splat(-0.0)));
  return v128.bitselect(p, signed, f32x4.lt(a, f32x4.splat(0.625)));
}

const GELU: usize = SIGMOID + 64;

/** Stores the constants of gelu4 and geluSlope4, likewise. */
export function setGelu(): void {
  setSigmoid();
  v128.store(GELU, f32x4(13.28, 2.5, -0.154033245e-3, 1.07944524e-3));
  v128.store(GELU, f32x4(-2.40833405e-3, 2.09240522e-3, -4.62063868e-3, 3.47078382e-3), 16);
  v128.store(GELU, f32x4(3.6492575e-2, 4.24005054e-2, -0.621696055, 1.25), 32);
  v128.store(GELU, f32x4(0.5, 0.3989422804, 0, 0), 48);
}

/** min(|x|, 13.28), of which bell is 0. */
function size(x: v128): v128 {
  return f32x4.pmin(f32x4.abs(x), v128.load32_splat(GELU)); // NaN stays
}

/**
 * e^(−a²/2) for 0 ≤ a ≤ 13.28, as in sigmoid4; 0 from 13.25. a² is taken in two parts, of which the first is exact: an error of
 * it would count a² times.
 */
function bell(a: v128): v128 {
  const half = v128.load32_splat(GELU, 48);
  const front = v128.and(a, i32x4.splat(-4096));
  const c = f32x4.mul(f32x4.mul(front, front), half);
  const rest = f32x4.mul(f32x4.mul(f32x4.sub(a, front), f32x4.add(a, front)), half);
  const magic = v128.load32_splat(SIGMOID, 12);
  const t = madd(c, v128.load32_splat(SIGMOID, 8), magic);
  const n = f32x4.sub(t, magic);
  const s = madd(n, v128.load32_splat(SIGMOID, 20), madd(n, v128.load32_splat(SIGMOID, 16), c));
  const p = inline.always(nearZero(f32x4.add(s, rest), v128.load32_splat(SIGMOID, 48)));
  return f32x4.mul(p, i32x4.shl(i32x4.add(t, v128.load32_splat(SIGMOID, 52)), 23));
}

/** The normal distribution up to x, of a = |x| and bell(a). Its tail times (a + 2.5) / bell(a): a polynomial in v = 2a / (a + 2.5). */
function normal(x: v128, a: v128, bell: v128): v128 {
  const one = v128.load32_splat(SIGMOID, 48);
  const w = f32x4.div(one, f32x4.add(a, v128.load32_splat(GELU, 4)));
  const v = f32x4.mul(f32x4.add(a, a), w);
  let p = v128.load32_splat(GELU, 8);
  p = madd(p, v, v128.load32_splat(GELU, 12));
  p = madd(p, v, v128.load32_splat(GELU, 16));
  p = madd(p, v, v128.load32_splat(GELU, 20));
  p = madd(p, v, v128.load32_splat(GELU, 24));
  p = madd(p, v, v128.load32_splat(GELU, 28));
  p = madd(p, v, v128.load32_splat(GELU, 32));
  p = madd(p, v, v128.load32_splat(GELU, 36));
  p = madd(p, v, v128.load32_splat(GELU, 40));
  p = madd(p, v, v128.load32_splat(GELU, 44));
  const tail = f32x4.mul(f32x4.mul(p, w), bell);
  return v128.bitselect(tail, f32x4.sub(one, tail), f32x4.lt(x, f32x4.splat(0)));
}

/** x·Φ(x) with the normal distribution Φ. ULP error ≤ 5 above −13; −0 below −13.25. */
export function gelu4(x: v128): v128 {
  const a = inline.always(size(x));
  return f32x4.mul(x, inline.always(normal(x, a, inline.always(bell(a)))));
}

/** Its slope, Φ(x) + x·Φ′(x). */
export function geluSlope4(x: v128): v128 {
  const a = inline.always(size(x));
  const e = inline.always(bell(a));
  return madd(f32x4.mul(x, e), v128.load32_splat(GELU, 52), inline.always(normal(x, a, e)));
}
