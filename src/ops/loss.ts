// Softmax and cross-entropy over the last axis.

import { defineOp } from "../core/op.js";
import { describe, type Shape } from "../core/shape.js";
import { tidy } from "../core/scope.js";
import { checkTensors, empty, tensor, type Tensor } from "../core/tensor.js";
import { ShapeError } from "../errors.js";
import { checkOptions } from "../errors/options.js";
import { withStruct } from "../wasm/parallel.js";
import { runtime } from "../wasm/runtime.js";
import { affine, mul, neg } from "./elementwise.js";
import { CROSS_ENTROPY } from "./option-names.js";
import { sum } from "./reduce.js";
import {
  checkLabels,
  checkReduction,
  checkSmoothing,
  checkTarget,
  perClass,
  targetRows,
  type ClassNumbers,
  type Reduction,
} from "./targets.js";

interface SoftmaxInputs {
  x: Tensor;
}

function lastAxis(name: string) {
  return ({ x }: SoftmaxInputs): Shape => {
    if (x.shape.length === 0 || x.shape.at(-1) === 0) {
      throw new ShapeError(`${name}: expected x:[…,n] with n ≥ 1; got ${describe({ x })}`);
    }
    return x.shape;
  };
}

function rowsOf(x: { shape: Shape; size: number }): [rows: number, n: number] {
  const n = x.shape.at(-1)!;
  return [x.size / n, n];
}

const logSoftmaxOp = defineOp({
  name: "logSoftmax",
  shape: lastAxis("logSoftmax"),
  forward: (y, { x }) => void runtime().kernels.logSoftmax(x.ptr, y.ptr, ...rowsOf(x)),
  saves: ["y"],
  vjp: {
    x(dy, { y }) {
      const dx = empty(dy.shape, "f32", "logSoftmaxBackward");
      runtime().kernels.logSoftmaxBackward(dy.ptr, y.ptr, dx.ptr, ...rowsOf(y));
      return dx;
    },
  },
});

const softmaxOp = defineOp({
  name: "softmax",
  shape: lastAxis("softmax"),
  forward: (y, { x }) => void runtime().kernels.softmax(x.ptr, y.ptr, ...rowsOf(x)),
  saves: ["y"],
  vjp: {
    x(dy, { y }) {
      const dx = empty(dy.shape, "f32", "softmaxBackward");
      runtime().kernels.softmaxBackward(dy.ptr, y.ptr, dx.ptr, ...rowsOf(y));
      return dx;
    },
  },
});

interface LossInputs {
  x: Tensor;
  target: Tensor;
}
interface LossAttrs {
  labelSmoothing: number;
  reduction: Reduction;
}

function checkLoss({ x, target }: LossInputs, { labelSmoothing, reduction }: LossAttrs): void {
  checkSmoothing("crossEntropy", labelSmoothing);
  checkReduction("crossEntropy", reduction);
  checkTarget("crossEntropy", x, target);
  if (target.dtype === "i32") checkLabels("crossEntropy", target, x.shape[1]!);
}

function lossShape(inputs: LossInputs, attrs: LossAttrs): Shape {
  checkLoss(inputs, attrs);
  return attrs.reduction === "none" ? [inputs.x.shape[0]!] : [];
}

/** Runs a kernel that writes one loss for each row, and reduces them into y. */
function reduceLosses(y: Tensor, reduction: Reduction, rows: number, run: (losses: number) => void): void {
  if (reduction === "none") {
    run(y.ptr);
    return;
  }
  const { kernels, heap } = runtime();
  heap.scratch(rows * 4, "crossEntropy", (losses) => {
    run(losses);
    kernels.sum(losses, y.ptr, 1, rows, 1, reduction === "mean" ? 1 / rows : 1);
  });
}

/** How the gradient of the reduced loss reaches each row: step between rows of dy, and factor. */
function spread(reduction: Reduction, rows: number): [dyStep: number, scale: number] {
  return [reduction === "none" ? 1 : 0, reduction === "mean" ? 1 / rows : 1];
}

/** Of class numbers (crossEntropy), or of probabilities (softCrossEntropy). */
function defineCrossEntropy(
  kernel: "crossEntropy" | "softCrossEntropy",
  gradient: "crossEntropyBackward" | "softCrossEntropyBackward",
) {
  return defineOp({
    name: kernel,
    dtypes: kernel === "crossEntropy" ? { target: "i32" } : {},
    shape: lossShape,
    forward(y, { x, target }, { labelSmoothing, reduction }) {
      const [rows, n] = rowsOf(x);
      const stats = empty([rows, 2], "f32", "crossEntropy");
      reduceLosses(y, reduction, rows, (losses) => {
        runtime().kernels[kernel](x.ptr, target.ptr, losses, stats.ptr, rows, n, labelSmoothing);
      });
      return { stats };
    },
    saves: ["x", "target"],
    vjp: {
      x(dy, { x, target, aux }, { labelSmoothing, reduction }) {
        const [rows, n] = rowsOf(x);
        const [dyStep, scale] = spread(reduction, rows);
        const dx = empty(x.shape, "f32", "crossEntropyBackward");
        const arrays = { dy: dy.ptr, x: x.ptr, target: target.ptr, stats: aux.stats.ptr, dx: dx.ptr };
        const fields = { ...arrays, dyStep, rows, n, smoothing: labelSmoothing, scale };
        withStruct("LossGradient", fields, (shape) => runtime().kernels[gradient](shape));
        return dx;
      },
    },
  });
}

const crossEntropyOp = defineCrossEntropy("crossEntropy", "crossEntropyBackward");
const softCrossEntropyOp = defineCrossEntropy("softCrossEntropy", "softCrossEntropyBackward");

/** @throws ShapeError for another axis than the last: that would be another result, and nobody had noticed */
function checkLast(op: string, x: Tensor, axis: number): void {
  checkTensors(op, { x });
  const last = x.shape.length - 1;
  if (axis === -1 || axis === last) return;
  throw new ShapeError(
    `${op}: goes over the last axis, ${last}; got axis ${String(axis)}; permute() x first`,
  );
}

/** x − ln Σ eˣ over the last axis. @throws ShapeError if it is empty, or another axis is given */
export function logSoftmax(x: Tensor, axis = -1): Tensor {
  checkLast("logSoftmax", x, axis);
  return logSoftmaxOp({ x });
}

/** eˣ / Σ eˣ over the last axis. @throws ShapeError if it is empty, or another axis is given */
export function softmax(x: Tensor, axis = -1): Tensor {
  checkLast("softmax", x, axis);
  return softmaxOp({ x });
}

export interface CrossEntropyOptions {
  /** Weight of each class. The mean over class indices is by the weights; over probabilities it is by the rows. Default 1. */
  weight?: ClassNumbers;
  /** Share of the target spread evenly over the classes, in [0, 1]. Default 0. */
  labelSmoothing?: number;
  /** Default "mean". */
  reduction?: Reduction;
}

/**
 * −Σ_j w_j·t_j·logSoftmax(x)_j for each row of logits x:[n,classes]. target is class indices (i32:[n]) or, for mixed or
 * distilled labels, probabilities (f32:[n,classes]). Gives a scalar, or [n] with reduction "none". Weights and means are
 * PyTorch's. Label smoothing: Szegedy et al. (2015), arXiv 1512.00567.
 * @throws ShapeError unless the shapes fit; DataError for a label outside 0…classes − 1
 */
export function crossEntropy(x: Tensor, target: Tensor, options: CrossEntropyOptions = {}): Tensor {
  checkTensors("crossEntropy", { x, target });
  checkOptions<CrossEntropyOptions>("crossEntropy", options, CROSS_ENTROPY);
  const { weight, labelSmoothing = 0, reduction = "mean" } = options;
  const attrs = { labelSmoothing, reduction };
  if (weight !== undefined) return weightedCrossEntropy(x, target, weight, attrs);
  return target.dtype === "f32"
    ? softCrossEntropyOp({ x, target }, attrs)
    : crossEntropyOp({ x, target }, attrs);
}

function weightedCrossEntropy(x: Tensor, target: Tensor, weight: ClassNumbers, attrs: LossAttrs): Tensor {
  const { labelSmoothing, reduction } = attrs;
  const name = "crossEntropy";
  checkLoss({ x, target }, attrs);
  const [n, classes] = x.shape as [number, number];
  const weights = perClass(name, "weight", weight, classes);
  const rows = targetRows(name, x, target, labelSmoothing).map((t, i) => t * weights[i % classes]!);
  const labels = target.dtype === "i32" ? Array.from(target.view) : undefined;
  const whole = labels ? labels.reduce((total, label) => total + weights[label]!, 0) : n;
  return tidy(() => {
    const losses = neg(sum(mul(tensor(rows, x.shape), logSoftmax(x)), 1));
    if (reduction === "none") return losses;
    return reduction === "sum" ? sum(losses) : affine(sum(losses), 1 / whole);
  });
}
