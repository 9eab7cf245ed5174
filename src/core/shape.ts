// Shapes: plain arrays of sizes, outermost first, row-major.

import { ShapeError } from "../errors.js";
import { kindOf } from "../errors/options.js";

/**
 * Sizes of a tensor's axes, outermost first; [] for a scalar. Images are [batch, height, width, channels].
 */
export type Shape = readonly number[];

/** Number of elements; 1 for a scalar's []. */
export function sizeOf(shape: Shape): number {
  let size = 1;
  for (const n of shape) size *= n;
  return size;
}

export function sameShape(a: Shape, b: Shape): boolean {
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false;
  return true;
}

/** "x:[2,3] weight:[4,3]", for error messages; absent tensors are left out. */
export function describe(shapes: Record<string, Shape | { shape: Shape } | undefined>): string {
  return Object.entries(shapes)
    .filter(([, s]) => s !== undefined)
    .map(([name, s]) => `${name}:[${("shape" in s! ? s.shape : s!).join(",")}]`)
    .join(" ");
}

/** @throws ShapeError unless every size is a non-negative integer and all elements fit in 2³¹ − 1. */
export function checkShape(op: string, shape: Shape): void {
  if (!Array.isArray(shape)) {
    const meant = typeof shape === "number" ? `such as [${shape as number}]` : "such as [2, 3]";
    throw new ShapeError(
      `${op}: shape must be an array of sizes; got ${kindOf(shape)}; expected one ${meant}`,
    );
  }
  for (const n of shape) {
    if (!Number.isInteger(n) || n < 0) {
      throw new ShapeError(`${op}: sizes must be integers ≥ 0; got [${shape.join(",")}]`);
    }
  }
  if (sizeOf(shape) > 0x7fffffff) {
    throw new ShapeError(`${op}: at most 2147483647 elements; got [${shape.join(",")}] = ${sizeOf(shape)}`);
  }
}

/** The axis as an index from the front. @throws ShapeError if the tensor has no such axis. */
export function checkAxis(op: string, axis: number, shape: Shape): number {
  if (!Number.isInteger(axis) || axis < -shape.length || axis >= shape.length) {
    const range = shape.length ? `${-shape.length}…${shape.length - 1}` : "none (a scalar has no axis)";
    throw new ShapeError(
      `${op}: no such axis; got axis ${kindOf(axis)} for x:[${shape.join(",")}]; expected ${range}`,
    );
  }
  return axis < 0 ? axis + shape.length : axis;
}

/** NumPy's broadcasting rule: sizes are aligned at the end, and 1 stretches. @throws ShapeError naming op and shapes. */
export function broadcastShapes(op: string, a: Shape, b: Shape): Shape {
  const rank = Math.max(a.length, b.length);
  const out: number[] = [];
  for (let i = 0; i < rank; i++) {
    const m = a[a.length - rank + i] ?? 1;
    const n = b[b.length - rank + i] ?? 1;
    if (m !== n && m !== 1 && n !== 1) {
      throw new ShapeError(`${op}: shapes do not broadcast; got ${describe({ a, b })}`);
    }
    out.push(m === 1 ? n : m);
  }
  return out;
}

/** Row-major strides in elements. */
export function stridesOf(shape: Shape): number[] {
  const strides = new Array<number>(shape.length);
  let step = 1;
  for (let i = shape.length - 1; i >= 0; i--) {
    strides[i] = step;
    step *= shape[i]!;
  }
  return strides;
}

/** x as [outer, n, inner] around one axis. */
export function around(shape: Shape, axis: number): [outer: number, n: number, inner: number] {
  return [sizeOf(shape.slice(0, axis)), shape[axis]!, sizeOf(shape.slice(axis + 1))];
}
