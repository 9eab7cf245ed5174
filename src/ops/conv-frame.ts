// What the convolution algorithms share: the sizes of a convolution, and images framed by zeros.

import { parallel, withStruct } from "../wasm/parallel.js";
import { runtime } from "../wasm/runtime.js";

export interface Conv {
  images: number;
  height: number;
  width: number;
  channels: number;
  kernelHeight: number;
  kernelWidth: number;
  /** Input channels that one output channel sees. */
  groupChannels: number;
  outChannels: number;
  groupOutChannels: number;
  groups: number;
  outHeight: number;
  outWidth: number;
  strideHeight: number;
  strideWidth: number;
  paddingTop: number;
  paddingLeft: number;
  dilationHeight: number;
  dilationWidth: number;
}

/** Bytes of padded images prepared at a time: some pixels' blocks, and enough to go round several threads. */
const CHUNK_BYTES = 2048 * 1024;
/** An image stack in memory, or a frame of zeros around (or a window into) one. */
export interface Frame {
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
export function eachChunk(
  x: number,
  images: number,
  height: number,
  width: number,
  frame: Frame,
  fn: (address: number, first: number, count: number) => void,
): void {
  const { heap } = runtime();
  const { channels, top, left } = frame;
  if (top === 0 && left === 0 && frame.height === height && frame.width === width) {
    fn(x, 0, images);
    return;
  }
  const bytes = frame.height * frame.width * channels * 4;
  const chunk = Math.max(1, Math.min(images, Math.floor(CHUNK_BYTES / bytes)));
  heap.scratch(bytes * chunk, "conv2d", (address) => {
    for (let first = 0; first < images; first += chunk) {
      const count = Math.min(chunk, images - first);
      const from = x + first * height * width * channels * 4;
      const size = { height, width, channels, top, left, yHeight: frame.height, yWidth: frame.width };
      withStruct("PadImages", { x: from, y: address, ...size }, (shape) => {
        parallel("padImages", count, 1, shape);
      });
      fn(address, first, count);
    }
  });
}
