// Convolution and its gradients as matrix products over images in place: no im2col buffer, no col2im scatter.
//
// In NHWC the channels of one pixel lie side by side, and so do the pixels of a row. A window's values are therefore a
// few contiguous runs (one for each kernel row; one for each tap if dilated or grouped), and the run of the next
// window starts a fixed distance on. That is a matrix product whose rows of A overlap (kernels/gemm.ts, rowsGemm):
//
//   forward          rows are output pixels, the runs are windows of x
//   data gradient    rows are input pixels, the runs are windows of dy under the flipped kernel; with stride s the
//                    input splits into s² phases, each of which meets only every s-th tap and is a convolution itself
//   weight gradient  Aᵀ·B summed over pixels (pixelsGemm), for each kernel row
//
// Padding: chunks of images that fit L2 are copied into a frame of zeros, so no window needs a test for its border.

import { runtime } from "../wasm/runtime.js";
import { structWords, type Struct } from "../wasm/structs.js";
import { eachChunk, type Conv, type Frame } from "./conv-frame.js";
import { withWords } from "./window.js";

/** Bytes of both operands that the weight gradient reads before it moves on to the next pixels. */
const PIXEL_BLOCK_BYTES = 256 * 1024;

/** A stretch of one window: byte offset from the window's first value, and number of values. */
interface Run {
  offset: number;
  length: number;
}

/** Segment words (kernels/tile.ts) of the runs in order, neighbours joined; B is packed in the same order. */
function segmentsOf(runs: readonly Run[], columnsOfPanel: number): number[] {
  const words: number[] = [];
  let k = 0;
  for (const { offset, length } of runs) {
    const last = words.length - 3;
    if (last >= 0 && words[last]! + words[last + 2]! * 4 === offset) words[last + 2]! += length;
    else words.push(offset, k * columnsOfPanel * 4, length);
    k += length;
  }
  return words;
}

type BatchFields = "batch" | "aBatchBytes" | "bBatchBytes" | "cBatchBytes";

/** A product that is no batch. */
const ALONE: Record<BatchFields, number> = { batch: 1, aBatchBytes: 0, bBatchBytes: 0, cBatchBytes: 0 };

type Grid = Omit<
  Struct<"RowsGemm">,
  "b" | "panelBytes" | "segments" | "segmentCount" | "tile" | BatchFields | "a" | "c"
>;

/** One rowsGemm for each chunk of images: `a` and `c` are where the grid's first pixel lies in a chunk. */
function rowsProduct(grid: Grid, a: number, c: number, b: number, runs: readonly Run[]): void {
  const { kernels, heap, tile } = runtime();
  const NR = kernels.tileColumns(tile);
  const k = runs.reduce((total, run) => total + run.length, 0);
  const segments = segmentsOf(runs, NR);
  const count = segments.length / 3;
  withWords(segments, "conv2d", (address) => {
    const fields = {
      ...grid,
      a,
      b,
      c,
      panelBytes: k * NR * 4,
      segments: address,
      segmentCount: count,
      ...ALONE,
      tile,
    };
    withWords(structWords("RowsGemm", fields), "conv2d", (shape) => {
      heap.scratch(kernels.rowsGemmScratch(), "conv2d", (scratch) => {
        const units = kernels.rowsGemmUnits(grid.images * grid.height * grid.width, tile);
        kernels.rowsGemm(shape, scratch, 0, units);
      });
    });
  });
}

/** y = conv2d(x, weight) + bias; bias 0 for none. Every pointer a byte address. */
export function convForward(conv: Conv, x: number, weight: number, bias: number, y: number): void {
  const { kernels, heap, tile } = runtime();
  const { channels: c, groupChannels: cg, outChannels: o, groupOutChannels: og } = conv;
  const NR = kernels.tileColumns(tile);
  const k = conv.kernelHeight * conv.kernelWidth * cg;
  const panels = Math.ceil(og / NR);
  const frame = {
    height: (conv.outHeight - 1) * conv.strideHeight + (conv.kernelHeight - 1) * conv.dilationHeight + 1,
    width: (conv.outWidth - 1) * conv.strideWidth + (conv.kernelWidth - 1) * conv.dilationWidth + 1,
    channels: c,
    top: conv.paddingTop,
    left: conv.paddingLeft,
  };
  if (frame.top === 0 && frame.left === 0) Object.assign(frame, { height: conv.height, width: conv.width });
  const runs: Run[] = [];
  for (let p = 0; p < conv.kernelHeight; p++) {
    for (let q = 0; q < conv.kernelWidth; q++) {
      const offset = (p * conv.dilationHeight * frame.width + q * conv.dilationWidth) * c * 4;
      runs.push({ offset, length: cg });
    }
  }
  heap.scratch(panels * k * NR * 4 * conv.groups, "conv2d", (b) => {
    for (let g = 0; g < conv.groups; g++) {
      kernels.packPanels(weight + g * og * 4, o, 1, k, og, NR, b + g * panels * k * NR * 4, k * NR);
    }
    eachChunk(x, conv.images, conv.height, conv.width, frame, (a, first, images) => {
      const grid = {
        images,
        height: conv.outHeight,
        width: conv.outWidth,
        aImageBytes: frame.height * frame.width * c * 4,
        aRowBytes: conv.strideHeight * frame.width * c * 4,
        aPixelBytes: conv.strideWidth * c * 4,
        cImageBytes: conv.outHeight * conv.outWidth * o * 4,
        cRowBytes: conv.outWidth * o * 4,
        cPixelBytes: o * 4,
        columns: og,
      };
      for (let g = 0; g < conv.groups; g++) {
        const to = y + (first * conv.outHeight * conv.outWidth * o + g * og) * 4;
        const from = bias && bias + g * og * 4;
        rowsProduct({ ...grid, bias: from }, a + g * cg * 4, to, b + g * panels * k * NR * 4, runs);
      }
    });
  });
}

/** A tap of the kernel that a phase of the input meets, and how far from the pixel its dy lies, in rows or columns. */
interface Tap {
  tap: number;
  shift: number;
}

/**
 * Along one direction: input position stride·i + phase meets dy[i + shift] under `tap`, for these taps. Last tap
 * first, so that shifts rise and runs of neighbouring taps join.
 */
function phaseTaps(phase: number, kernel: number, stride: number, padding: number, dilation: number): Tap[] {
  const taps: Tap[] = [];
  for (let tap = kernel - 1; tap >= 0; tap--) {
    const distance = phase + padding - tap * dilation;
    if (distance % stride === 0) taps.push({ tap, shift: distance / stride });
  }
  return taps;
}

/** Every phase of one direction, with the extent of dy that they read: positions −before … size − before − 1. */
function phasesOf(size: number, kernel: number, stride: number, padding: number, dilation: number) {
  let low = 0;
  let high = 1;
  const phases = Array.from({ length: Math.min(stride, size) }, (_, phase) => {
    const taps = phaseTaps(phase, kernel, stride, padding, dilation);
    const count = Math.ceil((size - phase) / stride);
    for (const { shift } of taps) {
      low = Math.min(low, shift);
      high = Math.max(high, shift + count);
    }
    return { phase, taps, count };
  });
  return { phases, before: -low, extent: high - low };
}

/** dx = the gradient with respect to x of conv2d(x, weight), given dy. */
export function convBackwardData(conv: Conv, dy: number, weight: number, dx: number): void {
  const { kernels, heap, tile } = runtime();
  const { channels: c, groupChannels: cg, outChannels: o, groupOutChannels: og } = conv;
  const NR = kernels.tileColumns(tile);
  const rows = phasesOf(
    conv.height,
    conv.kernelHeight,
    conv.strideHeight,
    conv.paddingTop,
    conv.dilationHeight,
  );
  const columns = phasesOf(
    conv.width,
    conv.kernelWidth,
    conv.strideWidth,
    conv.paddingLeft,
    conv.dilationWidth,
  );
  // A frame no larger than dy reads it in place.
  const inside = rows.before === 0 && columns.before === 0;
  const fits = inside && rows.extent <= conv.outHeight && columns.extent <= conv.outWidth;
  const frame = {
    height: fits ? conv.outHeight : rows.extent,
    width: fits ? conv.outWidth : columns.extent,
    channels: o,
    top: rows.before,
    left: columns.before,
  };
  const panels = Math.ceil(cg / NR);
  const groupFloats = panels * conv.kernelHeight * conv.kernelWidth * og * NR;
  heap.scratch(groupFloats * conv.groups * 4, "conv2dBackwardData", (b) => {
    // Panels of every phase, one after the other: the phases share out the taps, so together they are one kernel.
    const jobs: {
      b: number;
      row: (typeof rows.phases)[0];
      column: (typeof columns.phases)[0];
      runs: Run[];
    }[] = [];
    let next = b;
    for (const row of rows.phases) {
      for (const column of columns.phases) {
        const taps = row.taps.flatMap((r) => column.taps.map((q) => [r, q] as const));
        const runs = taps.map(([r, q]) => ({
          offset: ((r.shift + frame.top) * frame.width + q.shift + frame.left) * o * 4,
          length: og,
        }));
        const panelFloats = taps.length * og * NR;
        for (let g = 0; g < conv.groups; g++) {
          taps.forEach(([r, q], i) => {
            const from = weight + ((r.tap * conv.kernelWidth + q.tap) * cg * o + g * og) * 4;
            const to = next + (g * panels * panelFloats + i * og * NR) * 4;
            kernels.packPanels(from, 1, o, og, cg, NR, to, panelFloats);
          });
        }
        jobs.push({ b: next, row, column, runs });
        next += conv.groups * panels * panelFloats * 4;
      }
    }
    eachChunk(dy, conv.images, conv.outHeight, conv.outWidth, frame, (a, first, images) => {
      for (const job of jobs) {
        const grid = {
          images,
          height: job.row.count,
          width: job.column.count,
          aImageBytes: frame.height * frame.width * o * 4,
          aRowBytes: frame.width * o * 4,
          aPixelBytes: o * 4,
          cImageBytes: conv.height * conv.width * c * 4,
          cRowBytes: conv.strideHeight * conv.width * c * 4,
          cPixelBytes: conv.strideWidth * c * 4,
          bias: 0,
          columns: cg,
        };
        const pixel = (first * conv.height + job.row.phase) * conv.width + job.column.phase;
        for (let g = 0; g < conv.groups; g++) {
          const panel = job.b + g * panels * job.runs.length * og * NR * 4;
          rowsProduct(grid, a + g * og * 4, dx + (pixel * c + g * cg) * 4, panel, job.runs);
        }
      }
    });
  });
}

/** dw = the gradient with respect to weight of conv2d(x, weight), given dy. */
export function convBackwardWeight(conv: Conv, x: number, dy: number, dw: number): void {
  const { kernels, heap, tile } = runtime();
  const { channels: c, groupChannels: cg, outChannels: o, groupOutChannels: og } = conv;
  const frame = {
    height: (conv.outHeight - 1) * conv.strideHeight + (conv.kernelHeight - 1) * conv.dilationHeight + 1,
    width: (conv.outWidth - 1) * conv.strideWidth + (conv.kernelWidth - 1) * conv.dilationWidth + 1,
    channels: c,
    top: conv.paddingTop,
    left: conv.paddingLeft,
  };
  if (frame.top === 0 && frame.left === 0) Object.assign(frame, { height: conv.height, width: conv.width });
  // Taps side by side in memory are rows of one product: a whole kernel row, unless dilated or grouped.
  const joined = conv.groups === 1 && conv.dilationWidth === 1;
  const run = joined ? conv.kernelWidth * cg : cg;
  const pixels = Math.min(256, Math.max(64, Math.floor(PIXEL_BLOCK_BYTES / ((run + og) * 4))));
  if (conv.images === 0) heap.f32(dw, conv.kernelHeight * conv.kernelWidth * cg * o).fill(0);
  eachChunk(x, conv.images, conv.height, conv.width, frame, (a, first, images) => {
    const segments = pixelSegments(conv, frame, images, pixels);
    withWords(segments, "conv2dBackwardWeight", (address) => {
      for (let p = 0; p < conv.kernelHeight; p++) {
        for (let q = 0; q < (joined ? 1 : conv.kernelWidth); q++) {
          for (let g = 0; g < conv.groups; g++) {
            const offset = (p * conv.dilationHeight * frame.width + q * conv.dilationWidth) * c + g * cg;
            const fields = {
              rows: run,
              columns: og,
              a: a + offset * 4,
              aPixelBytes: conv.strideWidth * c * 4,
              b: dy + (first * conv.outHeight * conv.outWidth * o + g * og) * 4,
              bPixelBytes: o * 4,
              c: dw + ((p * conv.kernelWidth + q) * cg * o + g * og) * 4,
              cRowBytes: o * 4,
              segments: address,
              segmentCount: segments.length / 3,
              blockSegments: Math.max(1, Math.round(pixels / segments[2]!)),
              ...ALONE,
              accumulate: first > 0 ? 1 : 0,
              tile,
            };
            withWords(structWords("PixelsGemm", fields), "conv2dBackwardWeight", (shape) => {
              kernels.pixelsGemm(shape, 0, kernels.pixelsGemmUnits(run, tile));
            });
          }
        }
      }
    });
  });
}

/** Segment words over output pixels: a row of the output each, or even stretches where rows follow each other. */
function pixelSegments(conv: Conv, frame: Frame, images: number, most: number): number[] {
  const { channels: c, outChannels: o, outHeight, outWidth } = conv;
  const words: number[] = [];
  const plain =
    conv.strideHeight === 1 && conv.strideWidth === 1 && conv.kernelHeight * conv.kernelWidth === 1;
  if (plain && frame.height === outHeight && frame.width === outWidth) {
    const total = images * outHeight * outWidth;
    for (let pixel = 0; pixel < total; pixel += most) {
      words.push(pixel * c * 4, pixel * o * 4, Math.min(most, total - pixel));
    }
    return words;
  }
  for (let n = 0; n < images; n++) {
    for (let i = 0; i < outHeight; i++) {
      const from = (n * frame.height + i * conv.strideHeight) * frame.width * c * 4;
      words.push(from, (n * outHeight + i) * outWidth * o * 4, outWidth);
    }
  }
  return words;
}
