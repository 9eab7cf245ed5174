// Softmax and cross-entropy over the last axis: x[rows][n], n ≥ 1.
//
//   m = max_j x[r,j],  Σ = Σ_j exp(x[r,j] − m)
//   logSoftmax = (x − m) − ln Σ,  softmax = exp(x − m) / Σ
//
// m and what depends on Σ are never added up: x may be near a large m, and only x − m is then exact.

import { exp4, log4 } from "../math";
import { maxContiguous } from "./reduce";
import { LossGradient } from "../arguments";
import { at, loadLanes, madd, storeLanes, sumLanes } from "../simd";

/** Σ exp(x − m) of n contiguous floats, m being the largest. */
function expSum(x: usize, n: i32, m: f32): f32 {
  const shift = f32x4.splat(m);
  let v = f32x4.splat(0);
  let i = 0;
  for (; i + 4 <= n; i += 4) v = f32x4.add(v, exp4(f32x4.sub(v128.load(at(x, i)), shift)));
  let total = sumLanes(v);
  for (; i < n; i++) total += f32x4.extract_lane(exp4(f32x4.splat(load<f32>(at(x, i)) - m)), 0);
  return total;
}

/** Σ (m − x) of n contiguous floats. */
function depthSum(x: usize, n: i32, m: f32): f32 {
  const shift = f32x4.splat(m);
  let v = f32x4.splat(0);
  let i = 0;
  for (; i + 4 <= n; i += 4) v = f32x4.add(v, f32x4.sub(shift, v128.load(at(x, i))));
  let total = sumLanes(v);
  for (; i < n; i++) total += m - load<f32>(at(x, i));
  return total;
}

/** Σ x of n contiguous floats. */
function total(x: usize, n: i32): f32 {
  let v = f32x4.splat(0);
  for (let i = 0; i < n; i += 4) v = f32x4.add(v, loadLanes(at(x, i), n - i));
  return sumLanes(v);
}

function log(x: f32): f32 {
  return f32x4.extract_lane(log4(f32x4.splat(x)), 0);
}

/** y = (x − m) − ln Σ. */
export function logSoftmax(x: usize, y: usize, rows: i32, n: i32): void {
  for (let r = 0; r < rows; r++) {
    const m = maxContiguous(x, n);
    const shift = f32x4.splat(m);
    const logSum = f32x4.splat(log(expSum(x, n, m)));
    for (let i = 0; i < n; i += 4) {
      storeLanes(at(y, i), f32x4.sub(f32x4.sub(loadLanes(at(x, i), n - i), shift), logSum), n - i);
    }
    x = at(x, n);
    y = at(y, n);
  }
}

/** dx = dy − exp(y)·Σ_j dy[j]; y is logSoftmax's output. */
export function logSoftmaxBackward(dy: usize, y: usize, dx: usize, rows: i32, n: i32): void {
  for (let r = 0; r < rows; r++) {
    const sum = f32x4.splat(-total(dy, n));
    for (let i = 0; i < n; i += 4) {
      const p = exp4(loadLanes(at(y, i), n - i));
      storeLanes(at(dx, i), madd(p, sum, loadLanes(at(dy, i), n - i)), n - i);
    }
    dy = at(dy, n);
    y = at(y, n);
    dx = at(dx, n);
  }
}

/** y = exp(x − m) / Σ. */
export function softmax(x: usize, y: usize, rows: i32, n: i32): void {
  for (let r = 0; r < rows; r++) {
    const shift = f32x4.splat(maxContiguous(x, n));
    let v = f32x4.splat(0);
    let i = 0;
    for (; i + 4 <= n; i += 4) {
      const e = exp4(f32x4.sub(v128.load(at(x, i)), shift));
      v128.store(at(y, i), e);
      v = f32x4.add(v, e);
    }
    let total = sumLanes(v);
    for (; i < n; i++) {
      const e = f32x4.extract_lane(exp4(f32x4.sub(v128.load32_splat(at(x, i)), shift)), 0);
      store<f32>(at(y, i), e);
      total += e;
    }
    const scale = f32x4.splat(<f32>1 / total);
    for (i = 0; i < n; i += 4) storeLanes(at(y, i), f32x4.mul(loadLanes(at(y, i), n - i), scale), n - i);
    x = at(x, n);
    y = at(y, n);
  }
}

/** dx = y·(dy − Σ_j dy[j]·y[j]); y is softmax's output. */
export function softmaxBackward(dy: usize, y: usize, dx: usize, rows: i32, n: i32): void {
  for (let r = 0; r < rows; r++) {
    let v = f32x4.splat(0);
    for (let i = 0; i < n; i += 4) v = madd(loadLanes(at(dy, i), n - i), loadLanes(at(y, i), n - i), v);
    const total = f32x4.splat(sumLanes(v));
    for (let i = 0; i < n; i += 4) {
      const g = f32x4.sub(loadLanes(at(dy, i), n - i), total);
      storeLanes(at(dx, i), f32x4.mul(loadLanes(at(y, i), n - i), g), n - i);
    }
    dy = at(dy, n);
    y = at(y, n);
    dx = at(dx, n);
  }
}

/**
 * losses[r] = Σ_j t·(ln Σ + m − x), t = (1 − smoothing)·target[r, j] + smoothing·Σ_k target[r, k]/n; m and 1/Σ are kept for
 * backward, in stats[r][2]. target: if soft f32 [rows][n], otherwise the labels, i32 in [0, n), with target 1 and 0 for all others.
 * Label smoothing: Szegedy et al., Rethinking the Inception Architecture (2015), arXiv 1512.00567.
 */
export function crossEntropy(
  x: usize,
  target: usize,
  soft: i32,
  losses: usize,
  stats: usize,
  rows: i32,
  n: i32,
  smoothing: f32,
): void {
  for (let r = 0; r < rows; r++) {
    const m = maxContiguous(x, n);
    const sum = expSum(x, n, m);
    let mass: f32 = 1;
    let hard: f32 = 0;
    if (soft) {
      const shift = f32x4.splat(m);
      const targets = at(target, r * n);
      let v = f32x4.splat(0);
      let w = f32x4.splat(0);
      for (let i = 0; i < n; i += 4) {
        const t = loadLanes(at(targets, i), n - i);
        w = madd(t, f32x4.sub(shift, loadLanes(at(x, i), n - i)), w);
        v = f32x4.add(v, t);
      }
      mass = sumLanes(v);
      hard = sumLanes(w);
    } else hard = m - load<f32>(at(x, load<i32>(at(target, r))));
    let loss = mass * log(sum) + (<f32>1 - smoothing) * hard;
    if (smoothing != 0) loss += smoothing * mass * (depthSum(x, n, m) / <f32>n);
    store<f32>(at(losses, r), loss);
    store<f32>(at(stats, 2 * r), m);
    store<f32>(at(stats, 2 * r + 1), <f32>1 / sum);
    x = at(x, n);
  }
}

/** dx = scale·dy[r·dyStep]·(softmax(x)·Σ_k target[r, k] − t), t as in crossEntropy. */
export function crossEntropyBackward(shape: usize): void {
  const s = changetype<LossGradient>(shape);
  const n = s.n;
  let x = s.x;
  let dx = s.dx;
  for (let r = 0; r < s.rows; r++) {
    const g = load<f32>(at(s.dy, r * s.dyStep)) * s.scale;
    const m = v128.load32_splat(at(s.stats, 2 * r));
    const keep = <f32>1 - s.smoothing;
    const targets = s.soft ? at(s.target, r * n) : 0;
    let mass: f32 = 1;
    if (targets) mass = total(targets, n);
    const factor = f32x4.splat(load<f32>(at(s.stats, 2 * r + 1)) * mass);
    const share = f32x4.splat((s.smoothing * mass) / <f32>n);
    for (let i = 0; i < n; i += 4) {
      const p = f32x4.mul(exp4(f32x4.sub(loadLanes(at(x, i), n - i), m)), factor);
      const t = targets ? madd(loadLanes(at(targets, i), n - i), f32x4.splat(keep), share) : share;
      storeLanes(at(dx, i), f32x4.mul(f32x4.sub(p, t), f32x4.splat(g)), n - i);
    }
    if (!targets) {
      const hit = at(dx, load<i32>(at(s.target, r)));
      store<f32>(hit, load<f32>(hit) - g * keep);
    }
    x = at(x, n);
    dx = at(dx, n);
  }
}
