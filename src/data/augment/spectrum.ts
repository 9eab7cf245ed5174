// From a spectrum to a real picture: the sums of the definition, one axis after the other. They take n steps for each number
// along an axis of n, which is little for one picture per batch, and work for any n.

/** cos and sin of 2πi/n, i = 0 … n − 1. */
function roots(n: number): { cos: Float64Array; sin: Float64Array } {
  const angle = (i: number): number => (2 * Math.PI * i) / n;
  return {
    cos: Float64Array.from({ length: n }, (_, i) => Math.cos(angle(i))),
    sin: Float64Array.from({ length: n }, (_, i) => Math.sin(angle(i))),
  };
}

/**
 * x[r, c] = 1/(height·width) Σ_u Σ_v X[u, v] e^{2πi(ur/height + vc/width)}, the part that is real, where re and im,
 * [height, ⌊width/2⌋ + 1], hold X for v ≤ width/2; the rest follows from it because x is real: numpy.fft.irfft2.
 */
export function inverseRealTransform(
  re: Float64Array,
  im: Float64Array,
  height: number,
  width: number,
): Float64Array {
  const columns = Math.floor(width / 2) + 1;
  const down = roots(height);
  const across = roots(width);
  const x = new Float64Array(height * width);
  const rowRe = new Float64Array(columns);
  const rowIm = new Float64Array(columns);
  for (let r = 0; r < height; r++) {
    rowRe.fill(0);
    rowIm.fill(0);
    for (let u = 0; u < height; u++) {
      const [cos, sin] = [down.cos[(u * r) % height]!, down.sin[(u * r) % height]!];
      for (let v = 0, at = u * columns; v < columns; v++, at++) {
        rowRe[v] = rowRe[v]! + re[at]! * cos - im[at]! * sin;
        rowIm[v] = rowIm[v]! + re[at]! * sin + im[at]! * cos;
      }
    }
    for (let c = 0; c < width; c++) {
      let sum = 0;
      for (let v = 0; v < columns; v++) {
        // Columns 0 and width/2 are their own mirror images; the others count for two.
        const weight = v === 0 || 2 * v === width ? 1 : 2;
        const i = (v * c) % width;
        sum += weight * (rowRe[v]! * across.cos[i]! - rowIm[v]! * across.sin[i]!);
      }
      x[r * width + c] = sum / (height * width);
    }
  }
  return x;
}
