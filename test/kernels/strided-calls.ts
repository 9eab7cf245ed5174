// Calls of the kernels for convolutions of stride 2: outputs whose sizes are and are not multiples of the tiles' 4 and 3,
// several blocks of tiles and groups of columns.

import type { Kernels } from "../../src/wasm/abi.js";
import { TILES } from "../helpers/binaries.js";
import type { Guarded } from "../helpers/guarded.js";
import { calls, type Call } from "./calls.js";

const POINTS = 36;
const SCRATCH = 640;
/** Words between the arrays of one point and the next. */
const GAP = 16;
const IMAGES = 2;

/** Outputs, and how many tiles of four and of three rows and columns they are. */
const OUTPUTS = [
  { high: 1, wide: 3, tilesHigh: 1, tilesWide: 1, foursHigh: 0, foursWide: 0 },
  { high: 7, wide: 4, tilesHigh: 2, tilesWide: 1, foursHigh: 1, foursWide: 1 },
  { high: 5, wide: 14, tilesHigh: 2, tilesWide: 4, foursHigh: 1, foursWide: 2 },
] as const;

const winogradStrided = calls(
  ["output", "channels", "outChannels", "tile", "way", "backward"],
  [[0, 1, 2], [4, 68], [4, 28], TILES, [0, 1], [0, 1]],
  (k, g, output, channels, outChannels, tile, way, backward) => {
    const { high, wide, ...tiles } = OUTPUTS[output]!;
    // Backward the tiles cover pairs of rows and columns of y, from the second of the first pair on.
    const [height, width] = backward ? [high, wide] : [2 * high, 2 * wide - 1];
    const [outHeight, outWidth] = backward ? [2 * high - 1, 2 * wide - 1] : [high, wide];
    const NR = k.tileColumns(tile);
    const floats = k.stridedWeightFloats(channels, Math.ceil(outChannels / NR) * NR);
    const shape = g.struct("WinogradStrided", {
      x: g.input(IMAGES * height * width * channels),
      images: IMAGES,
      height,
      width,
      channels,
      top: 1,
      left: 1,
      u: way ? 0 : g.input(floats),
      w: way ? g.input(9 * channels * outChannels) : 0,
      wRow: backward ? 1 : outChannels,
      wColumn: backward ? channels : 1,
      tapBytes: channels * outChannels * 4,
      bias: way && !backward ? g.input(outChannels) : 0,
      y: g.output(IMAGES * outHeight * outWidth * outChannels),
      outHeight,
      outWidth,
      outTop: backward,
      outLeft: backward,
      outChannels,
      ...tiles,
      blockTiles: 12,
      groupPanels: 2,
      backward,
      tile,
    });
    k.winogradStrided(shape, g.scratch(k.winogradStridedScratch(shape)), 0, k.winogradStridedUnits(shape));
  },
);

/** Transformed tiles of all rows but the first. */
function tilesIn(
  k: Kernels,
  g: Guarded,
  output: number,
  channels: number,
  outChannels: number,
  tile: number,
): number {
  const { high, wide, ...tiles } = OUTPUTS[output]!;
  const [height, width] = [2 * high, 2 * wide - 1];
  const fields = {
    x: g.input(IMAGES * height * width * channels),
    dy: g.input(IMAGES * high * wide * outChannels),
    images: IMAGES,
    height,
    width,
    channels,
    top: 1,
    left: 1,
    outHeight: high,
    outWidth: wide,
    outChannels,
    ...tiles,
    firstRow: 1,
    tileRows: IMAGES * tiles.tilesHigh - 1,
    stripChannels: 12,
    tile,
  };
  const floats = k.stridedTilesFloats(g.struct("StridedSums", fields));
  const shape = g.struct("StridedSums", { ...fields, tiles: g.scratch(floats * 4) });
  k.stridedTiles(shape, g.scratch(k.stridedTilesScratch(shape)), 0, fields.tileRows);
  return shape;
}

const sums = (run: (k: Kernels, g: Guarded, ...sizes: [number, number, number, number]) => unknown): Call[] =>
  calls(["output", "channels", "outChannels", "tile"], [[0, 1, 2], [4, 20], [4, 28], TILES], run);

/** Words that the stem's kernels share: 7×7 of stride 2, padding 3. */
function stemOf(g: Guarded, size: number, channels: number, outChannels: number, tile: number) {
  const [height, width] = [
    [1, 5],
    [12, 19],
    [26, 7],
  ][size] as [number, number];
  const [outHeight, outWidth] = [Math.ceil(height / 2), Math.ceil(width / 2)];
  return {
    x: g.input(IMAGES * height * width * channels),
    images: IMAGES,
    height,
    width,
    channels,
    top: 3,
    left: 3,
    outHeight,
    outWidth,
    outChannels,
    tilesHigh: Math.ceil(outHeight / 3),
    tilesWide: Math.ceil(outWidth / 3),
    blockTiles: 12,
    tile,
  };
}

const stemSizes = [[0, 1, 2], [1, 3], [4, 28], TILES] as const;

const vectorsAndGroups = [
  [0, 1, 5],
  [1, 3],
] as const;

export const stridedCalls: Readonly<Record<string, readonly Call[]>> = {
  winogradStrided,
  stridedWeights: calls(
    ["depth", "columns", "tile", "backward"],
    [[4, 132], [4, 28], TILES, [0, 1]],
    (k, g, depth, columns, tile, backward) => {
      const NR = k.tileColumns(tile);
      const panels = k.stridedWeightsUnits(columns, NR);
      const u = g.inout(k.stridedWeightFloats(depth, panels * NR));
      const [rs, cs] = backward ? [1, depth] : [columns, 1];
      const w = g.input(9 * depth * columns);
      const tapBytes = depth * columns * 4;
      const scratch = g.scratch(k.stridedWeightsScratch(NR));
      k.stridedWeights(w, rs, cs, tapBytes, depth, columns, NR, backward, u, scratch, 0, panels);
    },
  ),
  stridedTiles: sums((k, g, ...sizes) => tilesIn(k, g, ...sizes)),
  stridedSums: sums((k, g, output, channels, outChannels, tile) => {
    const shape = tilesIn(k, g, output, channels, outChannels, tile);
    const dw = g.output(9 * channels * outChannels);
    k.stridedSums(shape, dw, g.scratch(k.stridedSumsScratch(shape)), 0, k.stridedSumsUnits(shape));
  }),
  stemConv: calls(
    ["size", "channels", "outChannels", "tile"],
    stemSizes,
    (k, g, size, channels, outChannels, tile) => {
      const fields = stemOf(g, size, channels, outChannels, tile);
      const NR = k.tileColumns(tile);
      const step = Math.ceil(outChannels / NR) * NR * 4 * channels + GAP;
      const shape = g.struct("StemConv", {
        ...fields,
        u: g.input(POINTS * step),
        uStepBytes: step * 4,
        bias: channels > 1 ? g.input(outChannels) : 0,
        y: g.output(IMAGES * fields.outHeight * fields.outWidth * outChannels),
      });
      k.stemConv(shape, g.scratch(k.stemConvScratch(shape)), 0, k.stemConvUnits(shape));
    },
  ),
  stemSums: calls(
    ["size", "channels", "outChannels", "tile"],
    stemSizes,
    (k, g, size, channels, outChannels, tile) => {
      const fields = stemOf(g, size, channels, outChannels, tile);
      const tiles = IMAGES * fields.tilesHigh * fields.tilesWide;
      const groups = Math.min(2, Math.ceil(tiles / fields.blockTiles));
      const pairs = 4 * channels * outChannels;
      const step = pairs + GAP;
      const shape = g.struct("StemSums", {
        ...fields,
        dy: g.input(IMAGES * fields.outHeight * fields.outWidth * outChannels),
        groups,
        sums: g.matrix(groups * POINTS, pairs, step),
        groupBytes: POINTS * step * 4,
        sumStepBytes: step * 4,
      });
      k.stemSums(shape, g.scratch(k.stemSumsScratch(shape)), 0, groups);
    },
  ),
  stemWeight: calls(["vectors"], [[0, 1, 5]], (k, g, vectors) => {
    const step = 4 * vectors + GAP;
    const u = g.matrix(POINTS, 4 * vectors, step);
    k.stemWeight(g.input(16 * step), step * 4, u, step * 4, g.scratch(SCRATCH), 0, vectors);
  }),
  stemWeightBackward: calls(["vectors", "groups"], vectorsAndGroups, (k, g, vectors, groups) => {
    const step = 4 * vectors + GAP;
    const s = groups > 1 ? g.inout(groups * POINTS * step) : g.input(POINTS * step);
    const dw = g.output(16 * 4 * vectors);
    k.stemWeightBackward(s, step * 4, groups, POINTS * step * 4, dw, vectors * 16, g.scratch(SCRATCH), 0, vectors); // prettier-ignore
  }),
};
