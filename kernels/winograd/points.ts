// The points of Winograd's algorithms, at which products are taken, and their numbers:
//
//   3×3 of stride 1   F(4×4, 3×3)   6×6 points; tiles of 4×4 outputs, at the edge of an image of fewer
//     small tiles     F(2×2, 3×3)   4×4 of these points: all tiles are cut by two
//   3×3 of stride 2   F(4×4, 2×2)   5×5 points, of four phases; tiles of four outputs, and of three, in each direction
//   7×7 of stride 2   F(3×3, 4×4)   6×6 points, the four phases being channels; tiles of 3×3 outputs
//
// Phases are the rows and columns of the (padded) input by parity: four images, on which a convolution of stride 2 is one of
// stride 1. Phase = 2 · odd row + odd column. Of 3×3 taps they meet 2×2, 2×1, 1×2 and 1×1; one tap is two of which the second
// is zero, and its product at ∞, the last point, is left out.

/** Bytes between the arrays of the points beyond their size: without them all fall on the same lines of L1. */
export const STAGGER: i32 = 64;

/** Whether the points are those of phases: 3×3 of stride 2. */
export function hasPhases(kernel: i32, stride: i32): bool {
  return kernel == 3 && stride == 2;
}

/** Points of one dimension. */
export function sideOf(kernel: i32, stride: i32): i32 {
  return hasPhases(kernel, stride) ? 5 : 6;
}

/** Points of both: number ξ = side · row + column. */
export function winogradPoints(kernel: i32, stride: i32): i32 {
  return hasPhases(kernel, stride) ? 25 : 36;
}

/** Products of a tile for each pair of channels. */
export function winogradProducts(kernel: i32, stride: i32): i32 {
  return phasesBefore(kernel, stride, winogradPoints(kernel, stride)) * (kernel == 7 ? 4 : 1);
}

/** Channels that the products run over, for this many of the input. */
export function depthOf(kernel: i32, channels: i32): i32 {
  return kernel == 7 ? 4 * channels : channels;
}

/** Whether a direction of a tile that is cut by this many points does without point p of `side`: the last before ∞. */
export function leavesOut(side: i32, cut: i32, p: i32): bool {
  return p < side - 1 && p >= side - 1 - cut;
}

/**
 * Where a phase has its channels among those of a point, in units of one phase: odd rows and even columns, even and even,
 * even and odd, odd and odd. A point has the phases without ∞ where it is ∞: of each, they are neighbours.
 */
export function phasePlace(phase: i32): i32 {
  return phase & 1 ? 2 + (phase >> 1) : 1 - (phase >> 1);
}

/** The first of a point's phases. */
export function firstPhase(xi: i32): i32 {
  return i32(xi >= 20);
}

/** Number of phases of a point. */
export function phaseCount(xi: i32): i32 {
  return (xi < 20 ? 2 : 1) << i32(xi % 5 < 4);
}

/** Total number of phases of the points before this one; one each without phases. */
export function phasesBefore(kernel: i32, stride: i32, xi: i32): i32 {
  if (!hasPhases(kernel, stride)) return xi;
  const row = min(4, xi / 5);
  const column = xi - 5 * row;
  return row < 4 ? 18 * row + 4 * column : 72 + 2 * column - i32(column == 5);
}
