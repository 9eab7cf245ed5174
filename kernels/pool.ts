// Max and average pooling of NHWC images, forward and backward. Window (shapes.ts) says where windows lie.

import { endTap, firstTap } from "./window";
import { Window } from "./shapes";
import { at, loadLanes, storeLanes } from "./simd";

/** Stores the low byte of each of the first `count` lanes. */
function storeBytes(p: usize, v: v128, count: i32): void {
  const bytes = i8x16.shuffle(v, v, 0, 4, 8, 12, 0, 4, 8, 12, 0, 4, 8, 12, 0, 4, 8, 12);
  if (count >= 4) {
    v128.store32_lane(p, bytes, 0);
  } else {
    if (count >= 2) v128.store16_lane(p, bytes, 0);
    if (count == 3) v128.store8_lane(p, bytes, 2, 2);
    if (count == 1) v128.store8_lane(p, bytes, 0);
  }
}

/**
 * y[n, i, j, c] = max over the window, and taps (u8) = the first tap (p·kernelWidth + q) that holds it, or the last
 * NaN. Padding never wins: every window needs a tap inside the image. At most 256 taps. Reads whole vectors.
 */
export function maxPool2d(window: usize, x: usize, y: usize, taps: usize): void {
  const s = changetype<Window>(window);
  const channels = s.channels;
  const rowStep = at(0, s.dilationHeight * s.width * channels);
  const tapStep = at(0, s.dilationWidth * channels);
  for (let n = 0; n < s.images; n++) {
    for (let i = 0; i < s.outHeight; i++) {
      const h = i * s.strideHeight - s.paddingTop;
      const p0 = firstTap(h, s.dilationHeight);
      const p1 = endTap(h, s.dilationHeight, s.kernelHeight, s.height);
      for (let j = 0; j < s.outWidth; j++) {
        const w = j * s.strideWidth - s.paddingLeft;
        const q0 = firstTap(w, s.dilationWidth);
        const q1 = endTap(w, s.dilationWidth, s.kernelWidth, s.width);
        const row0 = n * s.height + h + p0 * s.dilationHeight;
        const corner = at(x, (row0 * s.width + w + q0 * s.dilationWidth) * channels);
        for (let c = 0; c < channels; c += 4) {
          let row = at(corner, c);
          let best = v128.load(row);
          let where = i32x4.splat(p0 * s.kernelWidth + q0);
          for (let p = p0; p < p1; p++) {
            let from = row;
            for (let q = q0; q < q1; q++) {
              const v = v128.load(from);
              const wins = v128.or(f32x4.gt(v, best), f32x4.ne(v, v));
              best = v128.bitselect(v, best, wins);
              where = v128.bitselect(i32x4.splat(p * s.kernelWidth + q), where, wins);
              from += tapStep;
            }
            row += rowStep;
          }
          storeLanes(at(y, c), best, channels - c);
          storeBytes(taps + c, where, channels - c);
        }
        y = at(y, channels);
        taps += channels;
      }
    }
  }
}

/** dx[tap of the maximum] += dy; dx is cleared first. Reads whole vectors. */
export function maxPool2dBackward(window: usize, dy: usize, taps: usize, dx: usize): void {
  const s = changetype<Window>(window);
  const channels = s.channels;
  // Windows that do not overlap need not read what they add to.
  const apart = s.strideHeight >= s.dilationHeight * (s.kernelHeight - 1) + 1;
  const alone = apart && s.strideWidth >= s.dilationWidth * (s.kernelWidth - 1) + 1;
  memory.fill(dx, 0, at(0, s.images * s.height * s.width * channels));
  for (let n = 0; n < s.images; n++) {
    for (let i = 0; i < s.outHeight; i++) {
      const h = i * s.strideHeight - s.paddingTop;
      const p0 = firstTap(h, s.dilationHeight);
      const p1 = endTap(h, s.dilationHeight, s.kernelHeight, s.height);
      for (let j = 0; j < s.outWidth; j++) {
        const w = j * s.strideWidth - s.paddingLeft;
        const q0 = firstTap(w, s.dilationWidth);
        const q1 = endTap(w, s.dilationWidth, s.kernelWidth, s.width);
        for (let c = 0; c < channels; c += 4) {
          const left = channels - c;
          const g = v128.load(at(dy, c));
          const where = i32x4.extend_low_i16x8_u(i16x8.extend_low_i8x16_u(v128.load32_zero(taps + c)));
          for (let p = p0; p < p1; p++) {
            const row = (n * s.height + h + p * s.dilationHeight) * s.width + w;
            for (let q = q0; q < q1; q++) {
              const to = at(dx, (row + q * s.dilationWidth) * channels + c);
              let v = v128.and(i32x4.eq(where, i32x4.splat(p * s.kernelWidth + q)), g);
              if (!alone) v = f32x4.add(v, v128.load(to));
              storeLanes(to, v, left);
            }
          }
        }
        dy = at(dy, channels);
        taps += channels;
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
