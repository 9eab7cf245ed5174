// Variances and standard deviations: the mean first, then the squares of the differences from it.

import { tidy } from "../core/scope.js";
import { checkAxis, sizeOf } from "../core/shape.js";
import { checkTensors, type Tensor } from "../core/tensor.js";
import { checkOptions, wrongKind } from "../errors/options.js";
import { eq, ne } from "./compare.js";
import { add, mul, sqrt, sub } from "./elementwise.js";
import { axesOf, mean, sumAxes } from "./reduce.js";

/** Options of variance() and std(). */
export interface VarianceOptions {
  /** The sum of squares is divided by the number of elements minus this. Default 1: unbiased. */
  correction?: number;
  /** Whether the axes stay, with size 1. Default false. */
  keepdim?: boolean;
}

function varianceOf(
  op: string,
  x: Tensor,
  axis: number | readonly number[] | undefined,
  options: VarianceOptions,
): Tensor {
  checkTensors(op, { x });
  checkOptions<VarianceOptions>(op, options, { correction: true, keepdim: true });
  const { correction = 1, keepdim = false } = options;
  if (typeof correction !== "number") throw wrongKind(op, "correction", correction, "a number");
  const n =
    axis === undefined ? x.size : sizeOf(axesOf(axis).map((a) => x.shape[checkAxis(op, a, x.shape)]!));
  const off = sub(x, mean(x, axis, true));
  return sumAxes(op, mul(off, off), axis, 1 / Math.max(0, n - correction), keepdim);
}

/**
 * Variance over one axis, several, or (none given) all of them: Σ(x − mean)² / (n − correction), torch.var. NaN unless there are more
 * elements than the correction.
 * @throws ShapeError if there is no such axis, or it is empty; DataError for an unknown option
 */
export function variance(
  x: Tensor,
  axis?: number | readonly number[],
  options: VarianceOptions = {},
): Tensor {
  return tidy(() => varianceOf("variance", x, axis, options));
}

/** Standard deviation, the root of variance(); where it is 0, its gradient is 0 too. @throws ShapeError and DataError as variance() */
export function std(x: Tensor, axis?: number | readonly number[], options: VarianceOptions = {}): Tensor {
  return tidy(() => {
    const v = varianceOf("std", x, axis, options);
    return mul(sqrt(add(v, eq(v, 0))), ne(v, 0)); // the slope of a root at 0 is infinite
  });
}
