// Element by element: a number times and plus, a constant, copies between strides.

import { Strided } from "../arguments";
import { at, madd, storeLanes } from "../simd";

/** y[i] = x[i]·scale + shift. */
export function affine(x: usize, y: usize, scale: f32, shift: f32, begin: i32, end: i32): void {
  const s = f32x4.splat(scale);
  const t = f32x4.splat(shift);
  let i = begin;
  for (; i + 4 <= end; i += 4) v128.store(at(y, i), madd(v128.load(at(x, i)), s, t));
  if (i < end) storeLanes(at(y, i), madd(v128.load(at(x, i)), s, t), end - i);
}

/** y[i] = x[i] where it is positive, else x[i]·slope; NaN stays NaN. */
export function leakyRelu(x: usize, y: usize, slope: f32, begin: i32, end: i32): void {
  leak(x, x, y, slope, begin, end);
}

/** dx[i] = dy[i] where x[i] is positive, else dy[i]·slope. */
export function leakyReluBackward(dy: usize, x: usize, dx: usize, slope: f32, begin: i32, end: i32): void {
  leak(dy, x, dx, slope, begin, end);
}

/** y[i] = a[i] where x[i] is positive, else a[i]·slope. */
function leak(a: usize, x: usize, y: usize, slope: f32, begin: i32, end: i32): void {
  const s = f32x4.splat(slope);
  for (let i = begin; i < end; i += 4) {
    const v = v128.load(at(a, i));
    const positive = f32x4.gt(v128.load(at(x, i)), f32x4.splat(0));
    storeLanes(at(y, i), v128.bitselect(v, f32x4.mul(v, s), positive), end - i);
  }
}

/** y[i] = value. */
export function fill(y: usize, value: f32, begin: i32, end: i32): void {
  const v = f32x4.splat(value);
  let i = begin;
  for (; i + 4 <= end; i += 4) v128.store(at(y, i), v);
  storeLanes(at(y, i), v, end - i);
}

/** Copies between strided arrays of four axes: y[i0·t0 + i1·t1 + i2·t2 + i3·t3] = x[i0·s0 + i1·s1 + i2·s2 + i3·s3]. */
export function stridedCopy(shape: usize): void {
  const s = changetype<Strided>(shape);
  const n3 = s.n3;
  const s3 = s.s3;
  const t3 = s.t3;
  for (let i0 = 0; i0 < s.n0; i0++) {
    for (let i1 = 0; i1 < s.n1; i1++) {
      for (let i2 = 0; i2 < s.n2; i2++) {
        const from = at(s.x, i0 * s.s0 + i1 * s.s1 + i2 * s.s2);
        const to = at(s.y, i0 * s.t0 + i1 * s.t1 + i2 * s.t2);
        if (s3 == 1 && t3 == 1) memory.copy(to, from, at(0, n3));
        else for (let i = 0; i < n3; i++) store<f32>(at(to, i * t3), load<f32>(at(from, i * s3)));
      }
    }
  }
}
