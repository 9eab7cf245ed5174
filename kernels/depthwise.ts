// Depthwise convolution: channel c of the output sees channel c of the input alone (groups = channels, one filter
// each). NHWC; weights [kernelHeight][kernelWidth][channels]. Four channels to a vector.
// Howard et al., MobileNets (2017), arXiv 1704.04861.

import { Window } from "./shapes";
import { at, loadLanes, madd, storeLanes } from "./simd";

/** y[n, i, j, c] = bias[c] + Σ_{p,q} x[n, i·s + p·d − pad, j·s + q·d − pad, c] · w[p, q, c]. bias may be 0 (none). */
export function depthwise(window: usize, x: usize, w: usize, bias: usize, y: usize): void {
  const s = changetype<Window>(window);
  for (let n = 0; n < s.images; n++) {
    for (let i = 0; i < s.outHeight; i++) {
      for (let j = 0; j < s.outWidth; j++) {
        for (let c = 0; c < s.channels; c += 4) {
          const left = s.channels - c;
          let v = bias ? loadLanes(at(bias, c), left) : f32x4.splat(0);
          for (let p = 0; p < s.kernelHeight; p++) {
            const h = i * s.strideHeight + p * s.dilationHeight - s.paddingTop;
            if (h < 0 || h >= s.height) continue;
            for (let q = 0; q < s.kernelWidth; q++) {
              const k = j * s.strideWidth + q * s.dilationWidth - s.paddingLeft;
              if (k < 0 || k >= s.width) continue;
              const xv = loadLanes(at(x, ((n * s.height + h) * s.width + k) * s.channels + c), left);
              v = madd(xv, loadLanes(at(w, (p * s.kernelWidth + q) * s.channels + c), left), v);
            }
          }
          storeLanes(at(y, c), v, left);
        }
        y = at(y, s.channels);
      }
    }
  }
}

/** dx[n, h, k, c] = Σ over the windows that contain (h, k) of dy · w. */
export function depthwiseBackwardData(window: usize, dy: usize, w: usize, dx: usize): void {
  const s = changetype<Window>(window);
  for (let n = 0; n < s.images; n++) {
    const image = at(dy, n * s.outHeight * s.outWidth * s.channels);
    for (let h = 0; h < s.height; h++) {
      for (let k = 0; k < s.width; k++) {
        for (let c = 0; c < s.channels; c += 4) {
          const left = s.channels - c;
          let v = f32x4.splat(0);
          for (let p = 0; p < s.kernelHeight; p++) {
            const top = h + s.paddingTop - p * s.dilationHeight;
            const i = top / s.strideHeight;
            if (top < 0 || i >= s.outHeight || i * s.strideHeight != top) continue;
            for (let q = 0; q < s.kernelWidth; q++) {
              const side = k + s.paddingLeft - q * s.dilationWidth;
              const j = side / s.strideWidth;
              if (side < 0 || j >= s.outWidth || j * s.strideWidth != side) continue;
              const g = loadLanes(at(image, (i * s.outWidth + j) * s.channels + c), left);
              v = madd(g, loadLanes(at(w, (p * s.kernelWidth + q) * s.channels + c), left), v);
            }
          }
          storeLanes(at(dx, c), v, left);
        }
        dx = at(dx, s.channels);
      }
    }
  }
}

/** dw[p, q, c] = Σ_{n,i,j} x[n, i·s + p·d − pad, j·s + q·d − pad, c] · dy[n, i, j, c]. */
export function depthwiseBackwardWeight(window: usize, x: usize, dy: usize, dw: usize): void {
  const s = changetype<Window>(window);
  for (let p = 0; p < s.kernelHeight; p++) {
    for (let q = 0; q < s.kernelWidth; q++) {
      for (let c = 0; c < s.channels; c += 4) {
        const left = s.channels - c;
        let total = f32x4.splat(0);
        for (let n = 0; n < s.images; n++) {
          for (let i = 0; i < s.outHeight; i++) {
            const h = i * s.strideHeight + p * s.dilationHeight - s.paddingTop;
            if (h < 0 || h >= s.height) continue;
            let v = f32x4.splat(0);
            for (let j = 0; j < s.outWidth; j++) {
              const k = j * s.strideWidth + q * s.dilationWidth - s.paddingLeft;
              if (k < 0 || k >= s.width) continue;
              const xv = loadLanes(at(x, ((n * s.height + h) * s.width + k) * s.channels + c), left);
              v = madd(
                xv,
                loadLanes(at(dy, ((n * s.outHeight + i) * s.outWidth + j) * s.channels + c), left),
                v,
              );
            }
            total = f32x4.add(total, v);
          }
        }
        storeLanes(at(dw, (p * s.kernelWidth + q) * s.channels + c), total, left);
      }
    }
  }
}
