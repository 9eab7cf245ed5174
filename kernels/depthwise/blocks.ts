// Two rows of outputs of a depthwise convolution with 3 × 3 taps next to each other and stride 1 or 2, or of the data gradient of one
// with stride 1, in blocks of 2 × 2 or, for stride 1, 2 × 4 outputs, which take 41 loads and stores for 72 multiply-adds instead of 58.
// Only the first and the last column of a block of 2 × 2 can lie outside the image. Each sum is in the order of
// depthwise/rows.ts. The channel loop is innermost, so that x, w and y are read and written as streams.

import { block2x2s1, block2x2s2, block2x4s1, edge2x2s1, edge2x2s2 } from "./generated/blocks";
import { CUT, Sliding } from "./sliding";
import { at } from "../simd";
import { firstTap } from "../window";

/** Channels done at once: few enough that their weights, and the pixels that two blocks share, stay in the L1 cache. */
const CHUNK: i32 = 256;

/** Sets which outputs of a row go in blocks: those that have all columns but the first and the last inside the image. */
export function chooseBlocks(s: Sliding): void {
  const first = firstTap(1 + s.start, s.stride);
  const room = s.width - s.start - s.stride - 2;
  const last = room < 0 ? -1 : min(s.count - 2, room / s.stride);
  s.firstBlock = first;
  s.blocks = last < first ? 0 : last + 2 - first;
}

/**
 * The outputs in blocks of two rows, of which the second lies yRow bytes after the first, y; h: the first row of the image x that
 * they see. w: the tap that the first pixel of a window meets.
 */
export function blockRows(s: Sliding, x: usize, h: i32, w: usize, y: usize): void {
  const channels = s.channels;
  let inside = s.cuts ? CUT : 0;
  for (let r = 0; r < s.stride + 3; r++) {
    if (<u32>(h + r) < <u32>s.height) inside |= 1 << r;
  }
  s.inside = inside;
  x += <usize>(h * s.width) * at(0, channels);
  for (let c = 0; c < channels; c += CHUNK) {
    // The last chunk repeats channels of the one before rather than have less than a vector.
    const c0 = min(c, channels - 4);
    s.chunk = min(CHUNK, channels - c0);
    s.chunkBias = s.bias ? at(s.bias, c0) : 0;
    rowOfBlocks(s, at(x, c0), at(w, c0), at(y, c0));
  }
}

/** A chunk of their channels. */
function rowOfBlocks(s: Sliding, x: usize, w: usize, y: usize): void {
  const pixel = at(0, s.channels);
  const stride = s.stride;
  const width = s.width;
  const lastColumn = stride + 2;
  const end = s.firstBlock + s.blocks - 2;
  for (let j = s.firstBlock; ; j = min(j + 2, end)) {
    const k = j * stride + s.start;
    const first = k >= 0;
    const last = k + lastColumn < width;
    const from = x + <usize>k * pixel;
    const to = y + <usize>j * pixel;
    if (first && last) {
      // All blocks from here on that lie inside.
      const more = min(end - j, (width - 1 - lastColumn - k) / stride) >> 1;
      if (s.wide && stride == 1 && more > 0) {
        const pairs = (more + 1) >> 1;
        block2x4s1(s, from, w, to, pairs);
        j += 4 * pairs - 2;
        if (j >= end) return;
        continue;
      }
      if (stride == 1) block2x2s1(s, from, w, to, more + 1);
      else block2x2s2(s, from, w, to, more + 1);
      j += 2 * more;
    } else if (stride == 1) {
      edge2x2s1(s, from, w, to, first, last);
    } else {
      edge2x2s2(s, from, w, to, first, last);
    }
    if (j >= end) return;
  }
}
