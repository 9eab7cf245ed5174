// Element-wise operations. Binary ones broadcast as NumPy does.

import { defineOp } from "../core/op.js";
import { definePlan } from "../core/planned.js";
import { describe, sameShape } from "../core/shape.js";
import type { Tensor } from "../core/tensor.js";
import { ShapeError } from "../errors.js";
import { kindOf } from "../errors/options.js";
import { GRAIN } from "../wasm/parallel.js";
import { broadcastRule, planBinary } from "./broadcast.js";
import { greaterEqual } from "./compare.js";
import { activatedBefore, addedTo } from "./fusion.js";

type UnaryKernel = "sigmoid" | "tanh" | "exp" | "log" | "sqrt" | "abs" | "neg";
type BackwardKernel = "sigmoidBackward" | "tanhBackward" | "absBackward";

interface UnaryInputs {
  x: Tensor;
}

/** Kernels that spend more time on computing than on memory. */
const SLOW: ReadonlySet<string> = new Set(["sigmoid", "tanh", "exp", "log"]);

/** y = kernel(x), whose gradient needs x or y. */
function defineUnary<S extends "x" | "y" = never>(
  name: UnaryKernel,
  saves: readonly S[],
  gradient: (dy: Tensor, saved: { readonly [K in S]: Tensor }) => Tensor,
): (x: Tensor) => Tensor {
  const op = defineOp({
    name,
    shape: ({ x }: UnaryInputs) => x.shape,
    plan: (p, y, { x }) => p.parallel(name, x.size, SLOW.has(name) ? GRAIN / 8 : GRAIN, x.ptr, y.ptr),
    ...(name === "sigmoid" && { absorbed: (y, { x }) => activatedBefore(y, x.storage, name) && {} }),
    saves,
    vjp: { x: (dy, saved) => gradient(dy, saved as { readonly [K in S]: Tensor }) },
  });
  return (x) => op({ x });
}

/** dx from dy and x, or y. */
function defineBackward(kernel: BackwardKernel): (dy: Tensor, xy: Tensor) => Tensor {
  const plan = definePlan<{ dy: Tensor; xy: Tensor }, object>(kernel, (p, dx, { dy, xy }) =>
    p.parallel(kernel, dx.size, GRAIN, dy.ptr, xy.ptr, dx.ptr),
  );
  return (dy, xy) => plan(dy.shape, { dy, xy }, {});
}

const sigmoidBackward = defineBackward("sigmoidBackward");
const tanhBackward = defineBackward("tanhBackward");
const absBackward = defineBackward("absBackward");

/** 1 / (1 + e⁻ˣ). */
export const sigmoid = defineUnary("sigmoid", ["y"], (dy, { y }) => sigmoidBackward(dy, y));
/** Hyperbolic tangent. */
export const tanh = defineUnary("tanh", ["y"], (dy, { y }) => tanhBackward(dy, y));
/** eˣ. */
export const exp = defineUnary("exp", ["y"], (dy, { y }) => mul(dy, y));
/** Natural logarithm; −Infinity at 0, NaN below. */
export const log = defineUnary("log", ["x"], (dy, { x }) => div(dy, x));
/** Square root; NaN below 0. */
export const sqrt = defineUnary("sqrt", ["y"], (dy, { y }) => div(affine(dy, 0.5), y));
/** Absolute value; its gradient at 0 is 0. */
export const abs = defineUnary("abs", ["x"], (dy, { x }) => absBackward(dy, x));
/** −x. */
export const neg: (x: Tensor) => Tensor = defineUnary("neg", [], (dy) => neg(dy));

const affineOp = defineOp({
  name: "affine",
  shape({ x }: UnaryInputs, { scale, shift }: { scale: number; shift: number }) {
    if (typeof scale === "number" && typeof shift === "number") return x.shape;
    throw new ShapeError(
      `affine: scale and shift must be numbers; got ${kindOf(scale)} and ${kindOf(shift)}`,
    );
  },
  scalars: ["scale", "shift"],
  plan: (p, y, { x }, { scale, shift }) => p.parallel("affine", x.size, GRAIN, x.ptr, y.ptr, scale, shift),
  saves: [],
  vjp: { x: (dy, _, { scale }) => affine(dy, scale) },
});

interface Leak {
  negativeSlope: number;
}

const leakyReluGradient = definePlan<{ dy: Tensor; x: Tensor }, Leak>(
  "leakyReluBackward",
  (p, dx, { dy, x }, { negativeSlope }) =>
    p.parallel("leakyReluBackward", dx.size, GRAIN, dy.ptr, x.ptr, dx.ptr, negativeSlope),
  ["negativeSlope"],
);

const leakyReluOp = defineOp({
  name: "leakyRelu",
  shape({ x }: UnaryInputs, { negativeSlope }: Leak) {
    if (typeof negativeSlope === "number") return x.shape;
    throw new ShapeError(`leakyRelu: negativeSlope must be a number; got ${kindOf(negativeSlope)}`);
  },
  scalars: ["negativeSlope"],
  plan: (p, y, { x }, { negativeSlope }) =>
    p.parallel("leakyRelu", x.size, GRAIN, x.ptr, y.ptr, negativeSlope),
  saves: ["x"],
  vjp: { x: (dy, { x }, attrs) => leakyReluGradient(x.shape, { dy, x }, attrs) },
});

interface Alpha {
  alpha: number;
}

const eluGradient = definePlan<{ dy: Tensor; x: Tensor }, Alpha>(
  "eluBackward",
  (p, dx, { dy, x }, { alpha }) =>
    p.parallel("eluBackward", dx.size, GRAIN / 8, dy.ptr, x.ptr, dx.ptr, alpha),
  ["alpha"],
);

const eluOp = defineOp({
  name: "elu",
  shape({ x }: UnaryInputs, { alpha }: Alpha) {
    if (typeof alpha === "number") return x.shape;
    throw new ShapeError(`elu: alpha must be a number; got ${kindOf(alpha)}`);
  },
  scalars: ["alpha"],
  plan: (p, y, { x }, { alpha }) => p.parallel("elu", x.size, GRAIN / 8, x.ptr, y.ptr, alpha),
  saves: ["x"],
  vjp: { x: (dy, { x }, attrs) => eluGradient(x.shape, { dy, x }, attrs) },
});

/**
 * x where it is positive, otherwise alpha·(eˣ − 1). D.-A. Clevert, T. Unterthiner and S. Hochreiter, Fast and Accurate Deep Network
 * Learning by Exponential Linear Units (2015), arXiv 1511.07289. @throws ShapeError unless alpha is a number
 */
export function elu(x: Tensor, alpha = 1): Tensor {
  return eluOp({ x }, { alpha });
}

/**
 * x where it is positive, otherwise x · negativeSlope. A. L. Maas, A. Y. Hannun and A. Y. Ng, Rectifier Nonlinearities Improve Neural
 * Network Acoustic Models (2013), https://ai.stanford.edu/~amaas/papers/relu_hybrid_icml2013_final.pdf.
 * @throws ShapeError unless negativeSlope is a number
 */
export function leakyRelu(x: Tensor, negativeSlope = 0.01): Tensor {
  return leakyReluOp({ x }, { negativeSlope });
}

const addOp = defineOp({
  name: "add",
  shape: broadcastRule("add"),
  plan: planBinary("add"),
  // A normalised operand absorbs the other one when its values are computed.
  absorbed(y, { a, b }) {
    if (!sameShape(a.shape, b.shape)) return undefined;
    return addedTo(y, a.storage, b.storage) ?? addedTo(y, b.storage, a.storage);
  },
  saves: [],
  vjp: { a: (dy) => dy, b: (dy) => dy },
});

const subOp = defineOp({
  name: "sub",
  shape: broadcastRule("sub"),
  plan: planBinary("sub"),
  saves: [],
  vjp: { a: (dy) => dy, b: (dy) => neg(dy) },
});

const mulOp = defineOp({
  name: "mul",
  shape: broadcastRule("mul"),
  plan: planBinary("mul"),
  saves: ["a", "b"],
  vjp: { a: (dy, { b }) => mul(dy, b), b: (dy, { a }) => mul(dy, a) },
});

const divOp = defineOp({
  name: "div",
  shape: broadcastRule("div"),
  plan: planBinary("div"),
  saves: ["b", "y"],
  vjp: { a: (dy, { b }) => div(dy, b), b: (dy, { b, y }) => neg(div(mul(dy, y), b)) },
});

/** 1 where a > b, ½ where a = b, otherwise 0: PyTorch shares the gradient between equal inputs. */
function wins(a: Tensor, b: Tensor): Tensor {
  return affine(sub(greaterEqual(a, b), greaterEqual(b, a)), 0.5, 0.5);
}

const maximumOp = defineOp({
  name: "maximum",
  shape: broadcastRule("maximum"),
  plan: planBinary("maximum"),
  saves: ["a", "b"],
  vjp: { a: (dy, { a, b }) => mul(dy, wins(a, b)), b: (dy, { a, b }) => mul(dy, wins(b, a)) },
});

const minimumOp = defineOp({
  name: "minimum",
  shape: broadcastRule("minimum"),
  plan: planBinary("minimum"),
  saves: ["a", "b"],
  vjp: { a: (dy, { a, b }) => mul(dy, wins(b, a)), b: (dy, { a, b }) => mul(dy, wins(a, b)) },
});

const dropoutOp = defineOp({
  name: "dropout",
  shape({ x }: UnaryInputs, { p, seed }: { p: number; seed: number }) {
    if (typeof p !== "number" || !(p >= 0 && p < 1)) {
      throw new ShapeError(`dropout: p must be in [0, 1); got p ${kindOf(p)} for ${describe({ x })}`);
    }
    if (!Number.isInteger(seed))
      throw new ShapeError(`dropout: seed must be an integer; got ${kindOf(seed)}`);
    return x.shape;
  },
  scalars: ["p", "seed"],
  plan: (planner, y, { x }, { p, seed }) =>
    planner.parallel("dropout", x.size, GRAIN / 4, x.ptr, y.ptr, p, seed),
  saves: [],
  vjp: { x: (dy, _, { p, seed }) => dropout(dy, p, seed) },
});

/** x · scale + shift, both numbers. */
export function affine(x: Tensor, scale: number, shift = 0): Tensor {
  return affineOp({ x }, { scale, shift });
}
/** a + b; b may be a number. Shapes broadcast. @throws ShapeError if they do not */
export function add(a: Tensor, b: Tensor | number): Tensor {
  return typeof b === "number" ? affine(a, 1, b) : addOp({ a, b });
}
/** a − b; b may be a number. Shapes broadcast. @throws ShapeError if they do not */
export function sub(a: Tensor, b: Tensor | number): Tensor {
  return typeof b === "number" ? affine(a, 1, -b) : subOp({ a, b });
}
/** a · b element by element; b may be a number. Shapes broadcast. @throws ShapeError if they do not */
export function mul(a: Tensor, b: Tensor | number): Tensor {
  return typeof b === "number" ? affine(a, b) : mulOp({ a, b });
}
/** a / b element by element; b may be a number. Shapes broadcast. @throws ShapeError if they do not */
export function div(a: Tensor, b: Tensor | number): Tensor {
  return typeof b === "number" ? affine(a, 1 / b) : divOp({ a, b });
}
/** The larger of a and b, NaN if either is. Shapes broadcast. @throws ShapeError if they do not */
export function maximum(a: Tensor, b: Tensor): Tensor {
  return maximumOp({ a, b });
}
/** The smaller of a and b, NaN if either is. Shapes broadcast. @throws ShapeError if they do not */
export function minimum(a: Tensor, b: Tensor): Tensor {
  return minimumOp({ a, b });
}
/**
 * Zeroes each element with probability p and scales the others by 1/(1 − p); which ones depends on `seed` alone.
 * @throws ShapeError unless 0 ≤ p < 1
 */
export function dropout(x: Tensor, p: number, seed: number): Tensor {
  return dropoutOp({ x }, { p, seed });
}
