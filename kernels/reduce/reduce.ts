// Reductions of the middle axis of x[outer][n][inner] to y[outer][inner].

import { at, loadLanes, maxLanes, storeLanes, sumLanes } from "../simd";

/** Elements summed into one partial sum; partial sums are then added up. Keeps the rounding error near √n / BLOCK. */
const BLOCK: i32 = 256;

/** Sum of n contiguous floats, by blocks of BLOCK in four lanes. */
function sumContiguous(x: usize, n: i32): f32 {
  let total: f32 = 0;
  for (let first = 0; first < n; first += BLOCK) {
    const end = min(first + BLOCK, n);
    let v = f32x4.splat(0);
    let i = first;
    for (; i + 4 <= end; i += 4) v = f32x4.add(v, v128.load(at(x, i)));
    if (i < end) v = f32x4.add(v, loadLanes(at(x, i), end - i));
    total += sumLanes(v);
  }
  return total;
}

/** Sums over r of four neighbouring columns, by blocks of BLOCK rows. Reads whole vectors. */
function sumColumns(x: usize, n: i32, inner: i32): v128 {
  const step = at(0, inner);
  let total = f32x4.splat(0);
  for (let first = 0; first < n; first += BLOCK) {
    const end = min(first + BLOCK, n);
    let v = f32x4.splat(0);
    for (let r = first; r < end; r++) {
      v = f32x4.add(v, v128.load(x));
      x += step;
    }
    total = f32x4.add(total, v);
  }
  return total;
}

/** y[o, i] = scale · Σ_r x[o, r, i]; 0 when n is 0. */
export function sum(x: usize, y: usize, outer: i32, n: i32, inner: i32, scale: f32): void {
  for (let o = 0; o < outer; o++) {
    if (inner == 1) {
      store<f32>(at(y, o), sumContiguous(x, n) * scale);
    } else {
      for (let i = 0; i < inner; i += 4) {
        const total = sumColumns(at(x, i), n, inner);
        storeLanes(at(y, o * inner + i), f32x4.mul(total, f32x4.splat(scale)), inner - i);
      }
    }
    x = at(x, n * inner);
  }
}

/** dx[o, r, i] = scale · dy[o, i]. */
export function sumBackward(dy: usize, dx: usize, outer: i32, n: i32, inner: i32, scale: f32): void {
  const s = f32x4.splat(scale);
  for (let o = 0; o < outer; o++) {
    if (inner == 1) {
      const v = f32x4.mul(v128.load32_splat(at(dy, o)), s);
      for (let r = 0; r < n; r += 4) storeLanes(at(dx, r), v, n - r);
    } else {
      for (let r = 0; r < n; r++) {
        for (let i = 0; i < inner; i += 4) {
          const v = loadLanes(at(dy, o * inner + i), inner - i);
          storeLanes(at(dx, r * inner + i), f32x4.mul(v, s), inner - i);
        }
      }
    }
    dx = at(dx, n * inner);
  }
}

/** indices[o, i] (i32) = the first r with the largest x[o, r, i]; a NaN counts as largest. y, unless 0, gets that value. */
export function argmax(x: usize, y: usize, indices: usize, outer: i32, n: i32, inner: i32): void {
  for (let o = 0; o < outer; o++) {
    for (let i = 0; i < inner; i++) {
      let best = load<f32>(at(x, i));
      let index = 0;
      for (let r = 1; r < n && best == best; r++) {
        const v = load<f32>(at(x, r * inner + i));
        if (v > best || v != v) {
          best = v;
          index = r;
        }
      }
      store<i32>(at(indices, o * inner + i), index);
      if (y) store<f32>(at(y, o * inner + i), best);
    }
    x = at(x, n * inner);
  }
}

/** y[o, j, i] = x[o, index[o, j, i], i], of n along the axis in x and m in y. */
export function gather(x: usize, index: usize, y: usize, outer: i32, n: i32, m: i32, inner: i32): void {
  for (let k = 0; k < outer * m * inner; k++) {
    const r = (k / (m * inner)) * n + load<i32>(at(index, k));
    store<f32>(at(y, k), load<f32>(at(x, r * inner + (k % inner))));
  }
}

/** dx[o, index[o, j, i], i] += dy[o, j, i], from 0: of n along the axis in dx and m in dy. */
export function scatterAdd(dy: usize, index: usize, dx: usize, outer: i32, n: i32, m: i32, inner: i32): void {
  memory.fill(dx, 0, at(0, outer * n * inner));
  for (let k = 0; k < outer * m * inner; k++) {
    const r = (k / (m * inner)) * n + load<i32>(at(index, k));
    const to = at(dx, r * inner + (k % inner));
    store<f32>(to, load<f32>(to) + load<f32>(at(dy, k)));
  }
}

/** Largest of n contiguous floats, n ≥ 1. */
export function maxContiguous(x: usize, n: i32): f32 {
  let v = v128.load32_splat(x);
  let i = 0;
  for (; i + 4 <= n; i += 4) v = f32x4.pmax(v, v128.load(at(x, i)));
  let best = maxLanes(v);
  for (; i < n; i++) best = max(best, load<f32>(at(x, i)));
  return best;
}
