// 3×3 convolution of stride 1 by Winograd's algorithm F(4×4, 3×3), see winograd.ts: 36 products for 4×4 outputs and a pair of
// channels instead of 144.

import { GRAIN } from "../../wasm/parallel.js";
import type { Planner } from "../../wasm/plan.js";
import { runtime } from "../../wasm/runtime.js";
import { constants } from "../../wasm/table.js";
import { FINISH } from "../fusion.js";
import type { Conv } from "./sizes.js";
import type { Algorithm } from "./table.js";
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
/** Tiles whose products take as long as reading a weight from beyond L2. Measured on an Intel Xeon, 2026-11: 6 GB/s, 42 GFLOP/s. */
const TILES_PER_READ = 11;
/** Channel pairs from which, and tiles up to which, the weight gradient goes strip by strip of channels. */
const STRIP_PAIRS = 128 * 128;
const STRIP_TILES = 128;
/** Bytes of a strip's sums. */
const STRIP_BYTES = 512 * 1024;
/** Fewest tiles of a block: each reads all transformed weights once, and many weights are in L3 or beyond. */
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
/** Fewest channels of x that one thread sums. */
const LEAST_STRIP = 24;

/** free: transforming the weights costs nothing, because they are kept, or not needed. */
function pays(conv: Conv, free: boolean): boolean {
  const { channels: c, outChannels: o } = conv;
  return (
    runtime().winograd &&
    c >= MIN_CHANNELS &&
    o >= MIN_CHANNELS &&
    (free || c * o <= SMALL_WEIGHTS || conv.images * conv.outHeight * conv.outWidth >= MIN_PIXELS)
  );
}

/** Tiles of 4×4 outputs; the last ones may be cut. */
function tilesOver(rows: number, columns: number): Tiles {
  const [tilesHigh, tilesWide] = [Math.ceil(rows / 4), Math.ceil(columns / 4)];
  return { tilesHigh, tilesWide, fullHigh: Math.floor(rows / 4), fullWide: Math.floor(columns / 4) };
}

/** Tiles of 2×2 outputs, all cut. */
function smallTilesOver(rows: number, columns: number): Tiles {
  return { tilesHigh: Math.ceil(rows / 2), tilesWide: Math.ceil(columns / 2), fullHigh: 0, fullWide: 0 };
}

/** Time in multiply-adds for each pair of channels: of products at `points` points, or of reading their weights if that is longer. */
function timeOf(points: number, tiles: number): number {
  return points * Math.max(Math.ceil(tiles / 4) * 4, TILES_PER_READ);
}

/**
 * Whether small tiles pay: there are few tiles, so that reading the weights takes longer than the products, and 16 values of a
 * pair of channels are read in place of 36.
 */
function isSmall(conv: Conv): boolean {
  const { images, channels, outChannels, outHeight, outWidth } = conv;
  if (channels * outChannels < constants.FAR_PAIRS) return false;
  const large = timeOf(36, countOf(images, tilesOver(outHeight, outWidth)));
  return timeOf(16, countOf(images, smallTilesOver(outHeight, outWidth))) < large;
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

/** The convolution with the weights at w, which are transformed for this call only. */
function convolveOnce(
  p: Planner,
  conv: Conv,
  images: Images,
  w: number,
  backward: boolean,
  bias: number,
  out: Parameters<typeof convolve>[5],
): void {
  const tiles = tilesOver(out.outHeight, out.outWidth);
  const cut = cutOf(images, tiles);
  const weights = weightsOf(conv, w, backward);
  if (transformsOnTheWay(conv, countOf(images.images, tiles))) {
    return convolve(p, images, tiles, weights, bias, out, cut);
  }
  const { bytes, fill } = transformOf(p, conv, backward);
  p.scratch(bytes, (u) => {
    fill(p, w, u);
    convolve(p, images, tiles, { ...weights, u, w: 0 }, bias, out, cut);
  });
}

export const winograd: Algorithm = {
  name: "winograd",
  fits: (conv) => isOf(conv, 3, 1),
  pays: (conv, pass, stays) => pays(conv, stays || pass === "weight"),

  absorbs: [...FINISH, "within"],
  forward(p, conv, { x, weight, bias, y, moments, residual, activation, yStep }) {
    const images = inputOf(conv, x);
    if (!p.keeps(weight)) {
      p.absorbs("moments");
      return convolveOnce(p, conv, images, weight, false, bias, { ...outputOf(conv, y), moments });
    }
    const small = isSmall(conv);
    const tiles = small
      ? smallTilesOver(conv.outHeight, conv.outWidth)
      : tilesOver(conv.outHeight, conv.outWidth);
    const { bytes, fill } = transformOf(p, conv, false, small);
    p.derive(weight, small ? "winograd, small tiles" : "winograd", bytes, fill, (u) => {
      const weights = { ...weightsOf(conv, 0, false, small), u };
      const out = outputOf(conv, y, { residual, activation, yStep });
      convolve(p, images, tiles, weights, bias, out, cutOf(images, tiles));
    });
  },

  data(p, conv, { dy, weight, dx, adds }) {
    const { images, height, width, channels, outHeight, outWidth, outChannels } = conv;
    p.absorbs("sum");
    const size = { images, height: outHeight, width: outWidth, channels: outChannels };
    const from = { x: dy, ...size, top: 2 - conv.paddingTop, left: 2 - conv.paddingLeft };
    const to = { y: dx, outHeight: height, outWidth: width, outTop: 0, outLeft: 0, outChannels: channels };
    convolveOnce(p, conv, from, weight, true, 0, { ...to, adds });
  },

  weight(p, conv, { x, dy, dw }) {
    const { kernels } = runtime();
    const { channels, outChannels } = conv;
    const pairs = channels * outChannels;
    const tiles = tilesOver(conv.outHeight, conv.outWidth);
    const count = countOf(conv.images, tiles);
    if (count === 0) {
      p.parallel("fill", TAPS * pairs, GRAIN, dw, 0);
    } else if (pairs >= STRIP_PAIRS && count <= STRIP_TILES) {
      const stripChannels = Math.min(channels, stripOf(conv, STRIP_BYTES));
      sumStrips(p, conv, x, dy, dw, tiles, { rowsAtATime: conv.images * tiles.tilesHigh, stripChannels });
    } else {
      const points = kernels.winogradPoints(3, 1);
      const least = pairs >= 256 * 256 ? 24 : 48;
      const blockTiles = blockOf(count, SUM_BLOCK_BYTES, points * (channels + outChannels), least);
      // Groups of blocks by shape alone: they decide the order of the sums.
      const most = Math.min(MOST_GROUPS, Math.floor(GROUP_FLOATS / (points * pairs)));
      const groups = Math.max(1, Math.min(most, Math.ceil(count / blockTiles)));
      sumBlocks(p, conv, x, dy, dw, tiles, { blockTiles, groups, leastChannels: LEAST_STRIP });
    }
  },
};
