// Values and slopes of element-wise operations that take more than an expression (maps.template.mjs).

import { exp4, sigmoid4 } from "../math";
import { cut, madd } from "../simd";

/** min(max(x + 3, 0), 6) / 6. */
export function gate(x: v128): v128 {
  return f32x4.mul(inline.always(cut(f32x4.add(x, f32x4.splat(3)), f32x4.splat(6))), f32x4.splat(1.0 / 6.0));
}

/** Lanes where low < x < high. */
export function between(x: v128, low: f32, high: f32): v128 {
  return v128.and(f32x4.gt(x, f32x4.splat(low)), f32x4.lt(x, f32x4.splat(high)));
}

/** dy times the sign of x. */
export function signed(dy: v128, x: v128): v128 {
  const turned = v128.xor(dy, v128.and(x, f32x4.splat(-0.0)));
  return v128.andnot(turned, f32x4.eq(x, f32x4.splat(0)));
}

/** v where x is positive, otherwise v·slope. */
export function leak(v: v128, x: v128, slope: v128): v128 {
  return v128.bitselect(v, f32x4.mul(v, slope), f32x4.gt(x, f32x4.splat(0)));
}

/** x where it is positive, otherwise alpha·(eˣ − 1); near 0, where that cancels, by x + x²/2 + x³/6. */
export function elu4(x: v128, alpha: v128): v128 {
  const below = f32x4.sub(exp4(x), f32x4.splat(1));
  const near = madd(f32x4.mul(x, madd(x, f32x4.splat(1.0 / 6.0), f32x4.splat(0.5))), x, x);
  const v = v128.bitselect(near, below, f32x4.gt(x, f32x4.splat(-0.02)));
  return v128.bitselect(x, f32x4.mul(alpha, v), f32x4.gt(x, f32x4.splat(0)));
}

export function eluGradient(dy: v128, x: v128, alpha: v128): v128 {
  return v128.bitselect(f32x4.mul(dy, f32x4.mul(alpha, exp4(x))), dy, f32x4.le(x, f32x4.splat(0)));
}

export function siluSlope(x: v128): v128 {
  const one = f32x4.splat(1);
  const s = sigmoid4(x);
  return f32x4.mul(s, madd(x, f32x4.sub(one, s), one));
}

/** √(8/π)·(x + 0.044715·x³), whose logistic function GELU's approximation by tanh takes instead of the normal distribution. */
export function geluCurve(x: v128): v128 {
  const x2 = f32x4.mul(x, x);
  return f32x4.mul(x, madd(x2, f32x4.splat(0.07135481627), f32x4.splat(1.595769122)));
}

export function geluTanhSlope(x: v128): v128 {
  const one = f32x4.splat(1);
  const s = sigmoid4(inline.always(geluCurve(x)));
  const slope = madd(f32x4.mul(x, x), f32x4.splat(0.2140644488), f32x4.splat(1.595769122));
  return f32x4.mul(s, madd(f32x4.mul(x, slope), f32x4.sub(one, s), one));
}

export function hardswishGradient(dy: v128, x: v128): v128 {
  const slope = madd(x, f32x4.splat(1.0 / 3.0), f32x4.splat(0.5));
  const inside = v128.bitselect(slope, f32x4.splat(1), f32x4.le(x, f32x4.splat(3)));
  return v128.and(f32x4.mul(dy, inside), f32x4.ge(x, f32x4.splat(-3)));
}
