// Winograd's minimal filtering F(4×4, 3×3) for 3×3 convolutions of stride 1: a tile of 4×4 outputs costs 36 products for
// each pair of channels instead of 144. Lavin and Gray, Fast Algorithms for Convolutional Neural Networks (2015),
// arXiv 1509.09308.
//
//   Y = Aᵀ[(G g Gᵀ) ⊙ (Bᵀ d B)]A
//
// Index ξ = 6·row + column of a transformed tile. A block of tiles is transformed into v[36][panel][channels / 4][MR][4],
// multiplied by the weights u[36][columns / NR][channels][NR] into m[36][columns / NR][panel][MR][NR], and transformed
// back, so that v and m stay in L2. Channels are multiples of 4.
//
// The weights come transformed (u), or as they are (taps, packed alike) where all tiles are one block: then each panel of
// columns is transformed when its turn comes and used from cache. In memory u is four times as large as the weights.

import { WinogradConv } from "./shapes";
import { at } from "./simd";
import { tileColumns, tileRows } from "./tile";
import {
  Outputs,
  Tiles,
  TRANSFORM_SCRATCH,
  transformInput,
  transformOutput,
  winogradWeight,
} from "./winograd-transforms";
import { quadsTile } from "./winograd-tile";

/** Bytes between the 36 arrays beyond their size: without them all 36 fall on the same lines of L1. */
export const STAGGER: i32 = 64;

/** Bytes of a frame of six (or four) rows of zero-padded pixels. */
export function stripBytes(rows: i32, tilesWide: i32, channels: i32): i32 {
  return (rows * (4 * tilesWide + 2) * channels) << 2;
}

/** Zeros the columns of a strip that lie outside the image; they stay zero while rows come and go. */
export function clearStrip(
  strip: usize,
  rows: i32,
  tilesWide: i32,
  width: i32,
  channels: i32,
  left: i32,
): void {
  const stripWidth = 4 * tilesWide + 2;
  const inside = min(width, stripWidth - left);
  for (let r = 0; r < rows; r++) {
    const row = at(strip, r * stripWidth * channels);
    memory.fill(row, 0, at(0, left * channels));
    memory.fill(at(row, (left + inside) * channels), 0, at(0, (stripWidth - left - inside) * channels));
  }
}

/** Copies rows first ≤ h < first + rows of an image to a strip, zeros where there is none. */
export function fillStrip(
  x: usize,
  height: i32,
  width: i32,
  channels: i32,
  first: i32,
  rows: i32,
  left: i32,
  tilesWide: i32,
  strip: usize,
): void {
  const stripWidth = 4 * tilesWide + 2;
  const inside = min(width, stripWidth - left);
  const bytes = at(0, inside * channels);
  let to = at(strip, left * channels);
  for (let h = first; h < first + rows; h++) {
    if (h < 0 || h >= height) memory.fill(to, 0, bytes);
    else memory.copy(to, at(x, h * width * channels), bytes);
    to = at(to, stripWidth * channels);
  }
}

/** Bytes of scratch that one thread needs. */
export function winogradConvScratch(shape: usize): i32 {
  const s = changetype<WinogradConv>(shape);
  const columns = s.groupPanels * tileColumns(s.tile);
  const arrays = 36 * (((s.blockTiles * (s.channels + columns)) << 2) + 2 * STAGGER);
  const strips = stripBytes(6, s.tilesWide, s.channels) + stripBytes(4, s.tilesWide, columns);
  const local = s.taps ? 36 * (((s.channels * tileColumns(s.tile)) << 2) + STAGGER) : 0;
  return arrays + strips + local + <i32>TRANSFORM_SCRATCH + 64;
}

/** Units of work: blocks of tiles, times groups of columns. */
export function winogradConvUnits(shape: usize): i32 {
  const s = changetype<WinogradConv>(shape);
  const tiles = s.images * s.tilesHigh * s.tilesWide;
  return ((tiles + s.blockTiles - 1) / s.blockTiles) * columnGroups(s);
}

function columnGroups(s: WinogradConv): i32 {
  const NR = tileColumns(s.tile);
  const panels = (s.outChannels + NR - 1) / NR;
  return (panels + s.groupPanels - 1) / s.groupPanels;
}

/** y = conv(x, weights) + bias, with the transformed weights at u. Unit = block · groups + group of columns. */
export function winogradConv(shape: usize, scratch: usize, begin: i32, end: i32): void {
  const s = changetype<WinogradConv>(shape);
  const MR = tileRows(s.tile);
  const NR = tileColumns(s.tile);
  const groups = columnGroups(s);
  const tiles = s.images * s.tilesHigh * s.tilesWide;
  const places = changetype<Tiles>(scratch);
  const outputs = changetype<Outputs>(scratch + 32);
  const transform = scratch + 64;
  const strip = transform + TRANSFORM_SCRATCH;
  const outStrip = strip + stripBytes(6, s.tilesWide, s.channels);
  const v = outStrip + stripBytes(4, s.tilesWide, s.groupPanels * NR);
  const vStep = ((s.blockTiles * s.channels) << 2) + STAGGER;
  const m = v + 36 * vStep;
  const mStep = ((s.blockTiles * s.groupPanels * NR) << 2) + STAGGER;
  places.base = v;
  places.stepBytes = vStep;
  places.rows = MR;
  places.panelBytes = (MR * s.channels) << 2;
  places.tileBytes = 16;
  places.quadBytes = MR << 4;
  const local = m + 36 * mStep;
  const localStep = ((s.channels * NR) << 2) + STAGGER;
  outputs.stepBytes = mStep;
  outputs.panelChannels = NR;
  clearStrip(strip, 6, s.tilesWide, s.width, s.channels, s.left);
  let transformed = -1;
  for (let unit = begin; unit < end; unit++) {
    const block = unit / groups;
    const first = block * s.blockTiles;
    const count = min(s.blockTiles, tiles - first);
    if (block != transformed) {
      inputBlock(s, first, count, places, strip, transform);
      transformed = block;
    }
    const panels = (count + MR - 1) / MR;
    const o0 = (unit % groups) * s.groupPanels;
    const o1 = min(o0 + s.groupPanels, (s.outChannels + NR - 1) / NR);
    if (s.taps) {
      for (let o = o0; o < o1; o++) {
        const from = s.taps + ((o * s.channels * NR) << 2);
        winogradWeight(from, s.uStepBytes, s.flipped, local, localStep, transform, 0, (s.channels * NR) >> 2);
        multiply(s, v, vStep, local, localStep, m, mStep, panels, 1, o - o0);
      }
    } else {
      const u = s.u + ((o0 * s.channels * NR) << 2);
      multiply(s, v, vStep, u, s.uStepBytes, m, mStep, panels, o1 - o0, 0);
    }
    outputs.panelBytes = (panels * MR * NR) << 2;
    outputBlock(s, first, count, o0, o1, m, outputs, outStrip, transform);
  }
}

/** m[ξ][o] = v[ξ]·u[ξ][o] for `columns` panels of columns, the first of which is number `to` of m. */
function multiply(
  s: WinogradConv,
  v: usize,
  vStep: i32,
  u: usize,
  uStep: i32,
  m: usize,
  mStep: i32,
  panels: i32,
  columns: i32,
  to: i32,
): void {
  const NR = tileColumns(s.tile);
  const cBytes = (panels * tileRows(s.tile) * NR) << 2;
  const uBytes = (s.channels * NR) << 2;
  for (let xi = 0; xi < 36; xi++) {
    let from = u + xi * uStep;
    let c = m + xi * mStep + to * cBytes;
    for (let o = 0; o < columns; o++) {
      quadsTile(s.tile, v + xi * vStep, panels, s.channels >> 2, from, c);
      from += uBytes;
      c += cBytes;
    }
  }
}

function inputBlock(
  s: WinogradConv,
  first: i32,
  count: i32,
  places: Tiles,
  strip: usize,
  transform: usize,
): void {
  const pixel = at(0, s.channels);
  const rowBytes = <usize>(4 * s.tilesWide + 2) * pixel;
  let j = first % s.tilesWide;
  let row = first / s.tilesWide;
  for (let t = 0; t < count; t++) {
    if (t == 0 || j == 0) {
      const image = at(s.x, (row / s.tilesHigh) * s.height * s.width * s.channels);
      fillStrip(
        image,
        s.height,
        s.width,
        s.channels,
        4 * (row % s.tilesHigh) - s.top,
        6,
        s.left,
        s.tilesWide,
        strip,
      );
    }
    transformInput(strip + 4 * j * pixel, rowBytes, pixel, s.channels, places, t, transform);
    if (++j == s.tilesWide) {
      j = 0;
      row++;
    }
  }
}

/**
 * Transforms the block's products of columns o0 ≤ o < o1 back. Rows of tiles are put together in a strip and copied to
 * y whole: lines of y that come and go one vector at a time cost more than the transform where y is out of cache.
 */
function outputBlock(
  s: WinogradConv,
  first: i32,
  count: i32,
  o0: i32,
  o1: i32,
  m: usize,
  outputs: Outputs,
  strip: usize,
  transform: usize,
): void {
  const NR = tileColumns(s.tile);
  const c0 = o0 * NR;
  const channels = min(s.outChannels, o1 * NR) - c0;
  const pixel = at(0, channels);
  const bias = s.bias ? at(s.bias, c0) : 0;
  outputs.pixelBytes = channels << 2;
  outputs.rowBytes = (4 * s.tilesWide * channels) << 2;
  let row = first / s.tilesWide;
  let j = first % s.tilesWide;
  for (let t = 0; t < count;) {
    const i = 4 * (row % s.tilesHigh);
    const rows = min(4, s.outHeight - i);
    const end = min(s.tilesWide, j + count - t);
    for (let k = j; k < end; k++, t++) {
      transformOutput(outputs, at(m, t * NR), channels, bias, strip + 4 * k * pixel, transform);
    }
    const width = min(4 * end, s.outWidth) - 4 * j;
    let from = strip + 4 * j * pixel;
    const corner = ((row / s.tilesHigh) * s.outHeight + i) * s.outWidth + 4 * j;
    let to = at(s.y, corner * s.outChannels + c0);
    for (let h = 0; h < rows; h++) {
      copyPixels(from, to, width, channels, s.outChannels);
      from += outputs.rowBytes;
      to = at(to, s.outWidth * s.outChannels);
    }
    j = 0;
    row++;
  }
}

/** Copies `width` pixels of `channels` values to pixels of toChannels. */
function copyPixels(from: usize, to: usize, width: i32, channels: i32, toChannels: i32): void {
  if (channels == toChannels) {
    memory.copy(to, from, at(0, width * channels));
    return;
  }
  for (let j = 0; j < width; j++) {
    for (let c = 0; c < channels; c += 4) v128.store(at(to, c), v128.load(at(from, c)));
    from = at(from, channels);
    to = at(to, toChannels);
  }
}
