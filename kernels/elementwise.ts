// Maps over arrays: y[i] = f(x[i]), y[i] = f(a[i], b[i]). Outputs may be the same array as an input.
// Each export is mapUnary or mapBinary with a constant operation, which the compiler specialises.

import { exp4, log4, sigmoid4, tanh4 } from "./math";
import { at, loadLanes, madd, storeLanes } from "./simd";

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

function mapUnary(op: i32, x: usize, y: usize, n: i32): void {
  let i = 0;
  for (; i + 16 <= n; i += 16) {
    const from = at(x, i);
    const to = at(y, i);
    const v0 = unary(op, v128.load(from));
    const v1 = unary(op, v128.load(from, 16));
    const v2 = unary(op, v128.load(from, 32));
    const v3 = unary(op, v128.load(from, 48));
    v128.store(to, v0);
    v128.store(to, v1, 16);
    v128.store(to, v2, 32);
    v128.store(to, v3, 48);
  }
  for (; i + 4 <= n; i += 4) v128.store(at(y, i), unary(op, v128.load(at(x, i))));
  if (i < n) storeLanes(at(y, i), unary(op, loadLanes(at(x, i), n - i)), n - i);
}

/** y[i] = max(x[i], 0); NaN stays NaN. */
export function relu(x: usize, y: usize, n: i32): void {
  inline.always(mapUnary(RELU, x, y, n));
}
/** y[i] = 1 / (1 + exp(−x[i])). */
export function sigmoid(x: usize, y: usize, n: i32): void {
  inline.always(mapUnary(SIGMOID, x, y, n));
}
/** y[i] = tanh(x[i]). */
export function tanh(x: usize, y: usize, n: i32): void {
  inline.always(mapUnary(TANH, x, y, n));
}
/** y[i] = exp(x[i]). */
export function exp(x: usize, y: usize, n: i32): void {
  inline.always(mapUnary(EXP, x, y, n));
}
/** y[i] = ln(x[i]). */
export function log(x: usize, y: usize, n: i32): void {
  inline.always(mapUnary(LOG, x, y, n));
}
/** y[i] = √x[i]. */
export function sqrt(x: usize, y: usize, n: i32): void {
  inline.always(mapUnary(SQRT, x, y, n));
}
/** y[i] = |x[i]|. */
export function abs(x: usize, y: usize, n: i32): void {
  inline.always(mapUnary(ABS, x, y, n));
}
/** y[i] = −x[i]. */
export function neg(x: usize, y: usize, n: i32): void {
  inline.always(mapUnary(NEG, x, y, n));
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

/**
 * rows × columns, row by row: a and b advance aRow and bRow floats from one row to the next, and aStep and bStep
 * (1, or 0 to repeat one value) from one column to the next. y is contiguous.
 */
function mapBinary(
  op: i32,
  a: usize,
  b: usize,
  y: usize,
  rows: i32,
  columns: i32,
  aRow: i32,
  bRow: i32,
  aStep: i32,
  bStep: i32,
): void {
  for (let r = 0; r < rows; r++) {
    const one = v128.load32_splat(a);
    const other = v128.load32_splat(b);
    let i = 0;
    if (aStep && bStep) {
      for (; i + 16 <= columns; i += 16) {
        const p = at(a, i);
        const q = at(b, i);
        const to = at(y, i);
        const v0 = binary(op, v128.load(p), v128.load(q));
        const v1 = binary(op, v128.load(p, 16), v128.load(q, 16));
        const v2 = binary(op, v128.load(p, 32), v128.load(q, 32));
        const v3 = binary(op, v128.load(p, 48), v128.load(q, 48));
        v128.store(to, v0);
        v128.store(to, v1, 16);
        v128.store(to, v2, 32);
        v128.store(to, v3, 48);
      }
    }
    for (; i + 4 <= columns; i += 4) {
      const u = aStep ? v128.load(at(a, i)) : one;
      const v = bStep ? v128.load(at(b, i)) : other;
      v128.store(at(y, i), binary(op, u, v));
    }
    if (i < columns) {
      const u = aStep ? loadLanes(at(a, i), columns - i) : one;
      const v = bStep ? loadLanes(at(b, i), columns - i) : other;
      storeLanes(at(y, i), binary(op, u, v), columns - i);
    }
    a = at(a, aRow);
    b = at(b, bRow);
    y = at(y, columns);
  }
}

/** y = a + b, over rows and columns as mapBinary says. */
export function add(
  a: usize,
  b: usize,
  y: usize,
  rows: i32,
  columns: i32,
  aRow: i32,
  bRow: i32,
  aStep: i32,
  bStep: i32,
): void {
  inline.always(mapBinary(ADD, a, b, y, rows, columns, aRow, bRow, aStep, bStep));
}
/** y = a − b, over rows and columns as mapBinary says. */
export function sub(
  a: usize,
  b: usize,
  y: usize,
  rows: i32,
  columns: i32,
  aRow: i32,
  bRow: i32,
  aStep: i32,
  bStep: i32,
): void {
  inline.always(mapBinary(SUB, a, b, y, rows, columns, aRow, bRow, aStep, bStep));
}
/** y = a · b, over rows and columns as mapBinary says. */
export function mul(
  a: usize,
  b: usize,
  y: usize,
  rows: i32,
  columns: i32,
  aRow: i32,
  bRow: i32,
  aStep: i32,
  bStep: i32,
): void {
  inline.always(mapBinary(MUL, a, b, y, rows, columns, aRow, bRow, aStep, bStep));
}
/** y = a / b, over rows and columns as mapBinary says. */
export function div(
  a: usize,
  b: usize,
  y: usize,
  rows: i32,
  columns: i32,
  aRow: i32,
  bRow: i32,
  aStep: i32,
  bStep: i32,
): void {
  inline.always(mapBinary(DIV, a, b, y, rows, columns, aRow, bRow, aStep, bStep));
}
/** y = max(a, b), NaN if either is, over rows and columns as mapBinary says. */
export function maximum(
  a: usize,
  b: usize,
  y: usize,
  rows: i32,
  columns: i32,
  aRow: i32,
  bRow: i32,
  aStep: i32,
  bStep: i32,
): void {
  inline.always(mapBinary(MAXIMUM, a, b, y, rows, columns, aRow, bRow, aStep, bStep));
}
/** y = min(a, b), NaN if either is, over rows and columns as mapBinary says. */
export function minimum(
  a: usize,
  b: usize,
  y: usize,
  rows: i32,
  columns: i32,
  aRow: i32,
  bRow: i32,
  aStep: i32,
  bStep: i32,
): void {
  inline.always(mapBinary(MINIMUM, a, b, y, rows, columns, aRow, bRow, aStep, bStep));
}
/** y = 1 where a ≥ b, else 0. */
export function greaterEqual(
  a: usize,
  b: usize,
  y: usize,
  rows: i32,
  columns: i32,
  aRow: i32,
  bRow: i32,
  aStep: i32,
  bStep: i32,
): void {
  inline.always(mapBinary(GREATER_EQUAL, a, b, y, rows, columns, aRow, bRow, aStep, bStep));
}
/** dx = dy where y > 0, else 0; y is relu's output. */
export function reluBackward(dy: usize, y: usize, dx: usize, n: i32): void {
  inline.always(mapBinary(RELU_BACKWARD, dy, y, dx, 1, n, 0, 0, 1, 1));
}
/** dx = dy·y·(1 − y); y is sigmoid's output. */
export function sigmoidBackward(dy: usize, y: usize, dx: usize, n: i32): void {
  inline.always(mapBinary(SIGMOID_BACKWARD, dy, y, dx, 1, n, 0, 0, 1, 1));
}
/** dx = dy·(1 − y²); y is tanh's output. */
export function tanhBackward(dy: usize, y: usize, dx: usize, n: i32): void {
  inline.always(mapBinary(TANH_BACKWARD, dy, y, dx, 1, n, 0, 0, 1, 1));
}
/** dx = dy·sign(x), 0 at 0. */
export function absBackward(dy: usize, x: usize, dx: usize, n: i32): void {
  inline.always(mapBinary(ABS_BACKWARD, dy, x, dx, 1, n, 0, 0, 1, 1));
}
/** y[i] = x[i]·scale + shift. */
export function affine(x: usize, y: usize, n: i32, scale: f32, shift: f32): void {
  const s = f32x4.splat(scale);
  const t = f32x4.splat(shift);
  let i = 0;
  for (; i + 4 <= n; i += 4) v128.store(at(y, i), madd(v128.load(at(x, i)), s, t));
  if (i < n) storeLanes(at(y, i), madd(loadLanes(at(x, i), n - i), s, t), n - i);
}

/** y[i] = value. */
export function fill(y: usize, n: i32, value: f32): void {
  const v = f32x4.splat(value);
  let i = 0;
  for (; i + 4 <= n; i += 4) v128.store(at(y, i), v);
  storeLanes(at(y, i), v, n - i);
}

/** Copies a strided array of four axes to a contiguous one: y[i0, i1, i2, i3] = x[i0·s0 + i1·s1 + i2·s2 + i3·s3]. */
export function stridedCopy(
  x: usize,
  y: usize,
  n0: i32,
  n1: i32,
  n2: i32,
  n3: i32,
  s0: i32,
  s1: i32,
  s2: i32,
  s3: i32,
): void {
  for (let i0 = 0; i0 < n0; i0++) {
    for (let i1 = 0; i1 < n1; i1++) {
      for (let i2 = 0; i2 < n2; i2++) {
        const row = at(x, i0 * s0 + i1 * s1 + i2 * s2);
        if (s3 == 1) {
          memory.copy(y, row, at(0, n3));
        } else {
          for (let i3 = 0; i3 < n3; i3++) store<f32>(at(y, i3), load<f32>(at(row, i3 * s3)));
        }
        y = at(y, n3);
      }
    }
  }
}
