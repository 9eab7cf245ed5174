// Powers.

import { defineOp } from "../core/op.js";
import type { Tensor } from "../core/tensor.js";
import { ShapeError } from "../errors.js";
import { kindOf } from "../errors/options.js";
import { GRAIN } from "../wasm/parallel.js";
import { affine, mul } from "./elementwise.js";

const powOp = defineOp({
  name: "pow",
  shape({ x }: { x: Tensor }, { exponent }: { exponent: number }) {
    if (typeof exponent === "number" && Number.isFinite(exponent)) return x.shape;
    throw new ShapeError(`pow: exponent must be a finite number; got ${kindOf(exponent)}`);
  },
  plan(p, y, { x }, { exponent }) {
    const n = y.size;
    const times = (b: number): void => p.parallel("mul", n, GRAIN, y.ptr, b, y.ptr, 0);
    if (!Number.isInteger(exponent)) {
      p.parallel("log", n, GRAIN / 8, x.ptr, y.ptr);
      p.parallel("affine", n, GRAIN, y.ptr, y.ptr, exponent, 0);
      return p.parallel("exp", n, GRAIN / 8, y.ptr, y.ptr);
    }
    // From the highest binary digit on: square for each, and multiply by x where it is 1.
    p.parallel("fill", n, GRAIN, y.ptr, 1);
    for (const digit of Math.abs(exponent).toString(2)) {
      times(y.ptr);
      if (digit === "1") times(x.ptr);
    }
    if (exponent < 0) {
      p.scratch(n * 4, (ones) => {
        p.parallel("fill", n, GRAIN, ones, 1);
        p.parallel("div", n, GRAIN, ones, y.ptr, y.ptr, 0);
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
 * whole. Products for whole exponents, otherwise e^(exponent·ln x); to about 1e-7·|exponent|.
 * @throws ShapeError unless the exponent is a finite number
 */
export function pow(x: Tensor, exponent: number): Tensor {
  return powOp({ x }, { exponent });
}
