// Winograd's minimal filtering F(4×4, 3×3) for 3×3 convolutions of stride 1, and its adjoint for the weight gradient:
// a tile of 4×4 outputs costs 36 products for each pair of channels instead of 144.
// Lavin and Gray, Fast Algorithms for Convolutional Neural Networks (2015), arXiv 1509.09308; points 0, ±1, ±2, ∞.
//
//   Y = Aᵀ[(G g Gᵀ) ⊙ (Bᵀ d B)]A,   dg = Gᵀ[Σ_tiles (Bᵀ d B) ⊙ (A dY Aᵀ)]G
//
// The transforms are here; the 36 products between them are ordinary matrix products (gemm.ts). Index ξ = 6·row + column
// of a transformed tile; transformed arrays are [36][tile][channel]. Channels go four at a time: arrays have room for
// whole vectors. Two passes of one dimension each, rows first, with the 36 values in between in scratch.

import { at, madd, storeLanes } from "./simd";

/** Bytes of scratch that a transform needs: 36 vectors, then constants. */
const CONSTANTS: usize = 36 * 16;

/** Small integers as vectors come from memory: V8 rebuilds a constant vector at each use, a loaded one stays in a register. */
function constant(scratch: usize, i: usize, value: f32): v128 {
  store<f32>(scratch + CONSTANTS + (i << 2), value);
  return v128.load32_splat(scratch + CONSTANTS + (i << 2));
}

/**
 * v[ξ][tile] = Bᵀ d B for tiles begin ≤ t < end, d the 6×6 pixels at (4i, 4j) of a frame of images: every tile lies
 * inside. scratch: 640 bytes.
 */
export function winogradInput(
  x: usize,
  imageBytes: i32,
  rowBytes: i32,
  channels: i32,
  tilesHigh: i32,
  tilesWide: i32,
  v: usize,
  vTileBytes: i32,
  vStepBytes: i32,
  begin: i32,
  end: i32,
  scratch: usize,
): void {
  const two = constant(scratch, 0, 2);
  const four = constant(scratch, 1, 4);
  const five = constant(scratch, 2, 5);
  const pixel = <usize>(channels << 2);
  const step = <usize>vStepBytes;
  for (let t = begin; t < end; t++) {
    const j = t % tilesWide;
    const i = (t / tilesWide) % tilesHigh;
    const n = t / tilesWide / tilesHigh;
    const corner = x + n * imageBytes + 4 * i * rowBytes + 4 * j * (channels << 2);
    for (let c = 0; c < channels; c += 4) {
      let from = at(corner, c);
      let to = scratch;
      for (let r = 0; r < 6; r++) {
        const d0 = v128.load(from);
        const d1 = v128.load(from + pixel);
        const d2 = v128.load(from + 2 * pixel);
        const d3 = v128.load(from + 3 * pixel);
        const d4 = v128.load(from + 4 * pixel);
        const d5 = v128.load(from + 5 * pixel);
        const a = f32x4.sub(d4, f32x4.mul(four, d2));
        const b = f32x4.sub(d3, f32x4.mul(four, d1));
        const e = f32x4.sub(d4, d2);
        const f = f32x4.mul(two, f32x4.sub(d3, d1));
        v128.store(to, madd(four, d0, f32x4.sub(d4, f32x4.mul(five, d2))));
        v128.store(to, f32x4.add(a, b), 16);
        v128.store(to, f32x4.sub(a, b), 32);
        v128.store(to, f32x4.add(e, f), 48);
        v128.store(to, f32x4.sub(e, f), 64);
        v128.store(to, madd(four, d1, f32x4.sub(d5, f32x4.mul(five, d3))), 80);
        from += rowBytes;
        to += 96;
      }
      from = scratch;
      let out = at(v + t * vTileBytes, c);
      for (let q = 0; q < 6; q++) {
        const d0 = v128.load(from);
        const d1 = v128.load(from, 96);
        const d2 = v128.load(from, 192);
        const d3 = v128.load(from, 288);
        const d4 = v128.load(from, 384);
        const d5 = v128.load(from, 480);
        const a = f32x4.sub(d4, f32x4.mul(four, d2));
        const b = f32x4.sub(d3, f32x4.mul(four, d1));
        const e = f32x4.sub(d4, d2);
        const f = f32x4.mul(two, f32x4.sub(d3, d1));
        v128.store(out, madd(four, d0, f32x4.sub(d4, f32x4.mul(five, d2))));
        v128.store(out + 6 * step, f32x4.add(a, b));
        v128.store(out + 12 * step, f32x4.sub(a, b));
        v128.store(out + 18 * step, f32x4.add(e, f));
        v128.store(out + 24 * step, f32x4.sub(e, f));
        v128.store(out + 30 * step, madd(four, d1, f32x4.sub(d5, f32x4.mul(five, d3))));
        from += 16;
        out += step;
      }
    }
  }
}

/**
 * y = Aᵀ m A + bias for tiles begin ≤ t < end: 4×4 outputs at (4i, 4j), cut off at the image's border. bias may be 0.
 * scratch: 640 bytes.
 */
export function winogradOutput(
  m: usize,
  mTileBytes: i32,
  mStepBytes: i32,
  y: usize,
  height: i32,
  width: i32,
  channels: i32,
  bias: usize,
  tilesHigh: i32,
  tilesWide: i32,
  begin: i32,
  end: i32,
  scratch: usize,
): void {
  const two = constant(scratch, 0, 2);
  const four = constant(scratch, 1, 4);
  const eight = constant(scratch, 2, 8);
  const step = <usize>mStepBytes;
  for (let t = begin; t < end; t++) {
    const j = 4 * (t % tilesWide);
    const i = 4 * ((t / tilesWide) % tilesHigh);
    const n = t / tilesWide / tilesHigh;
    const rows = min(4, height - i);
    const columns = min(4, width - j);
    const corner = at(y, ((n * height + i) * width + j) * channels);
    for (let c = 0; c < channels; c += 4) {
      let from = at(m + t * mTileBytes, c);
      let to = scratch;
      for (let q = 0; q < 6; q++) {
        const m0 = v128.load(from);
        const m1 = v128.load(from + 6 * step);
        const m2 = v128.load(from + 12 * step);
        const m3 = v128.load(from + 18 * step);
        const m4 = v128.load(from + 24 * step);
        const m5 = v128.load(from + 30 * step);
        const p = f32x4.add(m1, m2);
        const d = f32x4.sub(m1, m2);
        const r = f32x4.add(m3, m4);
        const s = f32x4.sub(m3, m4);
        v128.store(to, f32x4.add(m0, f32x4.add(p, r)));
        v128.store(to, madd(two, s, d), 96);
        v128.store(to, madd(four, r, p), 192);
        v128.store(to, f32x4.add(madd(eight, s, d), m5), 288);
        from += step;
        to += 16;
      }
      const b = bias ? v128.load(at(bias, c)) : f32x4.splat(0);
      const left = channels - c;
      from = scratch;
      for (let h = 0; h < rows; h++) {
        const m0 = v128.load(from);
        const m1 = v128.load(from, 16);
        const m2 = v128.load(from, 32);
        const m3 = v128.load(from, 48);
        const m4 = v128.load(from, 64);
        const m5 = f32x4.add(v128.load(from, 80), b);
        const p = f32x4.add(m1, m2);
        const d = f32x4.sub(m1, m2);
        const r = f32x4.add(m3, m4);
        const s = f32x4.sub(m3, m4);
        const out = at(corner, h * width * channels + c);
        storeLanes(out, f32x4.add(f32x4.add(m0, b), f32x4.add(p, r)), left);
        if (columns > 1) storeLanes(at(out, channels), f32x4.add(madd(two, s, d), b), left);
        if (columns > 2) storeLanes(at(out, 2 * channels), f32x4.add(madd(four, r, p), b), left);
        if (columns > 3) storeLanes(at(out, 3 * channels), f32x4.add(madd(eight, s, d), m5), left);
        from += 96;
      }
    }
  }
}

/** v[ξ][tile] = A d Aᵀ for tiles begin ≤ t < end, d the 4×4 gradients at (4i, 4j) of a frame. scratch: 640 bytes. */
export function winogradGradient(
  dy: usize,
  imageBytes: i32,
  rowBytes: i32,
  channels: i32,
  tilesHigh: i32,
  tilesWide: i32,
  v: usize,
  vTileBytes: i32,
  vStepBytes: i32,
  begin: i32,
  end: i32,
  scratch: usize,
): void {
  const two = constant(scratch, 0, 2);
  const four = constant(scratch, 1, 4);
  const pixel = <usize>(channels << 2);
  const step = <usize>vStepBytes;
  for (let t = begin; t < end; t++) {
    const j = t % tilesWide;
    const i = (t / tilesWide) % tilesHigh;
    const n = t / tilesWide / tilesHigh;
    const corner = dy + n * imageBytes + 4 * i * rowBytes + 4 * j * (channels << 2);
    for (let c = 0; c < channels; c += 4) {
      let from = at(corner, c);
      let to = scratch;
      for (let r = 0; r < 4; r++) {
        const d0 = v128.load(from);
        const d1 = v128.load(from + pixel);
        const d2 = v128.load(from + 2 * pixel);
        const d3 = v128.load(from + 3 * pixel);
        const a = f32x4.add(d0, d2);
        const b = f32x4.add(d1, d3);
        const e = madd(four, d2, d0);
        const f = f32x4.mul(two, madd(four, d3, d1));
        v128.store(to, d0);
        v128.store(to, f32x4.add(a, b), 16);
        v128.store(to, f32x4.sub(a, b), 32);
        v128.store(to, f32x4.add(e, f), 48);
        v128.store(to, f32x4.sub(e, f), 64);
        v128.store(to, d3, 80);
        from += rowBytes;
        to += 96;
      }
      from = scratch;
      let out = at(v + t * vTileBytes, c);
      for (let q = 0; q < 6; q++) {
        const d0 = v128.load(from);
        const d1 = v128.load(from, 96);
        const d2 = v128.load(from, 192);
        const d3 = v128.load(from, 288);
        const a = f32x4.add(d0, d2);
        const b = f32x4.add(d1, d3);
        const e = madd(four, d2, d0);
        const f = f32x4.mul(two, madd(four, d3, d1));
        v128.store(out, d0);
        v128.store(out + 6 * step, f32x4.add(a, b));
        v128.store(out + 12 * step, f32x4.sub(a, b));
        v128.store(out + 18 * step, f32x4.add(e, f));
        v128.store(out + 24 * step, f32x4.sub(e, f));
        v128.store(out + 30 * step, d3);
        from += 16;
        out += step;
      }
    }
  }
}

/**
 * u[ξ][k] = G g Gᵀ, g the nine taps w[3p + q][k] of each of n channel pairs, packed alike; flipped: of the kernel turned by 180°, as
 * the data gradient needs it. scratch: 640 bytes.
 */
export function winogradWeight(
  w: usize,
  wStepBytes: i32,
  n: i32,
  flipped: i32,
  u: usize,
  uStepBytes: i32,
  scratch: usize,
): void {
  const quarter = constant(scratch, 0, 0.25);
  const sixth = constant(scratch, 1, -1 / 6);
  const twelfth = constant(scratch, 2, 1 / 12);
  const tap = <usize>wStepBytes;
  const step = <usize>uStepBytes;
  for (let k = 0; k < n; k += 4) {
    const left = n - k;
    for (let q = 0; q < 3; q++) {
      const column = flipped ? 2 - q : q;
      const top = at(w + (flipped ? 6 + column : column) * tap, k);
      const middle = at(w + (3 + column) * tap, k);
      const bottom = at(w + (flipped ? column : 6 + column) * tap, k);
      transformTaps(
        v128.load(top),
        v128.load(middle),
        v128.load(bottom),
        quarter,
        sixth,
        twelfth,
        scratch + q * 16,
        48,
      );
    }
    for (let r = 0; r < 6; r++) {
      const row = scratch + r * 48;
      const g0 = v128.load(row);
      const g1 = v128.load(row, 16);
      const g2 = v128.load(row, 32);
      const spare = scratch + 288;
      transformTaps(g0, g1, g2, quarter, sixth, twelfth, spare, 16);
      const out = at(u + 6 * r * step, k);
      for (let s = 0; s < 6; s++) storeLanes(out + s * step, v128.load(spare + s * 16), left);
    }
  }
}

/** The six values G·(g0, g1, g2), stored `step` bytes apart. */
function transformTaps(
  g0: v128,
  g1: v128,
  g2: v128,
  quarter: v128,
  sixth: v128,
  twelfth: v128,
  to: usize,
  step: usize,
): void {
  const outer = f32x4.add(g0, g2);
  const p = f32x4.mul(sixth, outer);
  const q = f32x4.mul(sixth, g1);
  const far = f32x4.mul(twelfth, madd(quarter, g0, g2)); // g0/48 + g2/12
  const r = f32x4.add(far, far); // g0/24 + g2/6
  const s = f32x4.mul(twelfth, g1);
  v128.store(to, f32x4.mul(quarter, g0));
  v128.store(to + step, f32x4.add(p, q));
  v128.store(to + 2 * step, f32x4.sub(p, q));
  v128.store(to + 3 * step, f32x4.add(r, s));
  v128.store(to + 4 * step, f32x4.sub(r, s));
  v128.store(to + 5 * step, g2);
}

/** dw[3p + q][k] = Gᵀ s G of s[ξ][k], for n channel pairs. scratch: 640 bytes. */
export function winogradWeightBackward(s: usize, sStepBytes: i32, n: i32, dw: usize, scratch: usize): void {
  const quarter = constant(scratch, 0, 0.25);
  const sixth = constant(scratch, 1, -1 / 6);
  const twelfth = constant(scratch, 2, 1 / 12);
  const tap = at(0, n);
  const step = <usize>sStepBytes;
  for (let k = 0; k < n; k += 4) {
    const left = n - k;
    for (let c = 0; c < 6; c++)
      gatherTaps(at(s + c * step, k), 6 * step, quarter, sixth, twelfth, scratch + c * 16, 96);
    for (let p = 0; p < 3; p++) {
      const spare = scratch + 288;
      gatherTaps(scratch + p * 96, 16, quarter, sixth, twelfth, spare, 16);
      for (let q = 0; q < 3; q++) storeLanes(at(dw + (3 * p + q) * tap, k), v128.load(spare + q * 16), left);
    }
  }
}

/** The three values Gᵀ·(s0, …, s5), the s read `inStep` bytes apart and the results stored `step` bytes apart. */
function gatherTaps(
  from: usize,
  inStep: usize,
  quarter: v128,
  sixth: v128,
  twelfth: v128,
  to: usize,
  step: usize,
): void {
  const s1 = v128.load(from + inStep);
  const s2 = v128.load(from + 2 * inStep);
  const s3 = v128.load(from + 3 * inStep);
  const s4 = v128.load(from + 4 * inStep);
  const near = f32x4.mul(sixth, f32x4.add(s1, s2)); // −(s1 + s2)/6
  const far = f32x4.mul(sixth, f32x4.add(s3, s4)); // −(s3 + s4)/6
  const g0 = f32x4.add(near, f32x4.mul(quarter, f32x4.sub(v128.load(from), far)));
  const g1 = madd(sixth, f32x4.sub(s1, s2), f32x4.mul(twelfth, f32x4.sub(s3, s4)));
  const g2 = f32x4.add(f32x4.sub(near, far), v128.load(from + 5 * inStep));
  v128.store(to, g0);
  v128.store(to + step, g1);
  v128.store(to + 2 * step, g2);
}
