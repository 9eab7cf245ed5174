// Matrix products: matmul, and linear (a matrix product with a transposed weight and a bias).

import { defineOp } from "../core/op.js";
import { describe, sizeOf } from "../core/shape.js";
import { empty, type Tensor } from "../core/tensor.js";
import { ShapeError } from "../errors.js";
import { runtime } from "../wasm/runtime.js";

/** An operand: its address and its element strides from row to row and from column to column. */
type Operand = [ptr: number, rs: number, cs: number];

/** C = A·B (+ C): C is m×n and contiguous, k the inner size. */
function gemm(m: number, n: number, k: number, a: Operand, b: Operand, c: number, accumulate: boolean): void {
  const { kernels, heap, tile } = runtime();
  heap.scratch(kernels.gemmScratch(m, n, k) * 4, "gemm", (scratch) => {
    kernels.gemm(m, n, k, ...a, ...b, c, n, accumulate ? 1 : 0, tile, scratch);
  });
}

const matmulOp = defineOp({
  name: "matmul",
  shape({ a, b }: { a: Tensor; b: Tensor }) {
    if (a.shape.length !== 2 || b.shape.length !== 2 || a.shape[1] !== b.shape[0]) {
      throw new ShapeError(`matmul: expected a:[m,k] b:[k,n]; got ${describe({ a, b })}`);
    }
    return [a.shape[0]!, b.shape[1]!];
  },
  forward(y, { a, b }) {
    const [m, k] = a.shape as [number, number];
    const n = b.shape[1]!;
    gemm(m, n, k, [a.ptr, k, 1], [b.ptr, n, 1], y.ptr, false);
  },
  saves: ["a", "b"],
  vjp: {
    a(dy, { b }) {
      const [k, n] = b.shape as [number, number];
      const m = dy.shape[0]!;
      const da = empty([m, k], "f32", "matmul gradient");
      gemm(m, k, n, [dy.ptr, n, 1], [b.ptr, 1, n], da.ptr, false);
      return da;
    },
    b(dy, { a }) {
      const [m, k] = a.shape as [number, number];
      const n = dy.shape[1]!;
      const db = empty([k, n], "f32", "matmul gradient");
      gemm(k, n, m, [a.ptr, 1, k], [dy.ptr, n, 1], db.ptr, false);
      return db;
    },
  },
});

interface LinearInputs {
  x: Tensor;
  weight: Tensor;
  bias?: Tensor | undefined;
}

const linearOp = defineOp({
  name: "linear",
  shape({ x, weight, bias }: LinearInputs) {
    const [out, inner] = weight.shape;
    const fits =
      weight.shape.length === 2 &&
      x.shape.length >= 1 &&
      x.shape.at(-1) === inner &&
      (bias === undefined || (bias.shape.length === 1 && bias.shape[0] === out));
    if (!fits) {
      throw new ShapeError(
        `linear: expected x:[…,in] weight:[out,in] bias:[out]; got ${describe({ x, weight, bias })}`,
      );
    }
    return [...x.shape.slice(0, -1), out!];
  },
  forward(y, { x, weight, bias }) {
    const [out, inner] = weight.shape as [number, number];
    const rows = sizeOf(x.shape.slice(0, -1));
    if (bias) runtime().kernels.stridedCopy(bias.ptr, y.ptr, 1, 1, rows, out, 0, 0, 0, 1);
    gemm(rows, out, inner, [x.ptr, inner, 1], [weight.ptr, 1, inner], y.ptr, bias !== undefined);
  },
  saves: ["x", "weight"],
  vjp: {
    x(dy, { weight, shapes }) {
      const [out, inner] = weight.shape as [number, number];
      const dx = empty(shapes.x, "f32", "linear gradient");
      gemm(
        sizeOf(shapes.x.slice(0, -1)),
        inner,
        out,
        [dy.ptr, out, 1],
        [weight.ptr, inner, 1],
        dx.ptr,
        false,
      );
      return dx;
    },
    weight(dy, { x, shapes }) {
      const [out, inner] = shapes.weight as [number, number];
      const dw = empty(shapes.weight, "f32", "linear gradient");
      gemm(out, inner, sizeOf(x.shape.slice(0, -1)), [dy.ptr, 1, out], [x.ptr, inner, 1], dw.ptr, false);
      return dw;
    },
    bias(dy) {
      const out = dy.shape.at(-1)!;
      const db = empty([out], "f32", "linear gradient");
      runtime().kernels.sum(dy.ptr, db.ptr, 1, dy.size / Math.max(out, 1), out, 1);
      return db;
    },
  },
});

/** y[i, j] = Σ_p a[i, p]·b[p, j] of a:[m,k] and b:[k,n]. @throws ShapeError unless the shapes fit */
export function matmul(a: Tensor, b: Tensor): Tensor {
  return matmulOp({ a, b });
}

/** y = x·weightᵀ + bias of x:[…,in], weight:[out,in], bias:[out]. @throws ShapeError unless the shapes fit */
export function linear(x: Tensor, weight: Tensor, bias?: Tensor): Tensor {
  return linearOp({ x, weight, bias });
}
