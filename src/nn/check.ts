// Checks of layers' sizes.

import { ShapeError } from "../errors.js";
import { kindOf } from "../errors/options.js";

/** @throws ShapeError unless the size is an integer ≥ 1 */
export function checkSize(layer: string, name: string, size: unknown): void {
  if (Number.isInteger(size) && (size as number) >= 1) return;
  throw new ShapeError(`${layer}: ${name} must be an integer ≥ 1; got ${kindOf(size)}`);
}

/** @throws ShapeError unless it is an integer ≥ 1, or two of them */
export function checkPair(layer: string, name: string, value: unknown): void {
  const sizes: unknown[] = Array.isArray(value) ? value : [value, value];
  if (sizes.length === 2 && sizes.every((n) => Number.isInteger(n) && (n as number) >= 1)) return;
  const got = Array.isArray(value) ? `[${sizes.map(kindOf).join(",")}]` : kindOf(value);
  throw new ShapeError(`${layer}: ${name} must be an integer ≥ 1 or two, [height, width]; got ${got}`);
}

/** A layer's own copy of its options: the caller's arrays may change. */
export function copied<T extends object>(options: T): T {
  const rows = Object.entries(options).map(([name, value]: [string, unknown]) => [
    name,
    Array.isArray(value) || value instanceof Float32Array ? structuredClone(value) : value,
  ]);
  return Object.fromEntries(rows) as T;
}
