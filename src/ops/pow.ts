// Powers and roots.

import { defineOp } from "../core/op.js";
import type { Tensor } from "../core/tensor.js";
import { ShapeError } from "../errors.js";
import { kindOf } from "../errors/options.js";
import { GRAIN } from "../wasm/parallel.js";
import { affine, div, mul } from "./elementwise.js";
import { keepWhere } from "./where.js";

/** Whole exponents up to this are products. */
const MOST = 64;

const powOp = defineOp({
  name: "pow",
  shape({ x }: { x: Tensor }, { exponent }: { exponent: number }) {
    if (typeof exponent === "number" && Number.isFinite(exponent)) return x.shape;
    throw new ShapeError(`pow: exponent must be a finite number; got ${kindOf(exponent)}`);
  },
  plan(p, y, { x }, { exponent }) {
    const n = y.size;
    const size = Math.abs(exponent);
    const times = (a: number, b: number, to: number): void => p.parallel("mul", n, GRAIN, a, b, to, 0);
    if (exponent === 0.5) return p.parallel("sqrt", n, GRAIN, x.ptr, y.ptr);
    if (Number.isInteger(size) && size <= MOST) {
      if (size === 0) return p.parallel("fill", n, GRAIN, y.ptr, 1);
      // From the highest binary digit on: squared for each, and times x where it is 1.
      p.parallel("affine", n, GRAIN, x.ptr, y.ptr, 1, 0);
      for (const digit of size.toString(2).slice(1)) {
        times(y.ptr, y.ptr, y.ptr);
        if (digit === "1") times(y.ptr, x.ptr, y.ptr);
      }
    } else {
      // e^(size·ln x), of |x| where the exponent is whole, with the sign that an odd one keeps.
      const whole = Number.isInteger(size);
      if (whole) p.parallel("abs", n, GRAIN, x.ptr, y.ptr);
      p.parallel("log", n, GRAIN / 8, whole ? y.ptr : x.ptr, y.ptr);
      p.parallel("affine", n, GRAIN, y.ptr, y.ptr, size, 0);
      p.parallel("exp", n, GRAIN / 8, y.ptr, y.ptr);
      if (whole && size % 2 === 1) p.parallel("absBackward", n, GRAIN, y.ptr, x.ptr, y.ptr);
    }
    if (exponent < 0) {
      p.scratch(4, (one) => {
        p.parallel("fill", 1, GRAIN, one, 1);
        const broadcast = p.struct("Broadcast", { columns: n, aRow: 0, bRow: 0, aStep: 0, bStep: 1 });
        p.parallel("div", n, GRAIN, one, y.ptr, y.ptr, broadcast);
      });
    }
  },
  saves: ["x"],
  vjp: {
    x: (dy, { x }, { exponent }) => mul(dy, affine(pow(x, exponent === 0 ? 0 : exponent - 1), exponent)),
  },
});

/**
 * x to the power of a number, element by element, as torch.pow: 1 for exponent 0, NaN where x is negative and the exponent is not
 * whole. Products for whole exponents up to ±64, otherwise e^(exponent·ln x), to about 1e-7·|exponent·ln x|.
 * @throws ShapeError unless the exponent is a finite number
 */
export function pow(x: Tensor, exponent: number): Tensor {
  return powOp({ x }, { exponent });
}

const rootOp = defineOp({
  name: "root",
  shape: ({ x }: { x: Tensor }) => x.shape,
  plan: (p, y, { x }) => p.parallel("sqrt", x.size, GRAIN, x.ptr, y.ptr),
  saves: ["y"],
  vjp: { x: (dy, { y }) => keepWhere(div(affine(dy, 0.5), y), y) },
});

/** √x whose gradient is 0 at 0, as that of PyTorch's std() is. */
export function root(x: Tensor): Tensor {
  return rootOp({ x });
}
