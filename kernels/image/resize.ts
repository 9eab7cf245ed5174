// Resizing of NHWC bytes by weighted sums: along rows, then along columns, bytes between the two (J. Clark and A. Karpinsky,
// Pillow's Resample.c, https://github.com/python-pillow/Pillow/blob/9.4.0/src/libImaging/Resample.c, whose results these are).
//
//   y[i] = clamp((2²¹ + Σ weight[i, k] · x[first[i] + k]) >> 22, 0, 255), k < taps, weights in 22-bit fixed point
//
// A weight is stored as 2048·high + low, 16 bits each, for then two taps are one i32x4.dot_i16x8_s; sums of integers are
// exact in any order. Of output i come first its taps high parts, then its taps low parts, and zeros in both are no taps.

import { ResizeLinear, ResizeRows } from "../arguments";
import { at } from "../simd";

/** The sums of the high and the low parts as whole numbers. */
function rounded(high: v128, low: v128): v128 {
  return i32x4.shr_s(i32x4.add(i32x4.add(i32x4.shl(high, 11), low), i32x4.splat(1 << 21)), 22);
}

/** Four numbers as bytes, in the low four lanes of 8 bits. */
function narrow(words: v128): v128 {
  const halves = i16x8.narrow_i32x4_s(words, words);
  return i8x16.narrow_i16x8_u(halves, halves);
}

/** For i8x16.swizzle: two pixels' channels side by side, widened to 16 bits; 16 stands for zero. */
function pairOrder(channels: i32): v128 {
  if (channels == 1) return i8x16(0, 16, 1, 16, 16, 16, 16, 16, 16, 16, 16, 16, 16, 16, 16, 16);
  if (channels == 3) return i8x16(0, 16, 3, 16, 1, 16, 4, 16, 2, 16, 5, 16, 16, 16, 16, 16);
  return i8x16(0, 16, 4, 16, 1, 16, 5, 16, 2, 16, 6, 16, 3, 16, 7, 16);
}

/** Stores a pixel of 1, 3 or 4 bytes. For three bytes, a fourth is written too, which the next pixel of the row overwrites. */
function storePixel(to: usize, bytes: v128, channels: i32, last: bool): void {
  if (channels == 1) {
    v128.store8_lane(to, bytes, 0);
  } else if (channels == 4 || !last) {
    v128.store32_lane(to, bytes, 0);
  } else {
    v128.store16_lane(to, bytes, 0);
    v128.store8_lane(to, bytes, 2, 2);
  }
}

/**
 * Sums along rows: y[r, i, c] for yWidth pixels of 1, 3 or 4 channels. firsts: i32 [yWidth], pixels. taps: a multiple of 8
 * for one channel, otherwise of 2. Reads up to 8 bytes past the taps of a pixel. Unit = row.
 */
export function resizeRows(shape: usize, begin: i32, end: i32): void {
  const s = changetype<ResizeRows>(shape);
  if (s.channels == 1) inline.always(rowsBody(true, s, begin, end));
  else inline.always(rowsBody(false, s, begin, end));
}

/** GRAY: one channel, of which eight taps go at a time; otherwise two taps of all channels. */
function rowsBody(GRAY: bool, s: ResizeRows, begin: i32, end: i32): void {
  const channels = GRAY ? 1 : s.channels;
  const yWidth = s.yWidth;
  const firsts = s.firsts;
  const taps = s.taps;
  const order = pairOrder(channels);
  const lowParts = 2 * taps;
  for (let r = begin; r < end; r++) {
    const row = s.x + r * s.xRowBytes;
    let to = s.y + r * yWidth * channels;
    let weight = s.weights;
    for (let i = 0; i < yWidth; i++) {
      let from = row + load<i32>(at(firsts, i)) * channels;
      let high = i32x4.splat(0);
      let low = i32x4.splat(0);
      for (let k = 0; k < taps; k += GRAY ? 8 : 2) {
        const bytes = GRAY ? v128.load_ext<u8>(from) : i8x16.swizzle(v128.load64_zero(from), order);
        const upper = GRAY ? v128.load(weight) : v128.load32_splat(weight);
        const lower = GRAY ? v128.load(weight + lowParts) : v128.load32_splat(weight + lowParts);
        high = i32x4.add(high, i32x4.dot_i16x8_s(bytes, upper));
        low = i32x4.add(low, i32x4.dot_i16x8_s(bytes, lower));
        from += GRAY ? 8 : 2 * channels;
        weight += GRAY ? 16 : 4;
      }
      weight += lowParts;
      if (GRAY) high = sumAll(high);
      if (GRAY) low = sumAll(low);
      const bytes = inline.always(narrow(inline.always(rounded(high, low))));
      inline.always(storePixel(to, bytes, channels, i + 1 == yWidth));
      to += channels;
    }
  }
}

/** The sum of the four lanes in the first one. */
function sumAll(v: v128): v128 {
  const pairs = i32x4.add(v, i32x4.shuffle(v, v, 2, 3, 0, 1));
  return i32x4.add(pairs, i32x4.shuffle(pairs, pairs, 1, 0, 3, 2));
}

/**
 * Sums along columns: y[i, b] for rows of rowBytes. firsts: i32 [rows of y], rows of x. taps: even. Reads up to 15 bytes past
 * the end of x. Unit = row of y.
 */
export function resizeColumns(
  x: usize,
  y: usize,
  rowBytes: i32,
  firsts: usize,
  weights: usize,
  taps: i32,
  begin: i32,
  end: i32,
): void {
  for (let i = begin; i < end; i++) {
    const from = x + load<i32>(at(firsts, i)) * rowBytes;
    const to = y + i * rowBytes;
    const weight = weights + i * taps * 4;
    let b = 0;
    for (; b + 16 <= rowBytes; b += 16) v128.store(to + b, columns(from + b, rowBytes, weight, taps));
    if (b == rowBytes) continue;
    if (rowBytes > 16) {
      b = rowBytes - 16; // the last 16 bytes, some of them once more
      v128.store(to + b, columns(from + b, rowBytes, weight, taps));
    } else {
      let sums = columns(from, rowBytes, weight, taps);
      for (; b < rowBytes; b++) {
        v128.store8_lane(to + b, sums, 0);
        sums = i8x16.shuffle(sums, sums, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 0);
      }
    }
  }
}

/** Sixteen sums along columns. */
function columns(from: usize, rowBytes: i32, weight: usize, taps: i32): v128 {
  const lowParts = 2 * taps;
  let high0 = i32x4.splat(0);
  let high1 = i32x4.splat(0);
  let high2 = i32x4.splat(0);
  let high3 = i32x4.splat(0);
  let low0 = i32x4.splat(0);
  let low1 = i32x4.splat(0);
  let low2 = i32x4.splat(0);
  let low3 = i32x4.splat(0);
  for (let k = 0; k < taps; k += 2) {
    const upper = v128.load(from);
    const under = v128.load(from + rowBytes);
    const left = i8x16.shuffle(upper, under, 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23);
    const right = i8x16.shuffle(upper, under, 8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31);
    const h = v128.load32_splat(weight);
    const l = v128.load32_splat(weight + lowParts);
    let pairs = i16x8.extend_low_i8x16_u(left);
    high0 = i32x4.add(high0, i32x4.dot_i16x8_s(pairs, h));
    low0 = i32x4.add(low0, i32x4.dot_i16x8_s(pairs, l));
    pairs = i16x8.extend_high_i8x16_u(left);
    high1 = i32x4.add(high1, i32x4.dot_i16x8_s(pairs, h));
    low1 = i32x4.add(low1, i32x4.dot_i16x8_s(pairs, l));
    pairs = i16x8.extend_low_i8x16_u(right);
    high2 = i32x4.add(high2, i32x4.dot_i16x8_s(pairs, h));
    low2 = i32x4.add(low2, i32x4.dot_i16x8_s(pairs, l));
    pairs = i16x8.extend_high_i8x16_u(right);
    high3 = i32x4.add(high3, i32x4.dot_i16x8_s(pairs, h));
    low3 = i32x4.add(low3, i32x4.dot_i16x8_s(pairs, l));
    from += 2 * rowBytes;
    weight += 4;
  }
  const left = i16x8.narrow_i32x4_s(inline.always(rounded(high0, low0)), inline.always(rounded(high1, low1)));
  const right = i16x8.narrow_i32x4_s(
    inline.always(rounded(high2, low2)),
    inline.always(rounded(high3, low3)),
  );
  return i8x16.narrow_i16x8_u(left, right);
}

/**
 * Bilinear without averaging, as OpenCV's INTER_LINEAR computes it: y[r, i, c] = (upper·weight ≫ 16 + under·weight' ≫ 16 + 2) ≫ 2,
 * upper and under being the sums along two rows ≫ 4, weights in 11-bit fixed point, two for each column and row of y.
 * columns, rows: i32, the first pixel and row of each pair; rows outside the picture are the one at its edge. Reads up to 8 bytes past the end of x. Unit = row of y.
 */
export function resizeLinear(shape: usize, begin: i32, end: i32): void {
  const s = changetype<ResizeLinear>(shape);
  const yWidth = s.yWidth;
  const channels = s.channels;
  const columns = s.columns;
  const columnWeights = s.columnWeights;
  const order = pairOrder(channels);
  for (let r = begin; r < end; r++) {
    const first = load<i32>(at(s.rows, r));
    const upper = s.x + max(first, 0) * s.xRowBytes;
    const under = s.x + min(first + 1, s.xHeight - 1) * s.xRowBytes;
    const upperWeight = i32x4.splat(load<i16>(at(s.rowWeights, r)));
    const underWeight = i32x4.splat(load<i16>(at(s.rowWeights, r), 2));
    let to = s.y + r * yWidth * channels;
    for (let i = 0; i < yWidth; i++) {
      const from = load<i32>(at(columns, i)) * channels;
      const weights = v128.load32_splat(at(columnWeights, i));
      const a = i32x4.dot_i16x8_s(i8x16.swizzle(v128.load64_zero(upper + from), order), weights);
      const b = i32x4.dot_i16x8_s(i8x16.swizzle(v128.load64_zero(under + from), order), weights);
      const over = i32x4.shr_s(i32x4.mul(i32x4.shr_s(a, 4), upperWeight), 16);
      const below = i32x4.shr_s(i32x4.mul(i32x4.shr_s(b, 4), underWeight), 16);
      const words = i32x4.shr_s(i32x4.add(i32x4.add(over, below), i32x4.splat(2)), 2);
      const bytes = inline.always(narrow(words));
      inline.always(storePixel(to, bytes, channels, i + 1 == yWidth));
      to += channels;
    }
  }
}
