// The gradient of a bias.

import { definePlan } from "../core/planned.js";
import type { Tensor } from "../core/tensor.js";

/** Σ of the rows of dy:[…,n]: the gradient of a vector that was added to each row. */
export const sumOfRows = definePlan<{ dy: Tensor }, object>("sum of rows", (p, y, { dy }) =>
  p.call("sum", dy.ptr, y.ptr, 1, dy.size / Math.max(y.size, 1), y.size, 1),
);
