// Reductions along an axis.

import { defineOp } from "../core/op.js";
import { definePlan } from "../core/planned.js";
import { around, checkAxis, describe, sizeOf, type Shape } from "../core/shape.js";
import { checkTensors, empty, type Tensor } from "../core/tensor.js";
import { tidy } from "../core/scope.js";
import { ShapeError } from "../errors.js";
import { eq } from "./compare.js";
import { div, mul, neg } from "./elementwise.js";
import { reshape } from "./movement.js";
import type { Reduction } from "./targets.js";

interface ReduceInputs {
  x: Tensor;
}
interface AxisAttrs {
  axis: number;
}

function without(shape: Shape, axis: number): Shape {
  return shape.filter((_, i) => i !== axis);
}

function axisRule(name: string) {
  return ({ x }: ReduceInputs, { axis }: AxisAttrs): Shape => {
    const a = checkAxis(name, axis, x.shape);
    if (x.shape[a] === 0)
      throw new ShapeError(`${name}: the axis is empty; got ${describe({ x })} axis ${axis}`);
    return without(x.shape, a);
  };
}

interface SumAttrs extends AxisAttrs {
  /** Factor of the sum. */
  scale: number;
}

const sumBackward = definePlan<{ dy: Tensor }, SumAttrs>("sumBackward", (p, dx, { dy }, { axis, scale }) =>
  p.call("sumBackward", dy.ptr, dx.ptr, ...around(dx.shape, checkAxis("sum", axis, dx.shape)), scale),
);

const sumOp = defineOp({
  name: "sum",
  shape: ({ x }: ReduceInputs, { axis }: SumAttrs) => without(x.shape, checkAxis("sum", axis, x.shape)),
  plan(p, y, { x }, { axis, scale }) {
    p.call("sum", x.ptr, y.ptr, ...around(x.shape, checkAxis("sum", axis, x.shape)), scale);
  },
  saves: [],
  vjp: { x: (dy, { shapes }, attrs) => sumBackward(shapes.x, { dy }, attrs) },
});

const maxBackward = definePlan<{ dy: Tensor; indices: Tensor<"i32"> }, AxisAttrs>(
  "maxBackward",
  (p, dx, { dy, indices }, { axis }) => {
    const [outer, n, inner] = around(dx.shape, checkAxis("max", axis, dx.shape));
    p.call("scatterAdd", dy.ptr, indices.ptr, dx.ptr, outer, n, 1, inner);
  },
);

const maxOp = defineOp({
  name: "max",
  shape: axisRule("max"),
  extras: (_, shape) => ({ indices: empty(shape, "i32", "max") }),
  plan(p, y, { x, indices }, { axis }) {
    p.call("argmax", x.ptr, y.ptr, indices.ptr, ...around(x.shape, checkAxis("max", axis, x.shape)));
  },
  saves: [],
  vjp: {
    x: (dy, { shapes, aux }, attrs) => maxBackward(shapes.x, { dy, indices: aux.indices }, attrs),
  },
});

const argmaxOp = defineOp({
  name: "argmax",
  dtype: "i32",
  shape: axisRule("argmax"),
  plan(p, y, { x }, { axis }) {
    p.call("argmax", x.ptr, 0, y.ptr, ...around(x.shape, checkAxis("argmax", axis, x.shape)));
  },
  saves: [],
  vjp: {},
});

/** Several axes, or one as a list. */
export const axesOf = (axis: number | readonly number[]): readonly number[] =>
  Array.isArray(axis) ? (axis as readonly number[]) : [axis as number];

/** Sums over `axes`, last first, so that earlier axes keep their numbers; over all at once if none is given. */
export function sumAxes(
  name: string,
  x: Tensor,
  axis: number | readonly number[] | undefined,
  scale: number,
  keepdim: boolean,
): Tensor {
  checkTensors(name, { x });
  const list = axis === undefined ? [] : axesOf(axis).map((a) => checkAxis(name, a, x.shape));
  if (new Set(list).size !== list.length) {
    throw new ShapeError(
      `${name}: an axis is named twice; got axes [${String(axis)}] for ${describe({ x })}`,
    );
  }
  const sorted = [...list].sort((a, b) => b - a);
  const y =
    axis === undefined
      ? sumOp({ x: reshape(x, [x.size]) }, { axis: 0, scale })
      : sorted.reduce((part, a, i) => sumOp({ x: part }, { axis: a, scale: i === 0 ? scale : 1 }), x);
  const kept = x.shape.map((n, a) => (axis === undefined || list.includes(a) ? 1 : n));
  return keepdim ? reshape(y, kept) : y;
}

/**
 * Sum over one axis, several, or (none given) all of them. keepdim: they stay, with size 1.
 * @throws ShapeError if there is no such axis
 */
export function sum(x: Tensor, axis?: number | readonly number[], keepdim = false): Tensor {
  return sumAxes("sum", x, axis, 1, keepdim);
}

/**
 * Mean over one axis, several, or (none given) all of them. keepdim: they stay, with size 1.
 * @throws ShapeError if there is no such axis, or it is empty
 */
export function mean(x: Tensor, axis?: number | readonly number[], keepdim = false): Tensor {
  checkTensors("mean", { x });
  const list = axis === undefined ? undefined : axesOf(axis);
  const n = list ? sizeOf(list.map((a) => x.shape[checkAxis("mean", a, x.shape)]!)) : x.size;
  if (n === 0) throw new ShapeError(`mean: x has no elements; got ${describe({ x })} axis ${String(axis)}`);
  return sumAxes("mean", x, axis, 1 / n, keepdim);
}

const maxOfAllOp = defineOp({
  name: "maxOfAll",
  shape({ x }: ReduceInputs): Shape {
    if (x.size === 0) throw new ShapeError(`max: x has no elements; got ${describe({ x })}`);
    return [];
  },
  extras: () => ({ index: empty([], "i32", "max") }),
  plan: (p, y, { x, index }) => p.call("argmax", x.ptr, y.ptr, index.ptr, 1, x.size, 1),
  saves: ["x", "y"],
  vjp: {
    x(dy, { x, y }) {
      const equal = eq(x, y);
      return mul(equal, div(dy, sum(equal)));
    },
  },
});

/** x with the shape that keepdim asks for: size 1 at an axis, or at all. */
const kept = (y: Tensor, x: Tensor, axis: number | undefined, keepdim: boolean): Tensor =>
  keepdim
    ? reshape(
        y,
        x.shape.map((n, i) => (axis === undefined || i === checkAxis("max", axis, x.shape) ? 1 : n)),
      )
    : y;

/**
 * Largest element along an axis or, without one, of all; NaN if one is. keepdim: the axis stays, with size 1. Gradients go to the
 * first of equals along an axis, and to all equals in equal parts without one, as in PyTorch.
 * @throws ShapeError if there is no such axis, or no element
 */
export function max(x: Tensor, axis?: number, keepdim = false): Tensor {
  checkTensors("max", { x });
  return tidy(() => kept(axis === undefined ? maxOfAllOp({ x }) : maxOp({ x }, { axis }), x, axis, keepdim));
}

/** Smallest element along an axis or, without one, of all: as max(). @throws ShapeError if there is no such axis, or no element */
export function min(x: Tensor, axis?: number, keepdim = false): Tensor {
  checkTensors("min", { x });
  return tidy(() => neg(max(neg(x), axis, keepdim)));
}

/** Index (i32) of the first largest element along an axis; without one, in x flattened. @throws ShapeError as max() */
export function argmax(x: Tensor, axis?: number): Tensor<"i32"> {
  checkTensors("argmax", { x });
  if (axis !== undefined) return argmaxOp({ x }, { axis });
  return tidy(() => argmaxOp({ x: reshape(x, [x.size]) }, { axis: 0 }));
}

/** Index (i32) of the first smallest element along an axis; without one, in x flattened. @throws ShapeError as max() */
export function argmin(x: Tensor, axis?: number): Tensor<"i32"> {
  checkTensors("argmin", { x });
  return tidy(() => argmax(neg(x), axis));
}

/** The losses, or their sum or mean. */
export function reduced(losses: Tensor, reduction: Reduction): Tensor {
  return reduction === "none" ? losses : reduction === "sum" ? sum(losses) : mean(losses);
}
