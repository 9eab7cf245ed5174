// The common parts of convolutions by Winograd's minimal filtering (kernels/winograd/conv.ts): 3×3 of stride 1 and 2, 7×7 of
// stride 2. Tiles of the input and the weights are transformed, multiplied at each point, and transformed back.
//
//   forward          tiles of x, weights
//   data gradient    tiles of dy, weights turned by 180° with the channels' roles swapped
//   weight gradient  tiles of x and of dy, products summed over all tiles

import { orZero, type Struct } from "../../wasm/abi.js";
import { shares } from "../../wasm/parallel.js";
import type { Planner } from "../../wasm/plan.js";
import { runtime } from "../../wasm/runtime.js";
import { constants } from "../../wasm/table.js";
import type { Finish } from "../fusion.js";
import type { Conv } from "./sizes.js";
import type { Moments } from "./table.js";

type Fields = Struct<"Winograd">;
export type Images = Pick<Fields, "x" | "images" | "height" | "width" | "channels" | "top" | "left">;
/** The number of tiles, and of the first ones that are whole, in each direction. */
export type Tiles = Pick<Fields, "tilesHigh" | "tilesWide" | "fullHigh" | "fullWide">;
export type Output = Pick<Fields, "y" | "outHeight" | "outWidth" | "outTop" | "outLeft" | "outChannels"> &
  Partial<Finish & Pick<Fields, "yStep">>;
/** Transformed weights (u), or the original ones (w). */
type Weights = Pick<
  Fields,
  "kernel" | "stride" | "backward" | "small" | "u" | "w" | "wRow" | "wColumn" | "tapBytes"
>;

/** Tiles of a block are whole register tiles: all heights divide this. */
const TILES = 12;
/** Most tiles that form one block where there are many weights, which are then transformed panel by panel on the way. */
export const ONE_BLOCK = 48;
/** Channel pairs up to which transforming the weights costs next to nothing. */
export const SMALL_WEIGHTS = 64 * 64;
/** Values of transformed weights that are worth handing to another thread. */
const WEIGHTS_GRAIN = 36 * 4096;
/** The same for a gradient's, in vectors. */
const BACKWARD_GRAIN = 1024;

/** The place of the struct; missing fields are 0. */
function structOf(p: Planner, fields: Partial<Fields>): number {
  return p.struct("Winograd", orZero("Winograd", fields));
}

/** Whether a convolution has this kernel and stride, and channels in multiples of four except for the stem's few. */
export function isOf(conv: Conv, kernel: number, stride: number): boolean {
  return (
    conv.kernelHeight === kernel &&
    conv.kernelWidth === kernel &&
    conv.strideHeight === stride &&
    conv.strideWidth === stride &&
    conv.dilationHeight === 1 &&
    conv.dilationWidth === 1 &&
    conv.groups === 1 &&
    (kernel !== 3 || (conv.paddingTop <= 2 && conv.paddingLeft <= 2 && conv.channels % 4 === 0)) &&
    conv.outChannels % 4 === 0
  );
}

/** The images that conv2d reads. */
export function inputOf(
  { images, height, width, channels, paddingTop, paddingLeft }: Conv,
  x: number,
): Images {
  return { x, images, height, width, channels, top: paddingTop, left: paddingLeft };
}

/** The images that it writes. */
export function outputOf(
  { outHeight, outWidth, outChannels }: Conv,
  y: number,
  finish?: Finish & { yStep: number },
): Output {
  return { ...finish, y, outHeight, outWidth, outTop: 0, outLeft: 0, outChannels };
}

/** Tiles of all images. */
export function countOf(images: number, { tilesHigh, tilesWide }: Tiles): number {
  return images * tilesHigh * tilesWide;
}

/** A number of tiles or channels, rounded to whole register tiles. */
export function wholeTiles(n: number): number {
  return Math.ceil(n / TILES) * TILES;
}

/** Tiles of a block of `bytes` in all, each taking this many values; no fewer than `least` unless there are no more. */
export function blockOf(tiles: number, bytes: number, values: number, least: number): number {
  const most = Math.max(least, Math.floor(bytes / (values * 4) / TILES) * TILES);
  return Math.min(most, wholeTiles(tiles));
}

/** The untransformed weights, for the forward pass or, turned by 180° and with channels swapped, for the data gradient. */
export function weightsOf(conv: Conv, w: number, backward = false, small = false): Weights {
  const { channels, outChannels, kernelHeight: kernel, strideHeight: stride } = conv;
  const [wRow, wColumn] = backward ? [1, outChannels] : [outChannels, 1];
  const tapBytes = channels * outChannels * 4;
  const flags = { backward: backward ? 1 : 0, small: small ? 1 : 0 };
  return { kernel, stride, ...flags, u: 0, w, wRow, wColumn, tapBytes };
}

/** Whether all tiles are one block and the weights many: then they are transformed on the way. */
export function transformsOnTheWay(conv: Conv, tiles: number): boolean {
  return tiles <= ONE_BLOCK && conv.channels * conv.outChannels > SMALL_WEIGHTS;
}

/** The size of the transformed weights in bytes, and a function that plans their transform to a place. */
export function transformOf(p: Planner, conv: Conv, backward = false, small = false) {
  const { kernels, tile } = runtime();
  const { channels, outChannels } = conv;
  const sides = backward ? { channels: outChannels, outChannels: channels } : { channels, outChannels };
  const struct = (own: Planner, w: number, u: number): number =>
    structOf(own, { ...weightsOf(conv, w, backward, small), ...sides, u, tile });
  const bytes = p.ask("winogradWeightsFloats", struct(p, 0, 0)) * 4;
  const fill = (own: Planner, w: number, u: number): void => {
    const shape = struct(own, w, u);
    const products = kernels.winogradProducts(conv.kernelHeight, conv.strideHeight);
    const panels = Math.ceil(sides.outChannels / kernels.tileColumns(tile));
    const grain = Math.ceil(WEIGHTS_GRAIN / (products * sides.channels * kernels.tileColumns(tile)));
    own.parallelScratch("winogradWeights", panels, grain, kernels.winogradWeightsScratch(tile), shape);
  };
  return { bytes, fill };
}

/** How a convolution's work is divided: tiles at a time, output channels computed from them together, register tile. */
export interface Cut {
  blockTiles: number;
  groupChannels: number;
  tile: number;
}

/** y = the convolution of the images with the weights, or y plus it, with `out`'s epilogue. bias: address or 0. */
export function convolve(
  p: Planner,
  images: Images,
  tiles: Tiles,
  weights: Weights,
  bias: number,
  out: Output & { adds?: boolean | undefined; moments?: Moments | undefined },
  { blockTiles, groupChannels, tile }: Cut,
): void {
  const { kernels } = runtime();
  const { moments, adds, ...target } = out;
  const { outChannels } = out;
  const blocks = Math.ceil(countOf(images.images, tiles) / blockTiles);
  if (!blocks) return;
  const panels = Math.ceil(outChannels / kernels.tileColumns(tile));
  // More groups of columns where there are too few blocks for the threads.
  const groups = Math.max(
    Math.ceil(outChannels / groupChannels),
    Math.min(panels, Math.ceil(shares() / blocks)),
  );
  const sizes = { blockTiles, groupPanels: Math.ceil(panels / groups), tile };
  const run = (partials: number): void => {
    const sums = { accumulate: adds ? 1 : 0, moments: partials, pivot: moments?.pivot ?? 0 };
    const fields = {
      ...images,
      ...tiles,
      ...weights,
      yStep: outChannels,
      ...target,
      ...sizes,
      ...sums,
      bias,
    };
    const shape = structOf(p, fields);
    p.parallelScratch(
      "winogradConv",
      p.ask("winogradConvUnits", shape),
      1,
      p.ask("winogradConvScratch", shape),
      shape,
    );
  };
  if (!moments) return run(0);
  const rows = images.images * out.outHeight * out.outWidth;
  p.scratch(blocks * 2 * outChannels * 4, (partials) => {
    run(partials);
    const { pivot, mean, variance } = moments;
    p.call("finishMoments", pivot, rows, outChannels, partials, blocks, mean, variance);
  });
}

/** The fields of a weight gradient's struct, from the addresses of x and dy. */
function gradientOf(conv: Conv, x: number, dy: number, tiles: Tiles) {
  const { kernelHeight: kernel, strideHeight: stride } = conv;
  const { tile } = runtime();
  return { ...inputOf(conv, x), ...outputOf(conv, dy), ...tiles, kernel, stride, tile };
}

/**
 * dw from the sums of `groups` groups of blocks of tiles. Threads share strips of at least `leastChannels` channels of x. Each
 * strip transforms dy again, so there are only as many as give every thread one unit.
 */
export function sumBlocks(
  p: Planner,
  conv: Conv,
  x: number,
  dy: number,
  dw: number,
  tiles: Tiles,
  cut: { blockTiles: number; groups: number; leastChannels: number },
): void {
  const { threads } = runtime();
  const { channels } = conv;
  const { blockTiles, groups, leastChannels } = cut;
  const strips = Math.max(1, Math.min(Math.ceil(channels / leastChannels), Math.ceil(threads / groups)));
  const stripChannels = Math.min(channels, wholeTiles(channels / strips));
  const fields = { ...gradientOf(conv, x, dy, tiles), blockTiles, groups, stripChannels };
  p.scratch(p.ask("winogradSumsFloats", structOf(p, fields)) * 4, (sums) => {
    const shape = structOf(p, { ...fields, sums });
    p.parallelScratch(
      "winogradSums",
      p.ask("winogradStripsUnits", shape),
      1,
      p.ask("winogradSumsScratch", shape),
      shape,
    );
    // Size of a point's sums: 7×7 has four phases.
    const vectors = (channels * (conv.kernelHeight === 7 ? 4 : 1) * conv.outChannels) / 4;
    const own = constants.TRANSFORM_SCRATCH;
    p.parallelScratch("winogradWeightBackward", vectors, BACKWARD_GRAIN, own, shape, dw);
  });
}

/** dw from `rowsAtATime` rows of tiles at a time: transformed first, then strips of input channels, whose sums stay in cache. */
export function sumStrips(
  p: Planner,
  conv: Conv,
  x: number,
  dy: number,
  dw: number,
  tiles: Tiles,
  cut: { rowsAtATime: number; stripChannels: number },
): void {
  const rows = conv.images * tiles.tilesHigh;
  for (let firstRow = 0; firstRow < rows; firstRow += cut.rowsAtATime) {
    const fields = {
      ...gradientOf(conv, x, dy, tiles),
      stripChannels: cut.stripChannels,
      groups: 1,
      firstRow,
      tileRows: Math.min(cut.rowsAtATime, rows - firstRow),
      accumulate: firstRow > 0 ? 1 : 0,
    };
    p.scratch(p.ask("winogradTilesFloats", structOf(p, fields)) * 4, (sums) => {
      const shape = structOf(p, { ...fields, sums });
      p.parallelScratch("winogradTiles", fields.tileRows, 1, p.ask("winogradTilesScratch", shape), shape);
      const units = p.ask("winogradStripsUnits", shape);
      p.parallelScratch("winogradStrips", units, 1, p.ask("winogradStripsScratch", shape), shape, dw);
    });
  }
}

/** Channels of a strip whose sums take this many bytes, in whole register tiles. */
export function stripOf(conv: Conv, bytes: number): number {
  const points = runtime().kernels.winogradPoints(conv.kernelHeight, conv.strideHeight);
  return Math.max(1, Math.floor(bytes / (points * conv.outChannels * 4 * TILES))) * TILES;
}
