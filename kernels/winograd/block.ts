// One thread's memory for a block of tiles of winograd/conv.ts: structs, then strips of rows, v, m and weights.

import { TRANSFORM_SCRATCH, Winograd } from "../shapes";
import { at, wholeLines } from "../simd";
import { tileColumns, tileRows } from "../tile/tile";
import { Grid, setGrid } from "./grid";
import { Outputs, POINTS_BYTES, Tiles } from "./places";
import { depthOf, hasPhases, phaseCount, STAGGER, winogradPoints } from "./points";
import { clearStrip, inputBytes, setInput, Strip } from "./strip";
import { panelsOf, weightFloats, winogradWeightsScratch } from "./weights";

/** The block of tiles that a thread works on, and the panels o0 ≤ o < o1 of columns. */
@unmanaged
export class Block {
  first: i32 = 0;
  count: i32 = 0;
  o0: i32 = 0;
  o1: i32 = 0;
  /** The output of a row of tiles; m; weights that are transformed on the way, and what that needs. */
  strip: usize = 0;
  m: usize = 0;
  u: usize = 0;
  packing: usize = 0;
}

// One thread's structs, after the grid at the beginning of its scratch memory.
export const STRIP_AT: usize = offsetof<Grid>();
export const V_AT: usize = STRIP_AT + offsetof<Strip>();
export const OUTPUTS_AT: usize = V_AT + offsetof<Tiles>();
export const BLOCK_AT: usize = OUTPUTS_AT + offsetof<Outputs>();
/** Sizes of the weights that are multiplied next: all, or a panel that is transformed on the way. */
export const WEIGHTS_AT: usize = BLOCK_AT + offsetof<Block>();
export const POINTS_AT: usize = WEIGHTS_AT + offsetof<Winograd>();
export const TRANSFORM_AT: usize = (POINTS_AT + POINTS_BYTES + 63) & ~63;
export const LEAD: usize = TRANSFORM_AT + TRANSFORM_SCRATCH;

/** Phases whose products are summed at a point, or go to columns of their own: the data gradient's. */
export function phasesIn(s: Winograd, xi: i32): i32 {
  return hasPhases(s.kernel, s.stride) && !s.backward ? phaseCount(xi) : 1;
}

export function phasesOut(s: Winograd, xi: i32): i32 {
  return hasPhases(s.kernel, s.stride) && s.backward ? phaseCount(xi) : 1;
}

/** Rows and columns of y from one output of a phase to the next. */
export function outputStep(s: Winograd): i32 {
  return phasesOut(s, 0) > 1 ? 2 : 1;
}

/** Bytes from one point to the next, of v and of m. */
export function vStep(s: Winograd): i32 {
  const tiles = s.stride == 1 ? tileRows(s.tile) : s.blockTiles;
  return ((tiles * depthOf(s.kernel, s.channels) * phasesIn(s, 0)) << 2) + STAGGER;
}

export function mStep(s: Winograd): i32 {
  return ((s.blockTiles * s.groupPanels * tileColumns(s.tile) * phasesOut(s, 0)) << 2) + STAGGER;
}

export function vBytes(s: Winograd): i32 {
  return (
    winogradPoints(s.kernel, s.stride) * vStep(s) * (s.stride == 1 ? s.blockTiles / tileRows(s.tile) : 1)
  );
}

export function outStripBytes(s: Winograd): i32 {
  const step = outputStep(s);
  return (16 * step * step * s.tilesWide * s.groupPanels * tileColumns(s.tile)) << 2;
}

/** Floats of the weights that are transformed on the way: of DEPTH channels and a panel. */
export function localFloats(s: Winograd): i32 {
  return s.w ? weightFloats(s.kernel, s.stride, depthAtATime(s) * tileColumns(s.tile)) : 0;
}

/** Channels that are multiplied at a time where the weights are transformed on the way. */
export function depthAtATime(s: Winograd): i32 {
  return s.stride == 1 ? 128 : 64;
}

export function columnGroups(s: Winograd): i32 {
  return (panelsOf(s) + s.groupPanels - 1) / s.groupPanels;
}

export function tilesOf(s: Winograd): i32 {
  return s.images * s.tilesHigh * s.tilesWide;
}

/** Bytes of scratch that one thread needs. */
export function winogradConvScratch(shape: usize): i32 {
  const s = changetype<Winograd>(shape);
  const arrays = vBytes(s) + winogradPoints(s.kernel, s.stride) * mStep(s);
  const packing = s.w ? winogradWeightsScratch(s.tile) : 0;
  // Five arrays begin at whole lines.
  return <i32>LEAD + inputBytes(s) + outStripBytes(s) + arrays + (localFloats(s) << 2) + packing + 5 * 64;
}

/** Sets the structs, and where the arrays lie. */
export function setUp(s: Winograd, scratch: usize): void {
  const grid = changetype<Grid>(scratch);
  const strip = changetype<Strip>(scratch + STRIP_AT);
  const v = changetype<Tiles>(scratch + V_AT);
  const o = changetype<Outputs>(scratch + OUTPUTS_AT);
  const block = changetype<Block>(scratch + BLOCK_AT);
  const MR = tileRows(s.tile);
  setGrid(grid, s);
  block.strip = wholeLines(setInput(strip, s, grid, scratch + LEAD));
  if (s.kernel == 3) clearStrip(strip);
  v.base = wholeLines(block.strip + <usize>outStripBytes(s));
  v.stepBytes = vStep(s);
  v.rows = MR;
  v.panelBytes = s.stride == 1 ? 36 * v.stepBytes : (MR * depthOf(s.kernel, s.channels)) << 2;
  v.tileBytes = 16;
  v.quadBytes = MR << 4;
  block.m = wholeLines(v.base + <usize>vBytes(s));
  o.stepBytes = mStep(s);
  o.panelChannels = tileColumns(s.tile);
  o.stride = outputStep(s);
  block.u = wholeLines(block.m + <usize>(winogradPoints(s.kernel, s.stride) * o.stepBytes));
  block.packing = wholeLines(at(block.u, localFloats(s)));
  memory.copy(scratch + WEIGHTS_AT, changetype<usize>(s), offsetof<Winograd>());
}
