// 3×3 convolution of stride 2 by Winograd's algorithm over the input's four phases, see winograd.ts: 81 products for 4×4
// outputs and a pair of channels instead of 144.

import { shares } from "../../wasm/parallel.js";
import { runtime } from "../../wasm/runtime.js";
import { FINISH } from "../fusion.js";
import type { Conv } from "./sizes.js";
import type { Algorithm } from "./table.js";
import {
  blockOf,
  convolve,
  countOf,
  inputOf,
  isOf,
  ONE_BLOCK,
  outputOf,
  stripOf,
  sumStrips,
  transformOf,
  transformsOnTheWay,
  weightsOf,
  wholeTiles,
  type Cut,
  type Tiles,
} from "./winograd.js";

const TAPS = 9;
/** Bytes of transformed tiles that a block aims at: with those of the output, about L2. */
const BLOCK_BYTES = 512 * 1024;
/** Fewest tiles of a block: each reads all transformed weights once, and many weights are in L3 or beyond. */
const MIN_TILES = 24;
/** Bytes of all points' tiles, of x and of dy, that the weight gradient transforms at a time. */
const TILES_BYTES = 16 * 1024 * 1024;
/** Bytes of a strip's sums. */
const STRIP_BYTES = 640 * 1024;
/** Fewest channels on either side, and fewest tiles, for which the transforms pay. Measured on Node 24, 2026-11. */
const MIN_CHANNELS = 16;
const MIN_WEIGHT_CHANNELS = 32;
const LEAST_TILES = 16;
/** Most products, as a share of the direct algorithm's. */
const MOST_PRODUCTS = 0.8;
/** Output channels computed from a block at a time, in forward and in the data gradient, whose products take four times the room. */
const GROUP_CHANNELS = 256;
const BACKWARD_CHANNELS = GROUP_CHANNELS / 4;

/** n outputs in tiles of four, and of three at the end, with the fewest products (in one dimension). */
function tilesAlong(n: number): { tiles: number; full: number; products: number } {
  const choices = [0, 1, 2, 3].map((threes) => {
    const full = Math.max(0, Math.ceil((n - 3 * threes) / 4));
    return { tiles: full + threes, full, products: 9 * full + 7 * threes };
  });
  return choices.reduce((best, choice) => (choice.products < best.products ? choice : best));
}

function tilesOver(rows: number, columns: number): Tiles {
  const [high, wide] = [tilesAlong(rows), tilesAlong(columns)];
  return { tilesHigh: high.tiles, tilesWide: wide.tiles, fullHigh: high.full, fullWide: wide.full };
}

function pays({ channels, outChannels, images, outHeight, outWidth }: Conv, least: number): boolean {
  const [high, wide] = [tilesAlong(outHeight), tilesAlong(outWidth)];
  return (
    runtime().winograd &&
    Math.min(channels, outChannels) >= least &&
    images * high.tiles * wide.tiles >= LEAST_TILES &&
    high.products * wide.products < MOST_PRODUCTS * TAPS * outHeight * outWidth
  );
}

/** How the forward pass or the data gradient is divided. `onTheWay`: whether it transforms the weights. */
function cutOf(conv: Conv, tiles: Tiles, backward: boolean, onTheWay: boolean): Cut {
  const { kernels, tile } = runtime();
  const { channels, outChannels } = conv;
  const [points, products] = [kernels.winogradPoints(3, 2), kernels.winogradProducts(3, 2)];
  const values = backward
    ? points * outChannels + products * Math.min(channels, BACKWARD_CHANNELS)
    : products * channels;
  const many = onTheWay || channels * outChannels > 256 * 128;
  const least = many ? ONE_BLOCK : MIN_TILES;
  const blockTiles = blockOf(countOf(conv.images, tiles), BLOCK_BYTES, values, least);
  return { blockTiles, groupChannels: backward ? BACKWARD_CHANNELS : GROUP_CHANNELS, tile };
}

/**
 * Rows (or columns) 2i − 1 and 2i of the padded input come from dy's i − 1 and i: `count` such pairs, from number `first` on,
 * cover the input.
 */
function pairsOver(size: number, padding: number): { count: number; first: number } {
  const first = (padding + 1) >> 1;
  return { count: ((padding + size) >> 1) - first + 1, first };
}

export const winogradStride2: Algorithm = {
  name: "winograd-stride2",
  fits: (conv) => isOf(conv, 3, 2),
  pays: (conv, pass) => pays(conv, pass === "weight" ? MIN_WEIGHT_CHANNELS : MIN_CHANNELS),

  absorbs: [...FINISH, "within"],
  forward(p, conv, { x, weight, bias, y, residual, activation, yStep }) {
    const tiles = tilesOver(conv.outHeight, conv.outWidth);
    const [from, to] = [inputOf(conv, x), outputOf(conv, y, { residual, activation, yStep })];
    const weights = weightsOf(conv, weight);
    if (!p.keeps(weight) && transformsOnTheWay(conv, countOf(conv.images, tiles))) {
      return convolve(p, from, tiles, weights, bias, to, cutOf(conv, tiles, false, true));
    }
    const { bytes, fill } = transformOf(p, conv);
    p.derive(weight, "winograd of stride 2", bytes, fill, (u) => {
      convolve(p, from, tiles, { ...weights, u, w: 0 }, bias, to, cutOf(conv, tiles, false, false));
    });
  },

  data(p, conv, { dy, weight, dx }) {
    const rows = pairsOver(conv.height, conv.paddingTop);
    const columns = pairsOver(conv.width, conv.paddingLeft);
    const from = {
      x: dy,
      images: conv.images,
      height: conv.outHeight,
      width: conv.outWidth,
      channels: conv.outChannels,
      top: 1 - rows.first,
      left: 1 - columns.first,
    };
    const to = {
      y: dx,
      outHeight: conv.height,
      outWidth: conv.width,
      outTop: conv.paddingTop + 1 - 2 * rows.first,
      outLeft: conv.paddingLeft + 1 - 2 * columns.first,
      outChannels: conv.channels,
    };
    const tiles = tilesOver(rows.count, columns.count);
    const weights = weightsOf(conv, weight, true);
    if (transformsOnTheWay(conv, countOf(conv.images, tiles))) {
      return convolve(p, from, tiles, weights, 0, to, cutOf(conv, tiles, true, true));
    }
    const { bytes, fill } = transformOf(p, conv, true);
    p.scratch(bytes, (u) => {
      fill(p, weight, u);
      convolve(p, from, tiles, { ...weights, u, w: 0 }, 0, to, cutOf(conv, tiles, true, false));
    });
  },

  weight(p, conv, { x, dy, dw }) {
    const { kernels } = runtime();
    const { channels, outChannels, images } = conv;
    const tiles = tilesOver(conv.outHeight, conv.outWidth);
    const rows = images * tiles.tilesHigh;
    const perTile = kernels.winogradProducts(3, 2) * channels + kernels.winogradPoints(3, 2) * outChannels;
    // The same number of rows at a time whatever the threads, since it decides the order of the sums.
    const chunks = Math.ceil((rows * perTile * 4 * tiles.tilesWide) / TILES_BYTES);
    const fitting = stripOf(conv, STRIP_BYTES);
    const strips = Math.max(Math.ceil(channels / fitting), Math.ceil(shares() / 4));
    const stripChannels = wholeTiles(channels / strips);
    sumStrips(p, conv, x, dy, dw, tiles, { rowsAtATime: Math.ceil(rows / chunks), stripChannels });
  },
};
