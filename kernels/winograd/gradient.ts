// Weight gradients by the adjoint of minimal filtering, see conv.ts:
//
//   dg = Gᵀ[Σ_tiles (Bᵀ d B) ⊙ (A dY Aᵀ)]G      for each phase of the input
//
// Few tiles and many channels, or phases: all tiles are transformed once (winogradTiles), with phases those of some rows at a time;
// then each strip of input channels has its products, and its sums transformed back while they are in cache (winogradStrips).
// Otherwise tiles are taken in blocks, and the products accumulated block by block in
// sums[group][36][channels][outChannels] (winogradSums): groups of blocks are summed separately, the same groups for any
// number of threads; winogradWeightBackward adds the groups up and transforms them back.

import { TRANSFORM_SCRATCH, Winograd } from "../shapes";
import { at, wholeLines } from "../simd";
import { narrowPhase, narrowStemSums, narrowSums } from "./generated/transforms";
import { columnStart, firstOf, Grid, moveOn, moveTo, rowStart, setGrid, startBlock, tilesWith } from "./grid";
import { Points, POINTS_BYTES, setTiles, tileBytes, Tiles } from "./places";
import { depthOf, firstPhase, hasPhases, phaseCount, phasePlace, winogradPoints, STAGGER } from "./points";
import {
  clearStrip,
  fillInput,
  fillStrip,
  gradientBytes,
  inputBytes,
  setGradient,
  setInput,
  Strip,
} from "./strip";
import { SUM_SCRATCH, sumTiles, TileSum } from "./tile-products";
import { liftPhases, liftTile, spreadPhases, spreadTile } from "./tiles";

/** Tiles whose products are summed before the next ones, with phases: both operands of a register tile stay in L1. */
const MOST_TILES: i32 = 128;

// One thread's structs, after the grid at the beginning of its scratch memory.
const X_STRIP_AT: usize = offsetof<Grid>();
const DY_STRIP_AT: usize = X_STRIP_AT + offsetof<Strip>();
const V_AT: usize = DY_STRIP_AT + offsetof<Strip>();
const D_AT: usize = V_AT + offsetof<Tiles>();
const POINTS_AT: usize = D_AT + offsetof<Tiles>();
const SUM_AT: usize = POINTS_AT + POINTS_BYTES;
const TRANSFORM_AT: usize = (SUM_AT + offsetof<TileSum>() + SUM_SCRATCH + 63) & ~63;
const LEAD: usize = TRANSFORM_AT + TRANSFORM_SCRATCH;

/** Bytes from one point to the next: of the tiles of x, of those of dy, and of the sums of that many channels of x. */
function vStep(s: Winograd, tiles: i32, channels: i32): i32 {
  return tiles * tileBytes(depthOf(s.kernel, channels) * (hasPhases(s.kernel, s.stride) ? 4 : 1)) + STAGGER;
}

function dStep(s: Winograd, tiles: i32): i32 {
  return tiles * tileBytes(s.outChannels) + STAGGER;
}

function sumStep(s: Winograd, channels: i32): i32 {
  return ((depthOf(s.kernel, channels) * s.outChannels) << 2) + STAGGER;
}

/** Strips of input channels. */
function stripsOf(s: Winograd): i32 {
  return (s.channels + s.stripChannels - 1) / s.stripChannels;
}

/** Units of work of winogradSums and winogradStrips: groups of blocks, or phases, times strips of input channels. */
export function winogradStripsUnits(shape: usize): i32 {
  const s = changetype<Winograd>(shape);
  return s.groups * (hasPhases(s.kernel, s.stride) ? 4 : 1) * stripsOf(s);
}

/** Sets the grid, strips from `from` on, and `tiles` tiles at `to`, or after the strips, of that many channels of x. */
function setUp(s: Winograd, scratch: usize, to: usize, tiles: i32, channels: i32): void {
  const grid = changetype<Grid>(scratch);
  const x = changetype<Strip>(scratch + X_STRIP_AT);
  const dy = changetype<Strip>(scratch + DY_STRIP_AT);
  setGrid(grid, s);
  const end = wholeLines(setGradient(dy, s, grid, wholeLines(setInput(x, s, grid, scratch + LEAD))));
  const v = to ? to : end;
  const step = vStep(s, tiles, channels);
  const d = wholeLines(v + <usize>(winogradPoints(s.kernel, s.stride) * step));
  setTiles(changetype<Tiles>(scratch + V_AT), v, step, depthOf(s.kernel, channels));
  setTiles(changetype<Tiles>(scratch + D_AT), d, dStep(s, tiles), s.outChannels);
}

function clearStrips(s: Winograd, scratch: usize): void {
  if (s.kernel == 3) clearStrip(changetype<Strip>(scratch + X_STRIP_AT));
  clearStrip(changetype<Strip>(scratch + DY_STRIP_AT));
}

/** Floats of the sums of all groups. */
export function winogradSumsFloats(shape: usize): i32 {
  const s = changetype<Winograd>(shape);
  return (s.groups * 36 * sumStep(s, s.channels)) >> 2;
}

/** Bytes of scratch that one thread needs. */
export function winogradSumsScratch(shape: usize): i32 {
  const s = changetype<Winograd>(shape);
  const arrays = 36 * (vStep(s, s.blockTiles, s.stripChannels) + dStep(s, s.blockTiles));
  return <i32>LEAD + inputBytes(s) + gradientBytes(s) + arrays + 3 * 64;
}

/** sums[group][ξ][c][o] = Σ over the group's tiles of Bᵀ d B · A dY Aᵀ. Unit = group · strips + strip of channels. */
export function winogradSums(shape: usize, scratch: usize, begin: i32, end: i32): void {
  const s = changetype<Winograd>(shape);
  const tiles = s.images * s.tilesHigh * s.tilesWide;
  const blocks = (tiles + s.blockTiles - 1) / s.blockTiles;
  const strips = stripsOf(s);
  const step = sumStep(s, s.channels);
  setUp(s, scratch, 0, s.blockTiles, s.stripChannels);
  clearStrips(s, scratch);
  for (let unit = begin; unit < end; unit++) {
    const group = unit / strips;
    const c0 = (unit % strips) * s.stripChannels;
    const channels = depthOf(s.kernel, min(s.stripChannels, s.channels - c0));
    const sums = s.sums + <usize>(36 * group * step) + at(0, c0 * s.outChannels);
    const firstBlock = (group * blocks) / s.groups;
    const lastBlock = ((group + 1) * blocks) / s.groups;
    for (let block = firstBlock; block < lastBlock; block++) {
      const first = block * s.blockTiles;
      const count = min(s.blockTiles, tiles - first);
      startBlock(changetype<Grid>(scratch), first, count);
      transformTiles(s, scratch, count, c0, channels);
      sumPoints(s, scratch, 0, 0, channels, sums, step, i32(block > firstBlock));
    }
  }
}

/** Transforms the grid's next `count` tiles, channels c0 ≤ c < c0 + channels of x. */
function transformTiles(s: Winograd, scratch: usize, count: i32, c0: i32, channels: i32): void {
  const grid = changetype<Grid>(scratch);
  const xStrip = changetype<Strip>(scratch + X_STRIP_AT);
  const dyStrip = changetype<Strip>(scratch + DY_STRIP_AT);
  const v = changetype<Tiles>(scratch + V_AT);
  const d = changetype<Tiles>(scratch + D_AT);
  const points = changetype<Points>(scratch + POINTS_AT);
  const transform = scratch + TRANSFORM_AT;
  for (let t = 0, run = 0; t < count; t += run) {
    run = min(grid.tilesWide - grid.column, count - t);
    fillInput(xStrip, s, grid, run);
    fillStrip(dyStrip, grid.row / grid.tilesHigh, rowStart(grid, grid.row % grid.tilesHigh));
    for (let k = 0; k < run; k++) {
      const j = columnStart(grid, grid.column);
      const x = xStrip.base + <usize>(j * xStrip.stride * xStrip.pixelBytes);
      const dy = dyStrip.base + <usize>(j * dyStrip.pixelBytes);
      if (grid.side == 5) {
        liftPhases(x, xStrip, grid, v, points, transform);
        spreadPhases(dy, dyStrip, grid, d, points, transform);
      } else {
        liftTile(at(x, c0), xStrip, channels, grid, 0, v, transform);
        spreadTile(dy, dyStrip, grid, d, transform);
      }
      moveOn(grid, 1);
    }
  }
}

/** c[ξ][i][o] (+)= Σ_t v[ξ][t][i] · d[ξ][t][o] for `channels` rows of v from c0 of a phase on, at points `step` bytes apart. */
function sumPoints(
  s: Winograd,
  scratch: usize,
  phase: i32,
  c0: i32,
  channels: i32,
  c: usize,
  step: i32,
  accumulate: i32,
): void {
  const grid = changetype<Grid>(scratch);
  const v = changetype<Tiles>(scratch + V_AT);
  const d = changetype<Tiles>(scratch + D_AT);
  const sum = changetype<TileSum>(scratch + SUM_AT);
  const own = scratch + SUM_AT + offsetof<TileSum>();
  const phases = grid.side == 5;
  sum.tile = s.tile;
  sum.rows = channels;
  sum.columns = s.outChannels;
  sum.bStep = d.panelBytes;
  for (let xi = 0; xi < grid.side * grid.side; xi++) {
    const p = xi / grid.side;
    const q = xi % grid.side;
    // An odd phase has no point ∞.
    if (phases && ((phase > 1 && p == 4) || (phase & 1 && q == 4))) continue;
    const first = firstOf(grid, q);
    const tiles = tilesWith(grid, p, q);
    const most = phases ? MOST_TILES : max(1, tiles);
    const place = phases ? (phasePlace(phase) - firstPhase(xi)) * s.channels + c0 : c0;
    const begin = phases ? 0 : first;
    sum.aStep = phases ? tileBytes(phaseCount(xi) * s.channels) : v.panelBytes;
    sum.c = c + <usize>(xi * step);
    let t = 0;
    do {
      sum.a = at(v.base, place) + <usize>(xi * v.stepBytes + (begin + t) * sum.aStep);
      sum.b = d.base + <usize>(xi * d.stepBytes + (begin + t) * sum.bStep);
      sumTiles(sum, min(most, tiles - t), accumulate | i32(t > 0), own);
      t += most;
    } while (t < tiles);
  }
}

/** Tiles that winogradTiles transforms. */
function tilesAtATime(s: Winograd): i32 {
  return s.tileRows * s.tilesWide;
}

/** Floats of them, of x and of dy. */
export function winogradTilesFloats(shape: usize): i32 {
  const s = changetype<Winograd>(shape);
  const tiles = tilesAtATime(s);
  return (winogradPoints(s.kernel, s.stride) * (vStep(s, tiles, s.channels) + dStep(s, tiles)) + 64) >> 2;
}

/** Scratch of one thread of winogradTiles. */
export function winogradTilesScratch(shape: usize): i32 {
  const s = changetype<Winograd>(shape);
  return <i32>LEAD + inputBytes(s) + gradientBytes(s) + 2 * 64;
}

/** Sets the grid and the tiles at s.sums. */
function setUpTiles(s: Winograd, scratch: usize): void {
  setUp(s, scratch, s.sums, tilesAtATime(s), s.channels);
  startBlock(changetype<Grid>(scratch), s.firstRow * s.tilesWide, tilesAtATime(s));
}

/** Transforms tiles of x and dy to s.sums. Unit = row of tiles, from s.firstRow on. */
export function winogradTiles(shape: usize, scratch: usize, begin: i32, end: i32): void {
  const s = changetype<Winograd>(shape);
  setUpTiles(s, scratch);
  clearStrips(s, scratch);
  for (let unit = begin; unit < end; unit++) {
    const first = s.firstRow * s.tilesWide;
    moveTo(changetype<Grid>(scratch), first, first + unit * s.tilesWide);
    transformTiles(s, scratch, s.tilesWide, 0, s.channels);
  }
}

/** Scratch of one thread of winogradStrips. */
export function winogradStripsScratch(shape: usize): i32 {
  const s = changetype<Winograd>(shape);
  return <i32>LEAD + winogradPoints(s.kernel, s.stride) * sumStep(s, s.stripChannels);
}

/** dw (+)= its part from the tiles that winogradTiles left. Unit = phase · strips + strip. */
export function winogradStrips(shape: usize, dw: usize, scratch: usize, begin: i32, end: i32): void {
  const s = changetype<Winograd>(shape);
  const strips = stripsOf(s);
  const transform = scratch + TRANSFORM_AT;
  const sums = scratch + LEAD;
  const step = sumStep(s, s.stripChannels);
  setUpTiles(s, scratch);
  for (let unit = begin; unit < end; unit++) {
    const phase = unit / strips;
    const c0 = (unit % strips) * s.stripChannels;
    const channels = min(s.stripChannels, s.channels - c0);
    const vectors = (channels * s.outChannels) >> 2;
    sumPoints(s, scratch, phase, c0, channels, sums, step, 0);
    const to = at(tapOf(s, dw, phase), c0 * s.outChannels);
    if (s.stride == 2) narrowPhase(s, sums, step, to, phase, vectors, transform);
    else narrowSums(s, sums, step, to, vectors, transform);
  }
}

/** The first tap of a phase. */
function tapOf(s: Winograd, dw: usize, phase: i32): usize {
  return at(dw, ((phase >> 1) * s.kernel + (phase & 1)) * s.channels * s.outChannels);
}

/** dw = Gᵀ s G, s the sum of all groups' sums in their order; the first group's are overwritten by it. Unit = vector of the sums of a point. */
export function winogradWeightBackward(shape: usize, dw: usize, scratch: usize, begin: i32, end: i32): void {
  const s = changetype<Winograd>(shape);
  const step = sumStep(s, s.channels);
  if (s.kernel == 3) {
    narrowSums(s, at(s.sums, 4 * begin), step, at(dw, 4 * begin), end - begin, scratch);
    return;
  }
  const vectors = (s.channels * s.outChannels) >> 2;
  for (let phase = begin / max(1, vectors); phase * vectors < end; phase++) {
    const k = max(0, begin - phase * vectors);
    const count = min(vectors, end - phase * vectors) - k;
    const from = at(s.sums, 4 * (phase * vectors + k));
    narrowStemSums(s, from, step, at(tapOf(s, dw, phase), 4 * k), phase, count, scratch);
  }
}
