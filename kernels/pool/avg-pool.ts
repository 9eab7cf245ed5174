// Average pooling of NHWC images, forward and backward. Window (shapes.ts) gives the places of windows. Reads whole vectors, up to
// three floats past the end of each array.
//
// The window of output row i is rows [first, last) of the image. A kernelHeight of 0 means adaptive pooling: windows that
// divide the image evenly, ⌊i·H/OH⌋ … ⌈(i+1)·H/OH⌉, as PyTorch defines it.

import { Window } from "../shapes";
import { at, madd, storeLanes } from "../simd";

function firstOf(i: i32, kernel: i32, stride: i32, padding: i32, size: i32, out: i32): i32 {
  return kernel ? i * stride - padding : (i * size) / out;
}

/** after: padding after the image. */
function lastOf(first: i32, i: i32, kernel: i32, after: i32, size: i32, out: i32): i32 {
  return kernel ? min(first + kernel, size + after) : ((i + 1) * size + out - 1) / out;
}

/** 1 / (cells a window divides by): those inside the padded frame if countPad, otherwise those inside the image; 1 if it is 2: a sum. */
function share(s: Window, h0: i32, h1: i32, w0: i32, w1: i32, countPad: i32): f32 {
  if (countPad == 2) return 1;
  if (!countPad) {
    h0 = max(h0, 0);
    w0 = max(w0, 0);
    h1 = min(h1, s.height);
    w1 = min(w1, s.width);
  }
  return <f32>1 / <f32>((h1 - h0) * (w1 - w0));
}

/** y = mean over the window. Unit = row of y. */
export function avgPool2d(window: usize, x: usize, y: usize, countPad: i32, begin: i32, end: i32): void {
  const s = changetype<Window>(window);
  const channels = s.channels;
  const pixel = at(0, channels);
  y += <usize>(begin * s.outWidth) * pixel;
  for (let unit = begin; unit < end; unit++) {
    const image = x + <usize>((unit / s.outHeight) * s.height * s.width) * pixel;
    const i = unit % s.outHeight;
    const h0 = firstOf(i, s.kernelHeight, s.strideHeight, s.paddingTop, s.height, s.outHeight);
    const h1 = lastOf(h0, i, s.kernelHeight, s.paddingBottom, s.height, s.outHeight);
    for (let j = 0; j < s.outWidth; j++) {
      const w0 = firstOf(j, s.kernelWidth, s.strideWidth, s.paddingLeft, s.width, s.outWidth);
      const w1 = lastOf(w0, j, s.kernelWidth, s.paddingRight, s.width, s.outWidth);
      const scale = f32x4.splat(share(s, h0, h1, w0, w1, countPad));
      const left = max(w0, 0);
      const right = min(w1, s.width);
      let c = 0;
      // Whole lines at a time, four sums that do not wait for each other.
      for (; c + 16 <= channels; c += 16) {
        let v0 = f32x4.splat(0);
        let v1 = v0;
        let v2 = v0;
        let v3 = v0;
        for (let h = max(h0, 0); h < min(h1, s.height); h++) {
          let from = image + <usize>(h * s.width + left) * pixel + at(0, c);
          for (let w = left; w < right; w++) {
            v0 = f32x4.add(v0, v128.load(from));
            v1 = f32x4.add(v1, v128.load(from, 16));
            v2 = f32x4.add(v2, v128.load(from, 32));
            v3 = f32x4.add(v3, v128.load(from, 48));
            from += pixel;
          }
        }
        const to = at(y, c);
        v128.store(to, f32x4.mul(v0, scale));
        v128.store(to, f32x4.mul(v1, scale), 16);
        v128.store(to, f32x4.mul(v2, scale), 32);
        v128.store(to, f32x4.mul(v3, scale), 48);
      }
      for (; c < channels; c += 4) {
        let v = f32x4.splat(0);
        for (let h = max(h0, 0); h < min(h1, s.height); h++) {
          let from = image + <usize>(h * s.width + left) * pixel + at(0, c);
          for (let w = left; w < right; w++) {
            v = f32x4.add(v, v128.load(from));
            from += pixel;
          }
        }
        storeLanes(at(y, c), f32x4.mul(v, scale), channels - c);
      }
      y += pixel;
    }
  }
}

/** dx = the sum of dy / cells over the windows that contain a pixel. Unit = row of dx. */
export function avgPool2dBackward(
  window: usize,
  dy: usize,
  dx: usize,
  countPad: i32,
  begin: i32,
  end: i32,
): void {
  const s = changetype<Window>(window);
  const channels = s.channels;
  const pixel = at(0, channels);
  dx += <usize>(begin * s.width) * pixel;
  for (let unit = begin; unit < end; unit++) {
    const h = unit % s.height;
    memory.fill(dx, 0, s.width * pixel);
    for (let i = 0; i < s.outHeight; i++) {
      const h0 = firstOf(i, s.kernelHeight, s.strideHeight, s.paddingTop, s.height, s.outHeight);
      const h1 = lastOf(h0, i, s.kernelHeight, s.paddingBottom, s.height, s.outHeight);
      if (h < h0 || h >= h1) continue;
      let from = dy + <usize>(((unit / s.height) * s.outHeight + i) * s.outWidth) * pixel;
      for (let j = 0; j < s.outWidth; j++, from += pixel) {
        const w0 = firstOf(j, s.kernelWidth, s.strideWidth, s.paddingLeft, s.width, s.outWidth);
        const w1 = lastOf(w0, j, s.kernelWidth, s.paddingRight, s.width, s.outWidth);
        const scale = f32x4.splat(share(s, h0, h1, w0, w1, countPad));
        for (let w = max(w0, 0); w < min(w1, s.width); w++) {
          const to = dx + <usize>w * pixel;
          for (let c = 0; c < channels; c += 4) {
            storeLanes(at(to, c), madd(v128.load(at(from, c)), scale, v128.load(at(to, c))), channels - c);
          }
        }
      }
    }
    dx += s.width * pixel;
  }
}
