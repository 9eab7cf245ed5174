// Batch normalisation over x[rows][channels] (rows = batch · height · width), with the ReLU and the residual sum that
// follow it. Reads whole vectors, up to three floats past the end of each array.
// Ioffe and Szegedy, Batch Normalization (2015), arXiv 1502.03167.
//
//   y = (x − μ)·r·γ + β,  r = 1/√(σ² + ε)
//   training:  dx = γ·r·(dy − Σdy/n − (x − μ)·r²·Σ(dy·(x − μ))/n)
//
// Sums over rows are taken block by block into partials[block][2][channels], blocks of rows that depend on the shape
// alone, and then added up in their order.

import { at, madd, storeLanes } from "../simd";

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

/** mean[c] and variance[c] (biased, divided by rows) from the partials of all blocks, taken about the pivot. */
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
 * so it does not average out in the layers behind. weight and bias may be 0: γ = 1, β = 0.
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

/** Where dy counts: everywhere, where the output y of a ReLU is positive, or where x·scale + shift is. */
const ALL = 0;
const BY_OUTPUT = 1;
const BY_INPUT = 2;

/** Four values of dy, 0 where they do not count. y: those of the ReLU's output; x of its input before scale and shift. */
function masked(mask: i32, dy: usize, y: usize, x: v128, scale: v128, shift: v128): v128 {
  const g = v128.load(dy);
  if (mask == BY_OUTPUT) return v128.and(g, f32x4.gt(v128.load(y), f32x4.splat(0)));
  if (mask == BY_INPUT) return v128.and(g, f32x4.gt(madd(x, scale, shift), f32x4.splat(0)));
  return g;
}

function normSumsBody(
  mask: i32,
  writes: i32,
  dy: usize,
  y: usize,
  scale: usize,
  x: usize,
  mean: usize,
  out: usize,
  rows: i32,
  channels: i32,
  blockRows: i32,
  partials: usize,
  begin: i32,
  end: i32,
): void {
  const shift = at(scale, channels);
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
        let f = m,
          t = m;
        if (mask == BY_INPUT) f = v128.load(at(scale, c));
        if (mask == BY_INPUT) t = v128.load(at(shift, c));
        let s = f32x4.splat(0);
        let q = f32x4.splat(0);
        let i = first * channels + c;
        for (let r = first; r < stop; r++) {
          const v = v128.load(at(x, i));
          const g = inline.always(masked(mask, at(dy, i), at(y, i), v, f, t));
          s = f32x4.add(s, g);
          q = madd(g, f32x4.sub(v, m), q);
          if (writes) inline.always(storeLanes(at(out, i), g, left));
          i += channels;
        }
        inline.always(storeLanes(at(sums, c), f32x4.add(v128.load(at(sums, c)), s), left));
        inline.always(storeLanes(at(dots, c), f32x4.add(v128.load(at(dots, c)), q), left));
      }
    }
  }
}

/**
 * Σ dy and Σ dy·(x − mean) over rows of blocks begin ≤ block < end. Behind a ReLU dy counts only where its output y is
 * positive, or if scale (with shift behind it) is given, where x·scale + shift is; else both are 0. `out`, unless 0, gets dy
 * with zeros where it does not count by y.
 */
export function normSums(
  dy: usize,
  y: usize,
  scale: usize,
  x: usize,
  mean: usize,
  out: usize,
  rows: i32,
  channels: i32,
  blockRows: i32,
  partials: usize,
  begin: i32,
  end: i32,
): void {
  if (scale) {
    inline.always(
      normSumsBody(BY_INPUT, 0, dy, dy, scale, x, mean, 0, rows, channels, blockRows, partials, begin, end),
    );
  } else if (out) {
    inline.always(
      normSumsBody(BY_OUTPUT, 1, dy, y, 0, x, mean, out, rows, channels, blockRows, partials, begin, end),
    );
  } else if (y) {
    inline.always(
      normSumsBody(BY_OUTPUT, 0, dy, y, 0, x, mean, 0, rows, channels, blockRows, partials, begin, end),
    );
  } else {
    inline.always(
      normSumsBody(ALL, 0, dy, dy, 0, x, mean, 0, rows, channels, blockRows, partials, begin, end),
    );
  }
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
 * The training gradient written as dx = a[c]·dy + b[c]·x + d[c]: fills those three coefficients, each
 * rounded once. weight may be 0 (γ = 1).
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
  const n = <f64>rows;
  for (let c = 0; c < channels; c++) {
    const r = 1 / sqrt<f64>(<f64>load<f32>(at(variance, c)) + eps);
    const g = (weight ? <f64>load<f32>(at(weight, c)) : 1) * r;
    const slope = <f32>((-g * r * r * load<f32>(at(dots, c))) / n);
    store<f32>(at(a, c), <f32>g);
    store<f32>(at(b, c), slope);
    store<f32>(at(d, c), <f32>((-g * load<f32>(at(sums, c))) / n - <f64>slope * load<f32>(at(mean, c))));
  }
}

function normBackwardBody(
  mask: i32,
  dy: usize,
  y: usize,
  scale: usize,
  x: usize,
  dx: usize,
  channels: i32,
  a: usize,
  b: usize,
  d: usize,
  begin: i32,
  end: i32,
): void {
  const shift = at(scale, channels);
  const whole = channels & ~3;
  let i = begin * channels;
  for (let r = begin; r < end; r++) {
    for (let c = 0; c < channels; c += 4) {
      const v = v128.load(at(x, i + c));
      let f = v,
        t = v;
      if (mask == BY_INPUT) f = v128.load(at(scale, c));
      if (mask == BY_INPUT) t = v128.load(at(shift, c));
      const g = inline.always(masked(mask, at(dy, i + c), at(y, i + c), v, f, t));
      const z = madd(g, v128.load(at(a, c)), madd(v, v128.load(at(b, c)), v128.load(at(d, c))));
      if (c < whole) v128.store(at(dx, i + c), z);
      else inline.always(storeLanes(at(dx, i + c), z, channels - c));
    }
    i += channels;
  }
}

/** dx[r, c] = a[c]·dy[r, c] + b[c]·x[r, c] + d[c] for rows begin ≤ r < end; y and scale as for normSums. */
export function normBackward(
  dy: usize,
  y: usize,
  scale: usize,
  x: usize,
  dx: usize,
  channels: i32,
  a: usize,
  b: usize,
  d: usize,
  begin: i32,
  end: i32,
): void {
  if (scale) inline.always(normBackwardBody(BY_INPUT, dy, dy, scale, x, dx, channels, a, b, d, begin, end));
  else if (y) inline.always(normBackwardBody(BY_OUTPUT, dy, y, 0, x, dx, channels, a, b, d, begin, end));
  else inline.always(normBackwardBody(ALL, dy, dy, 0, x, dx, channels, a, b, d, begin, end));
}
