// Options that several transforms share.

import { DataError, show } from "../../errors.js";
import { requireInteger, requireNumber } from "../options.js";
import type { Fill, Sides } from "./geometry.js";

/** One number for a square, or [height, width]. */
export type Size = number | readonly [height: number, width: number];

/** [height, width]. @throws DataError unless both are integers ≥ 1 */
export function pairOf(op: string, size: Size): readonly [height: number, width: number] {
  const pair = typeof size === "number" ? [size, size] : size;
  if (!Array.isArray(pair) || pair.length !== 2 || !pair.every((n) => Number.isInteger(n) && n >= 1)) {
    throw new DataError(
      `${op}: bad size; got ${show(size)}; expected an integer ≥ 1 or two, [height, width]`,
    );
  }
  return pair as [number, number];
}

/** @throws DataError unless p is a probability */
export function requireProbability(op: string, p: number): void {
  requireNumber(op, "p", p, 0, 1);
}

/** Pixels to add: on every side; left and right, top and bottom; or left, top, right, bottom. */
export type Padding = number | readonly [number, number] | readonly [number, number, number, number];

/** @throws DataError unless it is one, two or four integers ≥ 0 */
export function sidesOf(op: string, padding: Padding): Sides {
  const all = typeof padding === "number" ? [padding] : padding;
  if (!Array.isArray(all) || ![1, 2, 4].includes(all.length)) {
    throw new DataError(
      `${op}: bad padding; got ${show(padding)}; expected a number, [horizontal, vertical] or ` +
        `[left, top, right, bottom]`,
    );
  }
  for (const n of all) requireInteger(op, "padding", n, 0);
  const [left, top = left, right = left, bottom = top] = all as [number, number?, number?, number?];
  return { left, top, right, bottom };
}

/** @throws DataError unless it is a byte or several */
export function requireFill(op: string, fill: Fill): void {
  for (const n of typeof fill === "number" ? [fill] : fill) requireInteger(op, "fill", n, 0, 255);
}

/** @throws DataError unless a fill of several numbers has one for each channel */
export function requireFillOf(op: string, fill: Fill, channels: number): void {
  if (typeof fill !== "number" && fill.length !== channels) {
    throw new DataError(
      `${op}: bad fill for a picture of ${channels} channels; got [${fill.join(",")}]; expected ${channels} numbers`,
    );
  }
}
