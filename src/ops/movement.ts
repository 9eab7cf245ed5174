// Operations that move elements without changing them.

import { defineOp } from "../core/op.js";
import { checkShape, sizeOf, stridesOf, type Shape } from "../core/shape.js";
import { checkTensors, type Tensor } from "../core/tensor.js";
import { ShapeError } from "../errors.js";
import { wrongKind } from "../errors/options.js";
import { AXES, planCopy } from "./strided.js";

const reshapeOp = defineOp({
  name: "reshape",
  shape({ x }: { x: Tensor }, { shape }: { shape: Shape }) {
    const known = sizeOf(shape.filter((n) => n !== -1));
    const open = shape.filter((n) => n === -1).length;
    const full = shape.map((n) => (n === -1 ? x.size / known : n));
    if (open > 1 || !full.every(Number.isInteger) || sizeOf(full) !== x.size) {
      throw new ShapeError(
        `reshape: x:[${x.shape.join(",")}] has ${x.size} elements; got shape [${shape.join(",")}]`,
      );
    }
    checkShape("reshape", full);
    return full;
  },
  view: "x",
  saves: [],
  vjp: { x: (dy, { shapes }) => reshape(dy, shapes.x) },
});

/** Joins axes that stay neighbours in x, so that the copy loops over as few axes as possible. */
function mergeAxes(sizes: number[], strides: number[]): void {
  for (let i = sizes.length - 1; i > 0; i--) {
    if (strides[i - 1] === strides[i]! * sizes[i]!) {
      sizes.splice(i - 1, 2, sizes[i - 1]! * sizes[i]!);
      strides.splice(i - 1, 1);
    }
  }
}

const permuteOp = defineOp({
  name: "permute",
  shape({ x }: { x: Tensor }, { axes }: { axes: readonly number[] }) {
    const sorted = [...axes].sort((a, b) => a - b);
    if (axes.length !== x.shape.length || sorted.some((a, i) => a !== i)) {
      throw new ShapeError(
        `permute: axes must be 0…${x.shape.length - 1} in some order; ` +
          `got [${axes.join(",")}] for x:[${x.shape.join(",")}]`,
      );
    }
    return axes.map((a) => x.shape[a]!);
  },
  plan(p, y, { x }, { axes }) {
    const own = stridesOf(x.shape);
    const sizes = [...y.shape];
    const strides = axes.map((a) => own[a]!);
    mergeAxes(sizes, strides);
    const whole = sizes.splice(0, Math.max(0, sizes.length - AXES));
    const steps = strides.splice(0, whole.length);
    const to = stridesOf(sizes);
    const walk = (axis: number, xPtr: number, yPtr: number): number => {
      if (axis === whole.length) {
        planCopy(p, xPtr, strides, yPtr, to, sizes);
        return yPtr + sizeOf(sizes) * 4;
      }
      for (let i = 0; i < whole[axis]!; i++) yPtr = walk(axis + 1, xPtr + i * steps[axis]! * 4, yPtr);
      return yPtr;
    };
    walk(0, x.ptr, y.ptr);
  },
  saves: [],
  vjp: {
    x: (dy, _, { axes }) =>
      permute(
        dy,
        axes.map((_, i) => axes.indexOf(i)),
      ),
  },
});

/** The same elements under another shape; one size may be −1, to be inferred. @throws ShapeError if counts differ */
export function reshape(x: Tensor, shape: Shape): Tensor {
  if (!Array.isArray(shape)) checkShape("reshape", shape);
  return reshapeOp({ x }, { shape: [...shape] });
}

/** Axis i of the result is axis axes[i] of x. @throws ShapeError unless axes is a permutation */
export function permute(x: Tensor, axes: readonly number[]): Tensor {
  if (!Array.isArray(axes)) throw wrongKind("permute", "axes", axes, "an array of axes");
  return permuteOp({ x }, { axes: [...(axes as readonly number[])] });
}

/**
 * [n, …] as [n, rest]; images [n, h, w, c] become rows in channel-first order (c, h, w), as PyTorch flattens them, so
 * that weights of the linear layer after it are interchangeable.
 */
export function flatten(x: Tensor): Tensor {
  checkTensors("flatten", { x });
  const [n = 1, h, w, c] = x.shape;
  const planes = x.shape.length === 4 && h! * w! > 1 && c! > 1;
  return reshape(planes ? permute(x, [0, 3, 1, 2]) : x, [n, n === 0 ? sizeOf(x.shape.slice(1)) : -1]);
}
