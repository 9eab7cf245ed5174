// The weight gradient of a 3×3 convolution of stride 1 by the adjoint of F(4×4, 3×3), see winograd.ts:
//
//   dg = Gᵀ[Σ_tiles (Bᵀ d B) ⊙ (A dY Aᵀ)]G
//
// Few tiles and many channels: all tiles are transformed once (winogradTiles), then each strip of input channels has its 36
// products and its sums transformed back while they are in cache (winogradStrips).
// Otherwise tiles are taken in blocks, and the 36 products accumulated block by block in
// sums[group][36][channels][outChannels] (winogradSums): groups of blocks add up on their own, the same groups whoever
// computes them; winogradWeightBackward adds the groups up and transforms them back.

import { WinogradSums } from "../shapes";
import { at } from "../simd";
import { clearStrip, fillStrip, STAGGER, stripBytes } from "./winograd";
import {
  endOf,
  firstOf,
  gridOf,
  moveTo,
  Order,
  ORDER_BYTES,
  place,
  shortColumn,
  shortRow,
  startBlock,
} from "./order";
import { SUM_SCRATCH, sumTiles } from "./products";
import { transformGradientShort, transformInputShort } from "./short";
import { Tiles, TRANSFORM_SCRATCH, transformGradient, transformInput } from "./transforms";
import { winogradWeightBackward } from "./weights";

/** Two Tiles in scratch, then what sumTiles needs, an Order, and the scratch of the transforms. */
const TILES_BYTES: i32 = 112;
const LEAD_BYTES: i32 = TILES_BYTES + SUM_SCRATCH + <i32>ORDER_BYTES;
const OWN_BYTES: i32 = LEAD_BYTES + <i32>TRANSFORM_SCRATCH;

/** Bytes of scratch that one thread needs. */
export function winogradSumsScratch(shape: usize): i32 {
  const s = changetype<WinogradSums>(shape);
  const arrays = 36 * (s.blockTiles * (tileBytes(s.stripChannels) + tileBytes(s.outChannels)) + 2 * STAGGER);
  return arrays + stripsBytes(s) + OWN_BYTES;
}

/** Bytes of the strips of x and of dy. */
function stripsBytes(s: WinogradSums): i32 {
  const tilesWide = (s.outWidth + 3) >> 2;
  return stripBytes(6, tilesWide, s.channels) + stripBytes(4, tilesWide, s.outChannels);
}

/** The grid of tiles, in scratch. */
function orderIn(s: WinogradSums, scratch: usize): Order {
  const order = changetype<Order>(scratch + TILES_BYTES + SUM_SCRATCH);
  gridOf(order, s.outHeight, s.outWidth);
  return order;
}

/** Units of work: groups of blocks, times strips of input channels. */
export function winogradSumsUnits(shape: usize): i32 {
  const s = changetype<WinogradSums>(shape);
  return s.groups * ((s.channels + s.stripChannels - 1) / s.stripChannels);
}

/** sums[group][ξ][c][o] = Σ over the group's tiles of Bᵀ d B · A dY Aᵀ. Unit = group · strips + strip of channels. */
export function winogradSums(shape: usize, scratch: usize, begin: i32, end: i32): void {
  const s = changetype<WinogradSums>(shape);
  const order = orderIn(s, scratch);
  const tiles = s.images * order.tilesHigh * order.tilesWide;
  const blocks = (tiles + s.blockTiles - 1) / s.blockTiles;
  const strips = (s.channels + s.stripChannels - 1) / s.stripChannels;
  const own = scratch + TILES_BYTES;
  const transform = scratch + LEAD_BYTES;
  const xStrip = transform + TRANSFORM_SCRATCH;
  const dyStrip = xStrip + stripBytes(6, order.tilesWide, s.channels);
  const v = dyStrip + stripBytes(4, order.tilesWide, s.outChannels);
  const vStep = s.blockTiles * tileBytes(s.stripChannels) + STAGGER;
  const d = v + 36 * vStep;
  const dStep = s.blockTiles * tileBytes(s.outChannels) + STAGGER;
  const vPlaces = places(changetype<Tiles>(scratch), v, vStep, s.stripChannels);
  const dPlaces = places(changetype<Tiles>(scratch + 32), d, dStep, s.outChannels);
  clearStrip(xStrip, 6, order.tilesWide, s.width, s.channels, s.left);
  clearStrip(dyStrip, 4, order.tilesWide, s.outWidth, s.outChannels, 0);
  for (let unit = begin; unit < end; unit++) {
    const group = unit / strips;
    const c0 = (unit % strips) * s.stripChannels;
    const channels = min(s.stripChannels, s.channels - c0);
    const sums = s.sums + group * s.groupBytes + at(0, c0 * s.outChannels);
    const firstBlock = (group * blocks) / s.groups;
    const lastBlock = ((group + 1) * blocks) / s.groups;
    for (let block = firstBlock; block < lastBlock; block++) {
      const first = block * s.blockTiles;
      const count = min(s.blockTiles, tiles - first);
      startBlock(order, first, count);
      transformBlock(s, order, first, count, c0, channels, vPlaces, dPlaces, xStrip, dyStrip, transform);
      products(s, order, vPlaces, dPlaces, own, sums, s.sumStepBytes, channels, i32(block > firstBlock));
    }
  }
}

/** sums[ξ][i][o] (+)= Σ_t v[ξ][t][i] · d[ξ][t][o] over the block's tiles, for the first `channels` rows of v. */
function products(
  s: WinogradSums,
  order: Order,
  v: Tiles,
  d: Tiles,
  scratch: usize,
  sums: usize,
  sumStepBytes: i32,
  channels: i32,
  accumulate: i32,
): void {
  for (let p = 0, xi = 0; p < 6; p++) {
    for (let q = 0; q < 6; q++, xi++) {
      const first = firstOf(order, q);
      sumTiles(
        s.tile,
        v.base + <usize>(xi * v.stepBytes + first * v.panelBytes),
        v.panelBytes,
        d.base + <usize>(xi * d.stepBytes + first * d.panelBytes),
        d.panelBytes,
        endOf(order, p, q) - first,
        sums + <usize>(xi * sumStepBytes),
        accumulate,
        channels,
        s.outChannels,
        scratch,
      );
    }
  }
}

/** Scratch of one thread of winogradTiles. */
export function winogradTilesScratch(shape: usize): i32 {
  return stripsBytes(changetype<WinogradSums>(shape)) + OWN_BYTES;
}

/** Floats of all transformed tiles, of x and of dy. */
export function winogradTilesFloats(shape: usize): i32 {
  const s = changetype<WinogradSums>(shape);
  const tiles = tilesOf(s);
  return (36 * (tiles * (tileBytes(s.channels) + tileBytes(s.outChannels)) + 2 * STAGGER)) >> 2;
}

function tilesOf(s: WinogradSums): i32 {
  return s.images * ((s.outHeight + 3) >> 2) * ((s.outWidth + 3) >> 2);
}

function allPlaces(s: WinogradSums, p: usize, second: i32): Tiles {
  const tiles = tilesOf(s);
  const vStep = tiles * tileBytes(s.channels) + STAGGER;
  const dStep = tiles * tileBytes(s.outChannels) + STAGGER;
  if (second) return places(changetype<Tiles>(p), s.sums + 36 * vStep, dStep, s.outChannels);
  return places(changetype<Tiles>(p), s.sums, vStep, s.channels);
}

/** Transforms all tiles of x and dy to s.sums. Unit = row of tiles. */
export function winogradTiles(shape: usize, scratch: usize, begin: i32, end: i32): void {
  const s = changetype<WinogradSums>(shape);
  const v = allPlaces(s, scratch, 0);
  const d = allPlaces(s, scratch + 32, 1);
  const order = orderIn(s, scratch);
  startBlock(order, 0, tilesOf(s));
  const transform = scratch + LEAD_BYTES;
  const xStrip = transform + TRANSFORM_SCRATCH;
  const dyStrip = xStrip + stripBytes(6, order.tilesWide, s.channels);
  clearStrip(xStrip, 6, order.tilesWide, s.width, s.channels, s.left);
  clearStrip(dyStrip, 4, order.tilesWide, s.outWidth, s.outChannels, 0);
  for (let unit = begin; unit < end; unit++) {
    const first = unit * order.tilesWide;
    moveTo(order, first);
    transformBlock(s, order, first, order.tilesWide, 0, s.channels, v, d, xStrip, dyStrip, transform);
  }
}

/** Scratch of one thread of winogradStrips. */
export function winogradStripsScratch(shape: usize): i32 {
  const s = changetype<WinogradSums>(shape);
  return 36 * (((s.stripChannels * s.outChannels) << 2) + STAGGER) + OWN_BYTES;
}

/** dw, for strips of input channels, from the tiles that winogradTiles left. Unit = strip. */
export function winogradStrips(shape: usize, dw: usize, scratch: usize, begin: i32, end: i32): void {
  const s = changetype<WinogradSums>(shape);
  const v = allPlaces(s, scratch, 0);
  const d = allPlaces(s, scratch + 32, 1);
  const own = scratch + TILES_BYTES;
  const transform = scratch + LEAD_BYTES;
  const sums = transform + TRANSFORM_SCRATCH;
  const step = ((s.stripChannels * s.outChannels) << 2) + STAGGER;
  const order = orderIn(s, scratch);
  startBlock(order, 0, tilesOf(s));
  const all = v.base;
  for (let unit = begin; unit < end; unit++) {
    const c0 = unit * s.stripChannels;
    const channels = min(s.stripChannels, s.channels - c0);
    v.base = at(all, c0);
    products(s, order, v, d, own, sums, step, channels, 0);
    const pairs = channels * s.outChannels;
    const tapBytes = (s.channels * s.outChannels) << 2;
    winogradWeightBackward(sums, step, 1, 0, at(dw, c0 * s.outChannels), tapBytes, transform, 0, pairs >> 2);
  }
}

/** Bytes of a tile's channels; a line more where multiples of 256 bytes would fall on a few lines of L1. */
function tileBytes(channels: i32): i32 {
  return (channels << 2) + (channels >= 64 ? STAGGER : 0);
}

/** Tiles one after the other, each with its channels side by side. */
function places(p: Tiles, base: usize, stepBytes: i32, channels: i32): Tiles {
  p.base = base;
  p.stepBytes = stepBytes;
  p.rows = 1;
  p.panelBytes = tileBytes(channels);
  p.tileBytes = 0;
  p.quadBytes = 16;
  return p;
}

/** Transforms `count` tiles from number `first` on, channels c0 ≤ c < c0 + channels of x. */
function transformBlock(
  s: WinogradSums,
  order: Order,
  first: i32,
  count: i32,
  c0: i32,
  channels: i32,
  v: Tiles,
  d: Tiles,
  xStrip: usize,
  dyStrip: usize,
  transform: usize,
): void {
  const tilesHigh = order.tilesHigh;
  const tilesWide = order.tilesWide;
  const pixel = at(0, s.channels);
  const dyPixel = at(0, s.outChannels);
  const xRow = <usize>(4 * tilesWide + 2) * pixel;
  const dyRow = <usize>(4 * tilesWide + 2) * dyPixel;
  let j = first % tilesWide;
  let row = first / tilesWide;
  for (let t = 0; t < count; t++) {
    const i = row % tilesHigh;
    if (t == 0 || j == 0) {
      const n = row / tilesHigh;
      const x = at(s.x, n * s.height * s.width * s.channels);
      fillStrip(x, s.height, s.width, s.channels, 4 * i - s.top, 6, s.left, tilesWide, xStrip);
      const dy = at(s.dy, n * s.outHeight * s.outWidth * s.outChannels);
      fillStrip(dy, s.outHeight, s.outWidth, s.outChannels, 4 * i, 4, 0, tilesWide, dyStrip);
    }
    const rows = shortRow(order, i);
    const columns = shortColumn(order, j);
    const to = place(order, rows, columns);
    const xFrom = at(xStrip, c0) + 4 * j * pixel;
    const dyFrom = dyStrip + 4 * j * dyPixel;
    if (rows | columns) {
      transformInputShort(xFrom, xRow, pixel, channels, v, to, rows, columns, transform);
      transformGradientShort(dyFrom, dyRow, dyPixel, s.outChannels, d, to, rows, columns, transform);
    } else {
      transformInput(xFrom, xRow, pixel, channels, v, to, transform);
      transformGradient(dyFrom, dyRow, dyPixel, s.outChannels, d, to, transform);
    }
    if (++j == tilesWide) {
      j = 0;
      row++;
    }
  }
}
