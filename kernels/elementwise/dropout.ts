// Random numbers by hashing a counter: element i of a stream depends only on (seed, i), so backward recomputes
// forward's mask, and work may be divided in any way.

import { at, loadLanes, storeLanes } from "../simd";

/** 32 well-mixed bits of each lane: the finaliser of MurmurHash3 (A. Appleby, 2011), applied to a seeded counter twice. */
function hash(x: v128, seed: i32): v128 {
  x = i32x4.add(i32x4.mul(x, i32x4.splat(<i32>0x9e3779b9)), i32x4.splat(seed));
  for (let round = 0; round < 2; round++) {
    x = v128.xor(x, i32x4.shr_u(x, 16));
    x = i32x4.mul(x, i32x4.splat(<i32>0x85ebca6b));
    x = v128.xor(x, i32x4.shr_u(x, 13));
    x = i32x4.mul(x, i32x4.splat(<i32>0xc2b2ae35));
    x = v128.xor(x, i32x4.shr_u(x, 16));
  }
  return x;
}

/**
 * y[i] = x[i]/(1 − p) with probability 1 − p, otherwise 0, by element i of the stream `seed`. x and y may be the same.
 * Srivastava et al., Dropout (2014), https://jmlr.org/papers/v15/srivastava14a.html
 */
export function dropout(x: usize, y: usize, p: f32, seed: i32, begin: i32, end: i32): void {
  const threshold = i32x4.splat(<i32>(p * 16777216)); // 24 bits of the hash against p
  const scale = f32x4.splat(<f32>1 / (<f32>1 - p));
  const lanes = i32x4(0, 1, 2, 3);
  for (let i = begin; i < end; i += 4) {
    const bits = i32x4.shr_u(hash(i32x4.add(i32x4.splat(i), lanes), seed), 8);
    const kept = i32x4.ge_s(bits, threshold);
    inline.always(
      storeLanes(at(y, i), v128.and(kept, f32x4.mul(loadLanes(at(x, i), end - i), scale)), end - i),
    );
  }
}
