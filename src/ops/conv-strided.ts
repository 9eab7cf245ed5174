// 3×3 convolution of stride 2 by minimal filtering over the input's four phases (kernels/winograd/strided.ts).
//
//   forward          tiles of x, weights
//   data gradient    tiles of dy, weights turned by 180° with the channels' roles swapped; a phase of dx at a time
//   weight gradient  tiles of x and of dy, products summed over all tiles

import { isRecorded } from "../core/autograd.js";
import type { Tensor } from "../core/tensor.js";
import { parallelScratch, shares } from "../wasm/parallel.js";
import { runtime } from "../wasm/runtime.js";
import { structWords, type Struct } from "../wasm/abi.js";
import type { Conv } from "./conv-frame.js";
import { withPacked } from "./packed.js";

const TAPS = 9;
/** Products of all points and phases, for 4×4 outputs and a pair of channels. */
const PRODUCTS = 81;
/** Bytes of transformed tiles that a block aims at: with those of the output, about L2. */
const BLOCK_BYTES = 512 * 1024;
/** Tiles of a block are whole register tiles: all heights divide this. */
const TILES = 12;
/** Fewest tiles of a block: each reads all transformed weights once. Many weights lie in L3 or beyond. */
const MIN_TILES = 24;
/** Tiles that are one block where weights are many; then these are transformed panel by panel, on the way. */
const ONE_BLOCK = 48;
const SMALL_WEIGHTS = 64 * 64;
/** Bytes of all points' tiles, of x and of dy, that the weight gradient transforms at a time. */
const TILES_BYTES = 16 * 1024 * 1024;
/** Bytes of a strip's sums. */
const STRIP_BYTES = 640 * 1024;
/** Fewest channels on either side, and fewest tiles, for which the transforms pay. Measured on Node 24, 2026-11. */
const MIN_CHANNELS = 16;
export const MIN_WEIGHT_CHANNELS = 32;
const LEAST_TILES = 16;
/** Most products, of those of the direct algorithm. */
const MOST_PRODUCTS = 0.8;
/** Output channels computed from a block at a time. */
const GROUP_CHANNELS = 256;

/** n outputs in tiles of four, and of three at the end, so that the fewest products come of it (in one dimension). */
function tilesAlong(n: number): { tiles: number; fours: number; products: number } {
  const choices = [0, 1, 2, 3].map((threes) => {
    const fours = Math.max(0, Math.ceil((n - 3 * threes) / 4));
    return { tiles: fours + threes, fours, products: 9 * fours + 7 * threes };
  });
  return choices.reduce((best, choice) => (choice.products < best.products ? choice : best));
}

type Fields = Struct<"WinogradStrided">;
type Images = Pick<Fields, "x" | "images" | "height" | "width" | "channels" | "top" | "left">;
type Output = Pick<Fields, "y" | "outHeight" | "outWidth" | "outTop" | "outLeft" | "outChannels">;
type Weights = Pick<Fields, "u" | "w" | "wRow" | "wColumn" | "tapBytes">;
/** How many tiles there are, and how many of them have four outputs in a direction. */
type Tiles = Pick<Fields, "tilesHigh" | "tilesWide" | "foursHigh" | "foursWide">;

function tilesOver(rows: number, columns: number): Tiles {
  const [high, wide] = [tilesAlong(rows), tilesAlong(columns)];
  return { tilesHigh: high.tiles, tilesWide: wide.tiles, foursHigh: high.fours, foursWide: wide.fours };
}

/**
 * Whether the algorithm fits this convolution and is expected to be faster than the direct one: forward and data gradient,
 * or the weight gradient.
 */
export function stridedApplies(conv: Conv, least = MIN_CHANNELS): boolean {
  const { channels, outChannels, outHeight, outWidth } = conv;
  const fits =
    conv.kernelHeight === 3 &&
    conv.kernelWidth === 3 &&
    conv.strideHeight === 2 &&
    conv.strideWidth === 2 &&
    conv.dilationHeight === 1 &&
    conv.dilationWidth === 1 &&
    conv.paddingTop <= 2 &&
    conv.paddingLeft <= 2 &&
    conv.groups === 1 &&
    channels % 4 === 0 &&
    outChannels % 4 === 0;
  const [high, wide] = [tilesAlong(outHeight), tilesAlong(outWidth)];
  const pays =
    Math.min(channels, outChannels) >= least &&
    conv.images * high.tiles * wide.tiles >= LEAST_TILES &&
    high.products * wide.products < MOST_PRODUCTS * TAPS * outHeight * outWidth;
  return runtime().winograd && fits && pays;
}

/** y = the convolution of the images with the weights; backward: its data gradient, where the images are dy. */
function convolve(
  images: Images,
  tiles: Tiles,
  weights: Weights,
  bias: number,
  out: Output,
  backward: boolean,
): void {
  const { kernels, heap, tile } = runtime();
  const count = images.images * tiles.tilesHigh * tiles.tilesWide;
  const NR = kernels.tileColumns(tile);
  const { channels } = images;
  const panels = Math.ceil(out.outChannels / NR);
  const perTile = backward
    ? 25 * channels + PRODUCTS * Math.min(out.outChannels, GROUP_CHANNELS / 4)
    : PRODUCTS * channels;
  const many = weights.w !== 0 || channels * out.outChannels > 256 * 128;
  const fitting = Math.floor(BLOCK_BYTES / (perTile * 4) / TILES) * TILES;
  const most = Math.min(Math.max(many ? ONE_BLOCK : MIN_TILES, fitting), Math.ceil(count / TILES) * TILES);
  // More groups of columns where blocks are too few to go round the threads.
  const groups = Math.max(
    Math.ceil(out.outChannels / (backward ? GROUP_CHANNELS / 4 : GROUP_CHANNELS)),
    Math.min(panels, Math.ceil(shares() / Math.ceil(count / most))),
  );
  const fields = {
    ...images,
    ...tiles,
    ...weights,
    ...out,
    bias,
    blockTiles: most,
    groupPanels: Math.ceil(panels / groups),
    backward: backward ? 1 : 0,
    tile,
  };
  heap.words(structWords("WinogradStrided", fields), "conv2d", (shape) => {
    const bytes = kernels.winogradStridedScratch(shape);
    parallelScratch("winogradStrided", kernels.winogradStridedUnits(shape), 1, bytes, shape);
  });
}

/** The weights as they lie, for the forward pass or, turned by 180° and channels swapped, for the data gradient. */
function untransformed({ channels, outChannels }: Conv, weight: number, backward: boolean): Weights {
  const [wRow, wColumn] = backward ? [1, outChannels] : [outChannels, 1];
  return { u: 0, w: weight, wRow, wColumn, tapBytes: channels * outChannels * 4 };
}

/** Writes the transformed weights to `u`. */
function transformWeights(
  conv: Conv,
  { w, wRow, wColumn, tapBytes }: Weights,
  backward: boolean,
  u: number,
): void {
  const { kernels, tile } = runtime();
  const NR = kernels.tileColumns(tile);
  const [depth, columns] = backward ? [conv.outChannels, conv.channels] : [conv.channels, conv.outChannels];
  const units = kernels.stridedWeightsUnits(columns, NR);
  const grain = Math.ceil(2048 / (depth * NR));
  const bytes = kernels.stridedWeightsScratch(NR);
  const args = [w, wRow, wColumn, tapBytes, depth, columns, NR, backward ? 1 : 0, u] as const;
  parallelScratch("stridedWeights", units, grain, bytes, ...args);
}

function weightBytes(k: number, columns: number): number {
  const { kernels, tile } = runtime();
  const NR = kernels.tileColumns(tile);
  return kernels.stridedWeightFloats(k, Math.ceil(columns / NR) * NR) * 4;
}

/** Whether all tiles are one block and the weights many: then they are transformed on the way. */
function transformsOnTheWay(conv: Conv, tiles: Tiles): boolean {
  const count = conv.images * tiles.tilesHigh * tiles.tilesWide;
  return count <= ONE_BLOCK && conv.channels * conv.outChannels > SMALL_WEIGHTS;
}

/** y = conv2d(x, weight) + bias; bias 0 for none. x, bias and y are byte addresses. */
export function stridedForward(conv: Conv, x: number, weight: Tensor, bias: number, y: number): void {
  const { channels, outChannels, outHeight, outWidth, images, height, width } = conv;
  const from = { x, images, height, width, channels, top: conv.paddingTop, left: conv.paddingLeft };
  const out = { y, outHeight, outWidth, outTop: 0, outLeft: 0, outChannels };
  const tiles = tilesOver(outHeight, outWidth);
  const weights = untransformed(conv, weight.ptr, false);
  if (isRecorded(weight) && transformsOnTheWay(conv, tiles)) {
    convolve(from, tiles, weights, bias, out, false);
    return;
  }
  const fill = (u: number): void => transformWeights(conv, weights, false, u);
  withPacked(weight, "strided", weightBytes(channels, outChannels), fill, (u) => {
    convolve(from, tiles, { ...weights, u, w: 0 }, bias, out, false);
  });
}

/**
 * Rows (or columns) 2i − 1 and 2i of the padded input come from dy's i − 1 and i: `count` such pairs, from number `first` on,
 * cover the input.
 */
function pairsOver(size: number, padding: number): { count: number; first: number } {
  const first = (padding + 1) >> 1;
  return { count: ((padding + size) >> 1) - first + 1, first };
}

/** dx = the gradient with respect to x of conv2d(x, weight), given dy. */
export function stridedBackwardData(conv: Conv, dy: number, weight: number, dx: number): void {
  const { heap } = runtime();
  const { channels, outChannels, images } = conv;
  const rows = pairsOver(conv.height, conv.paddingTop);
  const columns = pairsOver(conv.width, conv.paddingLeft);
  const from = {
    x: dy,
    images,
    height: conv.outHeight,
    width: conv.outWidth,
    channels: outChannels,
    top: 1 - rows.first,
    left: 1 - columns.first,
  };
  const out = {
    y: dx,
    outHeight: conv.height,
    outWidth: conv.width,
    outTop: conv.paddingTop + 1 - 2 * rows.first,
    outLeft: conv.paddingLeft + 1 - 2 * columns.first,
    outChannels: channels,
  };
  const tiles = tilesOver(rows.count, columns.count);
  const weights = untransformed(conv, weight, true);
  if (transformsOnTheWay(conv, tiles)) {
    convolve(from, tiles, weights, 0, out, true);
    return;
  }
  heap.scratch(weightBytes(outChannels, channels), "conv2d gradient", (u) => {
    transformWeights(conv, weights, true, u);
    convolve(from, tiles, { ...weights, u, w: 0 }, 0, out, true);
  });
}

/** dw = the gradient with respect to weight of conv2d(x, weight), given dy. */
export function stridedBackwardWeight(conv: Conv, x: number, dy: number, dw: number): void {
  const { kernels, heap, tile } = runtime();
  const { channels, outChannels, images, height, width, outHeight, outWidth } = conv;
  const tiles = tilesOver(outHeight, outWidth);
  const rows = images * tiles.tilesHigh;
  const perRow = (PRODUCTS * channels + 25 * outChannels) * 4 * tiles.tilesWide;
  // As many rows at a time whoever computes them: that decides the order of the sums.
  const chunks = Math.ceil((rows * perRow) / TILES_BYTES);
  const most = Math.ceil(rows / chunks);
  const fitting = Math.max(1, Math.floor(STRIP_BYTES / (25 * outChannels * 4 * TILES)));
  const strips = Math.max(Math.ceil(channels / TILES / fitting), Math.ceil(shares() / 4));
  const stripChannels = Math.ceil(channels / strips / TILES) * TILES;
  for (let firstRow = 0; firstRow < rows; firstRow += most) {
    const fields = {
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
      ...tiles,
      firstRow,
      tileRows: Math.min(most, rows - firstRow),
      stripChannels,
      accumulate: firstRow > 0 ? 1 : 0,
      tile,
    };
    const words = (address: number) => structWords("StridedSums", { ...fields, tiles: address });
    const floats = heap.words(words(0), "conv2d gradient", (shape) => kernels.stridedTilesFloats(shape));
    heap.scratch(floats * 4, "conv2d gradient", (address) => {
      heap.words(words(address), "conv2d gradient", (shape) => {
        parallelScratch("stridedTiles", fields.tileRows, 1, kernels.stridedTilesScratch(shape), shape);
        const bytes = kernels.stridedSumsScratch(shape);
        parallelScratch("stridedSums", kernels.stridedSumsUnits(shape), 1, bytes, shape, dw);
      });
    });
  }
}
