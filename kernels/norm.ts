// Batch normalisation over x[rows][channels] (rows = batch · height · width).
// Reads whole vectors, up to three floats past the end of each array.
// Ioffe and Szegedy, Batch Normalization (2015), arXiv 1502.03167.
//
//   y = (x − μ)·r·γ + β,  r = 1/√(σ² + ε)
//   training:  dx = γ·r·(dy − Σdy/n − (x − μ)·r²·Σ(dy·(x − μ))/n)

import { at, madd, storeLanes } from "./simd";

/** Rows summed in registers before they are added to the totals; 16 rows of any width stay in L1. */
const BLOCK: i32 = 16;

/** mean[c] and variance[c] (biased, divided by rows) of every channel in one pass over x, rows ≥ 1. */
export function channelMoments(x: usize, rows: i32, channels: i32, mean: usize, variance: usize): void {
  memory.fill(mean, 0, at(0, channels));
  memory.fill(variance, 0, at(0, channels));
  for (let first = 0; first < rows; first += BLOCK) {
    const end = min(first + BLOCK, rows);
    for (let c = 0; c < channels; c += 4) {
      const left = channels - c;
      const pivot = v128.load(at(x, c)); // the first row: sums of x − pivot do not cancel in the variance
      let s = f32x4.splat(0);
      let q = f32x4.splat(0);
      for (let r = first; r < end; r++) {
        const d = f32x4.sub(v128.load(at(x, r * channels + c)), pivot);
        s = f32x4.add(s, d);
        q = madd(d, d, q);
      }
      storeLanes(at(mean, c), f32x4.add(v128.load(at(mean, c)), s), left);
      storeLanes(at(variance, c), f32x4.add(v128.load(at(variance, c)), q), left);
    }
  }
  const scale = f32x4.splat(<f32>1 / <f32>rows);
  for (let c = 0; c < channels; c += 4) {
    const left = channels - c;
    const m = f32x4.mul(v128.load(at(mean, c)), scale);
    const q = f32x4.mul(v128.load(at(variance, c)), scale);
    const v = f32x4.max(f32x4.sub(q, f32x4.mul(m, m)), f32x4.splat(0));
    storeLanes(at(mean, c), f32x4.add(m, v128.load(at(x, c))), left);
    storeLanes(at(variance, c), v, left);
  }
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

/** y[r, c] = x[r, c]·scale[c] + shift[c]. */
export function scaleShift(x: usize, y: usize, rows: i32, channels: i32, scale: usize, shift: usize): void {
  for (let r = 0; r < rows; r++) {
    for (let c = 0; c < channels; c += 4) {
      const v = madd(v128.load(at(x, c)), v128.load(at(scale, c)), v128.load(at(shift, c)));
      storeLanes(at(y, c), v, channels - c);
    }
    x = at(x, channels);
    y = at(y, channels);
  }
}

/** sums[c] = Σ_r dy[r, c] and dots[c] = Σ_r dy[r, c]·(x[r, c] − mean[c]). */
export function normSums(
  dy: usize,
  x: usize,
  mean: usize,
  rows: i32,
  channels: i32,
  sums: usize,
  dots: usize,
): void {
  memory.fill(sums, 0, at(0, channels));
  memory.fill(dots, 0, at(0, channels));
  for (let first = 0; first < rows; first += BLOCK) {
    const end = min(first + BLOCK, rows);
    for (let c = 0; c < channels; c += 4) {
      const left = channels - c;
      const m = v128.load(at(mean, c));
      let s = f32x4.splat(0);
      let q = f32x4.splat(0);
      for (let r = first; r < end; r++) {
        const g = v128.load(at(dy, r * channels + c));
        s = f32x4.add(s, g);
        q = madd(g, f32x4.sub(v128.load(at(x, r * channels + c)), m), q);
      }
      storeLanes(at(sums, c), f32x4.add(v128.load(at(sums, c)), s), left);
      storeLanes(at(dots, c), f32x4.add(v128.load(at(dots, c)), q), left);
    }
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

/** dx[r, c] = a[c]·dy[r, c] + b[c]·x[r, c] + d[c]. */
export function normBackward(
  dy: usize,
  x: usize,
  dx: usize,
  rows: i32,
  channels: i32,
  a: usize,
  b: usize,
  d: usize,
): void {
  for (let r = 0; r < rows; r++) {
    for (let c = 0; c < channels; c += 4) {
      const left = channels - c;
      const t = madd(v128.load(at(x, c)), v128.load(at(b, c)), v128.load(at(d, c)));
      storeLanes(at(dx, c), madd(v128.load(at(dy, c)), v128.load(at(a, c)), t), left);
    }
    dy = at(dy, channels);
    x = at(x, channels);
    dx = at(dx, channels);
  }
}
