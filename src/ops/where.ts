// Choices between elements, and operations composed of them.

import { defineOp } from "../core/op.js";
import { tidy } from "../core/scope.js";
import { checkTensors, type AnyTensor, type Tensor } from "../core/tensor.js";
import { kindOf } from "../errors/options.js";
import { ShapeError } from "../errors.js";
import { GRAIN } from "../wasm/parallel.js";
import { broadcastRule, planBinary } from "./broadcast.js";
import { eq, floats, gt, lt } from "./compare.js";
import { add } from "./elementwise.js";

const keepWhereOp = defineOp({
  name: "keepWhere",
  shape: broadcastRule("keepWhere"),
  plan: planBinary("keepWhere"),
  saves: ["b"],
  vjp: { a: (dy, { b }) => keepWhere(dy, b) },
});

/** a where the condition is not 0, otherwise 0, even if a is NaN or infinite there. */
export function keepWhere(a: Tensor, condition: Tensor): Tensor {
  return keepWhereOp({ a, b: condition });
}

/**
 * a where the condition is true (not 0), otherwise b. a and b may be numbers. All three broadcast. Gradients go to a where the
 * condition is true, to b elsewhere; NaN or infinities of the one not chosen have no effect.
 * @throws ShapeError if the shapes do not broadcast
 */
export function where(condition: AnyTensor, a: Tensor | number, b: Tensor | number): Tensor {
  checkTensors("where", { condition });
  return tidy(() => {
    const c = floats("where", "condition", condition);
    return add(keepWhere(floats("where", "a", a), c), keepWhere(floats("where", "b", b), eq(c, 0)));
  });
}

interface Limits {
  min: number;
  max: number;
}

const clampOp = defineOp({
  name: "clamp",
  shape({ x }: { x: Tensor }, { min, max }: Limits) {
    if (typeof min === "number" && typeof max === "number" && !(Number.isNaN(min) || Number.isNaN(max)))
      return x.shape;
    throw new ShapeError(`clamp: min and max must be numbers; got ${kindOf(min)} and ${kindOf(max)}`);
  },
  scalars: ["min", "max"],
  plan: (p, y, { x }, { min, max }) => p.parallel("clamp", x.size, GRAIN, x.ptr, y.ptr, min, max),
  saves: ["x"],
  vjp: {
    x(dy, { x }, { min, max }) {
      const above = min === -Infinity ? dy : keepWhere(dy, gt(x, min));
      return max === Infinity ? above : keepWhere(above, lt(x, max));
    },
  },
});

/**
 * x cut to [min, max]; undefined for no limit on that side. NaN stays NaN, and where min > max all is max. The gradient passes
 * where min < x < max. @throws ShapeError unless a limit is a number
 */
export function clamp(x: Tensor, min?: number, max?: number): Tensor {
  if (min === undefined && max === undefined)
    throw new ShapeError("clamp: expected min, max or both; got neither");
  return clampOp({ x }, { min: min ?? -Infinity, max: max ?? Infinity });
}
