// Batch normalisation over x[rows][channels] (rows = batch · height · width), with the ReLU and the residual sum that
// follow it. Reads whole vectors, up to three floats past the end of each array.
// Ioffe and Szegedy, Batch Normalization (2015), arXiv 1502.03167.
//
//   y = (x − μ)·r·γ + β,  r = 1/√(σ² + ε)
//   training:  dx = γ·r·(dy − Σdy/n − (x − μ)·r²·Σ(dy·(x − μ))/n)
//
// Sums over rows are taken block by block into partials[block][2][channels], blocks of rows that depend on the shape
// alone, and then added up in their order.

import { at, madd, storeLanes } from "./simd";

/** Rows summed in registers before they are added to the totals; 16 rows of any width stay in L1. */
const INNER: i32 = 16;

/** Sums of x − pivot and of its square over rows of blocks begin ≤ block < end, the pivot being the first row of x. */
export function channelMoments(
  x: usize,
  rows: i32,
  channels: i32,
  blockRows: i32,
  partials: usize,
  begin: i32,
  end: i32,
): void {
  for (let block = begin; block < end; block++) {
    const sums = at(partials, 2 * block * channels);
    const squares = at(sums, channels);
    const last = min(rows, (block + 1) * blockRows);
    memory.fill(sums, 0, at(0, 2 * channels));
    for (let first = block * blockRows; first < last; first += INNER) {
      const stop = min(first + INNER, last);
      for (let c = 0; c < channels; c += 4) {
        const left = channels - c;
        const pivot = v128.load(at(x, c)); // sums of x − pivot do not cancel in the variance
        let s = f32x4.splat(0);
        let q = f32x4.splat(0);
        let from = at(x, first * channels + c);
        for (let r = first; r < stop; r++) {
          const d = f32x4.sub(v128.load(from), pivot);
          s = f32x4.add(s, d);
          q = madd(d, d, q);
          from = at(from, channels);
        }
        inline.always(storeLanes(at(sums, c), f32x4.add(v128.load(at(sums, c)), s), left));
        inline.always(storeLanes(at(squares, c), f32x4.add(v128.load(at(squares, c)), q), left));
      }
    }
  }
}

/** mean[c] and variance[c] (biased, divided by rows) from the partials of all blocks. */
export function finishMoments(
  x: usize,
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
    inline.always(storeLanes(at(mean, c), f32x4.add(m, v128.load(at(x, c))), left));
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

/** scale[c] = γ/√(σ² + ε), shift[c] = β − μ·scale. weight and bias may be 0: γ = 1, β = 0. */
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
    const g = weight ? load<f32>(at(weight, c)) : 1;
    const b = bias ? load<f32>(at(bias, c)) : 0;
    const s = g / sqrt<f32>(load<f32>(at(variance, c)) + eps);
    store<f32>(at(scale, c), s);
    store<f32>(at(shift, c), b - load<f32>(at(mean, c)) * s);
  }
}

/** Body of scaleShift; residual and floor are constants. */
function scaleShiftBody(
  residual: i32,
  floor: i32,
  x: usize,
  other: usize,
  y: usize,
  channels: i32,
  scale: usize,
  shift: usize,
  begin: i32,
  end: i32,
): void {
  const zero = f32x4.splat(0);
  const whole = channels & ~3;
  x = at(x, begin * channels);
  y = at(y, begin * channels);
  if (residual) other = at(other, begin * channels);
  for (let r = begin; r < end; r++) {
    let c = 0;
    for (; c < whole; c += 4) {
      let v = madd(v128.load(at(x, c)), v128.load(at(scale, c)), v128.load(at(shift, c)));
      if (residual) v = f32x4.add(v, v128.load(at(other, c)));
      if (floor) v = f32x4.pmax(v, zero);
      v128.store(at(y, c), v);
    }
    if (c < channels) {
      let v = madd(v128.load(at(x, c)), v128.load(at(scale, c)), v128.load(at(shift, c)));
      if (residual) v = f32x4.add(v, v128.load(at(other, c)));
      if (floor) v = f32x4.pmax(v, zero);
      inline.always(storeLanes(at(y, c), v, channels - c));
    }
    x = at(x, channels);
    y = at(y, channels);
    if (residual) other = at(other, channels);
  }
}

/**
 * y = x·scale[c] + shift[c] for rows begin ≤ r < end, plus the residual (unless 0), then max(0, ·) if relu. NaN stays NaN.
 */
export function scaleShift(
  x: usize,
  residual: usize,
  relu: i32,
  y: usize,
  channels: i32,
  scale: usize,
  shift: usize,
  begin: i32,
  end: i32,
): void {
  if (residual) {
    if (relu) inline.always(scaleShiftBody(1, 1, x, residual, y, channels, scale, shift, begin, end));
    else inline.always(scaleShiftBody(1, 0, x, residual, y, channels, scale, shift, begin, end));
  } else if (relu) inline.always(scaleShiftBody(0, 1, x, 0, y, channels, scale, shift, begin, end));
  else inline.always(scaleShiftBody(0, 0, x, 0, y, channels, scale, shift, begin, end));
}

/** Four values of dy, 0 where relu's output is not positive. */
function masked(mask: i32, dy: usize, y: usize): v128 {
  const g = v128.load(dy);
  return mask ? v128.and(g, f32x4.gt(v128.load(y), f32x4.splat(0))) : g;
}

function normSumsBody(
  mask: i32,
  dy: usize,
  y: usize,
  x: usize,
  mean: usize,
  rows: i32,
  channels: i32,
  blockRows: i32,
  partials: usize,
  begin: i32,
  end: i32,
): void {
  for (let block = begin; block < end; block++) {
    const sums = at(partials, 2 * block * channels);
    const dots = at(sums, channels);
    const last = min(rows, (block + 1) * blockRows);
    memory.fill(sums, 0, at(0, 2 * channels));
    for (let first = block * blockRows; first < last; first += INNER) {
      const stop = min(first + INNER, last);
      for (let c = 0; c < channels; c += 4) {
        const left = channels - c;
        const m = v128.load(at(mean, c));
        let s = f32x4.splat(0);
        let q = f32x4.splat(0);
        let i = first * channels + c;
        for (let r = first; r < stop; r++) {
          const g = inline.always(masked(mask, at(dy, i), at(y, i)));
          s = f32x4.add(s, g);
          q = madd(g, f32x4.sub(v128.load(at(x, i)), m), q);
          i += channels;
        }
        inline.always(storeLanes(at(sums, c), f32x4.add(v128.load(at(sums, c)), s), left));
        inline.always(storeLanes(at(dots, c), f32x4.add(v128.load(at(dots, c)), q), left));
      }
    }
  }
}

/** Σ dy and Σ dy·(x − mean) over rows of blocks begin ≤ block < end; with y (or 0), dy counts where y > 0. */
export function normSums(
  dy: usize,
  y: usize,
  x: usize,
  mean: usize,
  rows: i32,
  channels: i32,
  blockRows: i32,
  partials: usize,
  begin: i32,
  end: i32,
): void {
  if (y) inline.always(normSumsBody(1, dy, y, x, mean, rows, channels, blockRows, partials, begin, end));
  else inline.always(normSumsBody(0, dy, dy, x, mean, rows, channels, blockRows, partials, begin, end));
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
 * The training gradient written as dx = a[c]·dy + b[c]·x + d[c]: fills those three coefficients.
 * weight may be 0 (γ = 1).
 */
export function normCoefficients(
  mean: usize,
  variance: usize,
  weight: usize,
  sums: usize,
  dots: usize,
  eps: f32,
  rows: i32,
  channels: i32,
  a: usize,
  b: usize,
  d: usize,
): void {
  const n = <f32>rows;
  for (let c = 0; c < channels; c++) {
    const r = <f32>1 / sqrt<f32>(load<f32>(at(variance, c)) + eps);
    const g = (weight ? load<f32>(at(weight, c)) : 1) * r;
    const slope = (-g * r * r * load<f32>(at(dots, c))) / n;
    store<f32>(at(a, c), g);
    store<f32>(at(b, c), slope);
    store<f32>(at(d, c), (-g * load<f32>(at(sums, c))) / n - slope * load<f32>(at(mean, c)));
  }
}

function normBackwardBody(
  mask: i32,
  dy: usize,
  y: usize,
  x: usize,
  dx: usize,
  channels: i32,
  a: usize,
  b: usize,
  d: usize,
  begin: i32,
  end: i32,
): void {
  const whole = channels & ~3;
  let i = begin * channels;
  for (let r = begin; r < end; r++) {
    let c = 0;
    for (; c < whole; c += 4) {
      const t = madd(v128.load(at(x, i + c)), v128.load(at(b, c)), v128.load(at(d, c)));
      const g = inline.always(masked(mask, at(dy, i + c), at(y, i + c)));
      v128.store(at(dx, i + c), madd(g, v128.load(at(a, c)), t));
    }
    if (c < channels) {
      const t = madd(v128.load(at(x, i + c)), v128.load(at(b, c)), v128.load(at(d, c)));
      const g = inline.always(masked(mask, at(dy, i + c), at(y, i + c)));
      inline.always(storeLanes(at(dx, i + c), madd(g, v128.load(at(a, c)), t), channels - c));
    }
    i += channels;
  }
}

/** dx[r, c] = a[c]·dy[r, c] + b[c]·x[r, c] + d[c] for rows begin ≤ r < end; with y (or 0), dy counts where y > 0. */
export function normBackward(
  dy: usize,
  y: usize,
  x: usize,
  dx: usize,
  channels: i32,
  a: usize,
  b: usize,
  d: usize,
  begin: i32,
  end: i32,
): void {
  if (y) inline.always(normBackwardBody(1, dy, y, x, dx, channels, a, b, d, begin, end));
  else inline.always(normBackwardBody(0, dy, dy, x, dx, channels, a, b, d, begin, end));
}
