// Which taps of a sliding window lie inside the image.

/** Taps p of a window that starts at `start` lie inside the image for firstTap ≤ p < endTap. */
export function firstTap(start: i32, dilation: i32): i32 {
  return start < 0 ? (-start + dilation - 1) / dilation : 0;
}

export function endTap(start: i32, dilation: i32, kernel: i32, size: i32): i32 {
  // Most windows end inside, and the division is slow.
  if (start + (kernel - 1) * dilation < size) return kernel;
  return start >= size ? 0 : min(kernel, (size - start + dilation - 1) / dilation);
}
