// Comparing arrays, with messages that say what differs and where.

import { expect } from "vitest";

/** Root mean square of the finite values: the size that rounding errors of sums are measured by. */
function sizeOfValues(values: ArrayLike<number>): number {
  let total = 0;
  let count = 0;
  for (let i = 0; i < values.length; i++) {
    const v = values[i]!;
    if (!Number.isFinite(v)) continue;
    total += v * v;
    count++;
  }
  return count === 0 ? 0 : Math.sqrt(total / count);
}

/** |got − want| in units of |want| + rms(want); Infinity where one is NaN or infinite and the other is not the same. */
export function errorOf(got: number, want: number, size: number): number {
  if (Object.is(got, want) || got === want) return 0;
  const error = Math.abs(got - want) / (Math.abs(want) + size);
  return Number.isNaN(error) ? Infinity : error;
}

/** Largest error of any element, as errorOf measures it. */
export function worstError(got: ArrayLike<number>, want: ArrayLike<number>): number {
  const size = sizeOfValues(want);
  let worst = 0;
  for (let i = 0; i < want.length; i++) worst = Math.max(worst, errorOf(got[i]!, want[i]!, size));
  return worst;
}

/** Asserts that every |got − want| ≤ tolerance·(|want| + rms(want)). `what` names the op and the case. */
export function allclose(
  what: string,
  got: ArrayLike<number>,
  want: ArrayLike<number>,
  tolerance: number,
): void {
  expect(got.length, `${what}: number of elements`).toBe(want.length);
  const size = sizeOfValues(want);
  let count = 0;
  let first = -1;
  let worst = 0;
  for (let i = 0; i < want.length; i++) {
    const error = errorOf(got[i]!, want[i]!, size);
    worst = Math.max(worst, error);
    if (error <= tolerance) continue;
    if (count++ === 0) first = i;
  }
  if (count === 0) return;
  expect.fail(
    `${what}: ${count} of ${want.length} elements differ; first at ${first}: ` +
      `got ${got[first]}, expected ${want[first]}; worst error ${worst.toExponential(2)}, ` +
      `tolerance ${tolerance.toExponential(0)}`,
  );
}

/** Asserts that the arrays hold the same bits. */
export function sameBits(
  what: string,
  got: Float32Array | Int32Array,
  want: Float32Array | Int32Array,
): void {
  const a = new Int32Array(got.buffer, got.byteOffset, got.length);
  const b = new Int32Array(want.buffer, want.byteOffset, want.length);
  expect(a.length, `${what}: number of elements`).toBe(b.length);
  const first = a.findIndex((bits, i) => bits !== b[i]);
  if (first < 0) return;
  const count = a.reduce((n, bits, i) => n + (bits === b[i] ? 0 : 1), 0);
  expect.fail(
    `${what}: ${count} of ${a.length} elements differ in their bits; first at ${first}: got ${got[first]}, expected ${want[first]}`,
  );
}
