// Calls of the kernels that run on register tiles (4×8, 6×8, 3×12), and of those that pack for them.

import type { Kernels } from "../../src/wasm/abi.js";
import { TILES } from "../helpers/binaries.js";
import type { Guarded } from "../helpers/guarded.js";
import { calls, LENGTHS, type Call } from "./calls.js";

const ROWS = [0, 1, 2, 3, 4, 5, 6, 7, 11, 15];
const COLUMNS = [1, 7, 8, 9, 11, 12, 13, 19, 27];

/** Rows of C lie this many words further apart than they are long. */
const GAP = 3;

type Order = "plain" | "transposed";

/** Products of all sizes given: a, b and c in memory as `order` says, scratch as large as gemm asks for. */
function gemm(order: Order, accumulate: number, ms: number[], ns: number[], ks: number[]): Call[] {
  return calls(["m", "n", "k", "tile"], [ms, ns, ks, TILES], (kernels, g, m, n, k, tile) => {
    const a = g.input(m * k);
    const b = g.input(k * n);
    const c = accumulate ? g.inout(m * n) : g.matrix(m, n, n + GAP);
    const scratch = g.scratch(kernels.gemmScratch(m, n, k) * 4);
    const [rsa, csa, rsb, csb] = order === "plain" ? [k, 1, n, 1] : [1, m, 1, k];
    kernels.gemm(m, n, k, a, rsa, csa, b, rsb, csb, c, accumulate ? n : n + GAP, accumulate, tile, scratch);
  });
}

/** Sizes of a product over pixels, and the order in which its units of work are done. */
export interface PixelProduct {
  pixels: number;
  columns: number;
  tile: number;
  /** Words between the rows of C. */
  gap: number;
  /** From the number of units to ranges [begin, end). */
  ranges?: (units: number) => readonly (readonly [number, number])[];
}

const atOnce = (units: number): readonly (readonly [number, number])[] => [[0, units]];

/**
 * rowsGemm on pixels of a row of an image, each the start of a window of two runs of `run` words. Returns the address
 * of C; without a gap its pixels follow each other.
 */
export function runRowsGemm(
  k: Kernels,
  g: Guarded,
  { pixels, columns, tile, gap, ranges = atOnce }: PixelProduct,
  run: number,
  bias: number,
): number {
  const channels = 2;
  const width = k.tileColumns(tile);
  const panels = Math.ceil(columns / width);
  const c = g.matrix(pixels, columns, columns + gap);
  const shape = g.struct("RowsGemm", {
    images: 1,
    height: 1,
    width: pixels,
    aPixelBytes: channels * 4,
    cPixelBytes: (columns + gap) * 4,
    cRowBytes: pixels * (columns + gap) * 4,
    cImageBytes: pixels * (columns + gap) * 4,
    a: g.input(pixels * channels + 2 * run + 4),
    b: g.input(panels * 2 * run * width),
    bias: bias ? g.input(panels * width) : 0,
    c,
    columns,
    panelBytes: 2 * run * width * 4,
    segments: g.ints([0, 0, run, (run + 1) * 4, run * width * 4, run]),
    segmentCount: 2,
    tile,
  });
  const scratch = g.scratch(k.rowsGemmScratch());
  for (const [begin, end] of ranges(k.rowsGemmUnits(pixels, tile))) k.rowsGemm(shape, scratch, begin, end);
  return c;
}

const rowsGemm = calls(
  ["pixels", "columns", "run", "tile", "bias", "gap"],
  [ROWS.slice(1), [1, 2, 3, 6, 7, 8, 9, 11, 12, 13, 27], [1, 3], TILES, [0, 1], [0, GAP]],
  (k, g, pixels, columns, run, tile, bias, gap) =>
    void runRowsGemm(k, g, { pixels, columns, tile, gap }, run, bias),
);

/** pixelsGemm on two stretches of `pixels` pixels, summed one after the other. Returns the address of C:[rows, columns]. */
export function runPixelsGemm(
  k: Kernels,
  g: Guarded,
  { pixels, columns, tile, gap, ranges = atOnce }: PixelProduct,
  rows: number,
): number {
  const c = g.matrix(rows, columns, columns + gap);
  const shape = g.struct("PixelsGemm", {
    rows,
    columns,
    a: g.input(2 * pixels * rows),
    aPixelBytes: rows * 4,
    b: g.input(2 * pixels * columns),
    bPixelBytes: columns * 4,
    c,
    cRowBytes: (columns + gap) * 4,
    segments: g.ints([0, 0, pixels, pixels * rows * 4, pixels * columns * 4, pixels]),
    segmentCount: 2,
    blockSegments: 1,
    tile,
  });
  for (const [begin, end] of ranges(k.pixelsGemmUnits(rows, tile))) k.pixelsGemm(shape, begin, end);
  return c;
}

const pixelsGemm = calls(
  ["rows", "columns", "pixels", "tile", "gap"],
  [ROWS.slice(1), COLUMNS, [1, 5], TILES, [0, GAP]],
  (k, g, rows, columns, pixels, tile, gap) => void runPixelsGemm(k, g, { pixels, columns, tile, gap }, rows),
);

const packPanels = calls(
  ["k", "n", "width", "order"],
  [LENGTHS, [1, 3, 4, 6, 8, 9, 12, 13], [3, 4, 6, 8, 12], [0, 1, 2]],
  (kernels, g, k, n, width, order) => {
    const [rs, cs] = [
      [n, 1],
      [1, k],
      [2 * n, 2],
    ][order] as [number, number];
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
  gemm: [
    ...gemm("plain", 0, ROWS, COLUMNS, [0, 1, 5]),
    ...gemm("transposed", 0, ROWS, COLUMNS, [0, 1, 5]),
    ...gemm("plain", 1, ROWS, COLUMNS, [0, 1, 5]),
    ...gemm("plain", 0, [47, 48, 49], [9, 33, 1025, 1031, 1032, 1033, 1041], [3, 513]), // around the blocks of 48 × 512 × 1032
  ],
  rowsGemm,
  pixelsGemm,
  packPanels,
  padImages,
};
