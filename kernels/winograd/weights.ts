// The weights of Winograd's minimal filtering F(4×4, 3×3), see winograd.ts: u = G g Gᵀ, and the adjoint, by which the
// weight gradient comes back. Weights lie as they are, [3][3][channels][outChannels], and are packed in panels on the way.

import { packPanel } from "../product/pack";
import { at, madd } from "../simd";
import { constant, TRANSFORM_SCRATCH } from "./transforms";

/** Rows of a panel that are packed and transformed at a time: they stay in L1 and L2. */
const ROWS: i32 = 128;

/** The six values G·(g0, g1, g2). */
function widen(
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

/** u[ξ] = G g Gᵀ for so many vectors, g the nine taps w[3p + q][k], wStepBytes apart; flipped: of the kernel turned. */
function winogradWeight(
  w: usize,
  wStepBytes: i32,
  flipped: i32,
  u: usize,
  uStepBytes: i32,
  scratch: usize,
  vectors: i32,
): void {
  const quarter = constant(scratch, 0, 0.25);
  const sixth = constant(scratch, 1, -1 / 6);
  const twelfth = constant(scratch, 2, 1 / 12);
  // The tap at (p, q), or at (2 − p, 2 − q).
  const tap = <usize>(flipped ? -wStepBytes : wStepBytes);
  const first = flipped ? w + <usize>(8 * wStepBytes) : w;
  const step = <usize>uStepBytes;
  for (let k = 0; k < vectors; k++) {
    const from = at(first, 4 * k);
    for (let q: usize = 0; q < 3; q++) {
      const top = from + q * tap;
      inline.always(
        widen(
          v128.load(top),
          v128.load(top + 3 * tap),
          v128.load(top + 6 * tap),
          quarter,
          sixth,
          twelfth,
          scratch + q * 16,
          48,
        ),
      );
    }
    let out = at(u, 4 * k);
    for (let r: usize = 0; r < 6 * 48; r += 48) {
      const row = scratch + r;
      inline.always(
        widen(v128.load(row), v128.load(row, 16), v128.load(row, 32), quarter, sixth, twelfth, out, step),
      );
      out += 6 * step;
    }
  }
}

/** Bytes of scratch that one thread needs for panels of NR columns. */
export function winogradWeightsScratch(NR: i32): i32 {
  return <i32>TRANSFORM_SCRATCH + ((9 * ROWS * NR) << 2);
}

/**
 * u[ξ][k][NR] for rows 0 ≤ k < depth and `count` columns, zero-padded to NR: element (k, j) of tap t is at
 * w + 4·(k·rs + j·cs) + t·tapBytes; flipped: of the kernel turned by 180°, as the data gradient needs it.
 */
export function transformWeights(
  w: usize,
  rs: i32,
  cs: i32,
  tapBytes: i32,
  flipped: i32,
  depth: i32,
  count: i32,
  NR: i32,
  u: usize,
  uStepBytes: i32,
  scratch: usize,
): void {
  const taps = scratch + TRANSFORM_SCRATCH;
  for (let k = 0; k < depth; k += ROWS) {
    const rows = min(ROWS, depth - k);
    const tapStep = (rows * NR) << 2;
    for (let tap = 0; tap < 9; tap++) {
      packPanel(
        at(w, k * rs) + <usize>(tap * tapBytes),
        rs,
        cs,
        rows,
        count,
        NR,
        taps + <usize>(tap * tapStep),
      );
    }
    winogradWeight(taps, tapStep, flipped, at(u, k * NR), uStepBytes, scratch, (rows * NR) >> 2);
  }
}

/** Units of work of winogradWeights: panels of NR columns. */
export function winogradWeightsUnits(columns: i32, NR: i32): i32 {
  return (columns + NR - 1) / NR;
}

/** u[ξ][panel][depth][NR] of depth × columns weights as transformWeights takes them. Unit = panel. */
export function winogradWeights(
  w: usize,
  rs: i32,
  cs: i32,
  tapBytes: i32,
  flipped: i32,
  depth: i32,
  columns: i32,
  NR: i32,
  u: usize,
  uStepBytes: i32,
  scratch: usize,
  begin: i32,
  end: i32,
): void {
  for (let panel = begin; panel < end; panel++) {
    const j = panel * NR;
    const to = at(u, j * depth);
    transformWeights(
      at(w, j * cs),
      rs,
      cs,
      tapBytes,
      flipped,
      depth,
      min(NR, columns - j),
      NR,
      to,
      uStepBytes,
      scratch,
    );
  }
}

/** The three values Gᵀ·(s0, …, s5). */
function narrow(
  from: usize,
  fromStep: usize,
  quarter: v128,
  sixth: v128,
  twelfth: v128,
  to: usize,
  step: usize,
): void {
  const s1 = v128.load(from + fromStep);
  const s2 = v128.load(from + 2 * fromStep);
  const s3 = v128.load(from + 3 * fromStep);
  const s4 = v128.load(from + 4 * fromStep);
  const near = f32x4.mul(sixth, f32x4.add(s1, s2)); // −(s1 + s2)/6
  const far = f32x4.mul(sixth, f32x4.add(s3, s4)); // −(s3 + s4)/6
  v128.store(to, f32x4.add(near, f32x4.mul(quarter, f32x4.sub(v128.load(from), far))));
  v128.store(to + step, madd(sixth, f32x4.sub(s1, s2), f32x4.mul(twelfth, f32x4.sub(s3, s4))));
  v128.store(to + 2 * step, f32x4.add(f32x4.sub(near, far), v128.load(from + 5 * fromStep)));
}

/**
 * dw[3p + q][k] = Gᵀ s G for vectors begin ≤ k < end, s[ξ] the sum of `groups` arrays in their order; they are overwritten
 * by it. scratch: TRANSFORM_SCRATCH bytes.
 */
export function winogradWeightBackward(
  s: usize,
  sStepBytes: i32,
  groups: i32,
  groupBytes: i32,
  dw: usize,
  dwStepBytes: i32,
  scratch: usize,
  begin: i32,
  end: i32,
): void {
  const quarter = constant(scratch, 0, 0.25);
  const sixth = constant(scratch, 1, -1 / 6);
  const twelfth = constant(scratch, 2, 1 / 12);
  const step = <usize>sStepBytes;
  for (let k = begin; k < end; k++) {
    const from = at(s, 4 * k);
    for (let g = 1; g < groups; g++) {
      let total = from;
      for (let xi = 0; xi < 36; xi++, total += step) {
        v128.store(total, f32x4.add(v128.load(total), v128.load(total + g * groupBytes)));
      }
    }
    for (let c: usize = 0; c < 6; c++)
      inline.always(narrow(from + c * step, 6 * step, quarter, sixth, twelfth, scratch + c * 16, 96));
    let out = at(dw, 4 * k);
    for (let p: usize = 0; p < 3 * 96; p += 96) {
      inline.always(narrow(scratch + p, 16, quarter, sixth, twelfth, out, <usize>dwStepBytes));
      out += 3 * dwStepBytes;
    }
  }
}
