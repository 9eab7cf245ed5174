// Calls of Winograd's kernels: outputs whose sizes are and are not multiples of the tiles', several blocks of tiles and groups
// of columns, for 3×3 of stride 1, with small tiles too, 3×3 of stride 2 and 7×7 of stride 2.

import type { Kernels } from "../../src/wasm/abi.js";
import { constants } from "../../src/wasm/table.js";
import { TILES } from "../helpers/binaries.js";
import type { Guarded } from "../helpers/guarded.js";
import { calls, type Call } from "./calls.js";

/** Words between the arrays of one point and the next. */
const GAP = 16;
const IMAGES = 2;

/** Kernel and stride, and whether tiles are small. */
const KINDS = [
  [3, 1, 0],
  [3, 2, 0],
  [7, 2, 0],
  [3, 1, 1],
] as const;

/** Outputs, and how many tiles they are in each direction, of which how many are whole. */
const SIZES = {
  "3 1": [
    { high: 1, wide: 1, tilesHigh: 1, tilesWide: 1, fullHigh: 0, fullWide: 0 },
    { high: 4, wide: 9, tilesHigh: 1, tilesWide: 3, fullHigh: 1, fullWide: 2 },
    { high: 7, wide: 6, tilesHigh: 2, tilesWide: 2, fullHigh: 1, fullWide: 1 },
  ],
  "3 1 small": [
    { high: 1, wide: 1, tilesHigh: 1, tilesWide: 1, fullHigh: 0, fullWide: 0 },
    { high: 4, wide: 7, tilesHigh: 2, tilesWide: 4, fullHigh: 0, fullWide: 0 },
    { high: 7, wide: 2, tilesHigh: 4, tilesWide: 1, fullHigh: 0, fullWide: 0 },
  ],
  "3 2": [
    { high: 1, wide: 3, tilesHigh: 1, tilesWide: 1, fullHigh: 0, fullWide: 0 },
    { high: 7, wide: 4, tilesHigh: 2, tilesWide: 1, fullHigh: 1, fullWide: 1 },
    { high: 5, wide: 14, tilesHigh: 2, tilesWide: 4, fullHigh: 1, fullWide: 2 },
  ],
  "7 2": [
    { high: 1, wide: 3, tilesHigh: 1, tilesWide: 1, fullHigh: 1, fullWide: 1 },
    { high: 6, wide: 10, tilesHigh: 2, tilesWide: 4, fullHigh: 2, fullWide: 4 },
    { high: 13, wide: 4, tilesHigh: 5, tilesWide: 2, fullHigh: 5, fullWide: 2 },
  ],
};

/** The fields that all kernels share, of a convolution from `channels` to `outChannels`. */
function convOf(kind: number, size: number, channels: number, outChannels: number, tile: number) {
  const [kernel, stride, small] = KINDS[kind]!;
  const name = `${kernel} ${stride}${small ? " small" : ""}`;
  const { high, wide, ...tiles } = SIZES[name as keyof typeof SIZES][size]!;
  const top = (kernel - 1) / 2;
  return {
    kernel,
    stride,
    small,
    tile,
    images: IMAGES,
    height: stride * high,
    width: stride * wide + 1 - stride,
    channels,
    top,
    left: top,
    outHeight: high,
    outWidth: wide,
    outChannels,
    yStep: outChannels,
    ...tiles,
  };
}

type Fields = ReturnType<typeof convOf>;

const countOf = ({ tilesHigh, tilesWide }: Fields): number => IMAGES * tilesHigh * tilesWide;
/** Channels that meet in the products: 7×7 has those of all phases. */
const depthOf = ({ kernel, channels }: Fields): number => (kernel === 7 ? 4 * channels : channels);

const inputOf = (g: Guarded, { height, width, channels }: Fields): number =>
  g.input(IMAGES * height * width * channels);
const gradientOf = (g: Guarded, { outHeight, outWidth, outChannels }: Fields): number =>
  g.input(IMAGES * outHeight * outWidth * outChannels);

/** The weights as they lie, of a convolution or of its data gradient. */
function weightsOf(g: Guarded, { kernel, stride, small, channels, outChannels }: Fields, backward: number) {
  const [wRow, wColumn] = backward ? [1, channels] : [outChannels, 1];
  const tapBytes = channels * outChannels * 4;
  const w = g.input(kernel * kernel * channels * outChannels);
  return { kernel, stride, small, backward, w, wRow, wColumn, tapBytes };
}

/**
 * Weights transformed before, to rows that lie apart, or on the way; on the way with bias and moments, or added to y; data gradients. Before with a residual
 * and an activation.
 */
const WAYS = [0, 1, 2, 3];

const winogradConv = calls(
  ["kind", "size", "channels", "outChannels", "tile", "way", "backward"],
  [[0, 1, 2, 3], [0, 1, 2], [1, 3, 4, 12, 68, 132], [4, 12, 28], TILES, WAYS, [0, 1]],
  (k, g, kind, size, channels, outChannels, tile, way, backward) => {
    const finishes = way === 3;
    const onTheWay = way === 1 || way === 2;
    if (kind === 2 ? channels > 3 || onTheWay || backward : channels % 4) return;
    if (kind === 3 && (onTheWay || backward)) return;
    if (finishes ? backward || channels > 12 : channels > 60 && (way === 0 || tile > 1)) return;
    const conv = convOf(kind, size, channels, outChannels, tile);
    const { outHeight, outWidth } = conv;
    // With phases the tiles cover pairs of rows and columns of y, from the second of the first pair on.
    const pairs = kind === 1 && backward ? 1 : 0;
    if (pairs) {
      Object.assign(conv, { height: outHeight, width: outWidth });
      Object.assign(conv, { outHeight: 2 * outHeight - 1, outWidth: 2 * outWidth - 1 });
    }
    const pixels = IMAGES * conv.outHeight * conv.outWidth;
    const weights = weightsOf(g, conv, backward);
    const floats = k.winogradWeightsFloats(g.struct("Winograd", { ...conv, ...weights }));
    const moments = way === 1 && kind === 0 ? Math.ceil(countOf(conv) / 12) * 2 * outChannels : 0;
    const adds = way === 2 ? 1 : 0;
    const shape = g.struct("Winograd", {
      ...conv,
      ...weights,
      w: onTheWay ? weights.w : 0,
      u: onTheWay ? 0 : g.input(floats),
      x: inputOf(g, conv),
      residual: finishes ? g.input(IMAGES * outHeight * outWidth * outChannels) : 0,
      activation: finishes ? [constants.RELU, constants.RELU6, constants.SILU][size]! : 0,
      bias: way && !pairs ? g.input(outChannels) : 0,
      ...(way === 0
        ? { y: g.matrix(pixels, outChannels, outChannels + GAP), yStep: outChannels + GAP }
        : { y: g[adds ? "inout" : "output"](pixels * outChannels) }),
      accumulate: adds,
      moments: moments ? g.output(moments) : 0,
      pivot: moments ? g.input(outChannels) : 0,
      outTop: pairs,
      outLeft: pairs,
      blockTiles: 12,
      groupPanels: 2,
    });
    k.winogradConv(shape, g.scratch(k.winogradConvScratch(shape)), 0, k.winogradConvUnits(shape));
  },
);

/** The fields of a weight gradient, for those of its kinds that fit. */
const gradients = (
  kinds: readonly number[],
  run: (k: Kernels, g: Guarded, conv: Fields, groups: number) => unknown,
): Call[] =>
  calls(
    ["kind", "size", "channels", "outChannels", "tile", "groups"],
    [kinds, [0, 1, 2], [1, 3, 4, 20], [4, 12, 28], TILES, [1, 2]],
    (k, g, kind, size, channels, outChannels, tile, groups) => {
      if (kind === 2 ? channels > 3 : channels % 4) return;
      run(k, g, convOf(kind, size, channels, outChannels, tile), groups);
    },
  );

/** The struct of transformed tiles: with phases of all rows but the first. */
function tilesIn(k: Kernels, g: Guarded, conv: Fields): number {
  const firstRow = conv.stride - 1;
  const tileRows = IMAGES * conv.tilesHigh - firstRow;
  const [x, y] = [inputOf(g, conv), gradientOf(g, conv)];
  const fields = { ...conv, x, y, firstRow, tileRows, stripChannels: 12 };
  const floats = k.winogradTilesFloats(g.struct("Winograd", fields));
  const shape = g.struct("Winograd", { ...fields, sums: g.scratch(floats * 4) });
  k.winogradTiles(shape, g.scratch(k.winogradTilesScratch(shape)), 0, tileRows);
  return shape;
}

export const winogradCalls: Readonly<Record<string, readonly Call[]>> = {
  winogradConv,
  winogradSums: gradients([0, 2], (k, g, conv, most) => {
    const blockTiles = 3;
    const groups = Math.min(most, Math.ceil(countOf(conv) / blockTiles));
    const pairs = depthOf(conv) * conv.outChannels;
    const sums = g.matrix(groups * k.winogradPoints(conv.kernel, conv.stride), pairs, pairs + GAP);
    const [x, y] = [inputOf(g, conv), gradientOf(g, conv)];
    const stripChannels = Math.min(12, conv.channels);
    const shape = g.struct("Winograd", { ...conv, x, y, blockTiles, groups, stripChannels, sums });
    k.winogradSums(shape, g.scratch(k.winogradSumsScratch(shape)), 0, k.winogradStripsUnits(shape));
  }),
  winogradTiles: gradients([0, 1], (k, g, conv) => tilesIn(k, g, conv)),
  winogradStrips: gradients([0, 1], (k, g, conv) => {
    const shape = tilesIn(k, g, conv);
    const dw = g.output(9 * conv.channels * conv.outChannels);
    k.winogradStrips(shape, dw, g.scratch(k.winogradStripsScratch(shape)), 0, k.winogradStripsUnits(shape));
  }),
  winogradWeights: calls(
    ["kind", "channels", "outChannels", "tile", "backward"],
    [[0, 1, 2, 3], [1, 3, 4, 12, 132], [4, 28], TILES, [0, 1]],
    (k, g, kind, channels, outChannels, tile, backward) => {
      if (kind === 2 ? channels > 3 || backward : channels % 4) return;
      const weights = weightsOf(g, convOf(kind, 0, channels, outChannels, tile), backward);
      const fields = { ...weights, channels, outChannels, tile };
      const points = weights.small ? 16 : k.winogradPoints(weights.kernel, weights.stride);
      const floats = k.winogradWeightsFloats(g.struct("Winograd", fields));
      const words = floats / points - GAP;
      // Without phases all points have as many weights.
      const u = kind === 1 ? g.inout(floats) : g.matrix(points, words, words + GAP);
      const shape = g.struct("Winograd", { ...fields, u });
      k.winogradWeights(
        shape,
        g.scratch(k.winogradWeightsScratch(tile)),
        0,
        Math.ceil(outChannels / k.tileColumns(tile)),
      );
    },
  ),
  winogradWeightBackward: gradients([0, 2], (k, g, conv, groups) => {
    const words =
      groups * k.winogradPoints(conv.kernel, conv.stride) * (depthOf(conv) * conv.outChannels + GAP);
    const sums = groups > 1 ? g.inout(words) : g.input(words);
    const shape = g.struct("Winograd", { ...conv, groups, sums });
    const dw = g.output(conv.kernel ** 2 * conv.channels * conv.outChannels);
    const scratch = g.scratch(constants.TRANSFORM_SCRATCH);
    k.winogradWeightBackward(shape, dw, scratch, 0, (depthOf(conv) * conv.outChannels) / 4);
  }),
};
