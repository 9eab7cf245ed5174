// The micro-kernels: the only code that multiplies matrices. Products, convolutions and their gradients pass
// addresses and call these.
//
//   C[i, j] (+)= Σ_s Σ_k  A_s[i, k] · B_s[k, j]     i < MR, j < NR
//
// A tile of C stays in registers over one call's k, one accumulator for each element, fed in the order of k (and then
// added to C, where a call goes on with an earlier sum); drivers cut k at fixed places, so the result depends neither
// on the tile's size nor on how work is divided. k runs over segments (s), stretches in
// which both operands advance evenly. A segment is three i32: byte offset into A, byte offset into B, length.
//
//   rowsTile   A is MR rows anywhere in memory, each contiguous in k: pixels of an image, rows of a matrix;
//              B is a packed panel [k][NR]
//   panelTile  A and B have the elements of one k side by side: packed panels, or the channels of a pixel
//
// Tiles by number: 0 is 4×8, which V8's older compiler (Node 20, 22) keeps in 16 registers although it reorders
// loads; 1 is 6×8, the best for the newer one, which keeps the order written here (b first, then row by row);
// 2 is 3×12, the best on older V8 with fused multiply-add; 3 is 6×16, which does not fit 16 registers of 128 bits and is for
// engines that join pairs of vectors into 256 bits (src/wasm/simd256.ts). The order matters, and so does the
// absence of hand unrolling on older V8; for Winograd's products 6×8 is written out (tile/tile.template.mjs).

import { at, storeLanes } from "../simd";

/** Number of tile shapes; tiles are numbered from 0. */
export function tileCount(): i32 {
  return 4;
}

/** Rows (MR) of tile number `tile`. */
export function tileRows(tile: i32): i32 {
  return tile == 0 ? 4 : tile == 2 ? 3 : 6;
}

/** Columns (NR) of tile number `tile`. */
export function tileColumns(tile: i32): i32 {
  return tile == 2 ? 12 : tile == 3 ? 16 : 8;
}

/** Common arguments of the calls for one product's tiles, at the start of their scratch; distances are in bytes. */
@unmanaged
export class Operands {
  segments: usize = 0;
  segmentCount: i32 = 0;
  /** From one k to the next, and from one row of C to the next. */
  aStep: usize = 0;
  bStep: usize = 0;
  cRow: usize = 0;
  /** For rowsTile: after the addresses of A's rows; whether to add to C. */
  aBase: usize = 0;
  accumulate: i32 = 0;
  /** Also for rowsTile: whether to add the values `residual` bytes (modulo 2³²) after C, and the limit of C, [0, high], unless 0. */
  adds: i32 = 0;
  residual: usize = 0;
  high: f32 = 0;
}

/** Bytes of scratch for the calls of tiles: Operands, and from SPARE on a tile that reaches past the matrix. */
export const TILE_SCRATCH: i32 = 448;
export const SPARE: i32 = 64;

/** Sets what panelTile takes: operands whose k is one stretch, written at `segment`. */
export function setPanels(
  o: Operands,
  segment: usize,
  length: i32,
  aStep: usize,
  bStep: usize,
  cRow: usize,
): void {
  store<i32>(segment, 0);
  store<i32>(segment, 0, 4);
  store<i32>(segment, length, 8);
  o.segments = segment;
  o.segmentCount = 1;
  o.aStep = aStep;
  o.bStep = bStep;
  o.cRow = cRow;
}

/** Copies rows × columns values to C, or adds them. */
export function copyTile(
  from: usize,
  fromRow: usize,
  c: usize,
  cRow: usize,
  rows: i32,
  columns: i32,
  accumulate: i32,
): void {
  for (let r = 0; r < rows; r++) {
    for (let j = 0; j < columns; j += 4) {
      const left = columns - j;
      let v = v128.load(at(from, j));
      if (accumulate) v = f32x4.add(v128.load(at(c, j)), v);
      storeLanes(at(c, j), v, left);
    }
    from += fromRow;
    c += cRow;
  }
}
