// 3×3 convolution of stride 1 by Winograd's algorithm (kernels/winograd.ts): transform tiles of the input and the
// weights, multiply in 36 independent matrix products, transform back. Blocks of tiles keep the transformed arrays in L2.
//
//   forward          tiles of x, weights
//   data gradient    tiles of dy, weights turned by 180° with the channels' roles swapped
//   weight gradient  tiles of x and of dy, products summed over all tiles

import { runtime } from "../wasm/runtime.js";
import { structWords } from "../wasm/structs.js";
import { eachChunk, type Conv } from "./conv-frame.js";
import { withWords } from "./window.js";

/** Values of a transformed 6×6 tile. */
const POINTS = 36;
const TAPS = 9;
/** Bytes that a transform needs for its own. */
const SCRATCH = 640;
/** Bytes between the 36 arrays beyond their size: without them all 36 fall on the same lines of L1. */
const STAGGER = 64;
/** Bytes of transformed tiles (input and output) that a block aims at: about L2. */
const BLOCK_BYTES = 1024 * 1024;
/** Fewest tiles of a block: each reads all transformed weights once. */
const MIN_TILES = 24;
/** Fewest channels on either side for which the transforms pay. */
const MIN_CHANNELS = 8;
/**
 * Many weights on few pixels: transforming the weights costs more than it saves. Up to SMALL_WEIGHTS channel pairs it is
 * negligible either way. Measured on Zen 5, Node 20 and 24, 2026-11.
 */
const SMALL_WEIGHTS = 64 * 64;
const MIN_PIXELS = 128;
/** The same for the weight gradient, whose 36 sums for each channel pair go to memory and back for each block. */
const SMALL_SUMS = 128 * 128;
const MIN_GRADIENT_TILES = 64;

/** Whether the algorithm fits this convolution and is expected to be faster than the direct one. */
export function winogradApplies(conv: Conv): boolean {
  const fits =
    conv.kernelHeight === 3 &&
    conv.kernelWidth === 3 &&
    conv.strideHeight === 1 &&
    conv.strideWidth === 1 &&
    conv.dilationHeight === 1 &&
    conv.dilationWidth === 1 &&
    conv.groups === 1;
  const { channels: c, outChannels: o } = conv;
  const pays =
    c >= MIN_CHANNELS &&
    o >= MIN_CHANNELS &&
    (c * o <= SMALL_WEIGHTS || conv.images * conv.outHeight * conv.outWidth >= MIN_PIXELS);
  return runtime().winograd && fits && pays;
}

/** The same for the gradient with respect to the weights. */
export function winogradWeightApplies(conv: Conv): boolean {
  const tiles = conv.images * Math.ceil(conv.outHeight / 4) * Math.ceil(conv.outWidth / 4);
  const pays = conv.channels * conv.outChannels <= SMALL_SUMS || tiles >= MIN_GRADIENT_TILES;
  return pays && winogradApplies(conv);
}

const wholeVectors = (channels: number): number => Math.ceil(channels / 4) * 16;

/** Tiles of a block: as many as fit, in whole register tiles (all heights divide 12). */
function blockTiles(tiles: number, channelsIn: number, channelsOut: number): number {
  const fitting = BLOCK_BYTES / (POINTS * (wholeVectors(channelsIn) + wholeVectors(channelsOut)));
  const least = channelsIn * channelsOut >= 256 * 256 ? 2 * MIN_TILES : MIN_TILES;
  return Math.min(tiles, Math.max(least, Math.floor(fitting / 12) * 12));
}

/** A stack of images, its layout and where a convolution's window starts on it. */
interface Images {
  address: number;
  count: number;
  height: number;
  width: number;
  channels: number;
  /** Zeros before the first row and column. */
  top: number;
  left: number;
}

/** y = the 3×3 convolution of the images with the transformed, packed weights at `panels`. */
function convolve(
  images: Images,
  panels: number,
  columns: number,
  bias: number,
  y: { address: number; height: number; width: number },
): void {
  const { kernels, heap, tile } = runtime();
  const { channels } = images;
  const NR = kernels.tileColumns(tile);
  const high = Math.ceil(y.height / 4);
  const wide = Math.ceil(y.width / 4);
  const [vTile, mTile] = [wholeVectors(channels), wholeVectors(columns)];
  const most = blockTiles(images.count * high * wide, channels, columns);
  const [vStep, mStep] = [most * vTile + STAGGER, most * mTile + STAGGER];
  const frame = { height: 4 * high + 2, width: 4 * wide + 2, channels, top: images.top, left: images.left };
  const rowBytes = frame.width * channels * 4;
  const bytes = POINTS * (vStep + mStep) + SCRATCH + kernels.rowsGemmScratch();
  heap.scratch(bytes, "conv2d", (v) => {
    const m = v + POINTS * vStep;
    const scratch = m + POINTS * mStep;
    const multiply = (tiles: number): void => {
      withWords([0, 0, channels], "conv2d", (segments) => {
        const fields = {
          images: 1,
          height: 1,
          width: tiles,
          aImageBytes: 0,
          aRowBytes: 0,
          aPixelBytes: vTile,
          cImageBytes: 0,
          cRowBytes: 0,
          cPixelBytes: mTile,
          a: v,
          b: panels,
          bias: 0,
          c: m,
          columns,
          panelBytes: channels * NR * 4,
          segments,
          segmentCount: 1,
          batch: POINTS,
          aBatchBytes: vStep,
          bBatchBytes: panelStep(channels, columns, NR),
          cBatchBytes: mStep,
          tile,
        };
        withWords(structWords("RowsGemm", fields), "conv2d", (shape) => {
          kernels.rowsGemm(shape, scratch + SCRATCH, 0, kernels.rowsGemmUnits(tiles, tile));
        });
      });
    };
    eachChunk(images.address, images.count, images.height, images.width, frame, (x, first, count) => {
      const total = count * high * wide;
      const out = y.address + first * y.height * y.width * columns * 4;
      for (let t = 0; t < total; t += most) {
        const end = Math.min(t + most, total);
        const imageBytes = frame.height * rowBytes;
        const vBase = v - t * vTile;
        kernels.winogradInput(
          x,
          imageBytes,
          rowBytes,
          channels,
          high,
          wide,
          vBase,
          vTile,
          vStep,
          t,
          end,
          scratch,
        );
        multiply(end - t);
        const mBase = m - t * mTile;
        const { height, width } = y;
        kernels.winogradOutput(
          mBase,
          mTile,
          mStep,
          out,
          height,
          width,
          columns,
          bias,
          high,
          wide,
          t,
          end,
          scratch,
        );
      }
    });
  });
}

/** Bytes from one of the 36 arrays of packed k × columns weights to the next. */
function panelStep(k: number, columns: number, NR: number): number {
  return Math.ceil(columns / NR) * k * NR * 4 + STAGGER;
}

/** Runs fn with the address of the transformed weights in panels of k × columns: packed tap by tap, then transformed. */
function withPanels(
  conv: Conv,
  weight: number,
  flipped: boolean,
  k: number,
  columns: number,
  fn: (panels: number) => void,
): void {
  const { kernels, heap, tile } = runtime();
  const NR = kernels.tileColumns(tile);
  const step = panelStep(k, columns, NR);
  const [rs, cs] = flipped ? [1, conv.outChannels] : [conv.outChannels, 1];
  heap.scratch(POINTS * step, "conv2d", (panels) => {
    heap.scratch(TAPS * step + SCRATCH, "conv2d", (scratch) => {
      const taps = scratch + SCRATCH;
      for (let tap = 0; tap < TAPS; tap++) {
        const from = weight + tap * conv.channels * conv.outChannels * 4;
        kernels.packPanels(from, rs, cs, k, columns, NR, taps + tap * step, k * NR);
      }
      kernels.winogradWeight(taps, step, (step - STAGGER) / 4, flipped ? 1 : 0, panels, step, scratch);
    });
    fn(panels);
  });
}

/** y = conv2d(x, weight) + bias; bias 0 for none. Every pointer a byte address. */
export function winogradForward(conv: Conv, x: number, weight: number, bias: number, y: number): void {
  const images = {
    address: x,
    count: conv.images,
    height: conv.height,
    width: conv.width,
    channels: conv.channels,
    top: conv.paddingTop,
    left: conv.paddingLeft,
  };
  const out = { address: y, height: conv.outHeight, width: conv.outWidth };
  withPanels(conv, weight, false, conv.channels, conv.outChannels, (panels) => {
    convolve(images, panels, conv.outChannels, bias, out);
  });
}

/** dx = the gradient with respect to x of conv2d(x, weight), given dy. */
export function winogradBackwardData(conv: Conv, dy: number, weight: number, dx: number): void {
  const images = {
    address: dy,
    count: conv.images,
    height: conv.outHeight,
    width: conv.outWidth,
    channels: conv.outChannels,
    top: 2 - conv.paddingTop,
    left: 2 - conv.paddingLeft,
  };
  const out = { address: dx, height: conv.height, width: conv.width };
  withPanels(conv, weight, true, conv.outChannels, conv.channels, (panels) => {
    convolve(images, panels, conv.channels, 0, out);
  });
}

/** dw = the gradient with respect to weight of conv2d(x, weight), given dy. */
export function winogradBackwardWeight(conv: Conv, x: number, dy: number, dw: number): void {
  const { kernels, heap, tile } = runtime();
  const { channels: c, outChannels: o, outHeight, outWidth } = conv;
  const high = Math.ceil(outHeight / 4);
  const wide = Math.ceil(outWidth / 4);
  const [vTile, dTile] = [wholeVectors(c), wholeVectors(o)];
  const most = blockTiles(conv.images * high * wide, c, o);
  const [vStep, dStep] = [most * vTile + STAGGER, most * dTile + STAGGER];
  const [top, left] = [conv.paddingTop, conv.paddingLeft];
  const xFrame = { height: 4 * high + 2, width: 4 * wide + 2, channels: c, top, left };
  const dyFrame = { height: 4 * high, width: 4 * wide, channels: o, top: 0, left: 0 };
  const [xRow, dyRow] = [xFrame.width * c * 4, dyFrame.width * o * 4];
  const sumStep = c * o * 4 + STAGGER;
  heap.scratch(POINTS * (vStep + dStep + sumStep) + SCRATCH, "conv2dBackwardWeight", (v) => {
    const d = v + POINTS * vStep;
    const sums = d + POINTS * dStep;
    const scratch = sums + POINTS * sumStep;
    let accumulate = 0;
    const multiply = (tiles: number): void => {
      withWords([0, 0, tiles], "conv2dBackwardWeight", (segments) => {
        const fields = {
          rows: c,
          columns: o,
          a: v,
          aPixelBytes: vTile,
          b: d,
          bPixelBytes: dTile,
          c: sums,
          cRowBytes: o * 4,
          segments,
          segmentCount: 1,
          blockSegments: 1,
          batch: POINTS,
          aBatchBytes: vStep,
          bBatchBytes: dStep,
          cBatchBytes: sumStep,
          accumulate,
          tile,
        };
        withWords(structWords("PixelsGemm", fields), "conv2dBackwardWeight", (shape) => {
          kernels.pixelsGemm(shape, 0, kernels.pixelsGemmUnits(c, tile));
        });
      });
      accumulate = 1;
    };
    eachChunk(x, conv.images, conv.height, conv.width, xFrame, (from, first, count) => {
      const gradients = dy + first * outHeight * outWidth * o * 4;
      eachChunk(gradients, count, outHeight, outWidth, dyFrame, (dyFrom, second, some) => {
        const image = from + second * xFrame.height * xRow;
        const total = some * high * wide;
        for (let t = 0; t < total; t += most) {
          const end = Math.min(t + most, total);
          const [vBase, dBase] = [v - t * vTile, d - t * dTile];
          const [xImage, dyImage] = [xFrame.height * xRow, dyFrame.height * dyRow];
          kernels.winogradInput(image, xImage, xRow, c, high, wide, vBase, vTile, vStep, t, end, scratch);
          kernels.winogradGradient(
            dyFrom,
            dyImage,
            dyRow,
            o,
            high,
            wide,
            dBase,
            dTile,
            dStep,
            t,
            end,
            scratch,
          );
          multiply(end - t);
        }
      });
    });
    if (accumulate) kernels.winogradWeightBackward(sums, sumStep, c * o, dw, scratch);
    else heap.f32(dw, 9 * c * o).fill(0); // no images
  });
}
