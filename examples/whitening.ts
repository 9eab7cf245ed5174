// The filters of a first layer that is not trained: they whiten patches of 3×3 pixels. Part of cifar10-fast.ts.

import type { Tensor } from "fovea";

/** What is read of a tensor. */
type Pixels = Pick<Tensor, "shape" | "data">;

/**
 * Filters [3, 3, 3, count] that map patches of images:[n,h,w,3] to uncorrelated numbers of variance 1: the first
 * eigenvectors of the patches' covariance, each over its deviation; and their negatives, as what follows is not odd. The
 * pixels' mean is taken as 0, which it nearly is in normalised images.
 */
export function whiteningFilters(images: Pixels, count: number): Float32Array {
  const size = 27;
  const covariance = patchCovariance(images, size);
  const { values, vectors } = eigen(covariance, size);
  const order = values.map((_, i) => i).sort((a, b) => values[b]! - values[a]!);
  const filters = new Float32Array(size * count);
  for (let f = 0; f < count; f++) {
    const k = order[Math.floor(f / 2)]!;
    const scale = (f % 2 ? -1 : 1) / Math.sqrt(values[k]! + 5e-4);
    for (let i = 0; i < size; i++) filters[i * count + f] = scale * vectors[i * size + k]!;
  }
  return filters;
}

/** Covariance of all 3×3 patches, their numbers in the order of a convolution's weights. */
function patchCovariance(images: Pixels, size: number): Float64Array {
  const [n, height, width] = images.shape as [number, number, number];
  const pixels = images.data();
  const sum = new Float64Array(size * size);
  const patch = new Float64Array(size);
  for (let image = 0; image < n; image++) {
    for (let y = 0; y + 3 <= height; y++) {
      for (let x = 0; x + 3 <= width; x++) {
        for (let row = 0; row < 3; row++) {
          const from = ((image * height + y + row) * width + x) * 3;
          for (let i = 0; i < 9; i++) patch[row * 9 + i] = pixels[from + i]!;
        }
        for (let i = 0; i < size; i++) {
          for (let j = 0; j <= i; j++) sum[i * size + j]! += patch[i]! * patch[j]!;
        }
      }
    }
  }
  const patches = n * (height - 2) * (width - 2);
  return sum.map((_, at) => {
    const [i, j] = [Math.floor(at / size), at % size];
    return sum[Math.max(i, j) * size + Math.min(i, j)]! / patches;
  });
}

/** Eigenvalues and, as columns, eigenvectors of a symmetric matrix: Jacobi's rotations (1846). */
function eigen(matrix: Float64Array, n: number): { values: number[]; vectors: Float64Array } {
  const a = matrix.slice();
  const vectors = Float64Array.from({ length: n * n }, (_, at) => (at % (n + 1) === 0 ? 1 : 0));
  /** Turns rows or columns p and q (elements `step` apart) by the angle with this sine and cosine. */
  const turn = (m: Float64Array, p: number, q: number, step: number, s: number, c: number): void => {
    for (let k = 0; k < n; k++, p += step, q += step) {
      [m[p], m[q]] = [c * m[p]! - s * m[q]!, s * m[p]! + c * m[q]!];
    }
  };
  for (let sweep = 0; sweep < 12; sweep++) {
    for (let p = 0; p < n; p++) {
      for (let q = p + 1; q < n; q++) {
        const angle = 0.5 * Math.atan2(2 * a[p * n + q]!, a[q * n + q]! - a[p * n + p]!);
        const [s, c] = [Math.sin(angle), Math.cos(angle)];
        turn(a, p, q, n, s, c);
        turn(a, p * n, q * n, 1, s, c);
        turn(vectors, p, q, n, s, c);
      }
    }
  }
  return { values: Array.from({ length: n }, (_, i) => a[i * n + i]!), vectors };
}
