// Transformed weights of 3×3 convolutions of stride 2, see winograd/strided.ts:
//
//   u[ξ][panel][phase][depth][NR]              phases are more depth: forward
//   u[ξ][phase][panel][depth][NR]  (backward)  phases are more columns, of the kernel turned by 180°: data gradient
//
// Weights lie as they are, [3][3][channels][outChannels], and are packed in panels on the way.

import { packPanel } from "../product/pack";
import { at, madd } from "../simd";
import { STAGGER } from "./winograd";
import { firstPhase, phaseCount, phasePlace, phasesBefore, POINTS, TABLE } from "./strided-transforms";
import { constant, TRANSFORM_SCRATCH } from "./transforms";

/** Rows of a panel that are packed and transformed at a time: they stay in L1 and L2. */
const ROWS: i32 = 128;
/** Bytes from one row of three vectors to the next; there are five of the even rows, then four of the odd one. */
const ROW: usize = 48;
const TAPS_AT: usize = TRANSFORM_SCRATCH + TABLE + 16;

/** Floats of transformed weights of depth × columns channel pairs, columns padded to whole panels. */
export function stridedWeightFloats(depth: i32, columns: i32): i32 {
  return 81 * depth * columns + ((POINTS * STAGGER) >> 2);
}

/** Where the weights of a point begin. */
export function stridedWeightAt(u: usize, xi: i32, depth: i32, columns: i32): usize {
  return at(u, phasesBefore(xi) * depth * columns) + <usize>(xi * STAGGER);
}

/** Bytes of scratch that one thread needs for panels of NR columns. */
export function stridedWeightsScratch(NR: i32): i32 {
  return <i32>TAPS_AT + ((9 * ROWS * NR) << 2);
}

/** Units of work of stridedWeights: panels of NR columns. */
export function stridedWeightsUnits(columns: i32, NR: i32): i32 {
  return (columns + NR - 1) / NR;
}

/** u of depth × columns weights: element (k, j) of tap t is at w + 4·(k·rs + j·cs) + t·tapBytes. Unit = panel. */
export function stridedWeights(
  w: usize,
  rs: i32,
  cs: i32,
  tapBytes: i32,
  depth: i32,
  columns: i32,
  NR: i32,
  backward: i32,
  u: usize,
  scratch: usize,
  begin: i32,
  end: i32,
): void {
  const panels = stridedWeightsUnits(columns, NR);
  for (let panel = begin; panel < end; panel++) {
    const j = panel * NR;
    const count = min(NR, columns - j);
    stridedPanel(at(w, j * cs), rs, cs, tapBytes, depth, count, NR, backward, u, panel, panels, scratch);
  }
}

/** Panel number `panel` of u's `panels`, of `count` columns at w, zero-padded to NR. */
export function stridedPanel(
  w: usize,
  rs: i32,
  cs: i32,
  tapBytes: i32,
  depth: i32,
  count: i32,
  NR: i32,
  backward: i32,
  u: usize,
  panel: i32,
  panels: i32,
  scratch: usize,
): void {
  const table = scratch + TRANSFORM_SCRATCH;
  const taps = scratch + TAPS_AT;
  const phaseBytes = (backward ? panels * depth * NR : depth * NR) << 2;
  for (let xi = 0; xi < POINTS; xi++) {
    const panelBytes = backward ? (depth * NR) << 2 : phaseCount(xi) * phaseBytes;
    const skipped = firstPhase(xi) * phaseBytes;
    const to = stridedWeightAt(u, xi, depth, panels * NR) + <usize>(panel * panelBytes - skipped);
    store<u32>(at(table, xi), <u32>to);
  }
  for (let k = 0; k < depth; k += ROWS) {
    const rows = min(ROWS, depth - k);
    const tapStep = (rows * NR) << 2;
    for (let tap = 0; tap < 9; tap++) {
      const from = at(w, k * rs) + <usize>(tap * tapBytes);
      // Turned by 180° tap t is tap 8 − t.
      packPanel(from, rs, cs, rows, count, NR, taps + <usize>((backward ? 8 - tap : tap) * tapStep));
    }
    widenAll(taps, <usize>tapStep, table, <usize>((k * NR) << 2), phaseBytes, (rows * NR) >> 2, scratch);
  }
}

/** The places of phases' points for `count` vectors of nine taps, tapStep bytes apart. */
function widenAll(
  taps: usize,
  tapStep: usize,
  table: usize,
  offset: usize,
  phaseBytes: i32,
  count: i32,
  scratch: usize,
): void {
  const half = constant(scratch, 0, 0.5);
  const sixth = constant(scratch, 1, -1 / 6);
  const two = constant(scratch, 2, 2);
  for (let k = 0; k < count; k++) {
    for (let q: usize = 0; q < 3; q++) {
      const from = taps + q * tapStep;
      const to = scratch + 16 * q;
      const g0 = v128.load(from);
      const g = v128.load(from + 3 * tapStep);
      const g1 = v128.load(from + 6 * tapStep);
      const h = f32x4.mul(half, g);
      v128.store(to, g0);
      v128.store(to, f32x4.mul(half, f32x4.add(g0, g1)), ROW);
      v128.store(to, f32x4.mul(half, f32x4.sub(g0, g1)), 2 * ROW);
      v128.store(to, f32x4.mul(sixth, madd(two, g1, g0)), 3 * ROW);
      v128.store(to, g1, 4 * ROW);
      v128.store(to, g, 5 * ROW);
      v128.store(to, h, 6 * ROW);
      v128.store(to, h, 7 * ROW);
      v128.store(to, f32x4.mul(sixth, g), 8 * ROW);
    }
    let from = scratch;
    for (let r = 0; r < 9; r++, from += ROW) {
      const oddRow = i32(r > 4);
      const row = table + <usize>(20 * (r - 5 * oddRow));
      const even = offset + <usize>(phasePlace(oddRow, 0) * phaseBytes);
      const odd = offset + <usize>(phasePlace(oddRow, 1) * phaseBytes);
      const g0 = v128.load(from);
      const g = v128.load(from, 16);
      const g1 = v128.load(from, 32);
      const h = f32x4.mul(half, g);
      v128.store(<usize>load<u32>(row) + even, g0);
      v128.store(<usize>load<u32>(row, 4) + even, f32x4.mul(half, f32x4.add(g0, g1)));
      v128.store(<usize>load<u32>(row, 8) + even, f32x4.mul(half, f32x4.sub(g0, g1)));
      v128.store(<usize>load<u32>(row, 12) + even, f32x4.mul(sixth, madd(two, g1, g0)));
      v128.store(<usize>load<u32>(row, 16) + even, g1);
      v128.store(<usize>load<u32>(row) + odd, g);
      v128.store(<usize>load<u32>(row, 4) + odd, h);
      v128.store(<usize>load<u32>(row, 8) + odd, h);
      v128.store(<usize>load<u32>(row, 12) + odd, f32x4.mul(sixth, g));
    }
    taps += 16;
    offset += 16;
  }
}
