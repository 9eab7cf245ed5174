// Max and average pooling of NHWC images, forward and backward. Window (shapes.ts) says where windows lie.

import { Window } from "./shapes";
import { at, loadLanes, storeLanes } from "./simd";

/** Stores the low byte of each of the first `count` lanes. */
function storeBytes(p: usize, v: v128, count: i32): void {
  const bytes = i8x16.shuffle(v, v, 0, 4, 8, 12, 0, 4, 8, 12, 0, 4, 8, 12, 0, 4, 8, 12);
  if (count >= 4) {
    v128.store32_lane(p, bytes, 0);
  } else {
    for (let i = 0; i < count; i++) store<u8>(p + i, <u8>(i32x4.extract_lane(bytes, 0) >> (i << 3)));
  }
}

/** Four bytes, zero-extended to i32 lanes; `count` of them are read. */
function loadBytes(p: usize, count: i32): v128 {
  if (count >= 4) return i32x4.extend_low_i16x8_u(i16x8.extend_low_i8x16_u(v128.load32_zero(p)));
  let v = i32x4.splat(0);
  if (count > 0) v = i32x4.replace_lane(v, 0, <i32>load<u8>(p));
  if (count > 1) v = i32x4.replace_lane(v, 1, <i32>load<u8>(p, 1));
  if (count > 2) v = i32x4.replace_lane(v, 2, <i32>load<u8>(p, 2));
  return v;
}

/**
 * y[n, i, j, c] = max over the window, and taps (u8) = the first tap (p·kernelWidth + q) that holds it; NaN wins.
 * Padding never wins: every window needs a tap inside the image. At most 256 taps.
 */
export function maxPool2d(window: usize, x: usize, y: usize, taps: usize): void {
  const s = changetype<Window>(window);
  for (let n = 0; n < s.images; n++) {
    for (let i = 0; i < s.outHeight; i++) {
      for (let j = 0; j < s.outWidth; j++) {
        for (let c = 0; c < s.channels; c += 4) {
          const left = s.channels - c;
          let best = f32x4.splat(-Infinity);
          let where = i32x4.splat(-1);
          for (let p = 0; p < s.kernelHeight; p++) {
            const h = i * s.strideHeight + p * s.dilationHeight - s.paddingTop;
            if (h < 0 || h >= s.height) continue;
            for (let q = 0; q < s.kernelWidth; q++) {
              const w = j * s.strideWidth + q * s.dilationWidth - s.paddingLeft;
              if (w < 0 || w >= s.width) continue;
              const v = loadLanes(at(x, ((n * s.height + h) * s.width + w) * s.channels + c), left);
              const first = i32x4.lt_s(where, i32x4.splat(0));
              // Larger, or the first tap, or NaN where the best is not NaN yet.
              let wins = v128.or(v128.or(f32x4.gt(v, best), first), f32x4.ne(v, v));
              wins = v128.and(wins, f32x4.eq(best, best));
              best = v128.bitselect(v, best, wins);
              where = v128.bitselect(i32x4.splat(p * s.kernelWidth + q), where, wins);
            }
          }
          storeLanes(at(y, c), best, left);
          storeBytes(taps + c, where, left);
        }
        y = at(y, s.channels);
        taps += s.channels;
      }
    }
  }
}

/** dx[tap of the maximum] += dy; dx is cleared first. */
export function maxPool2dBackward(window: usize, dy: usize, taps: usize, dx: usize): void {
  const s = changetype<Window>(window);
  memory.fill(dx, 0, at(0, s.images * s.height * s.width * s.channels));
  for (let n = 0; n < s.images; n++) {
    for (let i = 0; i < s.outHeight; i++) {
      for (let j = 0; j < s.outWidth; j++) {
        for (let p = 0; p < s.kernelHeight; p++) {
          const h = i * s.strideHeight + p * s.dilationHeight - s.paddingTop;
          if (h < 0 || h >= s.height) continue;
          for (let q = 0; q < s.kernelWidth; q++) {
            const w = j * s.strideWidth + q * s.dilationWidth - s.paddingLeft;
            if (w < 0 || w >= s.width) continue;
            const to = at(dx, ((n * s.height + h) * s.width + w) * s.channels);
            const tap = i32x4.splat(p * s.kernelWidth + q);
            for (let c = 0; c < s.channels; c += 4) {
              const left = s.channels - c;
              const hit = i32x4.eq(loadBytes(taps + c, left), tap);
              const g = v128.and(hit, loadLanes(at(dy, c), left));
              storeLanes(at(to, c), f32x4.add(loadLanes(at(to, c), left), g), left);
            }
          }
        }
        dy = at(dy, s.channels);
        taps += s.channels;
      }
    }
  }
}

// Average pooling's window of output row i is rows [first, last) of the image. A kernelHeight of 0 means adaptive
// pooling: windows that divide the image evenly, ⌊i·H/OH⌋ … ⌈(i+1)·H/OH⌉, as PyTorch defines it.

function firstOf(i: i32, kernel: i32, stride: i32, padding: i32, size: i32, out: i32): i32 {
  return kernel ? i * stride - padding : (i * size) / out;
}

function lastOf(i: i32, kernel: i32, stride: i32, padding: i32, size: i32, out: i32): i32 {
  return kernel ? min(i * stride - padding + kernel, size + padding) : ((i + 1) * size + out - 1) / out;
}

/** 1 / (cells a window divides by): those inside the padded frame if countPad, else those inside the image. */
function share(s: Window, h0: i32, h1: i32, w0: i32, w1: i32, countPad: i32): f32 {
  if (!countPad) {
    h0 = max(h0, 0);
    w0 = max(w0, 0);
    h1 = min(h1, s.height);
    w1 = min(w1, s.width);
  }
  return <f32>1 / <f32>((h1 - h0) * (w1 - w0));
}

/** y = mean over the window. */
export function avgPool2d(window: usize, x: usize, y: usize, countPad: i32): void {
  const s = changetype<Window>(window);
  for (let n = 0; n < s.images; n++) {
    for (let i = 0; i < s.outHeight; i++) {
      const h0 = firstOf(i, s.kernelHeight, s.strideHeight, s.paddingTop, s.height, s.outHeight);
      const h1 = lastOf(i, s.kernelHeight, s.strideHeight, s.paddingTop, s.height, s.outHeight);
      for (let j = 0; j < s.outWidth; j++) {
        const w0 = firstOf(j, s.kernelWidth, s.strideWidth, s.paddingLeft, s.width, s.outWidth);
        const w1 = lastOf(j, s.kernelWidth, s.strideWidth, s.paddingLeft, s.width, s.outWidth);
        const scale = f32x4.splat(share(s, h0, h1, w0, w1, countPad));
        for (let c = 0; c < s.channels; c += 4) {
          const left = s.channels - c;
          let v = f32x4.splat(0);
          for (let h = max(h0, 0); h < min(h1, s.height); h++) {
            const row = at(x, (n * s.height + h) * s.width * s.channels + c);
            for (let w = max(w0, 0); w < min(w1, s.width); w++) {
              v = f32x4.add(v, loadLanes(at(row, w * s.channels), left));
            }
          }
          storeLanes(at(y, c), f32x4.mul(v, scale), left);
        }
        y = at(y, s.channels);
      }
    }
  }
}

/** dx += dy / cells, over each window; dx is cleared first. */
export function avgPool2dBackward(window: usize, dy: usize, dx: usize, countPad: i32): void {
  const s = changetype<Window>(window);
  memory.fill(dx, 0, at(0, s.images * s.height * s.width * s.channels));
  for (let n = 0; n < s.images; n++) {
    for (let i = 0; i < s.outHeight; i++) {
      const h0 = firstOf(i, s.kernelHeight, s.strideHeight, s.paddingTop, s.height, s.outHeight);
      const h1 = lastOf(i, s.kernelHeight, s.strideHeight, s.paddingTop, s.height, s.outHeight);
      for (let j = 0; j < s.outWidth; j++) {
        const w0 = firstOf(j, s.kernelWidth, s.strideWidth, s.paddingLeft, s.width, s.outWidth);
        const w1 = lastOf(j, s.kernelWidth, s.strideWidth, s.paddingLeft, s.width, s.outWidth);
        const scale = f32x4.splat(share(s, h0, h1, w0, w1, countPad));
        for (let h = max(h0, 0); h < min(h1, s.height); h++) {
          for (let w = max(w0, 0); w < min(w1, s.width); w++) {
            const to = at(dx, ((n * s.height + h) * s.width + w) * s.channels);
            for (let c = 0; c < s.channels; c += 4) {
              const left = s.channels - c;
              const g = f32x4.mul(loadLanes(at(dy, c), left), scale);
              storeLanes(at(to, c), f32x4.add(loadLanes(at(to, c), left), g), left);
            }
          }
        }
        dy = at(dy, s.channels);
      }
    }
  }
}
