// Depthwise convolution: channel c of the output sees channel c of the input alone (groups = channels, one filter
// each). NHWC; weights [kernelHeight][kernelWidth][channels]. Four channels to a vector; reads whole vectors, up to
// three floats past the end of each array.
// Howard et al., MobileNets (2017), arXiv 1704.04861.

import { Window } from "./shapes";
import { at, madd, storeLanes } from "./simd";
import { endTap, firstTap } from "./window";

/** y[n, i, j, c] = bias[c] + Σ_{p,q} x[n, i·s + p·d − pad, j·s + q·d − pad, c] · w[p, q, c]. bias may be 0 (none). */
export function depthwise(window: usize, x: usize, w: usize, bias: usize, y: usize): void {
  const s = changetype<Window>(window);
  slide(s, x, s.height, s.width, s.paddingTop, s.paddingLeft, w, 1, bias, y, s.outHeight, s.outWidth);
}

/**
 * The sliding sum itself, over images of height × width. Taps are read from w onwards, or backwards (direction −1) from
 * the last one.
 */
function slide(
  s: Window,
  x: usize,
  height: i32,
  width: i32,
  paddingTop: i32,
  paddingLeft: i32,
  w: usize,
  direction: i32,
  bias: usize,
  y: usize,
  outHeight: i32,
  outWidth: i32,
): void {
  const channels = s.channels;
  const kernelWidth = s.kernelWidth;
  const xStep = at(0, s.dilationWidth * channels);
  const xRow = at(0, s.dilationHeight * width * channels);
  const wStep = at(0, direction * channels);
  const wRow = at(0, direction * kernelWidth * channels);
  for (let n = 0; n < s.images; n++) {
    for (let i = 0; i < outHeight; i++) {
      const h = i * s.strideHeight - paddingTop;
      const p0 = firstTap(h, s.dilationHeight);
      const p1 = endTap(h, s.dilationHeight, s.kernelHeight, height);
      for (let j = 0; j < outWidth; j++) {
        const k = j * s.strideWidth - paddingLeft;
        const q0 = firstTap(k, s.dilationWidth);
        const q1 = endTap(k, s.dilationWidth, kernelWidth, width);
        const row0 = n * height + h + p0 * s.dilationHeight;
        const xCorner = at(x, (row0 * width + k + q0 * s.dilationWidth) * channels);
        const wCorner = at(w, direction * (p0 * kernelWidth + q0) * channels);
        for (let c = 0; c < channels; c += 4) {
          let v = bias ? v128.load(at(bias, c)) : f32x4.splat(0);
          let xFrom = at(xCorner, c);
          let wFrom = at(wCorner, c);
          for (let p = p0; p < p1; p++) {
            let xp = xFrom;
            let wp = wFrom;
            for (let q = q0; q < q1; q++) {
              v = madd(v128.load(xp), v128.load(wp), v);
              xp += xStep;
              wp += wStep;
            }
            xFrom += xRow;
            wFrom += wRow;
          }
          storeLanes(at(y, c), v, channels - c);
        }
        y = at(y, channels);
      }
    }
  }
}

/** dx[n, h, k, c] = Σ over the windows that contain (h, k) of dy · w. */
export function depthwiseBackwardData(window: usize, dy: usize, w: usize, dx: usize): void {
  const s = changetype<Window>(window);
  const channels = s.channels;
  if (s.strideHeight == 1 && s.strideWidth == 1) {
    // The same sum over dy with the kernel turned by 180°.
    const top = s.dilationHeight * (s.kernelHeight - 1) - s.paddingTop;
    const left = s.dilationWidth * (s.kernelWidth - 1) - s.paddingLeft;
    const last = at(w, (s.kernelHeight * s.kernelWidth - 1) * channels);
    slide(s, dy, s.outHeight, s.outWidth, top, left, last, -1, 0, dx, s.height, s.width);
    return;
  }
  memory.fill(dx, 0, at(0, s.images * s.height * s.width * channels));
  for (let n = 0; n < s.images; n++) {
    const image = at(dy, n * s.outHeight * s.outWidth * channels);
    for (let h = 0; h < s.height; h++) {
      for (let k = 0; k < s.width; k++) {
        for (let p = 0; p < s.kernelHeight; p++) {
          const top = h + s.paddingTop - p * s.dilationHeight;
          const i = top / s.strideHeight;
          if (top < 0 || i >= s.outHeight || i * s.strideHeight != top) continue;
          for (let q = 0; q < s.kernelWidth; q++) {
            const side = k + s.paddingLeft - q * s.dilationWidth;
            const j = side / s.strideWidth;
            if (side < 0 || j >= s.outWidth || j * s.strideWidth != side) continue;
            const from = at(image, (i * s.outWidth + j) * channels);
            const tap = at(w, (p * s.kernelWidth + q) * channels);
            for (let c = 0; c < channels; c += 4) {
              const v = madd(v128.load(at(from, c)), v128.load(at(tap, c)), v128.load(at(dx, c)));
              storeLanes(at(dx, c), v, channels - c);
            }
          }
        }
        dx = at(dx, channels);
      }
    }
  }
}

/**
 * dw[p, q, c] = Σ_{n,i,j} x[n, i·s + p·d − pad, j·s + q·d − pad, c] · dy[n, i, j, c]: summed over each row of the output
 * in registers, then added to dw.
 */
export function depthwiseBackwardWeight(window: usize, x: usize, dy: usize, dw: usize): void {
  const s = changetype<Window>(window);
  const channels = s.channels;
  const xStep = at(0, s.strideWidth * channels);
  const dyStep = at(0, channels);
  memory.fill(dw, 0, at(0, s.kernelHeight * s.kernelWidth * channels));
  for (let n = 0; n < s.images; n++) {
    for (let i = 0; i < s.outHeight; i++) {
      const gradients = at(dy, (n * s.outHeight + i) * s.outWidth * channels);
      for (let p = 0; p < s.kernelHeight; p++) {
        const h = i * s.strideHeight + p * s.dilationHeight - s.paddingTop;
        if (h < 0 || h >= s.height) continue;
        const row = at(x, (n * s.height + h) * s.width * channels);
        for (let q = 0; q < s.kernelWidth; q++) {
          // Outputs j0 ≤ j < j1 see a pixel of this row under tap q.
          const k = q * s.dilationWidth - s.paddingLeft;
          const j0 = firstTap(k, s.strideWidth);
          const j1 = endTap(k, s.strideWidth, s.outWidth, s.width);
          const xCorner = at(row, (k + j0 * s.strideWidth) * channels);
          const dyCorner = at(gradients, j0 * channels);
          const tap = at(dw, (p * s.kernelWidth + q) * channels);
          for (let c = 0; c < channels; c += 4) {
            let v = f32x4.splat(0);
            let xp = at(xCorner, c);
            let dyp = at(dyCorner, c);
            for (let j = j0; j < j1; j++) {
              v = madd(v128.load(xp), v128.load(dyp), v);
              xp += xStep;
              dyp += dyStep;
            }
            storeLanes(at(tap, c), f32x4.add(v128.load(at(tap, c)), v), channels - c);
          }
        }
      }
    }
  }
}
