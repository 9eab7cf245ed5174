// Operations that move elements without changing them.

import { defineOp } from "../core/op.js";
import { checkShape, sizeOf, stridesOf, type Shape } from "../core/shape.js";
import { checkTensors, type Tensor } from "../core/tensor.js";
import { ShapeError } from "../errors.js";
import { wrongKind } from "../errors/options.js";
import { withStruct } from "../wasm/parallel.js";
import { runtime } from "../wasm/runtime.js";

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
  forward: () => undefined,
  saves: [],
  vjp: { x: (dy, { shapes }) => reshape(dy, shapes.x) },
});

/** Joins axes that stay neighbours, so that the copy loops over as few as possible. */
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
  forward(y, { x }, { axes }) {
    const own = stridesOf(x.shape);
    const sizes = [...y.shape];
    const strides = axes.map((a) => own[a]!);
    mergeAxes(sizes, strides);
    while (sizes.length < 4) {
      sizes.unshift(1);
      strides.unshift(0);
    }
    const [n0, n1, n2, n3] = sizes.slice(-4) as [number, number, number, number];
    const [s0, s1, s2, s3] = strides.slice(-4) as [number, number, number, number];
    const walk = (axis: number, from: number, to: number): number => {
      if (axis === sizes.length - 4) {
        const fields = { x: from, y: to, n0, n1, n2, n3, s0, s1, s2, s3 };
        withStruct("Strided", fields, (shape) => runtime().kernels.stridedCopy(shape));
        return to + n0 * n1 * n2 * n3 * 4;
      }
      for (let i = 0; i < sizes[axis]!; i++) to = walk(axis + 1, from + i * strides[axis]! * 4, to);
      return to;
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
 * that weights of a linear layer behind it are interchangeable.
 */
export function flatten(x: Tensor): Tensor {
  checkTensors("flatten", { x });
  const [n = 1, h, w, c] = x.shape;
  const planes = x.shape.length === 4 && h! * w! > 1 && c! > 1;
  return reshape(planes ? permute(x, [0, 3, 1, 2]) : x, [n, n === 0 ? sizeOf(x.shape.slice(1)) : -1]);
}
