// Winograd's minimal filtering F(4×4, 3×3) for 3×3 convolutions of stride 1: a tile of 4×4 outputs costs 36 products for
// each pair of channels instead of 144. Lavin and Gray, Fast Algorithms for Convolutional Neural Networks (2015),
// arXiv 1509.09308.
//
//   Y = Aᵀ[(G g Gᵀ) ⊙ (Bᵀ d B)]A
//
// Index ξ = 6·row + column of a transformed tile. A block of tiles is transformed into v[panel][36][channels / 4][MR][4],
// multiplied by the weights u[36][columns / NR][channels][NR] into m[36][columns / NR][panel][MR][NR], and transformed
// back, so that v and m stay in L2. Channels are multiples of 4.
//
// The weights come transformed (u), or as they are (w) where all tiles are one block: then each panel of columns is
// transformed when its turn comes and used from cache, so many channels at a time that they and those of v stay in L2. In
// memory u is four times as large as the weights.
//
// At the edge of an image tiles may be short (winograd/order.ts).

import { WinogradConv } from "../shapes";
import { at, madd } from "../simd";
import { tileColumns, tileRows } from "../tile/tile";
import {
  endOf,
  firstOf,
  gridOf,
  Order,
  ORDER_BYTES,
  place,
  placeAhead,
  shortColumn,
  shortRow,
  startBlock,
} from "./order";
import { transformInputShort, transformOutputShort } from "./short";
import { Outputs, Tiles, TRANSFORM_SCRATCH, transformInput, transformOutput } from "./transforms";
import { quadsTile } from "../tile/generated/quads";
import { transformWeights, winogradWeightsScratch } from "./weights";

/** Channels of v and of the weights that are multiplied at a time where the weights are transformed on the way. */
const DEPTH: i32 = 128;
/** Channels transformed at a time. */
const CHUNK: i32 = 32;
/** Scratch before that of the transforms: Tiles, Outputs, Order. */
const LEAD: usize = 64 + ORDER_BYTES;

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
  const NR = tileColumns(s.tile);
  const columns = s.groupPanels * NR;
  const panels = s.blockTiles / tileRows(s.tile);
  const arrays = 36 * (((s.blockTiles * (s.channels + columns)) << 2) + (panels + 1) * STAGGER);
  const tilesWide = (s.outWidth + 3) >> 2;
  const strips = stripBytes(6, tilesWide, s.channels) + stripBytes(4, tilesWide, columns);
  const local = s.w ? 36 * (((DEPTH * NR) << 2) + STAGGER) + winogradWeightsScratch(NR) : 0;
  return arrays + strips + local + <i32>(LEAD + TRANSFORM_SCRATCH);
}

/** Units of work: blocks of tiles, times groups of columns. */
export function winogradConvUnits(shape: usize): i32 {
  const s = changetype<WinogradConv>(shape);
  return ((tilesOf(s) + s.blockTiles - 1) / s.blockTiles) * columnGroups(s);
}

function tilesOf(s: WinogradConv): i32 {
  return s.images * ((s.outHeight + 3) >> 2) * ((s.outWidth + 3) >> 2);
}

function columnGroups(s: WinogradConv): i32 {
  const NR = tileColumns(s.tile);
  const panels = (s.outChannels + NR - 1) / NR;
  return (panels + s.groupPanels - 1) / s.groupPanels;
}

/** y = conv(x, weights) + bias, or that added to y. Unit = block · groups + group of columns. */
export function winogradConv(shape: usize, scratch: usize, begin: i32, end: i32): void {
  const s = changetype<WinogradConv>(shape);
  const MR = tileRows(s.tile);
  const NR = tileColumns(s.tile);
  const groups = columnGroups(s);
  const tiles = tilesOf(s);
  const places = changetype<Tiles>(scratch);
  const outputs = changetype<Outputs>(scratch + 32);
  const order = changetype<Order>(scratch + 64);
  gridOf(order, s.outHeight, s.outWidth);
  const transform = scratch + LEAD;
  const strip = transform + TRANSFORM_SCRATCH;
  const outStrip = strip + stripBytes(6, order.tilesWide, s.channels);
  const v = outStrip + stripBytes(4, order.tilesWide, s.groupPanels * NR);
  const vStep = ((MR * s.channels) << 2) + STAGGER;
  const m = v + (s.blockTiles / MR) * 36 * vStep;
  const mStep = ((s.blockTiles * s.groupPanels * NR) << 2) + STAGGER;
  places.base = v;
  places.stepBytes = vStep;
  places.rows = MR;
  places.panelBytes = 36 * vStep;
  places.tileBytes = 16;
  places.quadBytes = MR << 4;
  const local = m + 36 * mStep;
  const localStep = ((DEPTH * NR) << 2) + STAGGER;
  const weights = local + 36 * localStep;
  outputs.stepBytes = mStep;
  outputs.panelChannels = NR;
  clearStrip(strip, 6, order.tilesWide, s.width, s.channels, s.left);
  let transformed = -1;
  for (let unit = begin; unit < end; unit++) {
    const block = unit / groups;
    const first = block * s.blockTiles;
    const count = min(s.blockTiles, tiles - first);
    if (block != transformed) {
      startBlock(order, first, count);
      inputBlock(s, order, first, count, places, strip, transform);
      transformed = block;
    }
    const o0 = (unit % groups) * s.groupPanels;
    const o1 = min(o0 + s.groupPanels, (s.outChannels + NR - 1) / NR);
    outputs.panelBytes = ((order.end + MR - 1) / MR) * ((MR * NR) << 2);
    if (s.w) {
      for (let k = 0; k < s.channels; k += DEPTH) {
        const depth = min(DEPTH, s.channels - k);
        for (let o = o0; o < o1; o++) {
          transformWeights(
            at(s.w, k * s.wRow + o * NR * s.wColumn),
            s.wRow,
            s.wColumn,
            s.tapBytes,
            s.flipped,
            depth,
            min(NR, s.outChannels - o * NR),
            NR,
            local,
            localStep,
            weights,
          );
          const c = m + (o - o0) * outputs.panelBytes;
          multiply(s, order, v + ((k * MR) << 2), vStep, depth, local, localStep, c, outputs, 1, i32(k > 0));
        }
      }
    } else {
      const u = s.u + ((o0 * s.channels * NR) << 2);
      multiply(s, order, v, vStep, s.channels, u, s.uStepBytes, m, outputs, o1 - o0, 0);
    }
    startBlock(order, first, count);
    outputBlock(s, order, first, count, o0, o1, m, outputs, outStrip, transform);
  }
}

/** c[ξ][o] (+)= v[ξ]·u[ξ][o] over `depth` channels, for `columns` panels of columns. */
function multiply(
  s: WinogradConv,
  order: Order,
  v: usize,
  vStep: i32,
  depth: i32,
  u: usize,
  uStep: i32,
  c: usize,
  outputs: Outputs,
  columns: i32,
  accumulate: i32,
): void {
  const MR = tileRows(s.tile);
  const NR = tileColumns(s.tile);
  const panelBytes = 36 * vStep;
  const aSkip = panelBytes - ((depth * MR) << 2);
  for (let p = 0; p < 6; p++) {
    for (let q = 0; q < 6; q++) {
      const first = firstOf(order, q) / MR;
      const panels = (endOf(order, p, q) + MR - 1) / MR - first;
      const a = v + <usize>(first * panelBytes);
      let from = u;
      let to = c + <usize>((first * MR * NR) << 2);
      for (let o = 0; o < columns; o++) {
        quadsTile(s.tile, a, aSkip, panels, depth >> 2, from, to, accumulate);
        from += (depth * NR) << 2;
        to += outputs.panelBytes;
      }
      v += vStep;
      u += uStep;
      c += outputs.stepBytes;
    }
  }
}

/**
 * Transforms the block's tiles. A row of tiles goes CHUNK channels at a time: a vector fills a quarter of a line of v, and
 * the tiles of a panel, which fill the rest, come while it is in L1.
 */
function inputBlock(
  s: WinogradConv,
  order: Order,
  first: i32,
  count: i32,
  places: Tiles,
  strip: usize,
  transform: usize,
): void {
  const tilesHigh = order.tilesHigh;
  const tilesWide = order.tilesWide;
  const pixel = at(0, s.channels);
  const rowBytes = <usize>(4 * tilesWide + 2) * pixel;
  const base = places.base;
  let row = first / tilesWide;
  let j = first % tilesWide;
  for (let t = 0; t < count;) {
    const i = row % tilesHigh;
    const image = at(s.x, (row / tilesHigh) * s.height * s.width * s.channels);
    fillStrip(image, s.height, s.width, s.channels, 4 * i - s.top, 6, s.left, tilesWide, strip);
    const rows = shortRow(order, i);
    const end = min(tilesWide, j + count - t);
    for (let c = 0; c < s.channels; c += CHUNK) {
      const channels = min(CHUNK, s.channels - c);
      places.base = base + <usize>((c * places.rows) << 2);
      for (let k = j; k < end; k++) {
        const columns = shortColumn(order, k);
        const to = placeAhead(order, rows, columns, k - j);
        const from = at(strip, c) + 4 * k * pixel;
        if (rows | columns) {
          transformInputShort(from, rowBytes, pixel, channels, places, to, rows, columns, transform);
        } else {
          transformInput(from, rowBytes, pixel, channels, places, to, transform);
        }
      }
    }
    for (let k = j; k < end; k++) place(order, rows, shortColumn(order, k));
    t += end - j;
    j = 0;
    row++;
  }
  places.base = base;
}

/**
 * Transforms the block's products of columns o0 ≤ o < o1 back. Rows of tiles are put together in a strip and copied to
 * y whole: lines of y that come and go one vector at a time cost more than the transform where y is out of cache.
 */
function outputBlock(
  s: WinogradConv,
  order: Order,
  first: i32,
  count: i32,
  o0: i32,
  o1: i32,
  m: usize,
  outputs: Outputs,
  strip: usize,
  transform: usize,
): void {
  const tilesHigh = order.tilesHigh;
  const tilesWide = order.tilesWide;
  const NR = tileColumns(s.tile);
  const c0 = o0 * NR;
  const channels = min(s.outChannels, o1 * NR) - c0;
  const pixel = at(0, channels);
  const bias = s.bias ? at(s.bias, c0) : 0;
  const sums = s.moments ? at(s.moments, (first / s.blockTiles) * 2 * s.outChannels + c0) : 0;
  const squares = at(sums, s.outChannels);
  if (sums) {
    memory.fill(sums, 0, pixel);
    memory.fill(squares, 0, pixel);
  }
  outputs.pixelBytes = channels << 2;
  outputs.rowBytes = (4 * tilesWide * channels) << 2;
  let row = first / tilesWide;
  let j = first % tilesWide;
  for (let t = 0; t < count;) {
    const i = row % tilesHigh;
    const rows = shortRow(order, i);
    const end = min(tilesWide, j + count - t);
    for (let k = j; k < end; k++, t++) {
      const columns = shortColumn(order, k);
      const from = at(m, place(order, rows, columns) * NR);
      const to = strip + 4 * k * pixel;
      if (rows | columns) {
        transformOutputShort(outputs, from, channels, bias, to, rows, columns, transform);
      } else {
        transformOutput(outputs, from, channels, bias, to, transform);
      }
      if (sums) {
        const high = min(4, s.outHeight - 4 * i);
        const wide = min(4, s.outWidth - 4 * k);
        addMoments(to, outputs.rowBytes, high, wide, channels, at(s.pivot, c0), sums, squares);
      }
    }
    const width = min(4 * end, s.outWidth) - 4 * j;
    let from = strip + 4 * j * pixel;
    const corner = ((row / tilesHigh) * s.outHeight + 4 * i) * s.outWidth + 4 * j;
    let to = at(s.y, corner * s.outChannels + c0);
    for (let h = 0; h < min(4, s.outHeight - 4 * i); h++) {
      if (s.adds) addPixels(from, to, width, channels, s.outChannels);
      else copyPixels(from, to, width, channels, s.outChannels);
      from += outputs.rowBytes;
      to = at(to, s.outWidth * s.outChannels);
    }
    j = 0;
    row++;
  }
}

/** Adds v − pivot and its square, for the rows × columns pixels v of a tile, to the sums of each channel. */
function addMoments(
  tile: usize,
  rowBytes: usize,
  rows: i32,
  columns: i32,
  channels: i32,
  pivot: usize,
  sums: usize,
  squares: usize,
): void {
  for (let c = 0; c < channels; c += 4) {
    const p = v128.load(at(pivot, c));
    let s = v128.load(at(sums, c));
    let q = v128.load(at(squares, c));
    let row = at(tile, c);
    for (let h = 0; h < rows; h++) {
      let from = row;
      for (let k = 0; k < columns; k++) {
        const d = f32x4.sub(v128.load(from), p);
        s = f32x4.add(s, d);
        q = madd(d, d, q);
        from = at(from, channels);
      }
      row += rowBytes;
    }
    v128.store(at(sums, c), s);
    v128.store(at(squares, c), q);
  }
}

/** Copies `width` pixels of `channels` values to pixels of toChannels. */
export function copyPixels(from: usize, to: usize, width: i32, channels: i32, toChannels: i32): void {
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

/** Adds `width` pixels of `channels` values to pixels of toChannels. */
function addPixels(from: usize, to: usize, width: i32, channels: i32, toChannels: i32): void {
  for (let j = 0; j < width; j++) {
    for (let c = 0; c < channels; c += 4) {
      v128.store(at(to, c), f32x4.add(v128.load(at(to, c)), v128.load(at(from, c))));
    }
    from = at(from, channels);
    to = at(to, toChannels);
  }
}
