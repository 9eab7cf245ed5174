// Maps over arrays: y[i] = f(x[i]), y[i] = f(a[i], b[i]). Outputs may be the same array as an input.
// Each export is mapUnary or mapBinary with a constant operation, which the compiler specialises.

import { exp4, log4, sigmoid4, tanh4 } from "../math";
import { Broadcast, Strided } from "../arguments";
import { at, madd, storeLanes } from "../simd";

const RELU: i32 = 0;
const SIGMOID: i32 = 1;
const TANH: i32 = 2;
const EXP: i32 = 3;
const LOG: i32 = 4;
const SQRT: i32 = 5;
const ABS: i32 = 6;
const NEG: i32 = 7;

function unary(op: i32, x: v128): v128 {
  if (op == RELU) return f32x4.pmax(x, f32x4.splat(0)); // x < 0 ? 0 : x, so NaN stays NaN
  if (op == SIGMOID) return sigmoid4(x);
  if (op == TANH) return tanh4(x);
  if (op == EXP) return exp4(x);
  if (op == LOG) return log4(x);
  if (op == SQRT) return f32x4.sqrt(x);
  if (op == ABS) return f32x4.abs(x);
  return f32x4.neg(x);
}

function mapUnary(op: i32, x: usize, y: usize, begin: i32, end: i32): void {
  let i = begin;
  for (; i + 4 <= end; i += 4) v128.store(at(y, i), inline.always(unary(op, v128.load(at(x, i)))));
  if (i < end) storeLanes(at(y, i), inline.always(unary(op, v128.load(at(x, i)))), end - i);
}

/** y[i] = max(x[i], 0); NaN stays NaN. */
export function relu(x: usize, y: usize, begin: i32, end: i32): void {
  inline.always(mapUnary(RELU, x, y, begin, end));
}
/** y[i] = 1 / (1 + exp(−x[i])). */
export function sigmoid(x: usize, y: usize, begin: i32, end: i32): void {
  inline.always(mapUnary(SIGMOID, x, y, begin, end));
}
/** y[i] = tanh(x[i]). */
export function tanh(x: usize, y: usize, begin: i32, end: i32): void {
  inline.always(mapUnary(TANH, x, y, begin, end));
}
/** y[i] = exp(x[i]). */
export function exp(x: usize, y: usize, begin: i32, end: i32): void {
  inline.always(mapUnary(EXP, x, y, begin, end));
}
/** y[i] = ln(x[i]). */
export function log(x: usize, y: usize, begin: i32, end: i32): void {
  inline.always(mapUnary(LOG, x, y, begin, end));
}
/** y[i] = √x[i]. */
export function sqrt(x: usize, y: usize, begin: i32, end: i32): void {
  inline.always(mapUnary(SQRT, x, y, begin, end));
}
/** y[i] = |x[i]|. */
export function abs(x: usize, y: usize, begin: i32, end: i32): void {
  inline.always(mapUnary(ABS, x, y, begin, end));
}
/** y[i] = −x[i]. */
export function neg(x: usize, y: usize, begin: i32, end: i32): void {
  inline.always(mapUnary(NEG, x, y, begin, end));
}

const ADD: i32 = 0;
const SUB: i32 = 1;
const MUL: i32 = 2;
const DIV: i32 = 3;
const MAXIMUM: i32 = 4;
const MINIMUM: i32 = 5;
const RELU_BACKWARD: i32 = 6;
const SIGMOID_BACKWARD: i32 = 7;
const TANH_BACKWARD: i32 = 8;
const ABS_BACKWARD: i32 = 9;
const GREATER_EQUAL: i32 = 10;

function binary(op: i32, a: v128, b: v128): v128 {
  const one = f32x4.splat(1);
  if (op == ADD) return f32x4.add(a, b);
  if (op == SUB) return f32x4.sub(a, b);
  if (op == MUL) return f32x4.mul(a, b);
  if (op == DIV) return f32x4.div(a, b);
  if (op == MAXIMUM) return f32x4.max(a, b);
  if (op == MINIMUM) return f32x4.min(a, b);
  if (op == RELU_BACKWARD) return v128.and(a, f32x4.gt(b, f32x4.splat(0)));
  if (op == SIGMOID_BACKWARD) return f32x4.mul(f32x4.mul(a, b), f32x4.sub(one, b));
  if (op == TANH_BACKWARD) return f32x4.mul(a, f32x4.sub(one, f32x4.mul(b, b)));
  if (op == ABS_BACKWARD) {
    const signed = v128.xor(a, v128.and(b, f32x4.splat(-0.0)));
    return v128.andnot(signed, f32x4.eq(b, f32x4.splat(0)));
  }
  return v128.and(one, f32x4.ge(a, b));
}

function mapAlike(op: i32, a: usize, b: usize, y: usize, begin: i32, end: i32): void {
  let i = begin;
  for (; i + 4 <= end; i += 4) {
    v128.store(at(y, i), inline.always(binary(op, v128.load(at(a, i)), v128.load(at(b, i)))));
  }
  if (i < end) {
    const u = v128.load(at(a, i));
    const v = v128.load(at(b, i));
    storeLanes(at(y, i), inline.always(binary(op, u, v)), end - i);
  }
}

/**
 * y[i] for begin ≤ i < end of contiguous arrays (broadcast = 0), or of an array of columns-long rows: a and b advance aRow and bRow
 * floats from one row to the next, and aStep and bStep (1, or 0 to repeat one value) from one column to the next. y is contiguous.
 */
function mapBinary(op: i32, a: usize, b: usize, y: usize, broadcast: usize, begin: i32, end: i32): void {
  let columns = end;
  let aRow = 0;
  let bRow = 0;
  let aStep = 1;
  let bStep = 1;
  if (broadcast) {
    const s = changetype<Broadcast>(broadcast);
    columns = s.columns;
    aRow = s.aRow;
    bRow = s.bRow;
    aStep = s.aStep;
    bStep = s.bStep;
  }
  let row = columns ? begin / columns : 0;
  let i = begin - row * columns;
  y = at(y, row * columns);
  for (; begin < end; row++) {
    const p = at(a, row * aRow);
    const q = at(b, row * bRow);
    const last = min(columns, i + end - begin);
    begin += last - i;
    if (aStep && bStep) {
      for (; i + 4 <= last; i += 4) {
        v128.store(at(y, i), inline.always(binary(op, v128.load(at(p, i)), v128.load(at(q, i)))));
      }
    } else {
      const one = v128.load32_splat(p);
      const other = v128.load32_splat(q);
      for (; i + 4 <= last; i += 4) {
        const u = aStep ? v128.load(at(p, i)) : one;
        const v = bStep ? v128.load(at(q, i)) : other;
        v128.store(at(y, i), inline.always(binary(op, u, v)));
      }
    }
    if (i < last) {
      const u = aStep ? v128.load(at(p, i)) : v128.load32_splat(p);
      const v = bStep ? v128.load(at(q, i)) : v128.load32_splat(q);
      storeLanes(at(y, i), inline.always(binary(op, u, v)), last - i);
    }
    i = 0;
    y = at(y, columns);
  }
}

/** y = a + b; broadcast is 0 or the address of a Broadcast. */
export function add(a: usize, b: usize, y: usize, broadcast: usize, begin: i32, end: i32): void {
  inline.always(mapBinary(ADD, a, b, y, broadcast, begin, end));
}
/** y = a − b. */
export function sub(a: usize, b: usize, y: usize, broadcast: usize, begin: i32, end: i32): void {
  inline.always(mapBinary(SUB, a, b, y, broadcast, begin, end));
}
/** y = a · b. */
export function mul(a: usize, b: usize, y: usize, broadcast: usize, begin: i32, end: i32): void {
  inline.always(mapBinary(MUL, a, b, y, broadcast, begin, end));
}
/** y = a / b. */
export function div(a: usize, b: usize, y: usize, broadcast: usize, begin: i32, end: i32): void {
  inline.always(mapBinary(DIV, a, b, y, broadcast, begin, end));
}
/** y = max(a, b), NaN if either is. */
export function maximum(a: usize, b: usize, y: usize, broadcast: usize, begin: i32, end: i32): void {
  inline.always(mapBinary(MAXIMUM, a, b, y, broadcast, begin, end));
}
/** y = min(a, b), NaN if either is. */
export function minimum(a: usize, b: usize, y: usize, broadcast: usize, begin: i32, end: i32): void {
  inline.always(mapBinary(MINIMUM, a, b, y, broadcast, begin, end));
}
/** y = 1 where a ≥ b, else 0. */
export function greaterEqual(a: usize, b: usize, y: usize, broadcast: usize, begin: i32, end: i32): void {
  inline.always(mapBinary(GREATER_EQUAL, a, b, y, broadcast, begin, end));
}
/** dx = dy where y > 0, else 0; y is relu's output. */
export function reluBackward(dy: usize, y: usize, dx: usize, begin: i32, end: i32): void {
  inline.always(mapAlike(RELU_BACKWARD, dy, y, dx, begin, end));
}
/** dx = dy·y·(1 − y); y is sigmoid's output. */
export function sigmoidBackward(dy: usize, y: usize, dx: usize, begin: i32, end: i32): void {
  inline.always(mapAlike(SIGMOID_BACKWARD, dy, y, dx, begin, end));
}
/** dx = dy·(1 − y²); y is tanh's output. */
export function tanhBackward(dy: usize, y: usize, dx: usize, begin: i32, end: i32): void {
  inline.always(mapAlike(TANH_BACKWARD, dy, y, dx, begin, end));
}
/** dx = dy·sign(x), 0 at 0. */
export function absBackward(dy: usize, x: usize, dx: usize, begin: i32, end: i32): void {
  inline.always(mapAlike(ABS_BACKWARD, dy, x, dx, begin, end));
}
/** y[i] = x[i]·scale + shift. */
export function affine(x: usize, y: usize, scale: f32, shift: f32, begin: i32, end: i32): void {
  const s = f32x4.splat(scale);
  const t = f32x4.splat(shift);
  let i = begin;
  for (; i + 4 <= end; i += 4) v128.store(at(y, i), madd(v128.load(at(x, i)), s, t));
  if (i < end) storeLanes(at(y, i), madd(v128.load(at(x, i)), s, t), end - i);
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
