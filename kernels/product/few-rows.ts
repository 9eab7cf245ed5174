// A linear layer of few rows, at the speed of memory: y[r, o] = f(bias[o] + Σ_k x[r, k]·w[o, k] + residual[r, o]). The weights are read
// as they lie and once, three outputs at a time (more do not fit the registers of older V8); a register tile would leave most of its
// rows empty, and need packed weights.
//
// Every sum has two vectors, for k mod 8 < 4 and the others, whatever the number of rows.

import { FewRows } from "../arguments";
import { activate, highOf } from "../elementwise/activation";
import { FEW_OUTPUTS } from "../shapes";
import { at, cut, loadLanes, madd, storeLanes, sumLanes } from "../simd";

/** Depth of a block of three rows of weights, a multiple of 8: it stays in L1 while the rows of x pass. */
const KC: i32 = 1024;

/** Bytes of scratch that one thread needs: six vectors for each row. */
export function fewRowsScratch(rows: i32): i32 {
  return 96 * rows;
}

/** Unit: three outputs. */
export function fewRows(shape: usize, scratch: usize, begin: i32, end: i32): void {
  const s = changetype<FewRows>(shape);
  const inner = s.inner;
  const outputs = s.outputs;
  const high = highOf(s.activation);
  for (let o = FEW_OUTPUTS * begin; o < min(FEW_OUTPUTS * end, outputs); o += FEW_OUTPUTS) {
    // Outputs that do not exist repeat the last one.
    const last = outputs - 1;
    const w0 = at(s.w, o * inner);
    const w1 = at(s.w, min(o + 1, last) * inner);
    const w2 = at(s.w, min(o + 2, last) * inner);
    for (let i = 0; i < fewRowsScratch(s.rows); i += 16) v128.store(scratch + <usize>i, f32x4.splat(0));
    for (let k = 0; k < inner; k += KC) {
      const count = min(KC, inner - k);
      for (let r = 0; r < s.rows; r++) {
        const sums = scratch + <usize>(96 * r);
        addDots(at(s.x, r * inner + k), at(w0, k), at(w1, k), at(w2, k), count, sums);
      }
    }
    for (let r = 0; r < s.rows; r++) {
      const i = r * outputs + o;
      let v = total(scratch + <usize>(96 * r));
      if (s.bias) v = f32x4.add(v128.load(at(s.bias, o)), v);
      if (s.residual) v = f32x4.add(v128.load(at(s.residual, i)), v);
      if (high > 0) v = cut(v, f32x4.splat(high));
      storeLanes(at(s.y, i), v, min(FEW_OUTPUTS, outputs - o));
    }
  }
  if (s.activation && high == 0) {
    const count = min(FEW_OUTPUTS * end, outputs) - FEW_OUTPUTS * begin;
    for (let r = 0; r < s.rows; r++) {
      const y = at(s.y, r * outputs + FEW_OUTPUTS * begin);
      activate(s.activation, y, y, count);
    }
  }
}

/** Adds products of `count` values of x and of three rows of weights to their pairs of vectors. */
function addDots(x: usize, w0: usize, w1: usize, w2: usize, count: i32, sums: usize): void {
  let a0 = v128.load(sums);
  let b0 = v128.load(sums, 16);
  let a1 = v128.load(sums, 32);
  let b1 = v128.load(sums, 48);
  let a2 = v128.load(sums, 64);
  let b2 = v128.load(sums, 80);
  for (; count >= 8; count -= 8) {
    const u = v128.load(x);
    const v = v128.load(x, 16);
    a0 = madd(u, v128.load(w0), a0);
    b0 = madd(v, v128.load(w0, 16), b0);
    a1 = madd(u, v128.load(w1), a1);
    b1 = madd(v, v128.load(w1, 16), b1);
    a2 = madd(u, v128.load(w2), a2);
    b2 = madd(v, v128.load(w2, 16), b2);
    x += 32;
    w0 += 32;
    w1 += 32;
    w2 += 32;
  }
  if (count > 0) {
    const u = loadLanes(x, count);
    const v = loadLanes(x + 16, count - 4);
    a0 = madd(u, loadLanes(w0, count), a0);
    b0 = madd(v, loadLanes(w0 + 16, count - 4), b0);
    a1 = madd(u, loadLanes(w1, count), a1);
    b1 = madd(v, loadLanes(w1 + 16, count - 4), b1);
    a2 = madd(u, loadLanes(w2, count), a2);
    b2 = madd(v, loadLanes(w2 + 16, count - 4), b2);
  }
  v128.store(sums, a0);
  v128.store(sums, b0, 16);
  v128.store(sums, a1, 32);
  v128.store(sums, b1, 48);
  v128.store(sums, a2, 64);
  v128.store(sums, b2, 80);
}

/** The three sums in a vector. */
function total(sums: usize): v128 {
  let v = f32x4.splat(0);
  for (let j: usize = 0; j < 3; j++) {
    const pair = sums + (j << 5);
    const sum = sumLanes(f32x4.add(v128.load(pair), v128.load(pair, 16)));
    v = i8x16.shuffle(v, f32x4.splat(sum), 4, 5, 6, 7, 8, 9, 10, 11, 16, 17, 18, 19, 0, 1, 2, 3);
  }
  return v;
}
