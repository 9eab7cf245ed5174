// Copies operands to where the micro-kernels need them. The only code that sees strides.

import { PackPanels, PadImages } from "../shapes";
import { at, loadLanes, storeLanes } from "../simd";

/**
 * Columns of up to four rows, `rowBytes` apart at src: dst[p·stepBytes + r] = src[r·rowBytes + p] for p < k, 0 for
 * rows ≤ r < lanes. 4×4 blocks are transposed in registers.
 */
function packTransposed(
  src: usize,
  rowBytes: usize,
  rows: i32,
  k: i32,
  dst: usize,
  stepBytes: usize,
  lanes: i32,
): void {
  const zero = f32x4.splat(0);
  let p = 0;
  for (; p + 4 <= k; p += 4) {
    const r0 = v128.load(src);
    const r1 = rows > 1 ? v128.load(src + rowBytes) : zero;
    const r2 = rows > 2 ? v128.load(src + 2 * rowBytes) : zero;
    const r3 = rows > 3 ? v128.load(src + 3 * rowBytes) : zero;
    const a = v128.shuffle<i32>(r0, r1, 0, 4, 1, 5);
    const b = v128.shuffle<i32>(r2, r3, 0, 4, 1, 5);
    const c = v128.shuffle<i32>(r0, r1, 2, 6, 3, 7);
    const d = v128.shuffle<i32>(r2, r3, 2, 6, 3, 7);
    const column0 = v128.shuffle<i64>(a, b, 0, 2);
    const column1 = v128.shuffle<i64>(a, b, 1, 3);
    const column2 = v128.shuffle<i64>(c, d, 0, 2);
    const column3 = v128.shuffle<i64>(c, d, 1, 3);
    if (lanes >= 4) {
      v128.store(dst, column0);
      v128.store(dst + stepBytes, column1);
      v128.store(dst + 2 * stepBytes, column2);
      v128.store(dst + 3 * stepBytes, column3);
    } else {
      storeLanes(dst, column0, lanes);
      storeLanes(dst + stepBytes, column1, lanes);
      storeLanes(dst + 2 * stepBytes, column2, lanes);
      storeLanes(dst + 3 * stepBytes, column3, lanes);
    }
    src += 16;
    dst += 4 * stepBytes;
  }
  for (; p < k; p++) {
    for (let r = 0; r < lanes; r++) {
      store<f32>(at(dst, r), r < rows ? load<f32>(src + <usize>r * rowBytes) : 0);
    }
    src += 4;
    dst += stepBytes;
  }
}

/** One panel: dst[p·width + j] = src[p·rs + j·cs] for j < count, 0 for count ≤ j < width. */
export function packPanel(src: usize, rs: i32, cs: i32, k: i32, count: i32, width: i32, dst: usize): void {
  if (cs == 1 && count == width && width != 3) {
    // Whole rows of 4, 6, 8, 12 or 16, without a test for each vector.
    for (let p = 0; p < k; p++) {
      v128.store(dst, v128.load(src));
      if (width == 6) {
        v128.store64_lane(dst, v128.load64_zero(src, 16), 0, 16);
      } else if (width >= 8) {
        v128.store(dst, v128.load(src, 16), 16);
        if (width >= 12) v128.store(dst, v128.load(src, 32), 32);
        if (width == 16) v128.store(dst, v128.load(src, 48), 48);
      }
      src = at(src, rs);
      dst = at(dst, width);
    }
    return;
  }
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
  if (rs == 1) {
    let j = 0;
    for (; j < count; j += 4) {
      packTransposed(at(src, j * cs), at(0, cs), count - j, k, at(dst, j), at(0, width), min(4, width - j));
    }
    for (; j < width; j += 4) {
      for (let p = 0; p < k; p++) storeLanes(at(dst, p * width + j), f32x4.splat(0), width - j);
    }
    return;
  }
  for (let p = 0; p < k; p++) {
    for (let j = 0; j < width; j++) {
      store<f32>(at(dst, p * width + j), j < count ? load<f32>(at(src, p * rs + j * cs)) : 0);
    }
  }
}

/**
 * Packs a k×n matrix, element (p, j) at src[p·rs + j·cs], into panels of `width` columns:
 * dst[panel·panelStride + p·width + j mod width], zero-padded to whole panels. Strides in elements.
 */
export function packMatrix(
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

/** The same for panels begin ≤ panel < end. */
export function packPanels(shape: usize, begin: i32, end: i32): void {
  const s = changetype<PackPanels>(shape);
  const j = begin * s.width;
  const n = min(s.n, end * s.width) - j;
  const dst = at(s.dst, begin * s.panelStride);
  packMatrix(at(s.src, j * s.cs), s.rs, s.cs, s.k, n, s.width, dst, s.panelStride);
}

/**
 * Copies an NHWC image into a larger (or, with negative offsets, smaller) frame of zeros: y[i + top, j + left] = x[i, j], where
 * rows, columns and offsets along a row count floats.
 */
export function padImage(
  x: usize,
  y: usize,
  height: i32,
  width: i32,
  top: i32,
  left: i32,
  yHeight: i32,
  yWidth: i32,
): void {
  const j0 = max(0, left); // columns j0 ≤ j < j1 of y come from x
  const j1 = max(j0, min(yWidth, left + width));
  const rowBytes = at(0, yWidth);
  for (let i = 0; i < yHeight; i++, y += rowBytes) {
    const from = i - top;
    if (from < 0 || from >= height) {
      memory.fill(y, 0, rowBytes);
      continue;
    }
    const row = at(x, from * width + (j0 - left));
    memory.fill(y, 0, at(0, j0));
    memory.copy(at(y, j0), row, at(0, j1 - j0));
    memory.fill(at(y, j1), 0, at(0, yWidth - j1));
  }
}

/** The same for images begin ≤ n < end: y[n, i + top, j + left, c] = x[n, i, j, c]. */
export function padImages(shape: usize, begin: i32, end: i32): void {
  const s = changetype<PadImages>(shape);
  const c = s.channels;
  for (let n = begin; n < end; n++) {
    const x = at(s.x, n * s.height * s.width * c);
    const y = at(s.y, n * s.yHeight * s.yWidth * c);
    padImage(x, y, s.height, s.width * c, s.top, s.left * c, s.yHeight, s.yWidth * c);
  }
}
