// Common to kernels with windows that slide over images.

import { Window } from "./shapes";

/** Whether windows have kernel × kernel adjacent taps, and are `stride` pixels apart. */
export function isSquare(s: Window, kernel: i32, stride: i32): bool {
  return (
    s.kernelHeight == kernel &&
    s.kernelWidth == kernel &&
    s.strideHeight == stride &&
    s.strideWidth == stride &&
    s.dilationHeight == 1 &&
    s.dilationWidth == 1
  );
}

/** Taps p of a window that starts at `start` lie inside the image for firstTap ≤ p < endTap. */
export function firstTap(start: i32, dilation: i32): i32 {
  return start < 0 ? (-start + dilation - 1) / dilation : 0;
}

export function endTap(start: i32, dilation: i32, kernel: i32, size: i32): i32 {
  // Most windows end inside, and the division is slow.
  if (start + (kernel - 1) * dilation < size) return kernel;
  return start >= size ? 0 : min(kernel, (size - start + dilation - 1) / dilation);
}

/**
 * Reads one value of each cache line, in order. Windows read several rows and columns at once, too many streams for the
 * processor to prefetch; after this they are in cache.
 */
export function touch(p: usize, bytes: usize): void {
  for (const end = p + bytes; p < end; p += 64) load<i32>(p);
}

/** touch() for `count` floats of each of some pixels, pixelBytes apart. */
export function touchPixels(p: usize, pixelBytes: usize, count: i32, pixels: i32): void {
  for (; pixels > 0; pixels--, p += pixelBytes) touch(p, (<usize>count) << 2);
}
