// The tiles of a stack of images, row by row, and the places of a block's tiles. At the end of a direction tiles may be cut: they
// have fewer outputs there and leave out points. The tiles of a block that have a point are contiguous:
//
//   without phases   sorted, at the same place for every point:  narrow | full | low | small
//   with phases      in their order, those that leave the point out not counted
//
// narrow: cut in width, low: cut in height, small: in both. Sorted, every point has one stretch: all, or without the narrow and
// small, or without the low and small, or the full ones.

import { Winograd } from "../shapes";
import { at } from "../simd";
import { leavesOut, sideOf } from "./points";

@unmanaged
export class Grid {
  tilesHigh: i32 = 0;
  tilesWide: i32 = 0;
  /** Tiles of each direction that are not cut: the first ones. By how many points the others are. */
  fullHigh: i32 = 0;
  fullWide: i32 = 0;
  cutRows: i32 = 0;
  cutColumns: i32 = 0;
  /** Points of one dimension, 5 with phases, outputs of a full tile, and from one tile to the next. */
  side: i32 = 0;
  outputs: i32 = 0;
  step: i32 = 0;
  /** The current tile's row, over all images, and column; by how many points that row is cut. */
  row: i32 = 0;
  column: i32 = 0;
  cut: i32 = 0;
  /** Tiles of each kind: in the block, and of those before the current one. */
  full: i32 = 0;
  narrow: i32 = 0;
  low: i32 = 0;
  small: i32 = 0;
  fullBefore: i32 = 0;
  narrowBefore: i32 = 0;
  lowBefore: i32 = 0;
  smallBefore: i32 = 0;
}

/** By how many points the tiles that are not full are cut, in a direction of this many outputs. */
function cutOf(side: i32, full: i32, tiles: i32, outputs: i32): i32 {
  if (full == tiles) return 0;
  return side == 5 ? 1 : min(2, 4 - (outputs & 3));
}

/** Sets the grid of a convolution. */
export function setGrid(g: Grid, s: Winograd): void {
  g.tilesHigh = s.tilesHigh;
  g.tilesWide = s.tilesWide;
  g.fullHigh = s.fullHigh;
  g.fullWide = s.fullWide;
  g.side = sideOf(s.kernel, s.stride);
  g.outputs = s.kernel == 7 ? 3 : 4;
  g.step = s.small ? 2 : g.outputs;
  g.cutRows = s.small ? 2 : cutOf(g.side, s.fullHigh, s.tilesHigh, s.outHeight);
  g.cutColumns = s.small ? 2 : cutOf(g.side, s.fullWide, s.tilesWide, s.outWidth);
}

/** The first output of row i, or column j, of tiles: with phases a tile that is cut has one fewer than the others. */
export function rowStart(g: Grid, i: i32): i32 {
  return g.step * i - (g.side == 5 ? max(0, i - g.fullHigh) : 0);
}

export function columnStart(g: Grid, j: i32): i32 {
  return g.step * j - (g.side == 5 ? max(0, j - g.fullWide) : 0);
}

/** Tiles before number `tile` of a kind, in the order of Grid's counts: 1: cut in width, 2: in height. */
function before(g: Grid, tile: i32, kind: i32): i32 {
  const cutRow = kind > 1;
  const row = tile / g.tilesWide;
  const column = tile - row * g.tilesWide;
  const rowOfImage = row % g.tilesHigh;
  const full = (row / g.tilesHigh) * g.fullHigh + min(rowOfImage, g.fullHigh);
  const rows = cutRow ? row - full : full;
  const some = rowOfImage >= g.fullHigh == cutRow;
  if (kind & 1) return rows * (g.tilesWide - g.fullWide) + (some ? max(0, column - g.fullWide) : 0);
  return rows * g.fullWide + (some ? min(column, g.fullWide) : 0);
}

function setRow(g: Grid, row: i32): void {
  g.row = row;
  g.cut = row % g.tilesHigh < g.fullHigh ? 0 : g.cutRows;
}

/** Starts the block of tiles first ≤ t < first + count. */
export function startBlock(g: Grid, first: i32, count: i32): void {
  moveTo(g, first, first + count);
  const counts = changetype<usize>(g) + offsetof<Grid>("full");
  memory.copy(counts, changetype<usize>(g) + offsetof<Grid>("fullBefore"), 16);
  moveTo(g, first, first);
}

/** Goes to tile number `tile` of the block that starts at `first`. */
export function moveTo(g: Grid, first: i32, tile: i32): void {
  setRow(g, tile / g.tilesWide);
  g.column = tile % g.tilesWide;
  const counts = changetype<usize>(g) + offsetof<Grid>("fullBefore");
  for (let kind = 0; kind < 4; kind++) {
    store<i32>(at(counts, kind), before(g, tile, kind) - before(g, first, kind));
  }
}

/** Goes on by this many tiles of the row. */
export function moveOn(g: Grid, tiles: i32): void {
  const full = min(g.column + tiles, g.fullWide) - min(g.column, g.fullWide);
  if (g.cut) {
    g.lowBefore += full;
    g.smallBefore += tiles - full;
  } else {
    g.fullBefore += full;
    g.narrowBefore += tiles - full;
  }
  g.column += tiles;
  if (g.column == g.tilesWide) {
    g.column = 0;
    setRow(g, g.row + 1);
  }
}

/** By how many points column j of tiles is cut. */
export function cutColumn(g: Grid, j: i32): i32 {
  return j < g.fullWide ? 0 : g.cutColumns;
}

/** Sorted: the place of the tile that comes `ahead` tiles after the current one in its row. */
export function placeAhead(g: Grid, ahead: i32): i32 {
  const column = g.column + ahead;
  const full = min(column, g.fullWide) - min(g.column, g.fullWide);
  const low = g.cut != 0;
  const begin = low ? g.narrow + g.full : 0;
  if (column >= g.fullWide) return begin + (low ? g.low + g.smallBefore : g.narrowBefore) + ahead - full;
  return begin + (low ? g.lowBefore : g.narrow + g.fullBefore) + full;
}

/** Sorted: the first tile of the block that has points of column q. */
export function firstOf(g: Grid, q: i32): i32 {
  return leavesOut(g.side, g.cutColumns, q) ? g.narrow : 0;
}

/** Sorted: the end of the tiles of the block that have the point (p, q). */
export function endOf(g: Grid, p: i32, q: i32): i32 {
  let end = g.narrow + g.full;
  if (leavesOut(g.side, g.cutRows, p)) return end;
  end += g.low;
  return leavesOut(g.side, g.cutColumns, q) ? end : end + g.small;
}

/** Tiles of the block that have the point (p, q). */
export function tilesWith(g: Grid, p: i32, q: i32): i32 {
  return endOf(g, p, q) - firstOf(g, q);
}

/** Those of them that come before the current tile. */
export function tilesBefore(g: Grid, p: i32, q: i32): i32 {
  const narrow = !leavesOut(g.side, g.cutColumns, q);
  const tiles = g.fullBefore + (narrow ? g.narrowBefore : 0);
  if (leavesOut(g.side, g.cutRows, p)) return tiles;
  return tiles + g.lowBefore + (narrow ? g.smallBefore : 0);
}
