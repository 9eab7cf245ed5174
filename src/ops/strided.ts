// Copies between strided arrays.

import type { Planner } from "../wasm/plan.js";

/** Axes that the kernel loops over. */
export const AXES = 4;

/** Copies sizes (at most AXES) of elements from x to y; strides in elements. */
export function planCopy(
  p: Planner,
  x: number,
  xStrides: readonly number[],
  y: number,
  yStrides: readonly number[],
  sizes: readonly number[],
): void {
  if (sizes.includes(0)) return;
  const filled = (values: readonly number[], first: number): [number, number, number, number] =>
    [...new Array<number>(AXES - values.length).fill(first), ...values] as [number, number, number, number];
  const [n0, n1, n2, n3] = filled(sizes, 1);
  const [s0, s1, s2, s3] = filled(xStrides, 0);
  const [t0, t1, t2, t3] = filled(yStrides, 0);
  p.call("stridedCopy", p.struct("Strided", { x, y, n0, n1, n2, n3, s0, s1, s2, s3, t0, t1, t2, t3 }));
}
