// Softmax and cross-entropy over the last axis: x[rows][n], n ≥ 1.
//
//   lse_r = m + ln Σ_j exp(x[r,j] − m),  m = max_j x[r,j]
//   logSoftmax = (x − m) − (lse − m), exact where x is near a large m;  softmax = exp(x − lse)

import { exp4, log4 } from "./math";
import { maxContiguous } from "./reduce";
import { at, loadLanes, madd, storeLanes, sumLanes } from "./simd";

/** ln Σ exp(x − m) of n contiguous floats, m being the largest. */
function logSum(x: usize, n: i32, m: f32): f32 {
  const shift = f32x4.splat(m);
  let v = f32x4.splat(0);
  let i = 0;
  for (; i + 4 <= n; i += 4) v = f32x4.add(v, exp4(f32x4.sub(v128.load(at(x, i)), shift)));
  let total = sumLanes(v);
  for (; i < n; i++) total += f32x4.extract_lane(exp4(f32x4.splat(load<f32>(at(x, i)) - m)), 0);
  return f32x4.extract_lane(log4(f32x4.splat(total)), 0);
}

/** ln Σ exp of n contiguous floats. */
function logSumExp(x: usize, n: i32): f32 {
  const m = maxContiguous(x, n);
  return m + logSum(x, n, m);
}

/** y = (x − m) − ln Σ exp(x − m). */
export function logSoftmax(x: usize, y: usize, rows: i32, n: i32): void {
  for (let r = 0; r < rows; r++) {
    const m = maxContiguous(x, n);
    const shift = f32x4.splat(m);
    const log = f32x4.splat(logSum(x, n, m));
    for (let i = 0; i < n; i += 4) {
      storeLanes(at(y, i), f32x4.sub(f32x4.sub(loadLanes(at(x, i), n - i), shift), log), n - i);
    }
    x = at(x, n);
    y = at(y, n);
  }
}

/** dx = dy − exp(y)·Σ_j dy[j]; y is logSoftmax's output. */
export function logSoftmaxBackward(dy: usize, y: usize, dx: usize, rows: i32, n: i32): void {
  for (let r = 0; r < rows; r++) {
    let v = f32x4.splat(0);
    for (let i = 0; i < n; i += 4) v = f32x4.add(v, loadLanes(at(dy, i), n - i));
    const total = f32x4.splat(-sumLanes(v));
    for (let i = 0; i < n; i += 4) {
      const p = exp4(loadLanes(at(y, i), n - i));
      storeLanes(at(dx, i), madd(p, total, loadLanes(at(dy, i), n - i)), n - i);
    }
    dy = at(dy, n);
    y = at(y, n);
    dx = at(dx, n);
  }
}

/** y = exp(x − lse). */
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
 * losses[r] = (1 − smoothing)·(lse − x[r, labels[r]]) + smoothing·(lse − mean_j x[r, j]); lse[r] is kept for backward.
 * labels: i32 in [0, n). Label smoothing: Szegedy et al., Rethinking the Inception Architecture (2015), arXiv 1512.00567.
 */
export function crossEntropy(
  x: usize,
  labels: usize,
  losses: usize,
  lse: usize,
  rows: i32,
  n: i32,
  smoothing: f32,
): void {
  for (let r = 0; r < rows; r++) {
    const l = logSumExp(x, n);
    let loss = (<f32>1 - smoothing) * (l - load<f32>(at(x, load<i32>(at(labels, r)))));
    if (smoothing != 0) {
      let v = f32x4.splat(0);
      for (let i = 0; i < n; i += 4) v = f32x4.add(v, loadLanes(at(x, i), n - i));
      loss += smoothing * (l - sumLanes(v) / <f32>n);
    }
    store<f32>(at(losses, r), loss);
    store<f32>(at(lse, r), l);
    x = at(x, n);
  }
}

/** dx[r, j] = scale·dy[r·dyStep]·(softmax(x)[r, j] − target[r, j]), target = (1 − smoothing)·onehot + smoothing/n. */
export function crossEntropyBackward(
  dy: usize,
  dyStep: i32,
  x: usize,
  labels: usize,
  lse: usize,
  dx: usize,
  rows: i32,
  n: i32,
  smoothing: f32,
  scale: f32,
): void {
  const share = f32x4.splat(smoothing / <f32>n);
  for (let r = 0; r < rows; r++) {
    const g = load<f32>(at(dy, r * dyStep)) * scale;
    const l = v128.load32_splat(at(lse, r));
    for (let i = 0; i < n; i += 4) {
      const p = exp4(f32x4.sub(loadLanes(at(x, i), n - i), l));
      storeLanes(at(dx, i), f32x4.mul(f32x4.sub(p, share), f32x4.splat(g)), n - i);
    }
    const hit = at(dx, load<i32>(at(labels, r)));
    store<f32>(hit, load<f32>(hit) - g * (<f32>1 - smoothing));
    x = at(x, n);
    dx = at(dx, n);
  }
}

/** losses[r] = Σ_j t·(lse − x), t = (1 − smoothing)·targets[r, j] + smoothing·Σ_k targets[r, k]/n. targets: f32 [rows][n]. */
export function softCrossEntropy(
  x: usize,
  targets: usize,
  losses: usize,
  lse: usize,
  rows: i32,
  n: i32,
  smoothing: f32,
): void {
  for (let r = 0; r < rows; r++) {
    const l = logSumExp(x, n);
    const shift = f32x4.splat(l);
    let hard = f32x4.splat(0);
    let mass = f32x4.splat(0);
    let all = f32x4.splat(0);
    for (let i = 0; i < n; i += 4) {
      const t = loadLanes(at(targets, i), n - i);
      const v = loadLanes(at(x, i), n - i);
      hard = madd(t, f32x4.sub(shift, v), hard);
      mass = f32x4.add(mass, t);
      all = f32x4.add(all, v);
    }
    let loss = (<f32>1 - smoothing) * sumLanes(hard);
    if (smoothing != 0) loss += smoothing * sumLanes(mass) * (l - sumLanes(all) / <f32>n);
    store<f32>(at(losses, r), loss);
    store<f32>(at(lse, r), l);
    x = at(x, n);
    targets = at(targets, n);
  }
}

/** dx = scale·dy[r·dyStep]·(softmax(x)·Σ_k targets[r, k] − t), t as in softCrossEntropy. */
export function softCrossEntropyBackward(
  dy: usize,
  dyStep: i32,
  x: usize,
  targets: usize,
  lse: usize,
  dx: usize,
  rows: i32,
  n: i32,
  smoothing: f32,
  scale: f32,
): void {
  for (let r = 0; r < rows; r++) {
    const g = f32x4.splat(load<f32>(at(dy, r * dyStep)) * scale);
    const l = v128.load32_splat(at(lse, r));
    let v = f32x4.splat(0);
    for (let i = 0; i < n; i += 4) v = f32x4.add(v, loadLanes(at(targets, i), n - i));
    const mass = sumLanes(v);
    const share = f32x4.splat((smoothing * mass) / <f32>n);
    const keep = f32x4.splat(<f32>1 - smoothing);
    for (let i = 0; i < n; i += 4) {
      const p = exp4(f32x4.sub(loadLanes(at(x, i), n - i), l));
      const t = madd(loadLanes(at(targets, i), n - i), keep, share);
      storeLanes(at(dx, i), f32x4.mul(f32x4.sub(f32x4.mul(p, f32x4.splat(mass)), t), g), n - i);
    }
    x = at(x, n);
    targets = at(targets, n);
    dx = at(dx, n);
  }
}
