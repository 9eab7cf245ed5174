// 3×3 convolution of stride 1 by Winograd's algorithm F(4×4, 3×3), see winograd.ts: 36 products for 4×4 outputs and a pair of
// channels instead of 144.

import type { Deferred, Storage } from "../core/storage.js";
import type { Tensor } from "../core/tensor.js";
import { runtime } from "../wasm/runtime.js";
import type { Conv } from "./conv-frame.js";
import { WithMoments, type Moments } from "./fusion.js";
import { withPacked } from "./packed.js";
import {
  blockOf,
  convolve,
  countOf,
  inputOf,
  isOf,
  outputOf,
  SMALL_WEIGHTS,
  stripOf,
  sumBlocks,
  sumStrips,
  transformOf,
  transformsOnTheWay,
  weightsOf,
  type Cut,
  type Images,
  type Tiles,
} from "./winograd.js";

const TAPS = 9;
/** Bytes of transformed tiles of the input that a block aims at: with those of the output, about L2. */
const BLOCK_BYTES = 384 * 1024;
/** The same for the weight gradient, whose sums go to memory and back for each block. */
const SUM_BLOCK_BYTES = 768 * 1024;
/** Channel pairs from which, and tiles up to which, the weight gradient goes strip by strip of channels. */
const STRIP_PAIRS = 128 * 128;
const STRIP_TILES = 128;
/** Bytes of a strip's sums. */
const STRIP_BYTES = 512 * 1024;
/** Fewest tiles of a block: each reads all transformed weights once. Many weights lie in L3 or beyond. */
const MIN_TILES = 48;
/** Output channels computed from a block at a time. */
const GROUP_CHANNELS = 256;
/** Time of the 4×8 tile over that of the 6×8 tile, for each row. */
const SMALL_TILE_COST = 1.06;
/** Fewest channels on either side for which the transforms pay. */
const MIN_CHANNELS = 4;
/**
 * Many weights on few pixels: transforming the weights costs more than it saves. Up to SMALL_WEIGHTS channel pairs it is
 * negligible either way. Measured on Zen 5, Node 20 and 24, 2026-11.
 */
const MIN_PIXELS = 48;
/** Floats of partial sums that the weight gradient's groups of blocks may take: then threads need not share transforms. */
const GROUP_FLOATS = 2 ** 20;
const MOST_GROUPS = 4;
/** Fewest channels of x that a thread sums alone. */
const LEAST_STRIP = 24;

/**
 * Whether the algorithm fits this convolution and is expected to be faster than the direct one. packed: transforming
 * the weights costs nothing, because they are kept, or not needed.
 */
export function winogradApplies(conv: Conv, packed = false): boolean {
  const { channels: c, outChannels: o } = conv;
  const pays =
    c >= MIN_CHANNELS &&
    o >= MIN_CHANNELS &&
    (packed || c * o <= SMALL_WEIGHTS || conv.images * conv.outHeight * conv.outWidth >= MIN_PIXELS);
  return runtime().winograd && isOf(conv, 3, 1) && pays;
}

/** Tiles of 4×4 outputs; the last ones may be cut. */
function tilesOver(rows: number, columns: number): Tiles {
  const [tilesHigh, tilesWide] = [Math.ceil(rows / 4), Math.ceil(columns / 4)];
  return { tilesHigh, tilesWide, fullHigh: Math.floor(rows / 4), fullWide: Math.floor(columns / 4) };
}

/** The runtime's register tile, or the next smaller one of the same width where so few tiles waste less of it. */
function tileFor(tiles: number): number {
  const { tile } = runtime();
  return tile === 1 && Math.ceil(tiles / 4) * 4 * SMALL_TILE_COST < Math.ceil(tiles / 6) * 6 ? 0 : tile;
}

function cutOf({ images, channels }: Images, tiles: Tiles): Cut {
  const count = countOf(images, tiles);
  const points = runtime().kernels.winogradPoints(3, 1);
  const blockTiles = blockOf(count, BLOCK_BYTES, points * channels, MIN_TILES);
  return { blockTiles, groupChannels: GROUP_CHANNELS, tile: tileFor(count) };
}

/** The convolution with weights that are transformed for this call alone. */
function convolveOnce(
  conv: Conv,
  images: Images,
  weights: ReturnType<typeof weightsOf>,
  bias: number,
  out: Parameters<typeof convolve>[4],
): void {
  const tiles = tilesOver(out.outHeight, out.outWidth);
  const cut = cutOf(images, tiles);
  if (transformsOnTheWay(conv, countOf(images.images, tiles))) {
    return convolve(images, tiles, weights, bias, out, cut);
  }
  const { bytes, fill } = transformOf(conv, weights);
  runtime().heap.scratch(bytes, "conv2d", (u) => {
    fill(u);
    convolve(images, tiles, { ...weights, u, w: 0 }, bias, out, cut);
  });
}

/** y = conv2d(x, weight) + bias with weights that stay; bias 0 for none. x, bias and y are byte addresses. */
export function winogradForward(conv: Conv, x: number, weight: Tensor, bias: number, y: number): void {
  const weights = weightsOf(conv, weight.ptr);
  const images = inputOf(conv, x);
  const tiles = tilesOver(conv.outHeight, conv.outWidth);
  const { bytes, fill } = transformOf(conv, weights);
  withPacked(weight, "winograd", bytes, fill, (u) => {
    convolve(images, tiles, { ...weights, u, w: 0 }, bias, outputOf(conv, y), cutOf(images, tiles));
  });
}

/** conv2d(x, weight) + bias, which batch normalisation may want the moments of. */
export class WinogradOutput extends WithMoments {
  readonly sources: readonly Storage[];
  readonly #conv: Conv;

  constructor(conv: Conv, x: Storage, weight: Storage, bias: Storage | undefined) {
    super();
    this.#conv = conv;
    this.sources = bias ? [x, weight, bias] : [x, weight];
  }

  get channels(): number {
    return this.#conv.outChannels;
  }

  write(y: number, moments?: Moments): void {
    const [x, weight, bias] = this.sources as [Storage, Storage, Storage?];
    const conv = this.#conv;
    const out = { ...outputOf(conv, y), moments };
    convolveOnce(conv, inputOf(conv, x.address), weightsOf(conv, weight.address), bias?.address ?? 0, out);
  }
}

/** The gradient with respect to x of conv2d(x, weight), given dy: added to another where two meet. */
export class WinogradDataGradient implements Deferred {
  readonly sources: readonly [dy: Storage, weight: Storage];
  readonly #conv: Conv;

  constructor(conv: Conv, dy: Storage, weight: Storage) {
    this.#conv = conv;
    this.sources = [dy, weight];
  }

  write(address: number): void {
    this.#run(address, false);
  }

  add(address: number): void {
    this.#run(address, true);
  }

  #run(y: number, adds: boolean): void {
    const conv = this.#conv;
    const { images, height, width, channels, outHeight, outWidth, outChannels } = conv;
    const [dy, weight] = this.sources;
    const size = { images, height: outHeight, width: outWidth, channels: outChannels };
    const from = { x: dy.address, ...size, top: 2 - conv.paddingTop, left: 2 - conv.paddingLeft };
    const out = { y, adds, outHeight: height, outWidth: width, outTop: 0, outLeft: 0, outChannels: channels };
    convolveOnce(conv, from, weightsOf(conv, weight.address, true), 0, out);
  }
}

/** dw = the gradient with respect to weight of conv2d(x, weight), given dy. */
export function winogradBackwardWeight(conv: Conv, x: number, dy: number, dw: number): void {
  const { kernels, heap } = runtime();
  const { channels, outChannels } = conv;
  const pairs = channels * outChannels;
  const tiles = tilesOver(conv.outHeight, conv.outWidth);
  const count = countOf(conv.images, tiles);
  if (count === 0) {
    heap.f32(dw, TAPS * pairs).fill(0);
  } else if (pairs >= STRIP_PAIRS && count <= STRIP_TILES) {
    const stripChannels = Math.min(channels, stripOf(conv, STRIP_BYTES));
    sumStrips(conv, x, dy, dw, tiles, { rowsAtATime: conv.images * tiles.tilesHigh, stripChannels });
  } else {
    const points = kernels.winogradPoints(3, 1);
    const least = pairs >= 256 * 256 ? 24 : 48;
    const blockTiles = blockOf(count, SUM_BLOCK_BYTES, points * (channels + outChannels), least);
    // Groups of blocks by shape alone: they decide the order of the sums.
    const most = Math.min(MOST_GROUPS, Math.floor(GROUP_FLOATS / (points * pairs)));
    const groups = Math.max(1, Math.min(most, Math.ceil(count / blockTiles)));
    sumBlocks(conv, x, dy, dw, tiles, { blockTiles, groups, leastChannels: LEAST_STRIP });
  }
}
