// Batch normalisation over x[rows][channels] (rows = batch · height · width), with the activation and the residual sum that
// follow it. Reads whole vectors, up to three floats past the end of each array.
// Ioffe and Szegedy, Batch Normalization (2015), arXiv 1502.03167.
//
//   y = (x − μ)·r·γ + β,  r = 1/√(σ² + ε)
//   training:  dx = γ·r·(dy − Σdy/n − (x − μ)·r²·Σ(dy·(x − μ))/n)
//
// Sums over rows are taken block by block into partials[block][2][channels], blocks of rows that depend only on the
// shape, and then added up in order.

import { Norm } from "../arguments";
import { activate, activateBackward } from "../elementwise/activation";
import { between, gate, hardswishGradient } from "../elementwise/slopes";
import { HARDSWISH, RELU, RELU6 } from "../shapes";
import { at, cut, madd, storeLanes } from "../simd";

/** Rows summed in registers before they are added to the totals; 16 rows of any width stay in L1. */
const INNER: i32 = 16;

/** mean[c] and variance[c] (biased, divided by rows) from normSums' partials of all blocks about the pivot: so they do not cancel. */
export function finishMoments(
  pivot: usize,
  rows: i32,
  channels: i32,
  partials: usize,
  blocks: i32,
  mean: usize,
  variance: usize,
): void {
  const scale = f32x4.splat(<f32>1 / <f32>rows);
  for (let c = 0; c < channels; c += 4) {
    const left = channels - c;
    const m = f32x4.mul(total(at(partials, c), blocks, channels), scale);
    const q = f32x4.mul(total(at(partials, channels + c), blocks, channels), scale);
    const v = f32x4.max(f32x4.sub(q, f32x4.mul(m, m)), f32x4.splat(0));
    inline.always(storeLanes(at(mean, c), f32x4.add(m, v128.load(at(pivot, c))), left));
    inline.always(storeLanes(at(variance, c), v, left));
  }
}

/** Σ over blocks of four channels of one of the two sums. */
function total(partials: usize, blocks: i32, channels: i32): v128 {
  let v = f32x4.splat(0);
  for (let block = 0; block < blocks; block++) {
    v = f32x4.add(v, v128.load(partials));
    partials = at(partials, 2 * channels);
  }
  return v;
}

/**
 * scale[c] = γ/√(σ² + ε), shift[c] = β − μ·scale, each rounded once: what is off here is off at every pixel of the channel,
 * so it does not average out in later layers. weight and bias may be 0: γ = 1, β = 0.
 */
export function foldNorm(
  mean: usize,
  variance: usize,
  weight: usize,
  bias: usize,
  eps: f32,
  channels: i32,
  scale: usize,
  shift: usize,
): void {
  for (let c = 0; c < channels; c++) {
    const g: f64 = weight ? load<f32>(at(weight, c)) : 1;
    const b: f64 = bias ? load<f32>(at(bias, c)) : 0;
    const s = <f32>(g / sqrt<f64>(<f64>load<f32>(at(variance, c)) + eps));
    store<f32>(at(scale, c), s);
    store<f32>(at(shift, c), <f32>(b - <f64>load<f32>(at(mean, c)) * s));
  }
}

/** v under an activation that takes an expression, or 0 for none; F is a constant. */
function acted(F: i32, v: v128): v128 {
  if (F == RELU) return f32x4.pmax(v, f32x4.splat(0));
  if (F == RELU6) return inline.always(cut(v, f32x4.splat(6)));
  if (F == HARDSWISH) return f32x4.mul(v, inline.always(gate(v)));
  return v;
}

/** Body of scaleShift. WITH, a constant: twice the activation's code, and 1 more where there is a residual. */
function scaleShiftBody(
  WITH: i32,
  x: usize,
  other: usize,
  y: usize,
  channels: i32,
  scale: usize,
  begin: i32,
  end: i32,
): void {
  const shift = at(scale, channels);
  const whole = channels & ~3;
  x = at(x, begin * channels);
  y = at(y, begin * channels);
  if (WITH & 1) other = at(other, begin * channels);
  for (let r = begin; r < end; r++) {
    for (let c = 0; c < channels; c += 4) {
      let v = madd(v128.load(at(x, c)), v128.load(at(scale, c)), v128.load(at(shift, c)));
      if (WITH & 1) v = f32x4.add(v, v128.load(at(other, c)));
      v = inline.always(acted(WITH >> 1, v));
      if (c < whole) v128.store(at(y, c), v);
      else inline.always(storeLanes(at(y, c), v, channels - c));
    }
    x = at(x, channels);
    y = at(y, channels);
    if (WITH & 1) other = at(other, channels);
  }
}

/**
 * y = x·scale[c] + shift[c] for rows begin ≤ r < end, plus the residual (unless 0), then the activation (unless 0). NaN stays
 * NaN. shift follows scale.
 */
export function scaleShift(
  x: usize,
  residual: usize,
  activation: i32,
  y: usize,
  channels: i32,
  scale: usize,
  begin: i32,
  end: i32,
): void {
  if (activation == RELU) {
    if (residual) inline.always(scaleShiftBody(2 * RELU + 1, x, residual, y, channels, scale, begin, end));
    else inline.always(scaleShiftBody(2 * RELU, x, 0, y, channels, scale, begin, end));
    return;
  }
  if (activation == RELU6 && !residual) {
    inline.always(scaleShiftBody(2 * RELU6, x, 0, y, channels, scale, begin, end));
    return;
  }
  if (activation == HARDSWISH && !residual) {
    inline.always(scaleShiftBody(2 * HARDSWISH, x, 0, y, channels, scale, begin, end));
    return;
  }
  // Rows of y that stay in L1 while an activation goes over them.
  const step = activation ? max(1, 2048 / max(1, channels)) : end - begin;
  for (let r = begin; r < end; r += step) {
    const stop = min(r + step, end);
    if (residual) inline.always(scaleShiftBody(1, x, residual, y, channels, scale, r, stop));
    else inline.always(scaleShiftBody(0, x, 0, y, channels, scale, r, stop));
    const written = at(y, r * channels);
    if (activation) activate(activation, written, written, (stop - r) * channels);
  }
}

/**
 * How dy counts: completely, where the output y of a ReLU is positive, or times the slope of an activation at x·scale + shift, which
 * takes an expression: BY_INPUT + its code. MOMENTS: x − mean is dy.
 */
const ALL = 0;
const BY_OUTPUT = 1;
const MOMENTS = 2;
const BY_INPUT = 3;

/** Four values of dy as they count. y: those of the ReLU's output; x of its input before scale and shift. */
function masked(mask: i32, dy: usize, y: usize, x: v128, scale: v128, shift: v128): v128 {
  const g = v128.load(dy);
  if (mask == BY_OUTPUT) return v128.and(g, f32x4.gt(v128.load(y), f32x4.splat(0)));
  if (mask == BY_INPUT + RELU) return v128.and(g, f32x4.gt(madd(x, scale, shift), f32x4.splat(0)));
  if (mask == BY_INPUT + RELU6) return v128.and(g, inline.always(between(madd(x, scale, shift), 0, 6)));
  if (mask == BY_INPUT + HARDSWISH) return inline.always(hardswishGradient(g, madd(x, scale, shift)));
  return g;
}

/** out = dy times the slope of the activation at x·scale + shift, for rows first ≤ r < stop. */
function activationGradient(n: Norm, first: i32, stop: i32): void {
  const skipped = first * n.channels;
  const out = at(n.out, skipped);
  scaleShift(n.x, 0, 0, n.out, n.channels, n.scale, first, stop);
  activateBackward(n.activation, at(n.dy, skipped), out, out, (stop - first) * n.channels);
}

function normSumsBody(mask: i32, writes: i32, n: Norm, begin: i32, end: i32): void {
  const x = n.x;
  // From x to the others.
  const dy = (mask == ALL && n.activation ? n.out : n.dy) - x;
  const y = n.y - x;
  const out = n.out - x;
  const mean = n.mean;
  const channels = n.channels;
  const scale = n.scale;
  const shift = at(scale, channels);
  for (let block = begin; block < end; block++) {
    const sums = at(n.partials, 2 * block * channels);
    const dots = at(sums, channels);
    const blockRows = n.blockRows;
    const last = min(n.rows, (block + 1) * blockRows);
    memory.fill(sums, 0, at(0, 2 * channels));
    for (let first = block * blockRows; first < last; first += INNER) {
      const stop = min(first + INNER, last);
      if (mask == ALL && n.activation) activationGradient(n, first, stop);
      for (let c = 0; c < channels; c += 4) {
        const left = channels - c;
        const m = v128.load(at(mean, c));
        const f = mask >= BY_INPUT ? v128.load(at(scale, c)) : m;
        const t = mask >= BY_INPUT ? v128.load(at(shift, c)) : m;
        let s = f32x4.splat(0);
        let q = f32x4.splat(0);
        let from = at(x, first * channels + c);
        for (let r = first; r < stop; r++) {
          const v = v128.load(from);
          const d = f32x4.sub(v, m);
          const g = mask == MOMENTS ? d : inline.always(masked(mask, from + dy, from + y, v, f, t));
          s = f32x4.add(s, g);
          q = madd(g, d, q);
          if (writes) inline.always(storeLanes(from + out, g, left));
          from = at(from, channels);
        }
        inline.always(storeLanes(at(sums, c), f32x4.add(v128.load(at(sums, c)), s), left));
        inline.always(storeLanes(at(dots, c), f32x4.add(v128.load(at(dots, c)), q), left));
      }
    }
  }
}

/**
 * Σ dy and Σ dy·(x − mean) over rows of blocks begin ≤ block < end; without dy (0) it is x − mean. After a ReLU, dy counts only
 * where its output y is positive, or, if scale (followed by shift) is given, times the activation's slope at x·scale + shift. `out`,
 * unless 0, gets dy as it counts; without it the activation is relu, relu6 or hardswish.
 */
export function normSums(shape: usize, begin: i32, end: i32): void {
  const n = changetype<Norm>(shape);
  if (!n.dy) inline.always(normSumsBody(MOMENTS, 0, n, begin, end));
  else if (n.y && n.out) inline.always(normSumsBody(BY_OUTPUT, 1, n, begin, end));
  else if (n.y) inline.always(normSumsBody(BY_OUTPUT, 0, n, begin, end));
  else if (!n.scale || n.out) inline.always(normSumsBody(ALL, 0, n, begin, end));
  else if (n.activation == RELU) inline.always(normSumsBody(BY_INPUT + RELU, 0, n, begin, end));
  else if (n.activation == RELU6) inline.always(normSumsBody(BY_INPUT + RELU6, 0, n, begin, end));
  else inline.always(normSumsBody(BY_INPUT + HARDSWISH, 0, n, begin, end));
}

/** sums[c] and dots[c] from the partials of all blocks. */
export function finishSums(partials: usize, blocks: i32, channels: i32, sums: usize, dots: usize): void {
  for (let c = 0; c < channels; c += 4) {
    const left = channels - c;
    inline.always(storeLanes(at(sums, c), total(at(partials, c), blocks, channels), left));
    inline.always(storeLanes(at(dots, c), total(at(partials, channels + c), blocks, channels), left));
  }
}

/**
 * The training gradient written as dx = a[c]·dy + b[c]·x + d[c]: fills those three coefficients, [3][channels], each rounded
 * once. weight may be 0 (γ = 1).
 */
export function normCoefficients(shape: usize): void {
  const s = changetype<Norm>(shape);
  const channels = s.channels;
  const n = <f64>s.rows;
  for (let c = 0; c < channels; c++) {
    const r = 1 / sqrt<f64>(<f64>load<f32>(at(s.variance, c)) + s.eps);
    const g = (s.weight ? <f64>load<f32>(at(s.weight, c)) : 1) * r;
    const slope = <f32>((-g * r * r * load<f32>(at(s.dots, c))) / n);
    const rest = <f32>((-g * load<f32>(at(s.sums, c))) / n - <f64>slope * load<f32>(at(s.mean, c)));
    store<f32>(at(s.coefficients, c), <f32>g);
    store<f32>(at(s.coefficients, channels + c), slope);
    store<f32>(at(s.coefficients, 2 * channels + c), rest);
  }
}

function normBackwardBody(mask: i32, s: Norm, begin: i32, end: i32): void {
  const dy = s.dy;
  const y = s.y;
  const x = s.x;
  const dx = s.out;
  const channels = s.channels;
  const a = s.coefficients;
  const b = at(a, channels);
  const d = at(b, channels);
  const scale = s.scale;
  const shift = at(scale, channels);
  const whole = channels & ~3;
  let i = begin * channels;
  for (let r = begin; r < end; r++) {
    for (let c = 0; c < channels; c += 4) {
      const v = v128.load(at(x, i + c));
      const f = mask >= BY_INPUT ? v128.load(at(scale, c)) : v;
      const t = mask >= BY_INPUT ? v128.load(at(shift, c)) : v;
      const g = inline.always(masked(mask, at(dy, i + c), at(y, i + c), v, f, t));
      const z = madd(g, v128.load(at(a, c)), madd(v, v128.load(at(b, c)), v128.load(at(d, c))));
      if (c < whole) v128.store(at(dx, i + c), z);
      else inline.always(storeLanes(at(dx, i + c), z, channels - c));
    }
    i += channels;
  }
}

/** out = a[c]·dy[r, c] + b[c]·x[r, c] + d[c] for rows begin ≤ r < end; y, scale and activation as for normSums. */
export function normBackward(shape: usize, begin: i32, end: i32): void {
  const s = changetype<Norm>(shape);
  if (s.y) inline.always(normBackwardBody(BY_OUTPUT, s, begin, end));
  else if (!s.scale) inline.always(normBackwardBody(ALL, s, begin, end));
  else if (s.activation == RELU) inline.always(normBackwardBody(BY_INPUT + RELU, s, begin, end));
  else if (s.activation == RELU6) inline.always(normBackwardBody(BY_INPUT + RELU6, s, begin, end));
  else inline.always(normBackwardBody(BY_INPUT + HARDSWISH, s, begin, end));
}
