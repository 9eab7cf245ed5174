// Comparisons. Results are f32: 1 for true and 0 for false, since there is no boolean dtype.

import { defineOp } from "../core/op.js";
import { tidy } from "../core/scope.js";
import { checkTensors, full, tensor, type AnyTensor, type Tensor } from "../core/tensor.js";
import { wrongKind } from "../errors/options.js";
import { broadcastRule, planBinary } from "./broadcast.js";

/** An op without a gradient that returns 1 or 0. */
const defineComparison = (name: "greaterEqual" | "greater" | "equal") =>
  defineOp({ name, shape: broadcastRule(name), plan: planBinary(name), saves: [], vjp: {} });

const greaterEqualOp = defineComparison("greaterEqual");
const greaterOp = defineComparison("greater");
const equalOp = defineComparison("equal");

/** A tensor as f32: numbers become scalars, integers are converted. */
export function floats(op: string, name: string, x: AnyTensor | number): Tensor {
  if (typeof x === "number") return full([], x);
  checkTensors(op, { [name]: x });
  return x.dtype === "f32" ? (x as Tensor) : tensor(Float32Array.from(x.view()), x.shape);
}

const comparison =
  (name: string, compare: (a: Tensor, b: Tensor) => Tensor) =>
  (a: AnyTensor, b: AnyTensor | number): Tensor =>
    tidy(() => {
      if (typeof a === "number") throw wrongKind(name, "a", a, "a tensor");
      return compare(floats(name, "a", a), floats(name, "b", b));
    });

/**
 * 1 where a = b, otherwise 0, f32. b may be a number; tensors of any dtype, so that `argmax(logits, 1).eq(labels).mean()` is the
 * accuracy. Integers are compared as f32: exactly up to 2²⁴. NaN equals nothing. No gradient. Shapes broadcast.
 * @throws ShapeError if they do not
 */
export const eq = comparison("eq", (a, b) => equalOp({ a, b }));
/** 1 where a ≠ b, otherwise 0, as eq(). */
export const ne = comparison("ne", (a, b) => equalOp({ a: equalOp({ a, b }), b: full([], 0) }));
/** 1 where a < b, otherwise 0, as eq(). */
export const lt = comparison("lt", (a, b) => greaterOp({ a: b, b: a }));
/** 1 where a ≤ b, otherwise 0, as eq(). */
export const le = comparison("le", (a, b) => greaterEqualOp({ a: b, b: a }));
/** 1 where a > b, otherwise 0, as eq(). */
export const gt = comparison("gt", (a, b) => greaterOp({ a, b }));
/** 1 where a ≥ b, otherwise 0, as eq(). */
export const ge = comparison("ge", (a, b) => greaterEqualOp({ a, b }));
/** ge() of two f32 tensors, under PyTorch's longer name. */
export function greaterEqual(a: Tensor, b: Tensor): Tensor {
  return greaterEqualOp({ a, b });
}
