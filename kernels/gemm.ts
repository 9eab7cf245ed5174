// Matrix products in f32, as drivers over the micro-kernels of tile.ts.
//
//   gemm        C = A·B (+ C), any strides of A and B: both packed in cache-sized blocks (BLIS's loops)
//   rowsGemm    rows of C are the pixels of a grid, rows of A start at those pixels: convolution without im2col
//   pixelsGemm  C = Aᵀ·B summed over pixels, both operands read in place: weight gradients
//
// Goto and van de Geijn, Anatomy of High-Performance Matrix Multiplication (2008), for the blocking.
// Nothing here allocates; callers pass scratch. Every driver takes a range of its units of work, so that several
// threads can share one product without changing a bit of it.

import { packPanels } from "./pack";
import { PixelsGemm, RowsGemm } from "./shapes";
import { at } from "./simd";
import { tileColumns, tileRows } from "./tile";
import { panelTile } from "./tile-panel";
import { rowsTile } from "./tile-rows";

/** Depth of a block: a panel of B (8 columns, 16 KiB) and one of A (6 rows, 12 KiB) stay in L1. */
const KC: i32 = 512;
/** Rows of A packed at once: 96 KiB, well inside L2. A multiple of every tile's rows. */
const MC: i32 = 48;
/** Columns of B packed at once: 2 MiB, in L3, each panel read once for MC rows. Packing A again costs more than that. */
const NC: i32 = 1032;
/** Tiles whose row addresses rowsGemm prepares at a time; their pixels stay in L2 while every panel of B passes. */
const BLOCK_TILES: i32 = 16;

function roundUp(n: i32, unit: i32): i32 {
  return ((n + unit - 1) / unit) * unit;
}

/** Floats of packed A: whole panels of 3, 4 or 6 rows. */
function aFloats(m: i32, k: i32): i32 {
  return min(k, KC) * roundUp(min(m, MC), 12);
}

/** Floats of packed B: whole panels of 8 or 12 columns. */
function bFloats(n: i32, k: i32): i32 {
  return min(k, KC) * roundUp(min(n, NC), 24);
}

/** Floats of scratch that gemm needs for a product of these sizes. */
export function gemmScratch(m: i32, n: i32, k: i32): i32 {
  return 16 + aFloats(m, k) + bFloats(n, k);
}

/**
 * C[i·ldc + j] = Σ_p A[i·rsa + p·csa] · B[p·rsb + j·csb], plus C's old value if accumulate. C must not overlap A or B.
 * scratch: gemmScratch(m, n, k) floats.
 */
export function gemm(
  m: i32,
  n: i32,
  k: i32,
  a: usize,
  rsa: i32,
  csa: i32,
  b: usize,
  rsb: i32,
  csb: i32,
  c: usize,
  ldc: i32,
  accumulate: i32,
  tile: i32,
  scratch: usize,
): void {
  const MR = tileRows(tile);
  const NR = tileColumns(tile);
  const segment = scratch; // {0, 0, depth}: a packed panel is one stretch of k
  const aPanels = scratch + 64;
  const bPanels = at(aPanels, aFloats(m, k));
  store<i32>(segment, 0);
  store<i32>(segment, 0, 4);
  if (k == 0 && !accumulate) {
    for (let i = 0; i < m; i++) memory.fill(at(c, i * ldc), 0, at(0, n));
  }
  for (let jc = 0; jc < n; jc += NC) {
    const nc = min(NC, n - jc);
    for (let pc = 0; pc < k; pc += KC) {
      const kc = min(KC, k - pc);
      store<i32>(segment, kc, 8);
      packPanels(at(b, pc * rsb + jc * csb), rsb, csb, kc, nc, NR, bPanels, kc * NR);
      for (let ic = 0; ic < m; ic += MC) {
        const mc = min(MC, m - ic);
        packPanels(at(a, ic * rsa + pc * csa), csa, rsa, kc, mc, MR, aPanels, kc * MR);
        for (let jr = 0; jr < nc; jr += NR) {
          for (let ir = 0; ir < mc; ir += MR) {
            panelTile(
              tile,
              at(aPanels, ir * kc),
              at(0, MR),
              at(bPanels, jr * kc),
              at(0, NR),
              segment,
              1,
              at(c, (ic + ir) * ldc + jc + jr),
              at(0, ldc),
              accumulate | i32(pc > 0),
              mc - ir,
              nc - jr,
            );
          }
        }
      }
    }
  }
}

/** Units of work of rowsGemm: tiles of MR pixels. */
export function rowsGemmUnits(pixels: i32, tile: i32): i32 {
  const MR = tileRows(tile);
  return (pixels + MR - 1) / MR;
}

/** Bytes of two lists of row addresses for a block of tiles. */
const LIST_BYTES: i32 = BLOCK_TILES * 6 * 8;

/** Bytes of scratch that rowsGemm needs: the lists, and a segment. */
export function rowsGemmScratch(): i32 {
  return LIST_BYTES + 16;
}

/**
 * For every pixel (n, i, j) of the grid and every column o:
 *   C[pixel][o] = bias[o] + Σ_s Σ_k A[pixel + s.a + k] · B[o's panel][s.b + k][o]
 * A's rows may overlap, as the windows of a convolution do. B is packed by packPanels, bias padded to whole panels.
 * Tiles begin ≤ t < end, each MR pixels in the order of the grid. A batch is several such products whose operands lie
 * at even distances, of one segment each.
 */
export function rowsGemm(shape: usize, scratch: usize, begin: i32, end: i32): void {
  const s = changetype<RowsGemm>(shape);
  const MR = tileRows(s.tile);
  const NR = tileColumns(s.tile);
  const pixels = s.images * s.height * s.width;
  const aList = scratch;
  const cList = scratch + BLOCK_TILES * 24;
  const single = scratch + LIST_BYTES; // the one segment of a batch
  store<i32>(single, 0, 4);
  store<i32>(single, load<i32>(s.segments, 8), 8);
  const segments = s.batch > 1 ? single : s.segments;
  // Where pixels of fewer than NR columns follow each other, a tile may write whole vectors: what spills into the next
  // pixel (and no further) is overwritten by the next row. The last tile must not spill.
  const rowBytes = s.width * s.cPixelBytes;
  const dense =
    s.cPixelBytes == s.columns << 2 && s.cRowBytes == rowBytes && s.cImageBytes == s.height * rowBytes;
  const spills = dense && s.columns < NR && s.columns << 1 >= NR && s.batch == 1;
  for (let first = begin; first < end; first += BLOCK_TILES) {
    const tiles = min(BLOCK_TILES, end - first);
    let pixel = first * MR;
    let j = pixel % s.width;
    let i = (pixel / s.width) % s.height;
    let n = pixel / s.width / s.height;
    for (let t = 0; t < tiles * MR; t++) {
      store<u32>(at(aList, t), <u32>(s.a + n * s.aImageBytes + i * s.aRowBytes + j * s.aPixelBytes));
      store<u32>(at(cList, t), <u32>(s.c + n * s.cImageBytes + i * s.cRowBytes + j * s.cPixelBytes));
      if (++pixel >= pixels) continue; // the last tile repeats the last pixel
      if (++j == s.width) {
        j = 0;
        if (++i == s.height) {
          i = 0;
          n++;
        }
      }
    }
    for (let z = 0; z < s.batch; z++) {
      if (s.batch > 1) store<i32>(single, z * s.aBatchBytes);
      let panel = s.b + z * s.bBatchBytes;
      const c = <usize>(z * s.cBatchBytes);
      for (let o = 0; o < s.columns; o += NR, panel += s.panelBytes) {
        const bias = s.bias ? at(s.bias, o) : 0;
        for (let t = 0; t < tiles; t++) {
          const exact = !spills || first + t + 1 == end;
          rowsTile(
            s.tile,
            at(aList, t * MR),
            at(cList, t * MR),
            at(c, o),
            segments,
            s.segmentCount,
            panel,
            bias,
            exact ? s.columns - o : NR,
          );
        }
      }
    }
  }
}

/** Units of work of pixelsGemm: strips of MR rows of C. */
export function pixelsGemmUnits(rows: i32, tile: i32): i32 {
  const MR = tileRows(tile);
  return (rows + MR - 1) / MR;
}

/**
 * C[i][j] (+)= Σ_s Σ_p A[s.a + p·aPixelBytes][i] · B[s.b + p·bPixelBytes][j]: segments are runs of pixels, a row of
 * an image each. blockSegments of them are summed at a time, so that their pixels stay in cache for all of C and
 * rounding errors grow with the blocks and not with the pixels; each sum is added to C. A batch is several such
 * products at even distances. Reads up to MR − 1 floats past A's and NR − 1 past B's last element.
 */
export function pixelsGemm(shape: usize, begin: i32, end: i32): void {
  const s = changetype<PixelsGemm>(shape);
  const MR = tileRows(s.tile);
  const NR = tileColumns(s.tile);
  for (let z = 0; z < s.batch; z++) {
    const a = s.a + z * s.aBatchBytes;
    const b = s.b + z * s.bBatchBytes;
    const c = s.c + z * s.cBatchBytes;
    for (let first = 0; first < s.segmentCount; first += s.blockSegments) {
      const count = min(s.blockSegments, s.segmentCount - first);
      const accumulate = s.accumulate | i32(first > 0);
      for (let o = 0; o < s.columns; o += NR) {
        for (let unit = begin; unit < end; unit++) {
          const i = unit * MR;
          panelTile(
            s.tile,
            at(a, i),
            s.aPixelBytes,
            at(b, o),
            s.bPixelBytes,
            s.segments + first * 12,
            count,
            c + i * s.cRowBytes + at(0, o),
            s.cRowBytes,
            accumulate,
            s.rows - i,
            s.columns - o,
          );
        }
      }
    }
  }
}
