// Transformed weights u = G g Gᵀ of convolutions by Winograd's algorithms, in panels of columns:
//
//   u[ξ][panel][depth][NR]                without phases; depth: channels, of 7×7 of all phases; of small tiles the points they have
//   u[ξ][panel][phase][channels][NR]      phases are more depth
//   u[ξ][phase][panel][channels][NR]      data gradient with phases: they are more columns
//
// Weights are read in their own layout, [kernel][kernel][channels][outChannels], and packed on the way. The data gradient takes
// the kernel turned by 180°.

import { packPanel } from "../product/pack";
import { TRANSFORM_SCRATCH, Winograd } from "../shapes";
import { at } from "../simd";
import { tileColumns } from "../tile/tile";
import { widenPhases, widenSmallTaps, widenStemTaps, widenTaps } from "./generated/transforms";
import { Points, POINTS_BYTES, setPlace } from "./places";
import { depthOf, firstPhase, hasPhases, phaseCount, phasesBefore, winogradPoints, STAGGER } from "./points";

/** Rows of a panel that are packed and transformed at a time: they stay in L1 and L2. */
const ROWS: i32 = 128;
const TAPS_AT: usize = (TRANSFORM_SCRATCH + POINTS_BYTES + 63) & ~63;

/** Panels of NR columns. */
export function panelsOf(s: Winograd): i32 {
  const NR = tileColumns(s.tile);
  return (s.outChannels + NR - 1) / NR;
}

/** Floats of u for this many pairs of channels, columns padded to whole panels. */
export function weightFloats(kernel: i32, stride: i32, pairs: i32): i32 {
  return startOf(kernel, stride, pairs, winogradPoints(kernel, stride)) >> 2;
}

/** Bytes before a point's weights. */
function startOf(kernel: i32, stride: i32, pairs: i32, xi: i32): i32 {
  return ((phasesBefore(kernel, stride, xi) * depthOf(kernel, pairs)) << 2) + xi * STAGGER;
}

function pairsOf(s: Winograd): i32 {
  return s.channels * panelsOf(s) * tileColumns(s.tile);
}

/** Start of a point's weights. */
export function weightsAt(s: Winograd, xi: i32): usize {
  return s.u + <usize>startOf(s.kernel, s.stride, pairsOf(s), xi);
}

/** Floats of u. */
export function winogradWeightsFloats(shape: usize): i32 {
  const s = changetype<Winograd>(shape);
  if (s.small) return startOf(3, 1, pairsOf(s), 16) >> 2;
  return weightFloats(s.kernel, s.stride, pairsOf(s));
}

/** Bytes of scratch that one thread needs for a tile's panels. */
export function winogradWeightsScratch(tile: i32): i32 {
  return <i32>TAPS_AT + ((16 * ROWS * tileColumns(tile)) << 2);
}

/** u. Unit = panel. */
export function winogradWeights(shape: usize, scratch: usize, begin: i32, end: i32): void {
  for (let panel = begin; panel < end; panel++) {
    transformPanel(changetype<Winograd>(shape), panel, scratch);
  }
}

/** One panel of u, zero-padded to NR columns. */
export function transformPanel(s: Winograd, panel: i32, scratch: usize): void {
  const NR = tileColumns(s.tile);
  const depth = depthOf(s.kernel, s.channels);
  const taps = scratch + TAPS_AT;
  const points = changetype<Points>(scratch + TRANSFORM_SCRATCH);
  if (hasPhases(s.kernel, s.stride)) listPanel(s, panel, points);
  const step = <usize>(((panelsOf(s) * depth * NR) << 2) + STAGGER);
  for (let k = 0; k < s.channels; k += ROWS) {
    const channels = min(ROWS, s.channels - k);
    const rows = depthOf(s.kernel, channels);
    const tap = <usize>((rows * NR) << 2);
    const vectors = (rows * NR) >> 2;
    packTaps(s, panel, k, channels, taps, tap);
    if (s.kernel == 7) {
      widenStemTaps(taps, tap, at(s.u, panel * depth * NR), step, vectors, scratch);
    } else if (s.stride == 2) {
      widenPhases(taps, tap, points, at(0, k * NR), vectors, scratch);
    } else {
      const u = at(s.u, (panel * depth + k) * NR);
      if (s.small) widenSmallTaps(taps, tap, u, step, vectors, scratch);
      else widenTaps(taps, tap, u, step, vectors, scratch);
    }
  }
}

/** Sets the places of a panel's first row at all points. */
function listPanel(s: Winograd, panel: i32, points: Points): void {
  const bytes = (s.channels * tileColumns(s.tile)) << 2;
  points.phaseBytes = s.backward ? panelsOf(s) * bytes : bytes;
  for (let xi = 0; xi < 25; xi++) {
    const panelBytes = s.backward ? bytes : phaseCount(xi) * bytes;
    setPlace(points, xi, weightsAt(s, xi) + <usize>(panel * panelBytes - firstPhase(xi) * points.phaseBytes));
  }
}

/** Packs the taps of some channels: of 7×7 the 4×4 taps of each phase, zero where it has fewer. */
function packTaps(s: Winograd, panel: i32, k: i32, channels: i32, taps: usize, tap: usize): void {
  const NR = tileColumns(s.tile);
  const j = panel * NR;
  const count = min(NR, s.outChannels - j);
  if (s.kernel == 7) memory.fill(taps, 0, 16 * tap);
  let from = at(s.w, k * s.wRow + j * s.wColumn);
  for (let p = 0; p < s.kernel; p++) {
    for (let q = 0; q < s.kernel; q++) {
      let to = taps;
      if (s.kernel == 7) {
        const phase = 2 * (p & 1) + (q & 1);
        to += <usize>((p >> 1) * 4 + (q >> 1)) * tap + at(0, phase * channels * NR);
      } else {
        to += <usize>(s.backward ? 8 - 3 * p - q : 3 * p + q) * tap;
      }
      packPanel(from, s.wRow, s.wColumn, channels, count, NR, to);
      from += <usize>s.tapBytes;
    }
  }
}
