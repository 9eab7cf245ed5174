// 7×7 convolution of stride 2 on few channels, the first layer of many networks, by Winograd's algorithm F(3×3, 4×4), see
// winograd.ts: the four phases of the input are four times the channels, on which the kernel's 7×7 taps are 4×4.

import type { Tensor } from "../core/tensor.js";
import { runtime } from "../wasm/runtime.js";
import type { Conv } from "./conv-frame.js";
import { withPacked } from "./packed.js";
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
/** Groups of blocks that the weight gradient adds up on their own. */
const GROUPS = 16;
/** Above so many channels other algorithms are as good. */
const MOST_CHANNELS = 4;
/** Fewest output channels and pixels for which the transforms pay. */
const MIN_OUT_CHANNELS = 16;
const MIN_PIXELS = 400;

/** Whether the algorithm fits this convolution and is expected to be faster than the direct one. */
export function stemApplies(conv: Conv): boolean {
  return (
    runtime().winograd &&
    isOf(conv, 7, 2) &&
    conv.channels <= MOST_CHANNELS &&
    conv.outChannels >= MIN_OUT_CHANNELS &&
    conv.images * conv.outHeight * conv.outWidth >= MIN_PIXELS
  );
}

/** Tiles of 3×3 outputs. */
function tilesOver({ outHeight, outWidth }: Conv): Tiles {
  const [tilesHigh, tilesWide] = [Math.ceil(outHeight / 3), Math.ceil(outWidth / 3)];
  return { tilesHigh, tilesWide, fullHigh: tilesHigh, fullWide: tilesWide };
}

/** y = conv2d(x, weight) + bias; bias 0 for none. x, bias and y are byte addresses. */
export function stemForward(conv: Conv, x: number, weight: Tensor, bias: number, y: number): void {
  const weights = weightsOf(conv, weight.ptr);
  const { bytes, fill } = transformOf(conv, weights);
  withPacked(weight, "winograd stem", bytes, fill, (u) => {
    const cut = { blockTiles: BLOCK_TILES, groupChannels: conv.outChannels, tile: runtime().tile };
    const to = outputOf(conv, y);
    convolve(inputOf(conv, x), tilesOver(conv), { ...weights, u, w: 0 }, bias, to, cut);
  });
}

/** dw = the gradient with respect to weight of conv2d(x, weight), given dy. */
export function stemBackwardWeight(conv: Conv, x: number, dy: number, dw: number): void {
  const tiles = tilesOver(conv);
  const groups = Math.min(GROUPS, Math.ceil(countOf(conv.images, tiles) / BLOCK_TILES));
  const cut = { blockTiles: BLOCK_TILES, groups, leastChannels: MOST_CHANNELS };
  sumBlocks(conv, x, dy, dw, tiles, cut);
}
