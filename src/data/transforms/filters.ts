// The weights by which each pixel of a resized line is a sum of pixels of the old one, as Pillow's Resample.c computes them:
// the filter stretched to the scale when shrinking (so that nothing aliases), normalised in double precision, then rounded to
// 22-bit fixed point. kernels/image/resize.ts describes their layout in memory.

import { roundEven } from "./geometry.js";

interface Filter {
  /** Half the width in pixels of the larger of the two pictures. */
  support: number;
  weight(x: number): number;
}

const sinc = (x: number): number => (x === 0 ? 1 : Math.sin(x * Math.PI) / (x * Math.PI));

/** Bicubic: R. Keys, "Cubic Convolution Interpolation" (1981) with a = −½. Lanczos: windowed by its own main lobe, three wide. */
export const filters = {
  box: { support: 0.5, weight: (x) => (x > -0.5 && x <= 0.5 ? 1 : 0) },
  bilinear: { support: 1, weight: (x) => Math.max(0, 1 - Math.abs(x)) },
  bicubic: {
    support: 2,
    weight(x) {
      const d = Math.abs(x);
      if (d < 1) return (1.5 * d - 2.5) * d * d + 1;
      return d < 2 ? (((d - 5) * d + 8) * d - 4) * -0.5 : 0;
    },
  },
  lanczos: { support: 3, weight: (x) => (x >= -3 && x < 3 ? sinc(x) * sinc(x / 3) : 0) },
} as const satisfies Record<string, Filter>;

/** The sums for a line. */
export interface Sums {
  /** First pixel of each sum. */
  firsts: Int32Array;
  /** For each sum, the high parts of its weights, then the low parts. */
  weights: Int16Array;
  /** Number of weights of a sum, a multiple that the kernel requires; those beyond the filter's are zero. */
  taps: number;
}

/** Bits of the fixed point, and of a weight's low part. */
const PRECISION = 22;
const LOW = 11;

/** To the nearest integer, halves away from zero. */
function fixedPoint(weight: number): number {
  const v = weight * 2 ** PRECISION;
  return Math.trunc(v < 0 ? v - 0.5 : v + 0.5);
}

/**
 * Sums for the pixels first ≤ i < first + count of a line of `size` pixels that is resized to `newSize`. Where the line is
 * long enough, they read nothing outside it.
 */
export function sumsOf(
  filter: Filter,
  size: number,
  newSize: number,
  first: number,
  count: number,
  multiple: number,
): Sums {
  const scale = size / newSize;
  const stretch = Math.max(1, scale);
  const support = filter.support * stretch;
  const lines = Array.from({ length: count }, (_, i) => {
    const center = (first + i + 0.5) * scale;
    const low = Math.max(0, Math.trunc(center - support + 0.5));
    const high = Math.min(size, Math.trunc(center + support + 0.5));
    const line = new Float64Array(high - low);
    let sum = 0;
    for (let k = 0; k < line.length; k++) {
      line[k] = filter.weight((k + low - center + 0.5) * (1 / stretch));
      sum += line[k]!;
    }
    if (sum !== 0) for (let k = 0; k < line.length; k++) line[k]! /= sum;
    return { low, line };
  });
  const most = lines.reduce((n, { line }) => Math.max(n, line.length), 1);
  const taps = Math.ceil(most / multiple) * multiple;
  const firsts = new Int32Array(count);
  const weights = new Int16Array(count * taps * 2);
  lines.forEach(({ low, line }, i) => {
    const start = Math.max(0, Math.min(low, size - taps));
    firsts[i] = start;
    for (let k = 0, at = i * taps * 2 + low - start; k < line.length; k++, at++) {
      const weight = fixedPoint(line[k]!);
      const high = (weight + (1 << (LOW - 1))) >> LOW;
      weights[at] = high;
      weights[at + taps] = weight - (high << LOW);
    }
  });
  return { firsts, weights, taps };
}

/**
 * The two neighbours of each pixel first ≤ i < first + count, the first of them possibly −1, and their weights in 11-bit fixed
 * point, as OpenCV's INTER_LINEAR has them. At the ends of a line, columns are one pixel with the whole weight; rows mix the
 * pixel with itself, which rounds differently.
 */
export function linearSums(
  axis: "columns" | "rows",
  size: number,
  newSize: number,
  first: number,
  count: number,
): Sums {
  const scale = 1 / (newSize / size);
  const firsts = new Int32Array(count);
  const weights = new Int16Array(count * 2);
  for (let i = 0; i < count; i++) {
    const at = Math.fround((first + i + 0.5) * scale - 0.5);
    const pixel = Math.floor(at);
    const end = axis === "columns" && (pixel < 0 || pixel >= size - 1);
    const rest = end ? 0 : Math.fround(at - pixel);
    firsts[i] = end ? Math.min(Math.max(pixel, 0), size - 1) : pixel;
    weights[2 * i] = roundEven(Math.fround(1 - rest) * 2048);
    weights[2 * i + 1] = roundEven(rest * 2048);
  }
  return { firsts, weights, taps: 2 };
}
