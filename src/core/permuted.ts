// Arrays with their axes in another order, as weight files have them. In JavaScript: engines optimise such a loop while it
// runs, but WebAssembly only from the next call on, and weights are read once.

import type { TypedArray } from "./numbers.js";
import { stridesOf, type Shape } from "./shape.js";

/** Elements in a cache line: this many streams are read side by side, and whole lines are written. */
const BLOCK = 16;

/** Positions of the elements along these axes, the last axis fastest. */
function placesOf(axes: readonly number[], shape: Shape, strides: readonly number[]): Int32Array {
  let places = Int32Array.of(0);
  for (const axis of axes) {
    const [n, stride] = [shape[axis]!, strides[axis]!];
    const outer = places;
    places = new Int32Array(outer.length * n);
    for (let i = 0; i < places.length; i++) places[i] = outer[Math.floor(i / n)]! + (i % n) * stride;
  }
  return places;
}

/** Copies all elements of an array of this shape, of one axis or more: axis i of `to` is axis axes[i] of `from`. */
export function copyPermuted(
  to: TypedArray,
  from: ArrayLike<number>,
  shape: Shape,
  axes: readonly number[],
): void {
  const strides = stridesOf(shape);
  const stridesTo = stridesOf(axes.map((axis) => shape[axis]!));
  const inner = axes.at(-1)!;
  const outer = [...axes.keys()].filter((axis) => axis !== inner);
  const reads = placesOf(outer, shape, strides);
  const writes = placesOf(outer, shape, [...axes.keys()].map((axis) => stridesTo[axes.indexOf(axis)]!)); // prettier-ignore
  const [count, stride] = [shape[inner]!, strides[inner]!];
  for (let begin = 0; begin < count; begin += BLOCK) {
    const end = Math.min(begin + BLOCK, count);
    for (let i = 0; i < reads.length; i++) {
      const write = writes[i]!;
      let read = reads[i]! + begin * stride;
      for (let j = begin; j < end; j++, read += stride) to[write + j] = from[read]!;
    }
  }
}
