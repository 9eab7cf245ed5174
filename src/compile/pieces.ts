// A program for one number of images runs other numbers in pieces, when the model for planning others has been released.

import { sizeOf, type Shape } from "../core/shape.js";
import { DataError } from "../errors.js";
import { freeConstants, trace } from "../nn/trace.js";
import type { Module } from "../nn/module.js";
import { runtime } from "../wasm/runtime.js";

/** Bytes of a float. */
const BYTES = 4;

/** A program's input and output. */
interface Sizes {
  readonly inputShape: Shape;
  readonly outputShape: Shape;
}

/**
 * Images in pieces of the program's size: the place of each, and of its output. The last one has zeros for missing images, in its
 * own memory until the next is requested.
 */
export function* piecesOf(
  { inputShape, outputShape }: Sizes,
  images: number,
  input: number,
  output: number,
): Generator<readonly [from: number, to: number]> {
  const { heap } = runtime();
  const most = inputShape[0]!;
  const [read, written] = [inputShape, outputShape].map((shape) => (sizeOf(shape) / most) * BYTES) as [number, number]; // prettier-ignore
  const rest = images % most;
  const whole = images - rest;
  for (let i = 0; i < whole; i += most) yield [input + i * read, output + i * written];
  if (rest === 0) return;
  const from = heap.alloc(most * (read + written), () => "compile: a piece");
  const to = from + most * read;
  try {
    heap.u8(from, most * read).fill(0);
    heap.u8(from, rest * read).set(heap.u8(input + whole * read, rest * read));
    yield [from, to];
    heap.u8(output + whole * written, rest * written).set(heap.u8(to, rest * written));
  } finally {
    heap.free(from);
  }
}

/** The shape of a program's output for this many images. */
export function outputFor({ inputShape, outputShape }: Sizes, images: number): Shape {
  return images === inputShape[0] ? outputShape : [images, ...outputShape.slice(1)];
}

/** @throws DataError unless each image has its own row of the output, so that images can run in pieces */
export function checkRows(model: Module, { inputShape, outputShape }: Sizes): void {
  const [images, ...size] = inputShape;
  const more = trace(model, [images! + 1, ...size]);
  freeConstants(more);
  const shape = more.nodes.find(({ name }) => name === more.output)?.shape ?? [];
  const wanted = [images! + 1, ...outputShape.slice(1)];
  if (images! > 0 && outputShape[0] === images && shape.join() === wanted.join()) return;
  throw new DataError(
    `compile: keepModel: false needs an output with a row for each image; got [${outputShape.join()}] for ${images} images ` +
      `and [${shape.join()}] for ${images! + 1}`,
  );
}
