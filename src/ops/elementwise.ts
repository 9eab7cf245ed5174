// Element-wise operations. Binary ones broadcast as NumPy does.

import { defineOp } from "../core/op.js";
import { broadcastShapes, describe, sameShape, stridesOf, type Shape } from "../core/shape.js";
import { empty, type Tensor } from "../core/tensor.js";
import { ShapeError } from "../errors.js";
import { kindOf } from "../errors/options.js";
import { GRAIN, parallel, withStruct } from "../wasm/parallel.js";
import { maskedGradient, withResidual } from "./fusion.js";

type UnaryKernel = "sigmoid" | "tanh" | "exp" | "log" | "sqrt" | "abs" | "neg";
type BinaryKernel = "add" | "sub" | "mul" | "div" | "maximum" | "minimum" | "greaterEqual";
type BackwardKernel = "sigmoidBackward" | "tanhBackward" | "absBackward";

interface UnaryInputs {
  x: Tensor;
}
interface BinaryInputs {
  a: Tensor;
  b: Tensor;
}

/** Kernels that compute more than they read and write. */
const SLOW: ReadonlySet<string> = new Set(["sigmoid", "tanh", "exp", "log"]);

const sameAsInput = ({ x }: UnaryInputs): Shape => x.shape;

function runUnary(kernel: UnaryKernel) {
  const grain = SLOW.has(kernel) ? GRAIN / 8 : GRAIN;
  return (y: Tensor, { x }: UnaryInputs): void => parallel(kernel, x.size, grain, x.ptr, y.ptr);
}

function runBackward(kernel: BackwardKernel, dy: Tensor, xy: Tensor): Tensor {
  const dx = empty(dy.shape, "f32", kernel);
  parallel(kernel, dy.size, GRAIN, dy.ptr, xy.ptr, dx.ptr);
  return dx;
}

const reluOp = defineOp({
  name: "relu",
  shape: sameAsInput,
  forward(y, { x }) {
    const { deferred } = x.storage;
    if (!deferred?.absorbs.has("activation")) {
      parallel("relu", x.size, GRAIN, x.ptr, y.ptr);
      return {};
    }
    deferred.write(y.ptr, { activation: "relu" });
    return { coefficients: deferred.scaled?.coefficients };
  },
  saves: ["y"],
  vjp: {
    x(dy, { y, aux }) {
      const dx = empty(dy.shape, "f32", "relu gradient");
      dx.storage.defer(maskedGradient(dy.storage, y.storage, y.size, aux.coefficients));
      return dx;
    },
  },
});

const sigmoidOp = defineOp({
  name: "sigmoid",
  shape: sameAsInput,
  forward: runUnary("sigmoid"),
  saves: ["y"],
  vjp: { x: (dy, { y }) => runBackward("sigmoidBackward", dy, y) },
});

const tanhOp = defineOp({
  name: "tanh",
  shape: sameAsInput,
  forward: runUnary("tanh"),
  saves: ["y"],
  vjp: { x: (dy, { y }) => runBackward("tanhBackward", dy, y) },
});

const expOp = defineOp({
  name: "exp",
  shape: sameAsInput,
  forward: runUnary("exp"),
  saves: ["y"],
  vjp: { x: (dy, { y }) => mul(dy, y) },
});

const logOp = defineOp({
  name: "log",
  shape: sameAsInput,
  forward: runUnary("log"),
  saves: ["x"],
  vjp: { x: (dy, { x }) => div(dy, x) },
});

const sqrtOp = defineOp({
  name: "sqrt",
  shape: sameAsInput,
  forward: runUnary("sqrt"),
  saves: ["y"],
  vjp: { x: (dy, { y }) => div(affine(dy, 0.5), y) },
});

const absOp = defineOp({
  name: "abs",
  shape: sameAsInput,
  forward: runUnary("abs"),
  saves: ["x"],
  vjp: { x: (dy, { x }) => runBackward("absBackward", dy, x) },
});

const negOp = defineOp({
  name: "neg",
  shape: sameAsInput,
  forward: runUnary("neg"),
  saves: [],
  vjp: { x: (dy) => neg(dy) },
});

const affineOp = defineOp({
  name: "affine",
  shape({ x }: UnaryInputs, { scale, shift }: { scale: number; shift: number }) {
    if (typeof scale === "number" && typeof shift === "number") return x.shape;
    throw new ShapeError(
      `affine: scale and shift must be numbers; got ${kindOf(scale)} and ${kindOf(shift)}`,
    );
  },
  forward: (y, { x }, { scale, shift }) => parallel("affine", x.size, GRAIN, x.ptr, y.ptr, scale, shift),
  saves: [],
  vjp: { x: (dy, _, { scale }) => affine(dy, scale) },
});

/** One loop over axes that a and b walk alike: neighbouring axes are merged, so most calls need one kernel call. */
function runBinary(kernel: BinaryKernel) {
  return (y: Tensor, { a, b }: BinaryInputs): void => {
    if (sameShape(a.shape, b.shape)) {
      parallel(kernel, y.size, GRAIN, a.ptr, b.ptr, y.ptr, 0);
      return;
    }
    const { sizes, aSteps, bSteps } = mergeAxes(y.shape, broadcastStrides(a, y), broadcastStrides(b, y));
    const columns = sizes.pop() ?? 1;
    const aStep = aSteps.pop() ?? 0;
    const bStep = bSteps.pop() ?? 0;
    const rows = sizes.pop() ?? 1;
    const aRow = aSteps.pop() ?? 0;
    const bRow = bSteps.pop() ?? 0;
    const walk = (axis: number, aPtr: number, bPtr: number, yPtr: number): number => {
      if (axis === sizes.length) {
        withStruct("Broadcast", { columns, aRow, bRow, aStep, bStep }, (broadcast) => {
          parallel(kernel, rows * columns, GRAIN, aPtr, bPtr, yPtr, broadcast);
        });
        return yPtr + rows * columns * 4;
      }
      for (let i = 0; i < sizes[axis]!; i++) {
        yPtr = walk(axis + 1, aPtr + i * aSteps[axis]! * 4, bPtr + i * bSteps[axis]! * 4, yPtr);
      }
      return yPtr;
    };
    if (y.size > 0) walk(0, a.ptr, b.ptr, y.ptr);
  };
}

/** Strides of x seen with y's axes: 0 where x is stretched. */
function broadcastStrides(x: Tensor, y: Tensor): number[] {
  const strides = stridesOf(x.shape);
  const lead = y.shape.length - x.shape.length;
  return y.shape.map((n, i) => (i < lead || x.shape[i - lead] !== n || n === 1 ? 0 : strides[i - lead]!));
}

function mergeAxes(
  shape: Shape,
  a: number[],
  b: number[],
): { sizes: number[]; aSteps: number[]; bSteps: number[] } {
  const sizes: number[] = [];
  const aSteps: number[] = [];
  const bSteps: number[] = [];
  shape.forEach((n, i) => {
    if (n === 1) return;
    const last = sizes.length - 1;
    if (last >= 0 && aSteps[last] === a[i]! * n && bSteps[last] === b[i]! * n) {
      sizes[last]! *= n;
      aSteps[last] = a[i]!;
      bSteps[last] = b[i]!;
    } else {
      sizes.push(n);
      aSteps.push(a[i]!);
      bSteps.push(b[i]!);
    }
  });
  return { sizes, aSteps, bSteps };
}

function broadcastRule(name: string) {
  return ({ a, b }: BinaryInputs): Shape => broadcastShapes(name, a.shape, b.shape);
}

const addKernel = runBinary("add");

const addOp = defineOp({
  name: "add",
  shape: broadcastRule("add"),
  forward(y, { a, b }) {
    if (!sameShape(a.shape, b.shape)) {
      addKernel(y, { a, b });
      return;
    }
    // A normalised operand takes the other one in when its values are computed.
    for (const [t, other] of [
      [a, b],
      [b, a],
    ] as const) {
      const { deferred } = t.storage;
      if (!deferred?.absorbs.has("residual")) continue;
      y.storage.defer(withResidual(deferred, other.storage));
      return;
    }
    addKernel(y, { a, b });
  },
  saves: [],
  vjp: { a: (dy) => dy, b: (dy) => dy },
});

const subOp = defineOp({
  name: "sub",
  shape: broadcastRule("sub"),
  forward: runBinary("sub"),
  saves: [],
  vjp: { a: (dy) => dy, b: (dy) => neg(dy) },
});

const mulOp = defineOp({
  name: "mul",
  shape: broadcastRule("mul"),
  forward: runBinary("mul"),
  saves: ["a", "b"],
  vjp: { a: (dy, { b }) => mul(dy, b), b: (dy, { a }) => mul(dy, a) },
});

const divOp = defineOp({
  name: "div",
  shape: broadcastRule("div"),
  forward: runBinary("div"),
  saves: ["b", "y"],
  vjp: { a: (dy, { b }) => div(dy, b), b: (dy, { b, y }) => neg(div(mul(dy, y), b)) },
});

/** 1 where a > b, ½ where a = b, else 0: PyTorch shares the gradient between equal inputs. */
function wins(a: Tensor, b: Tensor): Tensor {
  return affine(sub(greaterEqual(a, b), greaterEqual(b, a)), 0.5, 0.5);
}

const maximumOp = defineOp({
  name: "maximum",
  shape: broadcastRule("maximum"),
  forward: runBinary("maximum"),
  saves: ["a", "b"],
  vjp: { a: (dy, { a, b }) => mul(dy, wins(a, b)), b: (dy, { a, b }) => mul(dy, wins(b, a)) },
});

const minimumOp = defineOp({
  name: "minimum",
  shape: broadcastRule("minimum"),
  forward: runBinary("minimum"),
  saves: ["a", "b"],
  vjp: { a: (dy, { a, b }) => mul(dy, wins(b, a)), b: (dy, { a, b }) => mul(dy, wins(a, b)) },
});

const greaterEqualOp = defineOp({
  name: "greaterEqual",
  shape: broadcastRule("greaterEqual"),
  forward: runBinary("greaterEqual"),
  saves: [],
  vjp: {},
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
  forward: (y, { x }, { p, seed }) => parallel("dropout", x.size, GRAIN / 4, x.ptr, y.ptr, p, seed),
  saves: [],
  vjp: { x: (dy, _, { p, seed }) => dropout(dy, p, seed) },
});

/** max(x, 0). */
export function relu(x: Tensor): Tensor {
  return reluOp({ x });
}
/** 1 / (1 + e⁻ˣ). */
export function sigmoid(x: Tensor): Tensor {
  return sigmoidOp({ x });
}
/** Hyperbolic tangent. */
export function tanh(x: Tensor): Tensor {
  return tanhOp({ x });
}
/** eˣ. */
export function exp(x: Tensor): Tensor {
  return expOp({ x });
}
/** Natural logarithm; −Infinity at 0, NaN below. */
export function log(x: Tensor): Tensor {
  return logOp({ x });
}
/** Square root; NaN below 0. */
export function sqrt(x: Tensor): Tensor {
  return sqrtOp({ x });
}
/** Absolute value; its gradient at 0 is 0. */
export function abs(x: Tensor): Tensor {
  return absOp({ x });
}
/** −x. */
export function neg(x: Tensor): Tensor {
  return negOp({ x });
}
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
/** 1 where a ≥ b, else 0. No gradient. Shapes broadcast. @throws ShapeError if they do not */
export function greaterEqual(a: Tensor, b: Tensor): Tensor {
  return greaterEqualOp({ a, b });
}
/**
 * Zeroes each element with probability p and scales the others by 1/(1 − p); which ones depends on `seed` alone.
 * @throws ShapeError unless 0 ≤ p < 1
 */
export function dropout(x: Tensor, p: number, seed: number): Tensor {
  return dropoutOp({ x }, { p, seed });
}
