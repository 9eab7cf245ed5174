// timm's crop_pct, a share, and the whole number of pixels that it means: math.floor(size / crop_pct).

/** The side before the cut. A share that is size / n to the last bit means n: floating point may lead to n − 1. */
export function resizeFor(size: number, cropPct: number): number {
  const near = Math.round(size / cropPct);
  return size / near === cropPct ? near : Math.floor(size / cropPct);
}

/** The share for a side before the cut: timm, too, gets that side from it. */
export function cropPctFor(size: number, resize: number): number {
  const share = size / resize;
  return Math.floor(size / share) === resize ? share : share * (1 - Number.EPSILON);
}
