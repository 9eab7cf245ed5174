import { Window } from "./shapes";
import { at, madd, storeLanes } from "./simd";
import { endTap, firstTap } from "./window";

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
