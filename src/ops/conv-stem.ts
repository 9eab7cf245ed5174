// 7×7 convolution of stride 2 on few channels by minimal filtering (kernels/winograd/stem.ts), and its weight gradient. The
// four phases of the input are four times the channels: channel 4 · (2 · odd row + odd column) · channels + c, and the kernel's
// 7×7 taps are 4×4 for each phase.

import type { Tensor } from "../core/tensor.js";
import { parallelScratch } from "../wasm/parallel.js";
import { runtime } from "../wasm/runtime.js";
import { structWords } from "../wasm/abi.js";
import type { Conv } from "./conv-frame.js";
import { withPacked } from "./packed.js";
import { packMatrix, panelFloats } from "./rows-product.js";

const KERNEL = 7;
const PHASES = 4;
/** Taps of the kernel on the image of phases. */
const TAPS = 16;
const POINTS = 36;
/** Bytes that a transform of weights needs for its own. */
const SCRATCH = 640;
/** Bytes between the 36 arrays beyond their size: without them all 36 fall on the same lines of L1. */
const STAGGER = 64;
/** Tiles of a block: whole register tiles, all heights divide this. */
const BLOCK_TILES = 48;
/** Groups of blocks that the weight gradient adds up on their own. */
const GROUPS = 16;
/** Above so many channels other algorithms are as good. */
const MOST_CHANNELS = 4;
/** Fewest output channels and pixels for which the transforms pay. */
const MIN_OUT_CHANNELS = 16;
const MIN_PIXELS = 400;

/** Whether the algorithm fits this convolution and is expected to be faster than the direct one. */
export function stemApplies(conv: Conv): boolean {
  return (
    runtime().winograd &&
    conv.kernelHeight === KERNEL &&
    conv.kernelWidth === KERNEL &&
    conv.strideHeight === 2 &&
    conv.strideWidth === 2 &&
    conv.dilationHeight === 1 &&
    conv.dilationWidth === 1 &&
    conv.groups === 1 &&
    conv.channels <= MOST_CHANNELS &&
    conv.outChannels % 4 === 0 &&
    conv.outChannels >= MIN_OUT_CHANNELS &&
    conv.images * conv.outHeight * conv.outWidth >= MIN_PIXELS
  );
}

/** Calls fn with each of the kernel's taps, the tap it is on the image of phases, and the phase. */
function eachTap(fn: (tap: number, phaseTap: number, phase: number) => void): void {
  for (let p = 0; p < KERNEL; p++) {
    for (let q = 0; q < KERNEL; q++) {
      fn(p * KERNEL + q, (p >> 1) * 4 + (q >> 1), (p & 1) * 2 + (q & 1));
    }
  }
}

function shared(conv: Conv, x: number) {
  const { images, height, width, channels, outHeight, outWidth, outChannels } = conv;
  const [tilesHigh, tilesWide] = [Math.ceil(outHeight / 3), Math.ceil(outWidth / 3)];
  const sizes = { images, height, width, channels, outHeight, outWidth, outChannels, tilesHigh, tilesWide };
  const { paddingTop: top, paddingLeft: left } = conv;
  return { x, ...sizes, top, left, blockTiles: BLOCK_TILES, tile: runtime().tile };
}

/** y = conv2d(x, weight) + bias; bias 0 for none. x, bias and y are byte addresses. */
export function stemForward(conv: Conv, x: number, weight: Tensor, bias: number, y: number): void {
  const { kernels, heap } = runtime();
  const { channels, outChannels } = conv;
  const depth = PHASES * channels;
  const tapBytes = panelFloats(depth, outChannels) * 4;
  const uStepBytes = tapBytes + STAGGER;
  const fill = (u: number): void => {
    heap.scratch(TAPS * tapBytes, "conv2d", (taps) => {
      heap.f32(taps, (TAPS * tapBytes) / 4).fill(0);
      eachTap((tap, phaseTap, phase) => {
        const from = weight.ptr + tap * channels * outChannels * 4;
        packMatrix(
          from,
          outChannels,
          1,
          channels,
          outChannels,
          taps + phaseTap * tapBytes,
          depth,
          phase * channels,
        );
      });
      parallelScratch("stemWeight", tapBytes / 16, 1024, SCRATCH, taps, tapBytes, u, uStepBytes);
    });
  };
  withPacked(weight, "stem", POINTS * uStepBytes, fill, (u) => {
    heap.words(structWords("StemConv", { ...shared(conv, x), u, uStepBytes, bias, y }), "conv2d", (shape) => {
      const bytes = kernels.stemConvScratch(shape);
      parallelScratch("stemConv", kernels.stemConvUnits(shape), 1, bytes, shape);
    });
  });
}

/** dw = the gradient with respect to weight of conv2d(x, weight), given dy. */
export function stemBackwardWeight(conv: Conv, x: number, dy: number, dw: number): void {
  const { kernels, heap } = runtime();
  const { channels, outChannels } = conv;
  const fields = shared(conv, x);
  const pairs = PHASES * channels * outChannels;
  const sumStepBytes = pairs * 4 + STAGGER;
  const groupBytes = POINTS * sumStepBytes;
  const blocks = Math.ceil((fields.images * fields.tilesHigh * fields.tilesWide) / BLOCK_TILES);
  const groups = Math.min(GROUPS, blocks);
  heap.scratch(groups * groupBytes + TAPS * pairs * 4, "conv2d gradient", (sums) => {
    const taps = sums + groups * groupBytes;
    const words = structWords("StemSums", { ...fields, dy, groups, sums, groupBytes, sumStepBytes });
    heap.words(words, "conv2d gradient", (shape) => {
      parallelScratch("stemSums", groups, 1, kernels.stemSumsScratch(shape), shape);
    });
    const args = [sums, sumStepBytes, groups, groupBytes, taps, pairs * 4] as const;
    parallelScratch("stemWeightBackward", pairs / 4, 1024, SCRATCH, ...args);
    const floats = channels * outChannels;
    const [all, to] = [heap.f32(taps, TAPS * pairs), heap.f32(dw, KERNEL * KERNEL * floats)];
    eachTap((tap, phaseTap, phase) => {
      const from = phaseTap * pairs + phase * floats;
      to.set(all.subarray(from, from + floats), tap * floats);
    });
  });
}
