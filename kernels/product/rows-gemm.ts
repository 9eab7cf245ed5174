// C[pixel][o] = bias[o] + Σ A[window of pixel] · B[o]: rows of C are the pixels of a grid, rows of A start at those pixels and
// may overlap as the windows of a convolution do. Convolution without im2col.
//
// With a frame, images are copied band by band into a strip of memory with zeros around, so that no window needs a test
// for its border; without one A lies in the images themselves.

import { padImages } from "./pack";
import { RowsGemm } from "../shapes";
import { at } from "../simd";
import { SPARE, tileColumns, tileRows } from "../tile/tile";
import { rowsTile } from "../tile/generated/rows";

/** Tiles whose row addresses are prepared at a time; their pixels stay in L2 while every panel of B passes. */
const BLOCK_TILES: i32 = 16;
/** Bytes of two lists of row addresses for a block of tiles. */
const LIST_BYTES: i32 = BLOCK_TILES * 6 * 8;
const OWN_BYTES: i32 = LIST_BYTES + SPARE;
/** Depth that a panel of B may have before the sums are stored and taken up again: 32 KiB, within L1. */
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
    const o0 = (unit % units) * s.unitPanels * NR;
    const o1 = min(s.columns, o0 + s.unitPanels * NR);
    if (s.bandRows == 0) {
      const tiles = (s.images * s.height * s.width + tileRows(s.tile) - 1) / tileRows(s.tile);
      const first = band * BLOCK_TILES;
      blockOfTiles(
        s,
        s.a,
        s.c,
        s.images,
        s.height,
        first,
        min(BLOCK_TILES, tiles - first),
        true,
        o0,
        o1,
        scratch,
      );
      continue;
    }
    const n = (band / heightBands) * s.bandImages;
    const i = (band % heightBands) * s.bandRows;
    const images = min(s.bandImages, s.images - n);
    const rows = min(s.bandRows, s.height - i);
    const frameRows = stripRows(s);
    if (band != filled) {
      const from = at(s.x, n * s.xHeight * s.xWidth * s.channels);
      const top = s.top - i * s.stepRows;
      padImages(
        from,
        strip,
        s.xHeight,
        s.xWidth,
        s.channels,
        top,
        s.left,
        frameRows,
        s.frameWidth,
        0,
        images,
      );
      filled = band;
    }
    const c = s.c + n * s.cImageBytes + i * s.cRowBytes;
    const tiles = (images * rows * s.width + tileRows(s.tile) - 1) / tileRows(s.tile);
    for (let first = 0; first < tiles; first += BLOCK_TILES) {
      const count = min(BLOCK_TILES, tiles - first);
      blockOfTiles(s, strip + s.a, c, images, rows, first, count, first + count == tiles, o0, o1, scratch);
    }
  }
}

/** Tiles first … first + tiles of a grid of images × height × s.width pixels, columns o0 … o1. */
function blockOfTiles(
  s: RowsGemm,
  a: usize,
  c: usize,
  images: i32,
  height: i32,
  first: i32,
  tiles: i32,
  last: boolean,
  o0: i32,
  o1: i32,
  lists: usize,
): void {
  const MR = tileRows(s.tile);
  const NR = tileColumns(s.tile);
  const pixels = images * height * s.width;
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
    const aGroup = <usize>(z * s.aGroupBytes);
    const cGroup = <usize>(z * s.cGroupBytes);
    let segments = s.segments;
    for (let left = s.segmentCount; left > 0;) {
      const count = blockOfSegments(segments, left);
      const goOn = i32(left < s.segmentCount);
      for (let o = o0; o < o1; o += NR) {
        const panel = s.b + z * s.bGroupBytes + (o / NR) * s.panelBytes;
        const bias = s.bias ? at(s.bias, z * s.columns + o) : 0;
        for (let t = 0; t < tiles; t++) {
          rowsTile(
            s.tile,
            at(aList, t * MR),
            aGroup,
            at(cList, t * MR),
            at(cGroup, o),
            segments,
            count,
            panel,
            bias,
            goOn,
            spills && !(last && t + 1 == tiles) ? NR : s.columns - o,
            lists + LIST_BYTES,
          );
        }
      }
      segments += 12 * count;
      left -= count;
    }
  }
}

/** How many of the segments to sum before the sums are stored. */
function blockOfSegments(segments: usize, count: i32): i32 {
  let depth = load<i32>(segments, 8);
  let n = 1;
  for (; n < count; n++) {
    depth += load<i32>(segments + 12 * n, 8);
    if (depth > KC) break;
  }
  return n;
}

/** How many times sums are stored; 1 unless the product is deep. */
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
