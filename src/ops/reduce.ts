// Reductions along an axis.

import { defineOp } from "../core/op.js";
import { around, checkAxis, describe, sizeOf, type Shape } from "../core/shape.js";
import { checkTensors, empty, type Tensor } from "../core/tensor.js";
import { ShapeError } from "../errors.js";
import { runtime } from "../wasm/runtime.js";
import { reshape } from "./movement.js";

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

const sumOp = defineOp({
  name: "sum",
  shape: ({ x }: ReduceInputs, { axis }: { axis: number; scale: number }) =>
    without(x.shape, checkAxis("sum", axis, x.shape)),
  forward(y, { x }, { axis, scale }) {
    const [outer, n, inner] = around(x.shape, checkAxis("sum", axis, x.shape));
    runtime().kernels.sum(x.ptr, y.ptr, outer, n, inner, scale);
  },
  saves: [],
  vjp: {
    x(dy, { shapes }, { axis, scale }) {
      const dx = empty(shapes.x, "f32", "sumBackward");
      const [outer, n, inner] = around(shapes.x, checkAxis("sum", axis, shapes.x));
      runtime().kernels.sumBackward(dy.ptr, dx.ptr, outer, n, inner, scale);
      return dx;
    },
  },
});

const maxOp = defineOp({
  name: "max",
  shape: axisRule("max"),
  forward(y, { x }, { axis }) {
    const indices = empty(y.shape, "i32", "max");
    const [outer, n, inner] = around(x.shape, checkAxis("max", axis, x.shape));
    runtime().kernels.argmax(x.ptr, y.ptr, indices.ptr, outer, n, inner);
    return { indices };
  },
  saves: [],
  vjp: {
    x(dy, { shapes, aux }, { axis }) {
      const dx = empty(shapes.x, "f32", "maxBackward");
      const [outer, n, inner] = around(shapes.x, checkAxis("max", axis, shapes.x));
      runtime().kernels.maxBackward(dy.ptr, aux.indices.ptr, dx.ptr, outer, n, inner);
      return dx;
    },
  },
});

const argmaxOp = defineOp({
  name: "argmax",
  dtype: "i32",
  shape: axisRule("argmax"),
  forward(y, { x }, { axis }) {
    const [outer, n, inner] = around(x.shape, checkAxis("argmax", axis, x.shape));
    runtime().kernels.argmax(x.ptr, 0, y.ptr, outer, n, inner);
  },
  saves: [],
  vjp: {},
});

/** Several axes, or one as a list. */
const axesOf = (axis: number | readonly number[]): readonly number[] =>
  Array.isArray(axis) ? (axis as readonly number[]) : [axis as number];

/** Sums over `axes`, last first, so that earlier axes keep their numbers; over all at once where none is given. */
function sumAxes(
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
  if (n === 0) throw new ShapeError(`mean: of no elements; got ${describe({ x })} axis ${String(axis)}`);
  return sumAxes("mean", x, axis, 1 / n, keepdim);
}

/** Largest element along an axis; the gradient goes to the first of equals. @throws ShapeError if there is no such axis */
export function max(x: Tensor, axis: number): Tensor {
  return maxOp({ x }, { axis });
}

/** Index (i32) of the first largest element along an axis. @throws ShapeError if there is no such axis */
export function argmax(x: Tensor, axis: number): Tensor {
  return argmaxOp({ x }, { axis });
}
