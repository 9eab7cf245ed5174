// C[pixel][o] = f(bias[o] + Σ A[window of pixel] · B[o] + residual[pixel][o]): rows of C are the pixels of a grid, rows of A start at those pixels and
// may overlap as the windows of a convolution do. Convolution without im2col.
//
// With a frame, images are copied band by band into a strip of memory with zeros around, so that no window needs a test
// for its border; without one, A is read from the images themselves.

import { padImage } from "./pack";
import { activate, highOf } from "../elementwise/activation";
import { RowsGemm } from "../shapes";
import { at } from "../simd";
import { Operands, tileColumns, tileRows, TILE_SCRATCH } from "../tile/tile";
import { rowsTile } from "../tile/generated/rows";

/** Tiles whose row addresses are prepared at a time; their pixels stay in L2 while every panel of B passes. */
const BLOCK_TILES: i32 = 16;
/** Bytes of two lists of row addresses for a block of tiles. */
const LIST_BYTES: i32 = BLOCK_TILES * 6 * 8;
const OWN_BYTES: i32 = LIST_BYTES + TILE_SCRATCH;
/** Largest depth of a panel of B before the sums are stored and reloaded: 32 KiB, within L1. */
const KC: i32 = 1024;

/** Rows of the frame that a band of output rows reads. */
function stripRows(s: RowsGemm): i32 {
  return min(s.frameHeight, (s.bandRows - 1) * s.stepRows + s.windowRows);
}

/** Bytes of scratch that one thread needs. */
export function rowsGemmScratch(shape: usize): i32 {
  const s = changetype<RowsGemm>(shape);
  if (s.bandRows == 0) return OWN_BYTES;
  return OWN_BYTES + ((s.bandImages * stripRows(s) * s.frameWidth * s.channels) << 2);
}

function columnUnits(s: RowsGemm): i32 {
  const NR = tileColumns(s.tile);
  const panels = (s.columns + NR - 1) / NR;
  return (panels + s.unitPanels - 1) / s.unitPanels;
}

/** Units of work: bands of the grid (or blocks of tiles, without a frame), times groups of columns. */
export function rowsGemmUnits(shape: usize): i32 {
  const s = changetype<RowsGemm>(shape);
  return bands(s) * columnUnits(s);
}

function bands(s: RowsGemm): i32 {
  if (s.bandRows == 0) {
    const tile = BLOCK_TILES * tileRows(s.tile);
    return (s.images * s.height * s.width + tile - 1) / tile;
  }
  return ((s.images + s.bandImages - 1) / s.bandImages) * ((s.height + s.bandRows - 1) / s.bandRows);
}

/** The product itself. B is packed by packPanels, bias (or 0) has room for whole panels. Unit = band · groups + group of columns. */
export function rowsGemm(shape: usize, scratch: usize, begin: i32, end: i32): void {
  const s = changetype<RowsGemm>(shape);
  const NR = tileColumns(s.tile);
  const units = columnUnits(s);
  const strip = scratch + OWN_BYTES;
  const heightBands = s.bandRows ? (s.height + s.bandRows - 1) / s.bandRows : 1;
  let filled = -1;
  for (let unit = begin; unit < end; unit++) {
    const band = unit / units;
    const group = unit % units;
    if (s.bandRows == 0) {
      blockOfTiles(s, s.a, s.c, s.images, s.height, band * BLOCK_TILES, group, scratch);
      continue;
    }
    const n = (band / heightBands) * s.bandImages;
    const i = (band % heightBands) * s.bandRows;
    const images = min(s.bandImages, s.images - n);
    const rows = min(s.bandRows, s.height - i);
    if (band != filled) {
      const top = s.top - i * s.stepRows;
      const xRow = s.xWidth * s.channels;
      const row = s.frameWidth * s.channels;
      const frameRows = stripRows(s);
      for (let m = 0; m < images; m++) {
        const from = at(s.x, (n + m) * s.xHeight * xRow);
        const to = at(strip, m * frameRows * row);
        padImage(from, to, s.xHeight, xRow, top, s.left * s.channels, frameRows, row);
      }
      filled = band;
    }
    const c = s.c + n * s.cImageBytes + i * s.cRowBytes;
    const pixels = images * rows * s.width;
    for (let first = 0; first * tileRows(s.tile) < pixels; first += BLOCK_TILES) {
      blockOfTiles(s, strip + s.a, c, images, rows, first, group, scratch);
    }
  }
}

/** Tiles from `first` on of a grid of images × height × s.width pixels, and a group of columns. */
function blockOfTiles(
  s: RowsGemm,
  a: usize,
  c: usize,
  images: i32,
  height: i32,
  first: i32,
  group: i32,
  lists: usize,
): void {
  const MR = tileRows(s.tile);
  const NR = tileColumns(s.tile);
  const o0 = group * s.unitPanels * NR;
  const o1 = min(s.columns, o0 + s.unitPanels * NR);
  const pixels = images * height * s.width;
  const tiles = min(BLOCK_TILES, (pixels + MR - 1) / MR - first);
  const last = s.bandRows == 0 || (first + tiles) * MR >= pixels;
  const operands = changetype<Operands>(lists + LIST_BYTES);
  const aList = lists;
  const cList = lists + BLOCK_TILES * 24;
  let pixel = first * MR;
  let j = pixel % s.width;
  let i = (pixel / s.width) % height;
  let n = pixel / s.width / height;
  for (let t = 0; t < tiles * MR; t++) {
    store<u32>(at(aList, t), <u32>(a + n * s.aImageBytes + i * s.aRowBytes + j * s.aPixelBytes));
    store<u32>(at(cList, t), <u32>(c + n * s.cImageBytes + i * s.cRowBytes + j * s.cPixelBytes));
    if (++pixel >= pixels) continue; // the last tile repeats the last pixel
    if (++j == s.width) {
      j = 0;
      if (++i == height) {
        i = 0;
        n++;
      }
    }
  }
  // Where pixels of fewer than NR columns follow each other, a tile may write whole vectors: what spills into the next
  // pixel (and no further) is overwritten by the next row. A unit's last tile must not spill.
  const rowBytes = s.width * s.cPixelBytes;
  const dense =
    s.cPixelBytes == s.columns << 2 &&
    s.cRowBytes == rowBytes &&
    (images == 1 || s.cImageBytes == height * rowBytes);
  const spills = dense && s.columns < NR && s.columns << 1 >= NR && s.segmentBlocks == 1;
  for (let z = 0; z < s.groups; z++) {
    operands.aBase = <usize>(z * s.aGroupBytes);
    const cGroup = <usize>(z * s.cGroupBytes);
    let segments = s.segments;
    for (let left = s.segmentCount; left > 0;) {
      const count = blockOfSegments(segments, left);
      operands.segments = segments;
      operands.segmentCount = count;
      operands.accumulate = i32(left < s.segmentCount);
      operands.adds = i32(left == count && s.residual != 0);
      operands.residual = s.residual - s.c;
      operands.high = left == count ? highOf(s.activation) : 0;
      for (let o = o0; o < o1; o += NR) {
        const panel = s.b + z * s.bGroupBytes + (o / NR) * s.panelBytes;
        const bias = s.bias ? at(s.bias, z * s.columns + o) : 0;
        for (let t = 0; t < tiles; t++) {
          const columns = spills && !(last && t + 1 == tiles) ? NR : s.columns - o;
          const aRows = at(aList, t * MR);
          const cRows = at(cList, t * MR);
          rowsTile(s.tile, operands, aRows, cRows, at(cGroup, o), panel, bias, columns);
        }
      }
      segments += 12 * count;
      left -= count;
    }
    if (s.activation && highOf(s.activation) == 0) {
      activateRows(s.activation, cList, min(tiles * MR, pixels - first * MR), at(cGroup, o0), o1 - o0);
    }
  }
}

/** Applies another activation to `columns` values of each of the rows; those that follow each other go together. */
function activateRows(activation: i32, list: usize, rows: i32, offset: usize, columns: i32): void {
  for (let r = 0; r < rows;) {
    const first = <usize>load<u32>(at(list, r));
    let n = 0;
    while (r < rows && <usize>load<u32>(at(list, r)) == at(first, n * columns)) {
      r++;
      n++;
    }
    activate(activation, first + offset, first + offset, n * columns);
  }
}

/** Number of segments to sum before the sums are stored. */
function blockOfSegments(segments: usize, count: i32): i32 {
  let depth = load<i32>(segments, 8);
  let n = 1;
  for (; n < count; n++) {
    depth += load<i32>(segments + 12 * n, 8);
    if (depth > KC) break;
  }
  return n;
}

/** Number of times sums are stored; 1 unless the product is deep. */
export function segmentBlocks(segments: usize, count: i32): i32 {
  let blocks = 0;
  while (count > 0) {
    const n = blockOfSegments(segments, count);
    segments += 12 * n;
    count -= n;
    blocks++;
  }
  return blocks;
}
