// Common to all kernels: addresses, fused multiply-add, tails of fewer than four floats.
// The only file with relaxed instructions: src/wasm/plain-simd.ts knows each of them, and makes the plain binary without them.

/** Address of element i of an f32 or i32 array. The only place that turns elements into bytes. */
export function at(base: usize, i: i32): usize {
  return base + ((<usize>i) << 2);
}

/** The next start of a cache line: a vector across two lines costs two loads, and Intel forwards no store. */
export function wholeLines(p: usize): usize {
  return (p + 63) & ~63;
}

/** a·b + c in every lane: one rounding in the relaxed binary on hardware with FMA, two in the plain one. */
export function madd(a: v128, b: v128, c: v128): v128 {
  return f32x4.relaxed_madd(a, b, c);
}

/** c − a·b in every lane, rounded like madd. */
export function nmadd(a: v128, b: v128, c: v128): v128 {
  return f32x4.relaxed_nmadd(a, b, c);
}

/** v cut to [0, high]; NaN stays NaN. */
export function cut(v: v128, high: v128): v128 {
  return f32x4.pmin(f32x4.pmax(v, f32x4.splat(0)), high);
}

/** Byte i is byte lanes[i] < 16 of v. */
export function swizzle(v: v128, lanes: v128): v128 {
  return i8x16.relaxed_swizzle(v, lanes);
}

/** Sum of the four lanes, as (0+2)+(1+3). */
export function sumLanes(v: v128): f32 {
  const pairs = f32x4.add(v, i8x16.shuffle(v, v, 8, 9, 10, 11, 12, 13, 14, 15, 0, 1, 2, 3, 4, 5, 6, 7));
  return f32x4.extract_lane(pairs, 0) + f32x4.extract_lane(pairs, 1);
}

/** Largest of the four lanes. */
export function maxLanes(v: v128): f32 {
  const a = max(f32x4.extract_lane(v, 0), f32x4.extract_lane(v, 1));
  const b = max(f32x4.extract_lane(v, 2), f32x4.extract_lane(v, 3));
  return max(a, b);
}

/** Stores the first `count` lanes; all four when count ≥ 4, none when count ≤ 0. */
export function storeLanes(p: usize, v: v128, count: i32): void {
  if (count >= 4) {
    v128.store(p, v);
  } else if (count == 3) {
    v128.store64_lane(p, v, 0);
    v128.store32_lane(p, v, 2, 8);
  } else if (count == 2) {
    v128.store64_lane(p, v, 0);
  } else if (count == 1) {
    v128.store32_lane(p, v, 0);
  }
}

/** Loads `count` floats into the first lanes, zero elsewhere; reads nothing past them. */
export function loadLanes(p: usize, count: i32): v128 {
  if (count >= 4) return v128.load(p);
  if (count == 3) return v128.load32_lane(p, v128.load64_zero(p), 2, 8);
  if (count == 2) return v128.load64_zero(p);
  if (count == 1) return v128.load32_zero(p);
  return f32x4.splat(0);
}

/** The first `count` lanes, zero elsewhere. */
export function firstLanes(v: v128, count: i32): v128 {
  return v128.and(v, i32x4.gt_s(i32x4.splat(count), i32x4(0, 1, 2, 3)));
}
