// Products whose rows start at the pixels of a grid (kernels/product/rows-gemm.ts): the common part of convolutions and matrix products.

import type { Struct } from "../wasm/abi.js";
import { shares } from "../wasm/parallel.js";
import type { Planner } from "../wasm/plan.js";
import { runtime } from "../wasm/runtime.js";
import { UNFINISHED, type Finish } from "./fusion.js";

/** Tiles of the kernel's blocks, and the rows of its tallest register tile. */
const BLOCK_ROWS = 16 * 6;
/** Values of a segment: the kernel stores sums between segments and nowhere else. */
const SEGMENT = 512;
/** Bytes of padded images in one band: with a panel of weights and the sums well inside L2. */
const BAND_BYTES = 192 * 1024;

/** A stretch of one window: byte offset from the window's first value, and number of values. */
export interface Run {
  offset: number;
  length: number;
}

/** Segment words (kernels/tile/tile.ts) of the runs in order, neighbours joined; B is packed in the same order. */
function segmentsOf(runs: readonly Run[], columnsOfPanel: number): number[] {
  const words: number[] = [];
  let k = 0;
  for (const { offset, length } of joined(runs)) {
    for (let i = 0; i < length; i += SEGMENT) {
      words.push(offset + i * 4, k * columnsOfPanel * 4, Math.min(SEGMENT, length - i));
      k += Math.min(SEGMENT, length - i);
    }
  }
  return words;
}

function joined(runs: readonly Run[]): Run[] {
  const out: Run[] = [];
  for (const run of runs) {
    const last = out.at(-1);
    if (last && last.offset + last.length * 4 === run.offset) last.length += run.length;
    else out.push({ ...run });
  }
  return out;
}

/** The images around the windows. */
export interface Images {
  address: number;
  images: number;
  height: number;
  width: number;
  channels: number;
}

/** The zeros around images, or the rows and columns left out (negative), and the size including them. */
export interface Frame {
  top: number;
  left: number;
  height: number;
  width: number;
}

type Fields = Struct<"RowsGemm">;

/** A grid of windows on framed images and where its results go. */
export type Grid = Pick<
  Fields,
  "height" | "width" | "c" | "cImageBytes" | "cRowBytes" | "cPixelBytes" | "columns" | "b" | "bias"
> &
  Partial<Finish> & {
    /** Rows and columns of the frame from one window to the next. */
    stepRows: number;
    stepColumns: number;
    /** Products side by side: groups of a convolution. */
    groups: number;
    aGroupBytes: number;
    cGroupBytes: number;
  };

/** Width of the rows that hold the windows: the frame's, or the images' where they need none. */
export function rowWidth(x: { height: number; width: number }, frame: Frame): number {
  return isFramed(x, frame) ? frame.width : x.width;
}

function isFramed(x: { height: number; width: number }, frame: Frame): boolean {
  return frame.top !== 0 || frame.left !== 0 || frame.height > x.height || frame.width > x.width;
}

/**
 * One product for every pixel of the grid. runs are the stretches of a window, offsets in the frame; `depth` is the depth of
 * B's panels in values, more than the runs' length if B is only a part of these panels.
 */
export function rowsProduct(
  p: Planner,
  x: Images,
  frame: Frame,
  grid: Grid,
  runs: readonly Run[],
  depth: number = runs.reduce((total, run) => total + run.length, 0),
): void {
  if (x.images * grid.height * grid.width * grid.columns === 0) return;
  const { kernels, tile } = runtime();
  const NR = kernels.tileColumns(tile);
  const segments = segmentsOf(runs, NR);
  const { stepRows, stepColumns, ...rest } = grid;
  const framed = isFramed(x, frame);
  const windowRows = frame.height - (grid.height - 1) * stepRows;
  const { bandImages, bandRows } = framed
    ? bandOf(x.images, grid, frame, windowRows, x.channels)
    : { bandImages: 0, bandRows: 0 };
  const panels = Math.ceil(grid.columns / NR);
  const bands = framed
    ? Math.ceil(x.images / bandImages) * Math.ceil(grid.height / bandRows)
    : Math.ceil((x.images * grid.height * grid.width) / BLOCK_ROWS);
  const rowBytes = rowWidth(x, frame) * x.channels * 4;
  const stripRows = Math.min(frame.height, (bandRows - 1) * stepRows + windowRows);
  const address = p.words(segments.length ? segments : [0, 0, 0]);
  const shape = p.struct("RowsGemm", {
    ...UNFINISHED,
    ...rest,
    images: x.images,
    aImageBytes: (framed ? stripRows : x.height) * rowBytes,
    aRowBytes: stepRows * rowBytes,
    aPixelBytes: stepColumns * x.channels * 4,
    a: framed ? 0 : x.address,
    panelBytes: depth * NR * 4,
    segments: address,
    segmentCount: Math.max(1, segments.length / 3),
    segmentBlocks: p.ask("segmentBlocks", address, segments.length / 3),
    bGroupBytes: panels * depth * NR * 4,
    unitPanels: Math.ceil(panels / Math.min(panels, Math.max(1, Math.ceil(shares() / Math.max(1, bands))))),
    x: x.address,
    xHeight: x.height,
    xWidth: x.width,
    channels: x.channels,
    top: frame.top,
    left: frame.left,
    frameHeight: frame.height,
    frameWidth: frame.width,
    bandImages,
    bandRows,
    stepRows,
    windowRows,
    tile,
  });
  p.parallelScratch("rowsGemm", p.ask("rowsGemmUnits", shape), 1, p.ask("rowsGemmScratch", shape), shape);
}

/** Number of whole images, or rows of one, that fit a band; fewer where threads would be idle. */
function bandOf(
  images: number,
  grid: Grid,
  frame: Frame,
  windowRows: number,
  channels: number,
): { bandImages: number; bandRows: number } {
  const rowBytes = frame.width * channels * 4;
  const enough = Math.ceil(BLOCK_ROWS / (grid.height * grid.width)); // images that fill a block of tiles
  const whole = Math.max(Math.floor(BAND_BYTES / (frame.height * rowBytes)), enough);
  if (whole * frame.height * rowBytes <= 3 * BAND_BYTES) {
    const fair = Math.ceil(images / shares());
    return { bandImages: Math.max(1, Math.min(whole, fair)), bandRows: grid.height };
  }
  const fitting = Math.floor((BAND_BYTES / rowBytes - windowRows) / grid.stepRows) + 1;
  const least = Math.ceil(BLOCK_ROWS / grid.width);
  return { bandImages: 1, bandRows: Math.min(grid.height, Math.max(least, fitting)) };
}

/** Floats of k × columns values in panels. */
export function panelFloats(k: number, columns: number): number {
  const { kernels, tile } = runtime();
  const NR = kernels.tileColumns(tile);
  return Math.ceil(columns / NR) * NR * k;
}

/** Packs a k × columns matrix, element (p, j) at src + 4·(p·rs + j·cs), at row `first` of panels of `depth` rows. */
export function packMatrix(
  p: Planner,
  src: number,
  rs: number,
  cs: number,
  k: number,
  columns: number,
  to: number,
  depth = k,
  first = 0,
): void {
  const { kernels, tile } = runtime();
  const NR = kernels.tileColumns(tile);
  const units = Math.ceil(columns / NR);
  const grain = Math.max(1, Math.ceil(16384 / Math.max(1, k * NR)));
  const dst = to + first * NR * 4;
  const fields = { src, rs, cs, k, n: columns, width: NR, dst, panelStride: depth * NR };
  p.parallel("packPanels", units, grain, p.struct("PackPanels", fields));
}
