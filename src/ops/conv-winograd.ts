// 3×3 convolution of stride 1 by Winograd's algorithm (kernels/winograd/winograd.ts): transform tiles of the input and the
// weights, multiply in 36 independent matrix products, transform back.
//
//   forward          tiles of x, weights
//   data gradient    tiles of dy, weights turned by 180° with the channels' roles swapped
//   weight gradient  tiles of x and of dy, products summed over all tiles

import type { Deferred, Storage } from "../core/storage.js";
import type { Tensor } from "../core/tensor.js";
import { parallelScratch, shares } from "../wasm/parallel.js";
import { runtime } from "../wasm/runtime.js";
import { structWords, type Struct } from "../wasm/abi.js";
import type { Conv } from "./conv-frame.js";
import { WithMoments, type Moments } from "./fusion.js";
import { withPacked } from "./packed.js";

/** Values of a transformed 6×6 tile. */
const POINTS = 36;
const TAPS = 9;
/** Bytes that the transform of a weight gradient needs for its own. */
const SCRATCH = 640;
/** Bytes between the 36 arrays beyond their size: without them all 36 fall on the same lines of L1. */
const STAGGER = 64;
/** Bytes of transformed tiles of the input that a block aims at: with those of the output, about L2. */
const BLOCK_BYTES = 384 * 1024;
/** The same for the weight gradient, whose sums go to memory and back for each block. */
const SUM_BLOCK_BYTES = 768 * 1024;
/** Channel pairs from which, and tiles up to which, the weight gradient goes strip by strip of channels. */
const STRIP_PAIRS = 128 * 128;
const STRIP_TILES = 128;
/** Bytes of a strip's sums. */
const STRIP_BYTES = 512 * 1024;
/** Tiles of a block are whole register tiles: all heights divide this. */
const TILES = 12;
/** Fewest tiles of a block: each reads all transformed weights once. Many weights lie in L3 or beyond. */
const MIN_TILES = 48;
/** Output channels computed from a block at a time. */
const GROUP_CHANNELS = 256;
/** Tiles that are one block where weights are many; then these are transformed panel by panel, on the way. */
const ONE_BLOCK = 48;
/** Time of the 4×8 tile over that of the 6×8 tile, for each row. */
const SMALL_TILE_COST = 1.06;
/** Fewest channels on either side for which the transforms pay. */
const MIN_CHANNELS = 4;
/**
 * Many weights on few pixels: transforming the weights costs more than it saves. Up to SMALL_WEIGHTS channel pairs it is
 * negligible either way. Measured on Zen 5, Node 20 and 24, 2026-11.
 */
const SMALL_WEIGHTS = 64 * 64;
const MIN_PIXELS = 48;
/** Floats of partial sums that the weight gradient's groups of blocks may take: then threads need not share transforms. */
const GROUP_FLOATS = 2 ** 20;
const MOST_GROUPS = 4;

/**
 * Whether the algorithm fits this convolution and is expected to be faster than the direct one. packed: transforming
 * the weights costs nothing, because they are kept, or not needed.
 */
export function winogradApplies(conv: Conv, packed = false): boolean {
  const { channels: c, outChannels: o } = conv;
  const fits =
    conv.kernelHeight === 3 &&
    conv.kernelWidth === 3 &&
    conv.strideHeight === 1 &&
    conv.strideWidth === 1 &&
    conv.dilationHeight === 1 &&
    conv.dilationWidth === 1 &&
    conv.paddingTop <= 2 &&
    conv.paddingLeft <= 2 &&
    conv.groups === 1 &&
    c % 4 === 0 &&
    o % 4 === 0;
  const pays =
    c >= MIN_CHANNELS &&
    o >= MIN_CHANNELS &&
    (packed || c * o <= SMALL_WEIGHTS || conv.images * conv.outHeight * conv.outWidth >= MIN_PIXELS);
  return runtime().winograd && fits && pays;
}

/** Tiles of a block whose `channels` make so many bytes. */
function tilesOfBlock(tiles: number, channels: number, least: number, bytes = BLOCK_BYTES): number {
  const fitting = bytes / (POINTS * channels * 4);
  const most = Math.max(least, Math.floor(fitting / TILES) * TILES);
  return Math.min(most, Math.ceil(tiles / TILES) * TILES);
}

/** A stack of images, its layout and where a convolution's window starts on it. */
interface Images {
  x: number;
  images: number;
  height: number;
  width: number;
  channels: number;
  /** Zeros before the first row and column. */
  top: number;
  left: number;
}

interface Output {
  y: number;
  /** Whether to add to y. */
  adds?: boolean;
  moments?: Moments | undefined;
  outHeight: number;
  outWidth: number;
  outChannels: number;
}

/** The runtime's register tile, or the next smaller one of the same width where so few tiles waste less of it. */
function tileFor(tiles: number): number {
  const { tile } = runtime();
  return tile === 1 && Math.ceil(tiles / 4) * 4 * SMALL_TILE_COST < Math.ceil(tiles / 6) * 6 ? 0 : tile;
}

/** Weights transformed (u), or as they are (w): element (k, j) of tap t at w + 4·(k·wRow + j·wColumn) + t·tapBytes. */
type Weights = Pick<Struct<"WinogradConv">, "u" | "w" | "wRow" | "wColumn" | "tapBytes" | "flipped">;

/** The weights as they lie, for the forward pass or, turned by 180° and channels swapped, for the data gradient. */
function untransformed({ channels, outChannels }: Conv, weight: number, flipped: boolean): Weights {
  const [wRow, wColumn] = flipped ? [1, outChannels] : [outChannels, 1];
  return { u: 0, w: weight, wRow, wColumn, tapBytes: channels * outChannels * 4, flipped: flipped ? 1 : 0 };
}

/** Tiles of the forward pass of images into an output. */
function tilesOf(images: number, { outHeight, outWidth }: { outHeight: number; outWidth: number }): number {
  return images * Math.ceil(outHeight / 4) * Math.ceil(outWidth / 4);
}

/** y = the 3×3 convolution of the images with the weights. */
function convolve(images: Images, weights: Weights, bias: number, out: Output): void {
  const { kernels, heap } = runtime();
  const { channels } = images;
  const { outChannels } = out;
  const tiles = tilesOf(images.images, out);
  if (tiles === 0) return;
  const tile = tileFor(tiles);
  const NR = kernels.tileColumns(tile);
  const panels = Math.ceil(outChannels / NR);
  const many = weights.w !== 0 || channels * outChannels > 256 * 256;
  const most = tilesOfBlock(tiles, channels, many ? ONE_BLOCK : MIN_TILES);
  // More groups of columns where blocks are too few to go round the threads.
  const groups = Math.max(
    Math.ceil(outChannels / GROUP_CHANNELS),
    Math.min(panels, Math.ceil(shares() / Math.ceil(tiles / most))),
  );
  const { moments, adds, ...target } = out;
  const run = (partials: number): void => {
    const fields = {
      ...images,
      ...target,
      ...weights,
      adds: adds ? 1 : 0,
      moments: partials,
      pivot: moments?.pivot ?? 0,
      uStepBytes: panelStep(channels, outChannels, NR),
      bias,
      blockTiles: most,
      groupPanels: Math.ceil(panels / groups),
      tile,
    };
    heap.words(structWords("WinogradConv", fields), "conv2d", (shape) => {
      const bytes = kernels.winogradConvScratch(shape);
      parallelScratch("winogradConv", kernels.winogradConvUnits(shape), 1, bytes, shape);
    });
  };
  if (!moments) return run(0);
  const blocks = Math.ceil(tiles / most);
  heap.scratch(blocks * 2 * outChannels * 4, "conv2d", (partials) => {
    run(partials);
    moments.use(partials, blocks);
  });
}

/** Bytes from one of the 36 arrays of packed k × columns weights to the next. */
function panelStep(k: number, columns: number, NR: number): number {
  return Math.ceil(columns / NR) * k * NR * 4 + STAGGER;
}

/** Writes transformed weights to `u`, in panels of k × columns. */
function transformWeights(weights: Weights, k: number, columns: number, u: number): void {
  const { kernels, tile } = runtime();
  const NR = kernels.tileColumns(tile);
  const { w, wRow, wColumn, tapBytes, flipped } = weights;
  const units = kernels.winogradWeightsUnits(columns, NR);
  const grain = Math.ceil(4096 / (k * NR));
  const bytes = kernels.winogradWeightsScratch(NR);
  const to = [u, panelStep(k, columns, NR)] as const;
  parallelScratch(
    "winogradWeights",
    units,
    grain,
    bytes,
    w,
    wRow,
    wColumn,
    tapBytes,
    flipped,
    k,
    columns,
    NR,
    ...to,
  );
}

/** Whether all tiles are one block and the weights many: then they are transformed on the way. */
function transformsOnTheWay(images: number, out: Omit<Output, "y">, channels: number): boolean {
  return tilesOf(images, out) <= ONE_BLOCK && channels * out.outChannels > SMALL_WEIGHTS;
}

/** The same with weights that are transformed for this call alone. */
function convolveOnce(images: Images, weights: Weights, bias: number, out: Output): void {
  const { kernels, heap, tile } = runtime();
  const { channels } = images;
  const { outChannels } = out;
  if (transformsOnTheWay(images.images, out, channels)) return convolve(images, weights, bias, out);
  const bytes = POINTS * panelStep(channels, outChannels, kernels.tileColumns(tile));
  heap.scratch(bytes, "conv2d", (u) => {
    transformWeights(weights, channels, outChannels, u);
    convolve(images, { ...weights, u, w: 0 }, bias, out);
  });
}

function inputOf({ images, height, width, channels, paddingTop, paddingLeft }: Conv, x: number): Images {
  return { x, images, height, width, channels, top: paddingTop, left: paddingLeft };
}

/** y = conv2d(x, weight) + bias with weights that stay; bias 0 for none. x, bias and y are byte addresses. */
export function winogradForward(conv: Conv, x: number, weight: Tensor, bias: number, y: number): void {
  const { kernels, tile } = runtime();
  const { channels, outChannels, outHeight, outWidth } = conv;
  const weights = untransformed(conv, weight.ptr, false);
  const out = { y, outHeight, outWidth, outChannels };
  const bytes = POINTS * panelStep(channels, outChannels, kernels.tileColumns(tile));
  const fill = (u: number): void => transformWeights(weights, channels, outChannels, u);
  withPacked(weight, "winograd", bytes, fill, (u) => {
    convolve(inputOf(conv, x), { ...weights, u, w: 0 }, bias, out);
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
    const { outHeight, outWidth, outChannels } = this.#conv;
    const weights = untransformed(this.#conv, weight.address, false);
    const out = { y, moments, outHeight, outWidth, outChannels };
    convolveOnce(inputOf(this.#conv, x.address), weights, bias?.address ?? 0, out);
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
    const { images, height, width, channels, outHeight, outWidth, outChannels } = this.#conv;
    const [dy, weight] = this.sources;
    const size = { images, height: outHeight, width: outWidth, channels: outChannels };
    const [top, left] = [2 - this.#conv.paddingTop, 2 - this.#conv.paddingLeft];
    const weights = untransformed(this.#conv, weight.address, true);
    const out = { y, adds, outHeight: height, outWidth: width, outChannels: channels };
    convolveOnce({ x: dy.address, ...size, top, left }, weights, 0, out);
  }
}

/** What both ways to the weight gradient need. */
function sumsOf(conv: Conv, x: number, dy: number): Omit<Struct<"WinogradSums">, "sums"> {
  const { channels, outChannels, images, height, width, outHeight, outWidth } = conv;
  const pairs = channels * outChannels;
  const tiles = tilesOf(images, conv);
  const blockTiles = tilesOfBlock(
    tiles,
    channels + outChannels,
    pairs >= 256 * 256 ? 24 : 48,
    SUM_BLOCK_BYTES,
  );
  // Groups of blocks by shape alone: they decide the order of the sums.
  const most = Math.min(MOST_GROUPS, Math.floor(GROUP_FLOATS / (POINTS * pairs)));
  const sumStepBytes = pairs * 4 + STAGGER;
  return {
    x,
    dy,
    images,
    height,
    width,
    channels,
    top: conv.paddingTop,
    left: conv.paddingLeft,
    outHeight,
    outWidth,
    outChannels,
    blockTiles,
    groups: Math.max(1, Math.min(most, Math.ceil(tiles / blockTiles))),
    stripChannels: channels,
    groupBytes: POINTS * sumStepBytes,
    sumStepBytes,
    tile: runtime().tile,
  };
}

/** dw = the gradient with respect to weight of conv2d(x, weight), given dy. */
export function winogradBackwardWeight(conv: Conv, x: number, dy: number, dw: number): void {
  const { heap } = runtime();
  const fields = sumsOf(conv, x, dy);
  const pairs = conv.channels * conv.outChannels;
  const tiles = tilesOf(conv.images, conv);
  if (tiles === 0) heap.f32(dw, TAPS * pairs).fill(0);
  else if (pairs >= STRIP_PAIRS && tiles <= STRIP_TILES) sumStrips(fields, dw);
  else sumBlocks(fields, dw);
}

/** Blocks of tiles one after the other, each added to the sums of all channel pairs. */
function sumBlocks(fields: Omit<Struct<"WinogradSums">, "sums">, dw: number): void {
  const { kernels, heap, threads } = runtime();
  const { channels, outChannels, groups, groupBytes, sumStepBytes } = fields;
  // Each strip of channels transforms dy anew: no more strips than it takes to give every thread one unit.
  const strips = Math.max(1, Math.min(Math.ceil(channels / 24), Math.ceil(threads / groups)));
  const stripChannels = Math.min(channels, Math.ceil(channels / strips / TILES) * TILES);
  heap.scratch(groups * groupBytes, "conv2d gradient", (sums) => {
    heap.words(
      structWords("WinogradSums", { ...fields, stripChannels, sums }),
      "conv2d gradient",
      (shape) => {
        const bytes = kernels.winogradSumsScratch(shape);
        parallelScratch("winogradSums", kernels.winogradSumsUnits(shape), 1, bytes, shape);
      },
    );
    const pairs = channels * outChannels;
    const args = [sums, sumStepBytes, groups, groupBytes, dw, pairs * 4] as const;
    parallelScratch("winogradWeightBackward", pairs / 4, 1024, SCRATCH, ...args);
  });
}

/** All tiles first, then strips of input channels, whose sums stay in cache. */
function sumStrips(fields: Omit<Struct<"WinogradSums">, "sums">, dw: number): void {
  const { kernels, heap } = runtime();
  const { channels, outChannels, images, outHeight } = fields;
  const fitting = STRIP_BYTES / (POINTS * outChannels * 4);
  const stripChannels = Math.min(channels, Math.max(TILES, Math.floor(fitting / TILES) * TILES));
  const words = (sums: number) => structWords("WinogradSums", { ...fields, stripChannels, sums });
  const floats = heap.words(words(0), "conv2d gradient", (shape) => kernels.winogradTilesFloats(shape));
  heap.scratch(floats * 4, "conv2d gradient", (tiles) => {
    heap.words(words(tiles), "conv2d gradient", (shape) => {
      const bytes = kernels.winogradTilesScratch(shape);
      parallelScratch("winogradTiles", images * Math.ceil(outHeight / 4), 1, bytes, shape);
      const strips = Math.ceil(channels / stripChannels);
      parallelScratch("winogradStrips", strips, 1, kernels.winogradStripsScratch(shape), shape, dw);
    });
  });
}
