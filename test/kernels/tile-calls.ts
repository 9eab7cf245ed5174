// Calls of the kernels that run on register tiles (4×8, 6×8, 3×12), and of those that pack for them.

import type { Kernels } from "../../src/wasm/abi.js";
import { TILES } from "../helpers/binaries.js";
import { calls, LENGTHS, type Call } from "./calls.js";

const ROWS = [0, 1, 2, 3, 4, 5, 6, 7, 11, 15];
const COLUMNS = [1, 7, 8, 9, 11, 12, 13, 19, 27];

/** Rows of C lie this many words further apart than they are long. */
const GAP = 3;

const roundUp = (n: number, unit: number): number => Math.ceil(n / unit) * unit;

function gemm(name: "plain" | "transposed", accumulate: number): Call[] {
  return calls(["m", "n", "k", "tile"], [ROWS, COLUMNS, [0, 1, 5], TILES], (kernels, g, m, n, k, tile) => {
    const a = g.input(m * k);
    const b = g.input(k * n);
    const c = accumulate ? g.inout(m * n) : g.matrix(m, n, n + GAP);
    const scratch = g.scratch(kernels.gemmScratch(m, n, k) * 4);
    const [rsa, csa, rsb, csb] = name === "plain" ? [k, 1, n, 1] : [1, m, 1, k];
    kernels.gemm(m, n, k, a, rsa, csa, b, rsb, csb, c, accumulate ? n : n + GAP, accumulate, tile, scratch);
  });
}

/** Pixels of a row of an image, each the start of a window of two runs of `run` words. */
const rowsGemm = calls(
  ["pixels", "columns", "run", "tile", "bias"],
  [ROWS.slice(1), COLUMNS, [1, 3], TILES, [0, 1]],
  (k, g, pixels, columns, run, tile, bias) => {
    const channels = 2;
    const width = k.tileColumns(tile);
    const panels = Math.ceil(columns / width);
    const b = g.input(panels * 2 * run * width);
    const shape = g.struct("RowsGemm", {
      images: 1,
      height: 1,
      width: pixels,
      aPixelBytes: channels * 4,
      cPixelBytes: (columns + GAP) * 4,
      a: g.input(pixels * channels + 2 * run + 4),
      b,
      bias: bias ? g.input(roundUp(columns, width)) : 0,
      c: g.matrix(pixels, columns, columns + GAP),
      columns,
      panelBytes: 2 * run * width * 4,
      segments: g.ints([0, 0, run, (run + 1) * 4, run * width * 4, run]),
      segmentCount: 2,
      tile,
    });
    k.rowsGemm(shape, g.scratch(rowsGemmScratch(k)), 0, k.rowsGemmUnits(pixels, tile));
  },
);

/** Called with 0 gathered floats by versions that gather rows. */
function rowsGemmScratch(k: Kernels): number {
  return (k.rowsGemmScratch as (gathered: number) => number)(0);
}

const pixelsGemm = calls(
  ["rows", "columns", "pixels", "tile"],
  [ROWS.slice(1), COLUMNS, [1, 5], TILES],
  (k, g, rows, columns, pixels, tile) => {
    const shape = g.struct("PixelsGemm", {
      rows,
      columns,
      a: g.input(2 * pixels * rows),
      aPixelBytes: rows * 4,
      b: g.input(2 * pixels * columns),
      bPixelBytes: columns * 4,
      c: g.matrix(rows, columns, columns + GAP),
      cRowBytes: (columns + GAP) * 4,
      segments: g.ints([0, 0, pixels, pixels * rows * 4, pixels * columns * 4, pixels]),
      segmentCount: 2,
      blockSegments: 1,
      tile,
    });
    k.pixelsGemm(shape, 0, k.pixelsGemmUnits(rows, tile));
  },
);

const packPanels = calls(
  ["k", "n", "width", "order"],
  [LENGTHS, [1, 3, 4, 6, 8, 9, 12, 13], [3, 4, 6, 8, 12], [0, 1, 2]],
  (kernels, g, k, n, width, order) => {
    const [rs, cs] = [[n, 1], [1, k], [2 * n, 2]][order] as [number, number]; // prettier-ignore
    const src = g.input(order === 2 ? 2 * k * n : k * n);
    const panels = Math.ceil(n / width);
    kernels.packPanels(src, rs, cs, k, n, width, g.output(panels * k * width), k * width);
  },
);

const padImages = calls(
  ["channels", "top", "left", "extra"],
  [LENGTHS, [-1, 0, 2], [-2, 0, 1], [0, 2]],
  (k, g, channels, top, left, extra) => {
    const [images, height, width] = [2, 3, 4];
    const [yHeight, yWidth] = [height + top + 1, width + left + 1];
    const x = g.input(images * height * width * (channels + extra));
    const y = g.output(images * yHeight * yWidth * channels);
    k.padImages(x, y, images, height, width, channels + extra, channels, top, left, yHeight, yWidth);
  },
);

export const tileCalls: Readonly<Record<string, readonly Call[]>> = {
  gemm: [...gemm("plain", 0), ...gemm("transposed", 0), ...gemm("plain", 1)],
  rowsGemm,
  pixelsGemm,
  packPanels,
  padImages,
};
