// Geometry shared by convolution and pooling: attributes, output sizes, and the structs the kernels read.

import { describe, type Shape } from "../core/shape.js";
import { ShapeError } from "../errors.js";
import { kindOf } from "../errors/options.js";
import type { Struct } from "../wasm/abi.js";

/** A number for both directions, or [height, width]. */
export type Pair = number | readonly [height: number, width: number];

/** Pixels before and after an axis. */
type Sides = readonly [before: number, after: number];

/** A number for all four sides, [height, width] for two each, or every one: [[top, bottom], [left, right]]. */
export type Padding2d =
  | Pair
  | readonly [height: readonly [top: number, bottom: number], width: readonly [left: number, right: number]];

/**
 * "same": enough to make the output ⌈size / stride⌉ high and wide, the odd pixel after the image, as TensorFlow pads; at
 * stride 1 the same as PyTorch's "same".
 */
export type Padding2dOption = Padding2d | "same";

export interface WindowAttrs {
  stride: Pair;
  padding: Padding2d;
  dilation: Pair;
  /** Whether a remainder at the end gets its own window, which reaches beyond it. Default false. */
  ceilMode?: boolean;
}

const NO_PAIR = [NaN, NaN] as const;

/** Both numbers; NaN if it is not a pair, which the checks below refuse. */
export function pair(p: Pair): readonly [number, number] {
  if (typeof p === "number") return [p, p];
  return Array.isArray(p) && p.length === 2 ? (p as [number, number]) : NO_PAIR;
}

/** The padding before and after each axis; NaN if it is not a padding, which the checks below refuse. */
export function sidesOf(p: Padding2d): readonly [height: Sides, width: Sides] {
  const axes: readonly unknown[] = Array.isArray(p) ? p : [];
  if (axes.length > 0 && axes.every((axis) => Array.isArray(axis) && axis.length === 2)) {
    return axes.length === 2 ? (p as readonly [Sides, Sides]) : [NO_PAIR, NO_PAIR];
  }
  const [height, width] = pair(p as Pair);
  return [
    [height, height],
    [width, width],
  ];
}

/** A copy of the pair: the caller's array may change, but plans and backward use the original values. */
export function copyOf<T extends Padding2d>(p: T): T {
  return Array.isArray(p) ? (p.map(copyOf) as unknown as T) : p;
}

/** "3" or "[3,1]". */
export function showPair(p: Padding2d): string {
  return Array.isArray(p) ? `[${(p as readonly Padding2d[]).map(showPair).join(",")}]` : kindOf(p);
}

/** The padding resolved for an image of this size [h, w] under a window; one number per axis where both sides are the same. */
export function paddingOf(
  padding: Padding2dOption,
  image: readonly number[],
  kernel: Pair,
  { stride, dilation = 1 }: { stride: Pair; dilation?: Pair },
): Padding2d {
  if (padding !== "same") return copyOf(padding);
  const [height, width] = [0, 1].map((axis): Sides => {
    const [size, step] = [image[axis]!, pair(stride)[axis]!];
    const reach = (Math.ceil(size / step) - 1) * step + (pair(kernel)[axis]! - 1) * pair(dilation)[axis]! + 1;
    const all = Math.max(0, reach - size);
    return [all >> 1, all - (all >> 1)];
  }) as [Sides, Sides];
  return height[0] === height[1] && width[0] === width[1] ? [height[0], width[0]] : [height, width];
}

/** "stride 1 padding [0,1] dilation 1", for error messages. */
export function describeWindow({ stride, padding, dilation }: WindowAttrs): string {
  return `stride ${showPair(stride)} padding ${showPair(padding)} dilation ${showPair(dilation)}`;
}

/** Number of positions of a window along one axis of `size` pixels. */
function places(size: number, kernel: number, attrs: WindowAttrs, axis: 0 | 1): number {
  const stride = pair(attrs.stride)[axis];
  const [before, after] = sidesOf(attrs.padding)[axis];
  const steps = (size + before + after - pair(attrs.dilation)[axis] * (kernel - 1) - 1) / stride;
  if (!attrs.ceilMode || steps < 0) return Math.floor(steps) + 1;
  const n = Math.ceil(steps) + 1;
  return (n - 1) * stride >= size + before ? n - 1 : n; // the last one begins in the far padding
}

/** Largest size of a window: kernels add and multiply sizes in 32 bits. */
const MOST = 2 ** 24;

function areIntegers([a, b]: readonly [number, number], least: number): boolean {
  return Number.isInteger(a) && a >= least && Number.isInteger(b) && b >= least;
}

/**
 * Checks the attributes of a sliding window and returns its output's height and width.
 * @throws ShapeError unless strides and dilations are integers ≥ 1, paddings integers ≥ 0, none above 2²⁴, and a window fits.
 */
export function windowOutput(
  op: string,
  shapes: Record<string, Shape | { shape: Shape } | undefined>,
  [height, width]: readonly [number, number],
  kernel: readonly [number, number],
  attrs: WindowAttrs,
): [number, number] {
  let wrong: string | undefined;
  let out: [number, number] = [0, 0];
  const sizes = [kernel, pair(attrs.stride), pair(attrs.dilation), ...sidesOf(attrs.padding)] as const;
  if (!sizes.slice(0, 3).every((pair) => areIntegers(pair, 1))) {
    wrong = "kernel, stride and dilation must be integers ≥ 1";
  } else if (!sizes.slice(3).every((pair) => areIntegers(pair, 0))) {
    wrong = "padding must be integers ≥ 0";
  } else if (sizes.some((pair) => Math.max(...pair) > MOST)) {
    wrong = `kernel, stride, padding and dilation must be at most ${MOST}`;
  } else {
    out = [places(height, kernel[0], attrs, 0), places(width, kernel[1], attrs, 1)];
    if (out[0] < 1 || out[1] < 1)
      wrong = `the window [${kernel.join(",")}] does not fit into the padded input`;
  }
  if (wrong === undefined) return out;
  throw new ShapeError(`${op}: ${wrong}; got ${describe(shapes)} ${describeWindow(attrs)}`);
}

/** The Window of x:[n,h,w,c] and y:[n,oh,ow,…]. */
export function windowOf(
  x: Shape,
  y: Shape,
  [kh, kw]: readonly [number, number],
  attrs: WindowAttrs,
): Struct<"Window"> {
  const [strideHeight, strideWidth] = pair(attrs.stride);
  const [[paddingTop, paddingBottom], [paddingLeft, paddingRight]] = sidesOf(attrs.padding);
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
    paddingBottom,
    paddingRight,
    dilationHeight,
    dilationWidth,
  };
}
