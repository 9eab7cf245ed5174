// Convolutions by Winograd's minimal filtering, and their data gradients: points.ts lists the algorithms.
//
//   Y = Aᵀ[Σ (G g Gᵀ) ⊙ (Bᵀ d B)]A      over channels, and phases
//
// A block of tiles is transformed into v, multiplied at each point by the weights u (weights.ts) into m, and transformed back,
// so that v and m stay in L2. Sums over channels and phases happen before the one transform back; the data gradient with
// phases is the transpose: one transform of dy, and one transform back for each phase of dx.
//
//   v[panel][36][channels / 4][MR][4]                 3×3 of stride 1
//   v[ξ][panel][phase][channels / 4][MR][4]           otherwise; 7×7 has 4·channels and no phases
//   m[ξ][phase][columns / NR][panel][MR][NR]          phases: of the data gradient
//
// The weights are transformed beforehand (u), or given untransformed (w) if all tiles are one block: then each panel of columns is
// transformed when it is needed and used from cache, as many channels at a time as stay in L2 together with those of v. In
// memory u is four times as large as the weights. Channels are multiples of 4, except for 7×7.
//
// Lavin and Gray, Fast Algorithms for Convolutional Neural Networks (2015), arXiv 1509.09308. On strides: Yepez and Ko, Stride
// 2 1-D, 2-D and 3-D Winograd for Convolutional Neural Networks (2020), IEEE TVLSI 28(4).

import { FAR_PAIRS, Winograd } from "../shapes";
import { at } from "../simd";
import { quadsTile } from "../tile/generated/quads";
import { tileColumns, tileRows } from "../tile/tile";
import {
  Block,
  BLOCK_AT,
  columnGroups,
  depthAtATime,
  OUTPUTS_AT,
  POINTS_AT,
  setUp,
  STRIP_AT,
  tilesOf,
  TRANSFORM_AT,
  V_AT,
  WEIGHTS_AT,
} from "./block";
import { columnStart, endOf, firstOf, Grid, moveOn, moveTo, startBlock, tilesWith } from "./grid";
import { Outputs, Points, Tiles } from "./places";
import { depthOf, hasPhases, phaseCount, STAGGER } from "./points";
import { addMoments, storeRows } from "./store";
import { fillInput, Strip } from "./strip";
import { gatherPhases, gatherTile, liftPhases, liftTile } from "./tiles";
import { panelsOf, transformPanel } from "./weights";

/** Channels of far weights that all tiles are multiplied with before the next ones: few enough that these are fetched in the meantime. */
const STRETCH: i32 = 32;
/** Channels transformed at a time. */
const CHUNK: i32 = 32;

/** Units of work: blocks of tiles, times groups of columns. */
export function winogradConvUnits(shape: usize): i32 {
  const s = changetype<Winograd>(shape);
  return ((tilesOf(s) + s.blockTiles - 1) / s.blockTiles) * columnGroups(s);
}

/** y = activation(conv(x, weights) + bias + residual), or its data gradient, or that added to y. Unit = block · groups + group of columns. */
export function winogradConv(shape: usize, scratch: usize, begin: i32, end: i32): void {
  const s = changetype<Winograd>(shape);
  const grid = changetype<Grid>(scratch);
  const block = changetype<Block>(scratch + BLOCK_AT);
  const groups = columnGroups(s);
  const tiles = tilesOf(s);
  setUp(s, scratch);
  let transformed = -1;
  for (let unit = begin; unit < end; unit++) {
    const number = unit / groups;
    block.first = number * s.blockTiles;
    block.count = min(s.blockTiles, tiles - block.first);
    block.o0 = (unit % groups) * s.groupPanels;
    block.o1 = min(block.o0 + s.groupPanels, panelsOf(s));
    if (number != transformed) {
      startBlock(grid, block.first, block.count);
      inputBlock(s, scratch);
      transformed = number;
    }
    multiplyBlock(s, scratch);
    moveTo(grid, block.first, block.first);
    outputBlock(s, scratch);
  }
}

/**
 * Transforms the block's tiles. A row of tiles goes CHUNK channels at a time: a vector fills a quarter of a line of v, and
 * the tiles of a panel, which fill the rest, come while it is in L1.
 */
function inputBlock(s: Winograd, scratch: usize): void {
  const grid = changetype<Grid>(scratch);
  const strip = changetype<Strip>(scratch + STRIP_AT);
  const v = changetype<Tiles>(scratch + V_AT);
  const points = changetype<Points>(scratch + POINTS_AT);
  const transform = scratch + TRANSFORM_AT;
  const phases = hasPhases(s.kernel, s.stride);
  const base = v.base;
  const pixel = strip.stride * strip.pixelBytes;
  const count = changetype<Block>(scratch + BLOCK_AT).count;
  for (let t = 0, run = 0; t < count; t += run) {
    const j = grid.column;
    run = min(grid.tilesWide - j, count - t);
    fillInput(strip, s, grid, run);
    if (phases) {
      for (let k = 0; k < run; k++) {
        const x = strip.base + <usize>(columnStart(grid, j + k) * pixel);
        liftPhases(x, strip, grid, v, points, transform);
        moveOn(grid, 1);
      }
      continue;
    }
    for (let c = 0; c < strip.channels; c += CHUNK) {
      const channels = min(CHUNK, strip.channels - c);
      v.base = base + <usize>((c * v.rows) << 2);
      for (let k = 0; k < run; k++) {
        const x = at(strip.base, c) + <usize>(columnStart(grid, j + k) * pixel);
        liftTile(x, strip, channels, grid, k, v, transform);
      }
    }
    moveOn(grid, run);
  }
  v.base = base;
}

/** m of the block, for its panels of columns. */
function multiplyBlock(s: Winograd, scratch: usize): void {
  const NR = tileColumns(s.tile);
  const block = changetype<Block>(scratch + BLOCK_AT);
  const o = changetype<Outputs>(scratch + OUTPUTS_AT);
  const w = changetype<Winograd>(scratch + WEIGHTS_AT);
  const MR = tileRows(s.tile);
  o.panelBytes = ((block.count + MR - 1) / MR) * ((MR * NR) << 2);
  o.phaseBytes = s.groupPanels * o.panelBytes;
  if (!s.w) {
    multiply(s, scratch, block.o0, block.o1, 0, 0);
    return;
  }
  w.u = block.u;
  for (let k = 0; k < s.channels; k += depthAtATime(s)) {
    for (let panel = block.o0; panel < block.o1; panel++) {
      w.w = at(s.w, k * s.wRow + panel * NR * s.wColumn);
      w.channels = min(depthAtATime(s), s.channels - k);
      w.outChannels = min(NR, s.outChannels - panel * NR);
      transformPanel(w, 0, block.packing);
      multiply(s, scratch, 0, 1, k, panel - block.o0);
    }
  }
}

/**
 * m[ξ][phase][to …] (+)= v[ξ]·u[ξ] for panels o0 ≤ o < o1 of the weights, which are for channels from number k on: of all
 * phases in one product where these are all channels.
 */
function multiply(s: Winograd, scratch: usize, o0: i32, o1: i32, k: i32, to: i32): void {
  const MR = tileRows(s.tile);
  const NR = tileColumns(s.tile);
  const grid = changetype<Grid>(scratch);
  const v = changetype<Tiles>(scratch + V_AT);
  const o = changetype<Outputs>(scratch + OUTPUTS_AT);
  const w = changetype<Winograd>(scratch + WEIGHTS_AT);
  const side = grid.side;
  const joined = w.channels == s.channels;
  const weightPanels = panelsOf(w);
  const phaseBytes = (depthOf(s.kernel, w.channels) * NR) << 2;
  const far = !s.w && s.channels * s.outChannels >= FAR_PAIRS;
  let array = v.base + <usize>((k * MR) << 2);
  let u = w.u;
  let m = changetype<Block>(scratch + BLOCK_AT).m + <usize>(to * o.panelBytes);
  for (let p = 0; p < side; p++) {
    for (let q = 0; q < side; q++) {
      const phases = side == 5 ? phaseCount(5 * p + q) : 1;
      const summed = s.backward ? 1 : phases;
      const products = joined ? 1 : summed;
      const depth = depthOf(s.kernel, w.channels) * (joined ? summed : 1);
      const first = side == 6 ? firstOf(grid, q) / MR : 0;
      const tiles = side == 6 ? endOf(grid, p, q) : tilesWith(grid, p, q);
      const panels = (tiles + MR - 1) / MR - first; // none at a point that all tiles leave out
      const panelBytes = v.panelBytes * summed;
      const stretch = far && panels > 1 ? STRETCH : depth;
      for (let z = 0; z < phases; z += summed) {
        for (let y = 0; y < products; y++) {
          const a = array + <usize>(first * panelBytes + ((y * s.channels * MR) << 2));
          let b = u + <usize>((z * weightPanels + o0 * summed + y) * phaseBytes);
          let c = m + <usize>(z * o.phaseBytes + ((first * MR * NR) << 2));
          for (let panel = o0; panel < o1; panel++) {
            for (let d = 0; d < depth; d += stretch) {
              const some = min(stretch, depth - d);
              const skip = panelBytes - ((some * MR) << 2);
              const more = i32(k + y + d > 0);
              quadsTile(s.tile, at(a, d * MR), skip, panels, some >> 2, at(b, d * NR), c, more);
            }
            b += <usize>(summed * phaseBytes);
            c += <usize>o.panelBytes;
          }
        }
      }
      array += <usize>v.stepBytes;
      if (!s.small || panels > 0) u += <usize>(phases * weightPanels * phaseBytes + STAGGER);
      m += <usize>o.stepBytes;
    }
  }
}

/**
 * Transforms the block's products back. Rows of tiles are put together in a strip and copied to y whole: lines of y that
 * come and go one vector at a time cost more than the transform where y is out of cache.
 */
function outputBlock(s: Winograd, scratch: usize): void {
  const NR = tileColumns(s.tile);
  const grid = changetype<Grid>(scratch);
  const o = changetype<Outputs>(scratch + OUTPUTS_AT);
  const block = changetype<Block>(scratch + BLOCK_AT);
  const points = changetype<Points>(scratch + POINTS_AT);
  const transform = scratch + TRANSFORM_AT;
  const c0 = block.o0 * NR;
  o.channels = min(s.outChannels, block.o1 * NR) - c0;
  o.bias = s.bias ? at(s.bias, c0) : 0;
  o.pixelBytes = o.channels << 2;
  o.rowBytes = o.stride * columnStart(grid, grid.tilesWide) * o.pixelBytes;
  const sums = s.moments ? at(s.moments, (block.first / s.blockTiles) * 2 * s.outChannels + c0) : 0;
  if (sums) {
    memory.fill(sums, 0, o.pixelBytes);
    memory.fill(at(sums, s.outChannels), 0, o.pixelBytes);
  }
  for (let t = 0, run = 0; t < block.count; t += run) {
    const row = grid.row;
    const j = grid.column;
    const cut = grid.cut;
    run = min(grid.tilesWide - j, block.count - t);
    for (let k = j; k < j + run; k++) {
      const to = block.strip + <usize>(o.stride * columnStart(grid, k) * o.pixelBytes);
      if (grid.side == 5) gatherPhases(o, block.m, to, grid, points, transform);
      else gatherTile(o, block.m, to, grid, transform);
      if (sums) {
        const high = min(4, s.outHeight - 4 * (row % grid.tilesHigh));
        addMoments(to, o, high, min(4, s.outWidth - 4 * k), at(s.pivot, c0), sums, at(sums, s.outChannels));
      }
      moveOn(grid, 1);
    }
    storeRows(s, scratch, row, o.stride * (grid.outputs - cut), j, j + run);
  }
}
