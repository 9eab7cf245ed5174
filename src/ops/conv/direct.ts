// Convolution and its gradients as matrix products over images in place: no im2col buffer, no col2im scatter.
//
// In NHWC the channels of one pixel are contiguous, and so are the pixels of a row. A window's values are therefore a
// few contiguous runs (one for each kernel row; one for each tap if dilated or grouped), and the run of the next
// window starts a fixed distance on. That is a matrix product whose rows of A overlap (kernels/product/rows-gemm.ts):
//
//   forward          rows are output pixels, the runs are windows of x
//   data gradient    rows are input pixels, the runs are windows of dy under the flipped kernel; with stride s the
//                    input splits into s² phases, each of which meets only every s-th tap and is a convolution itself;
//                    where many windows reach beyond dy, into rows that meet the same taps too
//   weight gradient  Aᵀ·B summed over pixels (kernels/product/pixels-gemm.ts), for each kernel row

import type { Struct } from "../../wasm/abi.js";
import { GRAIN } from "../../wasm/parallel.js";
import type { Planner } from "../../wasm/plan.js";
import { runtime } from "../../wasm/runtime.js";
import { FINISH } from "../fusion.js";
import { packMatrix, panelFloats, rowsProduct, rowWidth, type Frame, type Run } from "../rows-product.js";
import type { Conv } from "./sizes.js";
import type { Algorithm, Operands } from "./table.js";

/** Bytes of both operands that the weight gradient reads before it moves on to the next pixels. */
const PIXEL_BLOCK_BYTES = 256 * 1024;
/** Pixels this many bytes apart compete for few lines of L1, so they are copied together before use. */
const FAR_BYTES = 1024;

/** The frame around all windows of the forward pass. */
function frameOf(conv: Conv): Frame {
  return {
    height: (conv.outHeight - 1) * conv.strideHeight + (conv.kernelHeight - 1) * conv.dilationHeight + 1,
    width: (conv.outWidth - 1) * conv.strideWidth + (conv.kernelWidth - 1) * conv.dilationWidth + 1,
    top: conv.paddingTop,
    left: conv.paddingLeft,
  };
}

/** y = activation(conv2d(x, weight) + bias + residual); 0 for a missing one. */
function directForward(p: Planner, conv: Conv, operands: Operands): void {
  const { x, weight, bias, y, yStep, residual, activation } = operands;
  const { channels: c, groupChannels: cg, outChannels: o, groupOutChannels: og, groups } = conv;
  const k = conv.kernelHeight * conv.kernelWidth * cg;
  const floats = panelFloats(k, og);
  const frame = frameOf(conv);
  const width = rowWidth(conv, frame);
  const runs: Run[] = [];
  for (let i = 0; i < conv.kernelHeight; i++) {
    for (let j = 0; j < conv.kernelWidth; j++) {
      const offset = (i * conv.dilationHeight * width + j * conv.dilationWidth) * c * 4;
      runs.push({ offset, length: cg });
    }
  }
  const pack = (own: Planner, from: number, to: number): void => {
    for (let g = 0; g < groups; g++) packMatrix(own, from + g * og * 4, o, 1, k, og, to + g * floats * 4);
  };
  p.derive(weight, "panels", floats * groups * 4, pack, (b) => {
    const grid = {
      height: conv.outHeight,
      width: conv.outWidth,
      stepRows: conv.strideHeight,
      stepColumns: conv.strideWidth,
      b,
      bias,
      residual,
      activation,
      c: y,
      cImageBytes: conv.outHeight * conv.outWidth * yStep * 4,
      cRowBytes: conv.outWidth * yStep * 4,
      cPixelBytes: yStep * 4,
      columns: og,
      groups,
      aGroupBytes: cg * 4,
      cGroupBytes: og * 4,
    };
    const images = { address: x, images: conv.images, height: conv.height, width: conv.width, channels: c };
    rowsProduct(p, images, frame, grid, runs);
  });
}

/** A tap of the kernel that a phase of the input meets, and the distance of its dy from the pixel, in rows or columns. */
interface Tap {
  tap: number;
  shift: number;
}

/** Input positions stride·i + phase along one direction: their count, the taps they meet, and the dy. */
interface Phase {
  phase: number;
  count: number;
  /** Last tap first, so that shifts rise and runs of neighbouring taps join. */
  taps: Tap[];
  /** The dy read are −before … extent − before − 1. */
  before: number;
  extent: number;
}

function phasesOf(size: number, kernel: number, stride: number, padding: number, dilation: number): Phase[] {
  return Array.from({ length: Math.min(stride, size) }, (_, phase) => {
    const taps: Tap[] = [];
    for (let tap = kernel - 1; tap >= 0; tap--) {
      const distance = phase + padding - tap * dilation;
      if (distance % stride === 0) taps.push({ tap, shift: distance / stride });
    }
    return phaseOf(phase, Math.ceil((size - phase) / stride), taps);
  });
}

function phaseOf(phase: number, count: number, taps: Tap[]): Phase {
  const low = taps[0]?.shift ?? 0;
  const high = (taps.at(-1)?.shift ?? 0) + count;
  return { phase, count, taps, before: -low, extent: high - low };
}

/** A product is cut where its windows begin and stop reaching beyond dy, if that saves at least this share of it. */
const SAVED = 0.15;
/** Rows of the tallest register tile: the last tile of each product is not full. */
const TILE_ROWS = 6;

/**
 * The phase cut into phases of rows that meet the same taps inside dy, `size` rows high, or the whole phase if cutting
 * saves too little. across: pixels of a row, in all images.
 */
function inside(rows: Phase, stride: number, size: number, across: number): Phase[] {
  const { phase, count, taps } = rows;
  const meets = Array.from({ length: count }, (_, i) =>
    taps.filter(({ shift }) => i + shift >= 0 && i + shift < size),
  );
  const same = (a: Tap[], b: Tap[]): boolean => a.length === b.length && a[0] === b[0];
  const cuts = meets.flatMap((own, i) => (i > 0 && same(own, meets[i - 1]!) ? [] : i));
  const parts = cuts.map((first, n) => {
    const own = meets[first]!.map(({ tap, shift }) => ({ tap, shift: shift + first }));
    return phaseOf(phase + first * stride, (cuts[n + 1] ?? count) - first, own);
  });
  const cost = (part: Phase): number => Math.ceil((across * part.count) / TILE_ROWS) * part.taps.length;
  const total = parts.reduce((sum, part) => sum + cost(part), 0);
  return total <= (1 - SAVED) * cost(rows) ? parts : [rows];
}

/** dx = the gradient with respect to x of conv2d(x, weight), given dy. */
function directBackwardData(p: Planner, conv: Conv, dy: number, weight: number, dx: number): void {
  const { groups } = conv;
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
  for (const row of rows) {
    for (const column of columns) {
      const k = row.taps.length * column.taps.length * conv.groupOutChannels;
      const floats = panelFloats(k, conv.groupChannels);
      p.scratch(floats * groups * 4, (b) => {
        phaseGradient(p, conv, row, column, dy, weight, dx, b, floats);
      });
    }
  }
}

/** The gradient at the input's pixels of one phase; b is room for its packed weights. */
function phaseGradient(
  p: Planner,
  conv: Conv,
  row: Phase,
  column: Phase,
  dy: number,
  weight: number,
  dx: number,
  b: number,
  floats: number,
): void {
  const { channels: c, groupChannels: cg, outChannels: o, groupOutChannels: og, groups } = conv;
  const taps = row.taps.flatMap((r) => column.taps.map((q) => [r, q] as const));
  const depth = taps.length * og;
  for (let g = 0; g < groups; g++) {
    taps.forEach(([r, q], i) => {
      const from = weight + ((r.tap * conv.kernelWidth + q.tap) * cg * o + g * og) * 4;
      packMatrix(p, from, 1, o, og, cg, b + g * floats * 4, depth, i * og);
    });
  }
  const images = {
    address: dy,
    images: conv.images,
    height: conv.outHeight,
    width: conv.outWidth,
    channels: o,
  };
  const { kernels, tile } = runtime();
  const tapRowBytes = column.taps.length * og * kernels.tileColumns(tile) * 4;
  for (const part of inside(row, conv.strideHeight, conv.outHeight, conv.images * column.count)) {
    const frame = { height: part.extent, width: column.extent, top: part.before, left: column.before };
    const width = rowWidth(images, frame);
    const runs = part.taps.flatMap((r) =>
      column.taps.map((q) => ({
        offset: ((r.shift + part.before) * width + q.shift + column.before) * o * 4,
        length: og,
      })),
    );
    const first = Math.max(
      0,
      row.taps.findIndex(({ tap }) => tap === part.taps[0]?.tap),
    );
    const grid = {
      height: part.count,
      width: column.count,
      stepRows: 1,
      stepColumns: 1,
      b: b + first * tapRowBytes,
      bias: 0,
      c: dx + (part.phase * conv.width + column.phase) * c * 4,
      cImageBytes: conv.height * conv.width * c * 4,
      cRowBytes: conv.strideHeight * conv.width * c * 4,
      cPixelBytes: conv.strideWidth * c * 4,
      columns: cg,
      groups,
      aGroupBytes: og * 4,
      cGroupBytes: cg * 4,
    };
    rowsProduct(p, images, frame, grid, runs, depth);
  }
}

/** Bytes of padded images prepared at a time: some pixels' blocks, and enough to go round several threads. */
const CHUNK_BYTES = 2048 * 1024;
/** An image stack in memory, or a frame of zeros around (or a window into) one. */
interface Framed {
  height: number;
  width: number;
  channels: number;
  /** Rows and columns of zeros before the first pixel; negative: pixels left out. */
  top: number;
  left: number;
}

/**
 * Calls fn for chunks of images with the address of their frame. Without a border that is the images themselves, in
 * one chunk; otherwise a copy.
 */
function eachChunk(
  p: Planner,
  x: number,
  { images, height, width }: Pick<Conv, "images" | "height" | "width">,
  frame: Framed,
  fn: (address: number, first: number, count: number) => void,
): void {
  const { channels, top, left } = frame;
  if (top === 0 && left === 0 && frame.height === height && frame.width === width) {
    fn(x, 0, images);
    return;
  }
  const bytes = frame.height * frame.width * channels * 4;
  const chunk = Math.max(1, Math.min(images, Math.floor(CHUNK_BYTES / bytes)));
  p.scratch(bytes * chunk, (address) => {
    for (let first = 0; first < images; first += chunk) {
      const count = Math.min(chunk, images - first);
      const from = x + first * height * width * channels * 4;
      const size = { height, width, channels, top, left, yHeight: frame.height, yWidth: frame.width };
      p.parallel("padImages", count, 1, p.struct("PadImages", { x: from, y: address, ...size }));
      fn(address, first, count);
    }
  });
}

/** Parts of the pixels that are summed separately; independent of the number of threads, for the same bits. */
const PARTS = 8;
/** Fewest blocks of a part, and fewest floats of its operands as a multiple of all parts' sums. */
const PART_BLOCKS = 2;
const PART_OPERANDS = 4;

/** dw = the gradient with respect to weight of conv2d(x, weight), given dy. */
function directBackwardWeight(p: Planner, conv: Conv, x: number, dy: number, dw: number): void {
  const { tile } = runtime();
  const { channels: c, groupChannels: cg, outChannels: o, groupOutChannels: og, groups } = conv;
  const frame = { ...frameOf(conv), channels: c };
  const inside = frame.height <= conv.height && frame.width <= conv.width;
  if (frame.top === 0 && frame.left === 0 && inside) {
    Object.assign(frame, { height: conv.height, width: conv.width });
  }
  // Taps side by side in memory are rows of one product: a whole kernel row, unless dilated or grouped.
  const joined = groups === 1 && conv.dilationWidth === 1;
  const run = joined ? conv.kernelWidth * cg : cg;
  const pixels = Math.min(256, Math.max(64, Math.floor(PIXEL_BLOCK_BYTES / ((run + og) * 4))));
  const far = conv.strideWidth * c * 4 >= FAR_BYTES || o * 4 >= FAR_BYTES;
  const packed = far && conv.kernelHeight === 1 && joined ? 1 : 0;
  if (conv.images === 0) {
    return p.parallel("fill", conv.kernelHeight * conv.kernelWidth * cg * o, GRAIN, dw, 0);
  }
  eachChunk(p, x, conv, frame, (a, first, images) => {
    const segments = pixelSegments(conv, frame, images, pixels);
    const blockSegments = Math.max(1, Math.round(pixels / segments[2]!));
    const fields = {
      rows: run,
      columns: og,
      a,
      aPixelBytes: conv.strideWidth * c * 4,
      b: dy + first * conv.outHeight * conv.outWidth * o * 4,
      bPixelBytes: o * 4,
      c: dw,
      cRowBytes: o * 4,
      segments: p.words(segments),
      segmentCount: segments.length / 3,
      blockSegments,
      blockPixels: blockSegments * segments[2]!,
      kernelHeight: conv.kernelHeight,
      aHeightBytes: conv.dilationHeight * frame.width * c * 4,
      cHeightBytes: conv.kernelWidth * cg * o * 4,
      kernelWidth: joined ? 1 : conv.kernelWidth,
      aWidthBytes: conv.dilationWidth * c * 4,
      cWidthBytes: cg * o * 4,
      groups,
      aGroupBytes: cg * 4,
      bGroupBytes: og * 4,
      cGroupBytes: og * 4,
      accumulate: first > 0 ? 1 : 0,
      packed,
      parts: 1,
      cPartBytes: run * o * 4,
      tile,
    };
    const blocks = Math.ceil(fields.segmentCount / blockSegments);
    const operands = images * conv.outHeight * conv.outWidth * (run + o);
    const enough = blocks >= PARTS * PART_BLOCKS && operands >= PART_OPERANDS * PARTS * run * o;
    if (!packed || images < conv.images || !enough) return pixelsGemm(p, fields);
    p.scratch(PARTS * fields.cPartBytes, (sums) => {
      pixelsGemm(p, { ...fields, parts: PARTS, c: sums });
      p.call("sum", sums, dw, 1, PARTS, run * o, 1);
    });
  });
}

function pixelsGemm(p: Planner, fields: Struct<"PixelsGemm">): void {
  const shape = p.struct("PixelsGemm", fields);
  p.parallelScratch(
    "pixelsGemm",
    p.ask("pixelsGemmUnits", shape),
    1,
    p.ask("pixelsGemmScratch", shape),
    shape,
  );
}

/**
 * Segment words over output pixels: a row of the output each, or even stretches where rows follow each other. The first is
 * longest.
 */
function pixelSegments(conv: Conv, frame: Framed, images: number, most: number): number[] {
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

export const direct: Algorithm = {
  name: "direct",
  fits: () => true,
  pays: () => true,
  absorbs: [...FINISH, "within"],
  forward: directForward,
  data: (p, conv, { dy, weight, dx }) => directBackwardData(p, conv, dy, weight, dx),
  weight: (p, conv, { x, dy, dw }) => directBackwardWeight(p, conv, x, dy, dw),
};
