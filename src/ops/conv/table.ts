// The algorithms of convolution. The first row that fits a convolution and pays for a pass is used; the last one fits all.

import { ShapeError, short } from "../../errors.js";
import type { Absorbed, Planner } from "../../wasm/plan.js";
import type { Finish } from "../fusion.js";
import { depthwise } from "./depthwise.js";
import { direct } from "./direct.js";
import { onePixel } from "./one-pixel.js";
import { describeConv, type Conv } from "./sizes.js";
import { winogradStem } from "./winograd-stem.js";
import { winograd } from "./winograd-stride1.js";
import { winogradStride2 } from "./winograd-stride2.js";

/** The three things to compute: y, dx and dw. */
export type Pass = "forward" | "data" | "weight";

/** Where to leave the mean and variance of each channel of y, which are summed about a pivot near the mean. */
export interface Moments {
  pivot: number;
  mean: number;
  variance: number;
}

/** The forward pass's inputs, and its epilogue. */
export interface Operands extends Finish {
  readonly x: number;
  readonly weight: number;
  readonly bias: number;
  readonly y: number;
  /** Floats from one pixel of y to the next. */
  readonly yStep: number;
  readonly moments: Moments | undefined;
}

/** A way to compute convolutions. Operands are places (wasm/plan.ts); bias 0 for none. */
export interface Algorithm {
  readonly name: string;
  /** Whether it computes such a convolution at all. */
  fits(conv: Conv): boolean;
  /** Whether it is expected to beat the rows after it. stays: values derived from the weights are kept. */
  pays(conv: Conv, pass: Pass, stays: boolean): boolean;
  /** The parts of an epilogue that forward absorbs in inference. */
  readonly absorbs?: readonly Absorbed[];
  /** y = conv2d(x, weight) + bias, and its epilogue */
  forward?(p: Planner, conv: Conv, operands: Operands): void;
  /** dx = the gradient with respect to x, or dx += it */
  data?(
    p: Planner,
    conv: Conv,
    operands: { dy: number; weight: number; dx: number; adds?: boolean | undefined },
  ): void;
  /** dw = the gradient with respect to weight */
  weight?(p: Planner, conv: Conv, operands: { x: number; dy: number; dw: number }): void;
}

export const algorithms: readonly Algorithm[] = [
  depthwise,
  winograd,
  winogradStride2,
  winogradStem,
  onePixel,
  direct,
];

/** @throws ShapeError if there is no algorithm of that name, or it cannot compute this convolution */
export function checkAlgorithm(name: string, conv: Conv): void {
  const named = algorithms.find((row) => row.name === name);
  if (!named) {
    const names = algorithms.map((row) => row.name).join(", ");
    throw new ShapeError(`conv2d: unknown algorithm '${short(name)}'; known: ${names}`);
  }
  if (!named.fits(conv)) {
    throw new ShapeError(
      `conv2d: algorithm '${name}' does not compute this convolution; got ${describeConv(conv)}`,
    );
  }
}

/** The algorithm for a pass: the one of that name where it has such a pass, otherwise the first that fits and pays. */
export function algorithmFor(
  pass: Pass,
  conv: Conv,
  stays: boolean,
  name?: string,
): Algorithm & Required<Pick<Algorithm, Pass>> {
  const own = algorithms.filter((row) => row[pass] !== undefined);
  const row =
    own.find((named) => named.name === name) ?? own.find((r) => r.fits(conv) && r.pays(conv, pass, stays));
  return row as Algorithm & Required<Pick<Algorithm, Pass>>;
}
