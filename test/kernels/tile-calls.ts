// Calls of the kernels that run on register tiles (4×8, 6×8, 3×12), and of those that pack for them.

import { constants } from "../../src/wasm/table.js";
import { TILES } from "../helpers/binaries.js";
import { calls, LENGTHS, type Call } from "./calls.js";

const ROWS = [0, 1, 2, 3, 4, 5, 6, 7, 11, 15];
const COLUMNS = [1, 7, 8, 9, 11, 12, 13, 19, 27];
const ACTIVATIONS = [0, constants.RELU, constants.RELU6, constants.SILU];

/** Rows of C lie this many words further apart than they are long. */
const GAP = 3;

type Order = "plain" | "transposed";

/** Products of all sizes given, cut into units of 12 × 24 and in one: a, b and c in memory as `order` says. */
function gemm(order: Order, accumulate: number, ms: number[], ns: number[], ks: number[]): Call[] {
  return calls(
    ["m", "n", "k", "tile", "cut"],
    [ms, ns, ks, TILES, [0, 1]],
    (kernels, g, m, n, k, tile, cut) => {
      const a = g.input(m * k);
      const b = g.input(k * n);
      const c = accumulate ? g.inout(m * n) : g.matrix(m, n, n + GAP);
      const [rsa, csa, rsb, csb] = order === "plain" ? [k, 1, n, 1] : [1, m, 1, k];
      const ldc = accumulate ? n : n + GAP;
      const [unitRows, unitColumns] = cut ? [12, 24] : [1200, 1200];
      const shape = g.struct("Gemm", { m, n, k, a, rsa, csa, b, rsb, csb, c, ldc, accumulate, unitRows, unitColumns, tile }); // prettier-ignore
      kernels.gemm(shape, g.scratch(kernels.gemmScratch(shape)), 0, kernels.gemmUnits(shape));
    },
  );
}

/** rowsGemm on pixels of a row of an image, each the start of a window of two runs of `run` words. */
const windowsOfRow = calls(
  ["pixels", "columns", "run", "tile", "bias", "gap"],
  [[...ROWS.slice(1), 100], [1, 2, 3, 6, 7, 8, 9, 11, 12, 13, 27], [1, 3, 600], TILES, [0, 1], [0, GAP]],
  (k, g, pixels, columns, run, tile, bias, gap) => {
    const channels = 2;
    const width = k.tileColumns(tile);
    const panels = Math.ceil(columns / width);
    const segments = g.ints([0, 0, run, (run + 1) * 4, run * width * 4, run]);
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
      c: g.matrix(pixels, columns, columns + gap),
      columns,
      panelBytes: 2 * run * width * 4,
      segments,
      segmentCount: 2,
      segmentBlocks: k.segmentBlocks(segments, 2),
      unitPanels: gap ? 1 : panels,
      tile,
    });
    k.rowsGemm(shape, g.scratch(k.rowsGemmScratch(shape)), 0, k.rowsGemmUnits(shape));
  },
);

/** rowsGemm that adds a residual and applies an activation, once its sums are complete. */
const finished = calls(
  ["pixels", "columns", "run", "tile", "gap", "residual", "activation"],
  [[1, 6, 7, 100], [1, 5, 8, 9, 27], [3, 600], TILES, [0, GAP], [0, 1], ACTIVATIONS],
  (k, g, pixels, columns, run, tile, gap, residual, activation) => {
    const width = k.tileColumns(tile);
    const panels = Math.ceil(columns / width);
    const segments = g.ints([0, 0, run, run * 4, run * width * 4, run]);
    const row = columns + gap;
    const shape = g.struct("RowsGemm", {
      images: 1,
      height: 1,
      width: pixels,
      aPixelBytes: 4,
      cPixelBytes: row * 4,
      cRowBytes: pixels * row * 4,
      cImageBytes: pixels * row * 4,
      a: g.input(pixels + 2 * run),
      b: g.input(panels * 2 * run * width),
      bias: g.input(panels * width),
      residual: residual ? g.input(pixels * row) : 0,
      activation,
      c: g.matrix(pixels, columns, row),
      columns,
      panelBytes: 2 * run * width * 4,
      segments,
      segmentCount: 2,
      segmentBlocks: k.segmentBlocks(segments, 2),
      unitPanels: gap ? 1 : panels,
      tile,
    });
    k.rowsGemm(shape, g.scratch(k.rowsGemmScratch(shape)), 0, k.rowsGemmUnits(shape));
  },
);

/** rowsGemm on 3×3 windows of padded images, in bands of one or two rows or of whole images; two groups. */
const windowsOfFrame = calls(
  ["columns", "bandImages", "bandRows", "tile"],
  [[1, 4, 7, 8, 13], [1, 2], [1, 2, 5], TILES],
  (k, g, columns, bandImages, bandRows, tile) => {
    const [images, size, channels, groups] = [3, 5, 4, 2];
    const [frame, width] = [size + 2, k.tileColumns(tile)];
    const depth = (9 * channels) / groups;
    const runs = Array.from({ length: 9 }, (_, t) => (Math.floor(t / 3) * frame + (t % 3)) * channels * 4);
    const panels = Math.ceil(columns / width);
    const rows = bandRows === size ? frame : bandRows + 2;
    const total = columns * groups;
    const shape = g.struct("RowsGemm", {
      images,
      height: size,
      width: size,
      aImageBytes: rows * frame * channels * 4,
      aRowBytes: frame * channels * 4,
      aPixelBytes: channels * 4,
      cPixelBytes: total * 4,
      cRowBytes: size * total * 4,
      cImageBytes: size * size * total * 4,
      b: g.input(groups * panels * depth * width),
      c: g.output(images * size * size * total),
      columns,
      panelBytes: depth * width * 4,
      segments: g.ints(runs.flatMap((offset, t) => [offset, (t * channels * width * 4) / groups, channels / groups])), // prettier-ignore
      segmentCount: 9,
      groups,
      aGroupBytes: (channels / groups) * 4,
      bGroupBytes: panels * depth * width * 4,
      cGroupBytes: columns * 4,
      unitPanels: 1,
      x: g.input(images * size * size * channels),
      xHeight: size,
      xWidth: size,
      channels,
      top: 1,
      left: 1,
      frameHeight: frame,
      frameWidth: frame,
      bandImages: bandRows === size ? bandImages : 1,
      bandRows,
      stepRows: 1,
      windowRows: 3,
      tile,
    });
    k.rowsGemm(shape, g.scratch(k.rowsGemmScratch(shape)), 0, k.rowsGemmUnits(shape));
  },
);

/** pixelsGemm on two stretches of `pixels` pixels, summed one after the other, for two taps; or packed, in this many parts. */
const pixelsGemm = calls(
  ["rows", "columns", "pixels", "tile", "gap", "packed"],
  [ROWS.slice(1), COLUMNS, [1, 5], TILES, [0, GAP], [0, 1, 2]],
  (k, g, rows, columns, pixels, tile, gap, packed) => {
    const taps = packed ? 1 : 2;
    const outputs = Math.max(taps, packed);
    const shape = g.struct("PixelsGemm", {
      rows,
      columns,
      a: g.input((2 * pixels + 1) * rows),
      aPixelBytes: rows * 4,
      b: g.input(2 * pixels * columns),
      bPixelBytes: columns * 4,
      c: g.matrix(outputs * rows, columns, columns + gap),
      cRowBytes: (columns + gap) * 4,
      segments: g.ints([0, 0, pixels, pixels * rows * 4, pixels * columns * 4, pixels]),
      segmentCount: 2,
      blockSegments: 1,
      blockPixels: pixels,
      kernelWidth: taps,
      aWidthBytes: rows * 4,
      cWidthBytes: rows * (columns + gap) * 4,
      packed: Math.min(packed, 1),
      parts: Math.max(packed, 1),
      cPartBytes: rows * (columns + gap) * 4,
      tile,
    });
    k.pixelsGemm(shape, g.scratch(k.pixelsGemmScratch(shape)), 0, k.pixelsGemmUnits(shape));
  },
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
    const dst = g.output(panels * k * width);
    const shape = g.struct("PackPanels", { src, rs, cs, k, n, width, dst, panelStride: k * width });
    kernels.packPanels(shape, 0, panels);
  },
);

const padImages = calls(
  ["channels", "top", "left"],
  [LENGTHS, [-1, 0, 2], [-2, 0, 1]],
  (k, g, channels, top, left) => {
    const [images, height, width] = [2, 3, 4];
    const [yHeight, yWidth] = [height + top + 1, width + left + 1];
    const x = g.input(images * height * width * channels);
    const y = g.output(images * yHeight * yWidth * channels);
    const fields = { x, y, height, width, channels, top, left, yHeight, yWidth };
    k.padImages(g.struct("PadImages", fields), 0, images);
  },
);

/** fewRows around its vectors, three outputs and blocks of 1024, with everything that may follow the sums. */
const fewRows = calls(
  ["rows", "inner", "outputs", "bias", "activation"],
  [[0, 1, 2, 5], [0, 1, 3, 4, 7, 8, 13, 1023, 1037], [1, 2, 3, 4, 8], [0, 1], ACTIVATIONS],
  (k, g, rows, inner, outputs, bias, activation) => {
    const shape = g.struct("FewRows", {
      x: g.input(rows * inner),
      w: g.input(outputs * inner),
      bias: bias ? g.input(outputs) : 0,
      residual: bias && activation ? g.input(rows * outputs) : 0,
      activation,
      y: g.output(rows * outputs),
      rows,
      inner,
      outputs,
    });
    k.fewRows(shape, g.scratch(k.fewRowsScratch(rows)), 0, Math.ceil(outputs / 3));
  },
);

export const tileCalls: Readonly<Record<string, readonly Call[]>> = {
  gemm: [
    ...gemm("plain", 0, ROWS, COLUMNS, [0, 1, 5]),
    ...gemm("transposed", 0, ROWS, COLUMNS, [0, 1, 5]),
    ...gemm("plain", 1, ROWS, COLUMNS, [0, 1, 5]),
    ...gemm("plain", 0, [47, 48, 49], [9, 33], [3, 513]), // around the blocks of 48 × 512
  ],
  fewRows,
  rowsGemm: [...windowsOfRow, ...windowsOfFrame, ...finished],
  pixelsGemm,
  packPanels,
  padImages,
};
