// The numbers of a tensor, as users write them.

import { DataError, ShapeError } from "../errors.js";
import { kindOf, wrongKind } from "../errors/options.js";
import type { Shape } from "./shape.js";

/** Type of a tensor's elements: 32-bit floats, 32-bit integers (labels, indices) or bytes (pixels). */
export type DType = "f32" | "i32" | "u8";
/**
 * An array that holds the elements of a tensor: Float32Array for f32, Int32Array for i32, Uint8Array for u8.
 */
export type TypedArray = Float32Array | Int32Array | Uint8Array;
/** The array that elements of a dtype are copied out to: Float32Array, Int32Array or Uint8Array. */
export type ArrayOf<D extends DType> = {
  /** 32-bit floats. */
  f32: Float32Array;
  /** 32-bit integers. */
  i32: Int32Array;
  /** Bytes. */
  u8: Uint8Array;
}[D];
/** The dtype that follows from the numbers' type: Int32Array i32, bytes u8, everything else f32. */
export type DTypeOf<T> = T extends Int32Array
  ? "i32"
  : T extends Uint8Array | Uint8ClampedArray
    ? "u8"
    : "f32";
/** Typed arrays that tensor() takes: all except those of 64-bit integers. */
export type NumberArray =
  TypedArray | Uint8ClampedArray | Int8Array | Int16Array | Uint16Array | Uint32Array | Float64Array;
/** Numbers nested as deep as the shape. */
export type Nested = number | Nested[];

export const BYTES: Readonly<Record<DType, number>> = { f32: 4, i32: 4, u8: 1 };

/** Deeper nesting is not a tensor, and may be a cycle. */
const DEEPEST = 32;
const EXPECTED = "a number, nested arrays of numbers, or a typed array of numbers";

/** @throws ShapeError unless the dtype exists */
export function checkDType(op: string, dtype: unknown): asserts dtype is DType {
  if (typeof dtype === "string" && Object.hasOwn(BYTES, dtype)) return;
  const got = typeof dtype === "string" && dtype.length < 20 ? `'${dtype}'` : kindOf(dtype);
  throw new ShapeError(`${op}: unknown dtype; got ${got}; expected f32, i32 or u8`);
}

/** Whether it is an array of numbers in one of the engine's types, 64-bit integers excepted. */
export function isTyped(data: unknown): data is ArrayLike<number> & { length: number } {
  return (
    ArrayBuffer.isView(data) &&
    "length" in data &&
    !(data instanceof BigInt64Array) &&
    !(data instanceof BigUint64Array)
  );
}

function flatten(data: unknown, depth: number, shape: readonly number[], out: number[]): void {
  if (typeof data === "number") {
    if (depth !== shape.length)
      throw new DataError(`tensor: nested arrays differ in depth at depth ${depth}`);
    out.push(data);
    return;
  }
  if (!Array.isArray(data)) {
    throw new DataError(`tensor: data must be ${EXPECTED}; got ${kindOf(data)} at depth ${depth}`);
  }
  if (data.length !== shape[depth]) {
    const expected = depth < shape.length ? `${shape[depth]} at depth ${depth}` : "a number";
    throw new DataError(`tensor: nested arrays differ in length; got ${data.length}, expected ${expected}`);
  }
  for (let i = 0; i < data.length; i++) flatten(data[i], depth + 1, shape, out);
}

/** The numbers in row-major order, with the shape and dtype that follow from them. @throws DataError if they are not numbers */
export function numbersOf(data: unknown): { values: ArrayLike<number>; shape: Shape; dtype: DType } {
  if (isTyped(data)) {
    const bytes = data instanceof Uint8Array || data instanceof Uint8ClampedArray;
    const dtype = data instanceof Int32Array ? "i32" : bytes ? "u8" : "f32";
    return { values: data, shape: [data.length], dtype };
  }
  if (typeof data !== "number" && !Array.isArray(data)) throw wrongKind("tensor", "data", data, EXPECTED);
  const shape: number[] = [];
  for (let d: unknown = data; Array.isArray(d); d = d[0]) {
    if (shape.push(d.length) > DEEPEST)
      throw new DataError(`tensor: arrays are nested deeper than ${DEEPEST}`);
    if (d.length === 0) break;
  }
  const values: number[] = [];
  flatten(data, 0, shape, values);
  return { values, shape, dtype: "f32" };
}

/** @throws DataError unless every value can become an integer: NaN and infinities cannot */
export function checkIntegral(op: string, values: ArrayLike<number>): void {
  if (ArrayBuffer.isView(values) && !(values instanceof Float32Array || values instanceof Float64Array))
    return;
  for (let i = 0; i < values.length; i++) {
    if (Number.isFinite(values[i])) continue;
    throw new DataError(`${op}: integers must be finite; got ${values[i]} at index ${i}`);
  }
}

/** @throws DataError unless it is an array of numbers, of any type */
export function checkNumbers(op: string, values: unknown): asserts values is ArrayLike<number> {
  if (isTyped(values)) return;
  if (!Array.isArray(values)) throw wrongKind(op, "values", values, "a tensor or an array of numbers");
  const bad = values.findIndex((v) => typeof v !== "number");
  if (bad >= 0) throw wrongKind(op, `value ${bad}`, values[bad], "a number");
}
