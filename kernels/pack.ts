// Copies that put operands where the micro-kernels want them. The only code that sees strides.

import { at, loadLanes, storeLanes } from "./simd";

/** Transposes the 4×4 block at src (rows `rowBytes` apart) and stores its columns `stepBytes` apart. */
function transpose4(src: usize, rowBytes: usize, dst: usize, stepBytes: usize): void {
  const r0 = v128.load(src);
  const r1 = v128.load(src + rowBytes);
  const r2 = v128.load(src + 2 * rowBytes);
  const r3 = v128.load(src + 3 * rowBytes);
  const a = v128.shuffle<i32>(r0, r1, 0, 4, 1, 5);
  const b = v128.shuffle<i32>(r2, r3, 0, 4, 1, 5);
  const c = v128.shuffle<i32>(r0, r1, 2, 6, 3, 7);
  const d = v128.shuffle<i32>(r2, r3, 2, 6, 3, 7);
  v128.store(dst, v128.shuffle<i64>(a, b, 0, 2));
  v128.store(dst + stepBytes, v128.shuffle<i64>(a, b, 1, 3));
  v128.store(dst + 2 * stepBytes, v128.shuffle<i64>(c, d, 0, 2));
  v128.store(dst + 3 * stepBytes, v128.shuffle<i64>(c, d, 1, 3));
}

/** One panel: dst[p·width + j] = src[p·rs + j·cs] for j < count, 0 for count ≤ j < width. */
function packPanel(src: usize, rs: i32, cs: i32, k: i32, count: i32, width: i32, dst: usize): void {
  if (cs == 1) {
    for (let p = 0; p < k; p++) {
      const from = at(src, p * rs);
      const to = at(dst, p * width);
      for (let j = 0; j < width; j += 4) {
        storeLanes(at(to, j), loadLanes(at(from, j), count - j), width - j);
      }
    }
    return;
  }
  let done = 0; // columns already written by whole 4×4 blocks
  if (rs == 1) {
    const k4 = k & ~3;
    for (; done + 4 <= count; done += 4) {
      const from = at(src, done * cs);
      const to = at(dst, done);
      for (let p = 0; p < k4; p += 4) {
        transpose4(at(from, p), at(0, cs), at(to, p * width), at(0, width));
      }
      for (let p = k4; p < k; p++) {
        for (let j = 0; j < 4; j++) store<f32>(at(to, p * width + j), load<f32>(at(from, p + j * cs)));
      }
    }
  }
  for (let j = done; j < width; j++) {
    for (let p = 0; p < k; p++) {
      store<f32>(at(dst, p * width + j), j < count ? load<f32>(at(src, p * rs + j * cs)) : 0);
    }
  }
}

/**
 * Packs a k×n matrix, element (p, j) at src[p·rs + j·cs], into panels of `width` columns:
 * dst[panel·panelStride + p·width + j mod width], zero-padded to whole panels. Strides in elements.
 */
export function packPanels(
  src: usize,
  rs: i32,
  cs: i32,
  k: i32,
  n: i32,
  width: i32,
  dst: usize,
  panelStride: i32,
): void {
  for (let j = 0; j < n; j += width) {
    packPanel(at(src, j * cs), rs, cs, k, min(width, n - j), width, dst);
    dst = at(dst, panelStride);
  }
}

/**
 * Copies NHWC images into a larger (or, with negative offsets, smaller) frame of zeros:
 * y[n, i + top, j + left, c] = x[n, i, j, c]. `channels` is the floats copied of each pixel, x has `xChannels`.
 */
export function padImages(
  x: usize,
  y: usize,
  images: i32,
  height: i32,
  width: i32,
  xChannels: i32,
  channels: i32,
  top: i32,
  left: i32,
  yHeight: i32,
  yWidth: i32,
): void {
  const j0 = max(0, left); // columns j0 ≤ j < j1 of y come from x
  const j1 = max(j0, min(yWidth, left + width));
  const rowBytes = at(0, yWidth * channels);
  for (let n = 0; n < images; n++) {
    for (let i = 0; i < yHeight; i++, y += rowBytes) {
      const from = i - top;
      if (from < 0 || from >= height) {
        memory.fill(y, 0, rowBytes);
        continue;
      }
      const row = at(x, ((n * height + from) * width + (j0 - left)) * xChannels);
      memory.fill(y, 0, at(0, j0 * channels));
      if (xChannels == channels) {
        memory.copy(at(y, j0 * channels), row, at(0, (j1 - j0) * channels));
      } else {
        for (let j = j0; j < j1; j++) {
          memory.copy(at(y, j * channels), at(row, (j - j0) * xChannels), at(0, channels));
        }
      }
      memory.fill(at(y, j1 * channels), 0, at(0, (yWidth - j1) * channels));
    }
  }
}
