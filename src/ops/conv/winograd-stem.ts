// 7×7 convolution of stride 2 on few channels, the first layer of many networks, by Winograd's algorithm F(3×3, 4×4), see
// winograd.ts: the four phases of the input are four times the channels, on which the kernel's 7×7 taps are 4×4.

import { runtime } from "../../wasm/runtime.js";
import { FINISH } from "../fusion.js";
import type { Conv } from "./sizes.js";
import type { Algorithm } from "./table.js";
import {
  convolve,
  countOf,
  inputOf,
  isOf,
  outputOf,
  sumBlocks,
  transformOf,
  weightsOf,
  type Tiles,
} from "./winograd.js";

/** Tiles of a block: whole register tiles, all heights divide this. */
const BLOCK_TILES = 48;
/** Groups of blocks that the weight gradient sums separately. */
const GROUPS = 16;
/** Above this many channels other algorithms are as good. */
const MOST_CHANNELS = 4;
/** Fewest output channels and pixels for which the transforms pay. */
const MIN_OUT_CHANNELS = 16;
const MIN_PIXELS = 400;

/** Tiles of 3×3 outputs. */
function tilesOver({ outHeight, outWidth }: Conv): Tiles {
  const [tilesHigh, tilesWide] = [Math.ceil(outHeight / 3), Math.ceil(outWidth / 3)];
  return { tilesHigh, tilesWide, fullHigh: tilesHigh, fullWide: tilesWide };
}

export const winogradStem: Algorithm = {
  name: "winograd-stem",
  fits: (conv) => isOf(conv, 7, 2) && conv.channels <= MOST_CHANNELS,
  pays: (conv) =>
    runtime().winograd &&
    conv.outChannels >= MIN_OUT_CHANNELS &&
    conv.images * conv.outHeight * conv.outWidth >= MIN_PIXELS,

  absorbs: [...FINISH, "within"],
  forward(p, conv, { x, weight, bias, y, residual, activation, yStep }) {
    const { bytes, fill } = transformOf(p, conv);
    p.derive(weight, "winograd stem", bytes, fill, (u) => {
      const cut = { blockTiles: BLOCK_TILES, groupChannels: conv.outChannels, tile: runtime().tile };
      const weights = { ...weightsOf(conv, 0), u };
      const out = outputOf(conv, y, { residual, activation, yStep });
      convolve(p, inputOf(conv, x), tilesOver(conv), weights, bias, out, cut);
    });
  },

  weight(p, conv, { x, dy, dw }) {
    const tiles = tilesOver(conv);
    const groups = Math.min(GROUPS, Math.ceil(countOf(conv.images, tiles) / BLOCK_TILES));
    const cut = { blockTiles: BLOCK_TILES, groups, leastChannels: MOST_CHANNELS };
    sumBlocks(p, conv, x, dy, dw, tiles, cut);
  },
};
