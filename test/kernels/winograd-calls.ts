// Calls of Winograd's kernels: images whose sizes are and are not multiples of the tile's 4, several blocks of tiles and
// groups of columns.

import type { Kernels } from "../../src/wasm/abi.js";
import { TILES } from "../helpers/binaries.js";
import type { Guarded } from "../helpers/guarded.js";
import { calls, type Call } from "./calls.js";

const POINTS = 36;
const SCRATCH = 640;
/** Words between the arrays of one point and the next. */
const GAP = 16;

/** Height and width of the images. */
const SIZES = [
  [1, 1],
  [4, 9],
  [7, 6],
] as const;

const winogradConv = calls(
  ["size", "channels", "outChannels", "padding", "tile", "way"],
  [[0, 1, 2], [4, 12, 132], [4, 12, 28], [1, 2], TILES, [0, 1, 2]],
  (k, g, size, channels, outChannels, padding, tile, way) => {
    if (channels > 100 && (way === 0 || tile > 1)) return;
    const [height, width] = SIZES[size]!;
    const [outHeight, outWidth] = [height + 2 * padding - 2, width + 2 * padding - 2];
    const NR = k.tileColumns(tile);
    const step = Math.ceil(outChannels / NR) * channels * NR + GAP;
    const tiles = 2 * Math.ceil(outHeight / 4) * Math.ceil(outWidth / 4);
    const shape = g.struct("WinogradConv", {
      x: g.input(2 * height * width * channels),
      images: 2,
      height,
      width,
      channels,
      top: padding,
      left: padding,
      u: way ? 0 : g.input(POINTS * step),
      w: way ? g.input(9 * channels * outChannels) : 0,
      wRow: way === 2 ? 1 : outChannels,
      wColumn: way === 2 ? channels : 1,
      tapBytes: channels * outChannels * 4,
      flipped: way >> 1,
      uStepBytes: step * 4,
      bias: way ? g.input(outChannels) : 0,
      y: g[way === 2 ? "inout" : "output"](2 * outHeight * outWidth * outChannels),
      adds: way === 2 ? 1 : 0,
      moments: way === 1 ? g.output(2 * outChannels * Math.ceil(tiles / 12)) : 0,
      pivot: way === 1 ? g.input(outChannels) : 0,
      outHeight,
      outWidth,
      outChannels,
      blockTiles: 12,
      groupPanels: 2,
      tile,
    });
    k.winogradConv(shape, g.scratch(k.winogradConvScratch(shape)), 0, k.winogradConvUnits(shape));
  },
);

/** The words of a WinogradSums struct on two images, and what follows from it. */
function sumsOf(g: Guarded, sizes: { size: number; channels: number; outChannels: number; tile: number }) {
  const { size, channels, outChannels, tile } = sizes;
  const [height, width] = SIZES[size]!;
  const stepWords = channels * outChannels + GAP;
  return {
    x: g.input(2 * height * width * channels),
    dy: g.input(2 * height * width * outChannels),
    images: 2,
    height,
    width,
    channels,
    top: 1,
    left: 1,
    outHeight: height,
    outWidth: width,
    outChannels,
    blockTiles: 3,
    stripChannels: 12,
    groupBytes: POINTS * stepWords * 4,
    sumStepBytes: stepWords * 4,
    tile,
  };
}

const sums = (
  run: (k: Kernels, g: Guarded, fields: ReturnType<typeof sumsOf>, groups: number) => unknown,
): Call[] =>
  calls(
    ["size", "channels", "outChannels", "tile", "groups"],
    [[0, 1, 2], [4, 20], [4, 12, 28], TILES, [1, 2]],
    (k, g, size, channels, outChannels, tile, groups) => {
      run(k, g, sumsOf(g, { size, channels, outChannels, tile }), groups);
    },
  );

const tilesIn = (g: Guarded, k: Kernels, fields: ReturnType<typeof sumsOf>): number => {
  const words = k.winogradTilesFloats(g.struct("WinogradSums", fields));
  const shape = g.struct("WinogradSums", { ...fields, sums: g.scratch(words * 4) });
  const scratch = g.scratch(k.winogradTilesScratch(shape));
  k.winogradTiles(shape, scratch, 0, fields.images * Math.ceil(fields.outHeight / 4));
  return shape;
};

export const winogradCalls: Readonly<Record<string, readonly Call[]>> = {
  winogradConv,
  winogradSums: sums((k, g, fields, most) => {
    const { channels, outChannels, sumStepBytes, outHeight, outWidth, blockTiles } = fields;
    const tiles = 2 * Math.ceil(outHeight / 4) * Math.ceil(outWidth / 4);
    const groups = Math.min(most, Math.ceil(tiles / blockTiles));
    const output = g.matrix(groups * POINTS, channels * outChannels, sumStepBytes / 4);
    const shape = g.struct("WinogradSums", { ...fields, groups, sums: output });
    k.winogradSums(shape, g.scratch(k.winogradSumsScratch(shape)), 0, k.winogradSumsUnits(shape));
  }),
  winogradTiles: sums((k, g, fields) => tilesIn(g, k, fields)),
  winogradStrips: sums((k, g, fields) => {
    const { channels, outChannels, stripChannels } = fields;
    const shape = tilesIn(g, k, fields);
    const dw = g.output(9 * channels * outChannels);
    const scratch = g.scratch(k.winogradStripsScratch(shape));
    k.winogradStrips(shape, dw, scratch, 0, Math.ceil(channels / stripChannels));
  }),
  winogradWeights: calls(
    ["depth", "columns", "tile", "flipped"],
    [[4, 12, 132], [4, 28], TILES, [0, 1]],
    (k, g, depth, columns, tile, flipped) => {
      const NR = k.tileColumns(tile);
      const panels = k.winogradWeightsUnits(columns, NR);
      const step = panels * depth * NR + GAP;
      const u = g.matrix(POINTS, panels * depth * NR, step);
      const [rs, cs] = flipped ? [1, depth] : [columns, 1];
      const w = g.input(9 * depth * columns);
      const tapBytes = depth * columns * 4;
      const scratch = g.scratch(k.winogradWeightsScratch(NR));
      k.winogradWeights(w, rs, cs, tapBytes, flipped, depth, columns, NR, u, step * 4, scratch, 0, panels);
    },
  ),
  winogradWeightBackward: calls(
    ["vectors", "groups"],
    [
      [0, 1, 5],
      [1, 3],
    ],
    (k, g, vectors, groups) => {
      const step = 4 * vectors + GAP;
      const s = groups > 1 ? g.inout(groups * POINTS * step) : g.input(POINTS * step);
      const dw = g.output(9 * 4 * vectors);
      k.winogradWeightBackward(s, step * 4, groups, POINTS * step * 4, dw, vectors * 16, g.scratch(SCRATCH), 0, vectors); // prettier-ignore
    },
  ),
};
