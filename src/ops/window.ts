// Geometry shared by convolution and pooling: attributes, output sizes, and the structs the kernels read.

import { describe, type Shape } from "../core/shape.js";
import { ShapeError } from "../errors.js";
import { runtime } from "../wasm/runtime.js";
import { structWords, type Struct } from "../wasm/structs.js";

/** A number for both directions, or [height, width]. */
export type Pair = number | readonly [height: number, width: number];

export interface WindowAttrs {
  stride: Pair;
  padding: Pair;
  dilation: Pair;
  /** Whether a rest at the end gets a window of its own, which reaches over it. Default false. */
  ceilMode?: boolean;
}

export function pair(p: Pair): readonly [number, number] {
  return typeof p === "number" ? [p, p] : p;
}

function show(p: Pair): string {
  return typeof p === "number" ? String(p) : `[${p.join(",")}]`;
}

/** "stride 1 padding [0,1] dilation 1", for error messages. */
export function describeWindow({ stride, padding, dilation }: WindowAttrs): string {
  return `stride ${show(stride)} padding ${show(padding)} dilation ${show(dilation)}`;
}

/**
 * Checks the attributes of a sliding window and returns its output's height and width.
 * @throws ShapeError unless strides and dilations are integers ≥ 1, paddings integers ≥ 0, and a window fits.
 */
export function windowOutput(
  op: string,
  shapes: Record<string, Shape | { shape: Shape } | undefined>,
  [height, width]: readonly [number, number],
  [kh, kw]: readonly [number, number],
  attrs: WindowAttrs,
): [number, number] {
  const fail = (what: string): never => {
    throw new ShapeError(`${op}: ${what}; got ${describe(shapes)} ${describeWindow(attrs)}`);
  };
  const stride = pair(attrs.stride);
  const padding = pair(attrs.padding);
  const dilation = pair(attrs.dilation);
  if (![kh, kw, ...stride, ...dilation].every((n) => Number.isInteger(n) && n >= 1)) {
    fail("kernel, stride and dilation must be integers ≥ 1");
  }
  if (!padding.every((n) => Number.isInteger(n) && n >= 0)) fail("padding must be integers ≥ 0");
  const places = (size: number, kernel: number, i: 0 | 1): number => {
    const steps = (size + 2 * padding[i] - dilation[i] * (kernel - 1) - 1) / stride[i];
    if (!attrs.ceilMode || steps < 0) return Math.floor(steps) + 1;
    const n = Math.ceil(steps) + 1;
    return (n - 1) * stride[i] >= size + padding[i] ? n - 1 : n; // the last one begins in the far padding
  };
  const [oh, ow] = [places(height, kh, 0), places(width, kw, 1)];
  if (oh < 1 || ow < 1) fail(`the window [${kh},${kw}] does not fit into the padded input`);
  return [oh, ow];
}

/** Runs fn with the address of the words, laid out as i32. */
export function withWords<T>(words: readonly number[], what: string, fn: (address: number) => T): T {
  const { heap } = runtime();
  return heap.scratch(words.length * 4, what, (address) => {
    heap.i32(address, words.length).set(words);
    return fn(address);
  });
}

/** Runs fn with the address of a Window struct. */
export function withWindow<T>(fields: Struct<"Window">, fn: (address: number) => T): T {
  return withWords(structWords("Window", fields), "window", fn);
}

/** The Window of x:[n,h,w,c] and y:[n,oh,ow,…]. */
export function windowOf(
  x: Shape,
  y: Shape,
  [kh, kw]: readonly [number, number],
  attrs: WindowAttrs,
): Struct<"Window"> {
  const [strideHeight, strideWidth] = pair(attrs.stride);
  const [paddingTop, paddingLeft] = pair(attrs.padding);
  const [dilationHeight, dilationWidth] = pair(attrs.dilation);
  return {
    images: x[0]!,
    height: x[1]!,
    width: x[2]!,
    channels: x[3]!,
    outHeight: y[1]!,
    outWidth: y[2]!,
    kernelHeight: kh,
    kernelWidth: kw,
    strideHeight,
    strideWidth,
    paddingTop,
    paddingLeft,
    dilationHeight,
    dilationWidth,
  };
}
