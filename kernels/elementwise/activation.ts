// Activations of the networks for phones, and their gradients: y[i] = f(x[i]), dx[i] = dy[i]·f′(x[i]).
// Each export is mapValues or mapGradients with a constant function, which the compiler specialises.

import { sigmoid4 } from "../math";
import { HARDSIGMOID, HARDSWISH, RELU6, SILU } from "../shapes";
import { at, madd, storeLanes } from "../simd";

/** x cut to [0, 6]; NaN stays NaN. */
function cut6(x: v128): v128 {
  return f32x4.pmin(f32x4.pmax(x, f32x4.splat(0)), f32x4.splat(6));
}

function value(f: i32, x: v128): v128 {
  if (f == SILU) return f32x4.mul(x, sigmoid4(x));
  if (f == RELU6) return cut6(x);
  const gate = f32x4.mul(cut6(f32x4.add(x, f32x4.splat(3))), f32x4.splat(1.0 / 6.0));
  return f == HARDSIGMOID ? gate : f32x4.mul(x, gate);
}

/** Lanes where low < x < high. */
function between(x: v128, low: f32, high: f32): v128 {
  return v128.and(f32x4.gt(x, f32x4.splat(low)), f32x4.lt(x, f32x4.splat(high)));
}

function gradient(f: i32, dy: v128, x: v128): v128 {
  const one = f32x4.splat(1);
  if (f == SILU) {
    const s = sigmoid4(x);
    return f32x4.mul(dy, f32x4.mul(s, madd(x, f32x4.sub(one, s), one)));
  }
  if (f == RELU6) return v128.and(dy, between(x, 0, 6));
  if (f == HARDSIGMOID) return v128.and(f32x4.mul(dy, f32x4.splat(1.0 / 6.0)), between(x, -3, 3));
  const slope = madd(x, f32x4.splat(1.0 / 3.0), f32x4.splat(0.5));
  const inside = v128.bitselect(slope, one, f32x4.le(x, f32x4.splat(3)));
  return v128.and(f32x4.mul(dy, inside), f32x4.ge(x, f32x4.splat(-3)));
}

function mapValues(f: i32, x: usize, y: usize, begin: i32, end: i32): void {
  let i = begin;
  for (; i + 4 <= end; i += 4) v128.store(at(y, i), inline.always(value(f, v128.load(at(x, i)))));
  if (i < end) storeLanes(at(y, i), inline.always(value(f, v128.load(at(x, i)))), end - i);
}

function mapGradients(f: i32, dy: usize, x: usize, dx: usize, begin: i32, end: i32): void {
  let i = begin;
  for (; i + 4 <= end; i += 4) {
    v128.store(at(dx, i), inline.always(gradient(f, v128.load(at(dy, i)), v128.load(at(x, i)))));
  }
  if (i < end) {
    const g = inline.always(gradient(f, v128.load(at(dy, i)), v128.load(at(x, i))));
    storeLanes(at(dx, i), g, end - i);
  }
}

/** y = x / (1 + e⁻ˣ). */
export function silu(x: usize, y: usize, begin: i32, end: i32): void {
  inline.always(mapValues(SILU, x, y, begin, end));
}
/** y = min(max(x + 3, 0), 6) / 6. */
export function hardsigmoid(x: usize, y: usize, begin: i32, end: i32): void {
  inline.always(mapValues(HARDSIGMOID, x, y, begin, end));
}
/** y = x · min(max(x + 3, 0), 6) / 6. */
export function hardswish(x: usize, y: usize, begin: i32, end: i32): void {
  inline.always(mapValues(HARDSWISH, x, y, begin, end));
}
/** y = min(max(x, 0), 6). */
export function relu6(x: usize, y: usize, begin: i32, end: i32): void {
  inline.always(mapValues(RELU6, x, y, begin, end));
}
/** dx = dy·s·(1 + x·(1 − s)) with s = 1 / (1 + e⁻ˣ). */
export function siluBackward(dy: usize, x: usize, dx: usize, begin: i32, end: i32): void {
  inline.always(mapGradients(SILU, dy, x, dx, begin, end));
}
/** dx = dy/6 where −3 < x < 3, else 0. */
export function hardsigmoidBackward(dy: usize, x: usize, dx: usize, begin: i32, end: i32): void {
  inline.always(mapGradients(HARDSIGMOID, dy, x, dx, begin, end));
}
/** dx = 0 where x < −3, dy where x > 3, else dy·(x/3 + ½). */
export function hardswishBackward(dy: usize, x: usize, dx: usize, begin: i32, end: i32): void {
  inline.always(mapGradients(HARDSWISH, dy, x, dx, begin, end));
}
/** dx = dy where 0 < x < 6, else 0. */
export function relu6Backward(dy: usize, x: usize, dx: usize, begin: i32, end: i32): void {
  inline.always(mapGradients(RELU6, dy, x, dx, begin, end));
}

/** One of the activations but relu, by its number: y = f(x). Not an export: what writes x applies it while x is in the cache. */
export function activate(f: i32, x: usize, y: usize, count: i32): void {
  if (f == SILU) silu(x, y, 0, count);
  else if (f == RELU6) relu6(x, y, 0, count);
  else if (f == HARDSWISH) hardswish(x, y, 0, count);
  else hardsigmoid(x, y, 0, count);
}

/** dx = dy·f′(x), likewise. */
export function activateBackward(f: i32, dy: usize, x: usize, dx: usize, count: i32): void {
  if (f == SILU) siluBackward(dy, x, dx, 0, count);
  else if (f == RELU6) relu6Backward(dy, x, dx, 0, count);
  else if (f == HARDSWISH) hardswishBackward(dy, x, dx, 0, count);
  else hardsigmoidBackward(dy, x, dx, 0, count);
}
