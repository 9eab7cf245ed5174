// Softmax and cross-entropy over the last axis.

import { defineOp } from "../core/op.js";
import { definePlan } from "../core/planned.js";
import { describe, type Shape } from "../core/shape.js";
import { tidy } from "../core/scope.js";
import { checkTensors, empty, tensor, type Tensor } from "../core/tensor.js";
import { ShapeError } from "../errors.js";
import { checkOptions } from "../errors/options.js";
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
  type LossTarget,
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

/** y = kernel(x) over rows, whose gradient needs y. */
function defineSoftmax(name: "softmax" | "logSoftmax") {
  const kernel = `${name}Backward` as const;
  const gradient = definePlan<{ dy: Tensor; y: Tensor }, object>(kernel, (p, dx, { dy, y }) =>
    p.call(kernel, dy.ptr, y.ptr, dx.ptr, ...rowsOf(dx)),
  );
  return defineOp({
    name,
    shape: lastAxis(name),
    plan: (p, y, { x }) => p.call(name, x.ptr, y.ptr, ...rowsOf(x)),
    saves: ["y"],
    vjp: { x: (dy, { y }) => gradient(dy.shape, { dy, y }, {}) },
  });
}

const logSoftmaxOp = defineSoftmax("logSoftmax");
const softmaxOp = defineSoftmax("softmax");

interface LossInputs {
  x: Tensor;
  target: LossTarget;
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

/** The gradient for class numbers (crossEntropy), or for probabilities (softCrossEntropy). */
function defineCrossEntropy(name: "crossEntropy" | "softCrossEntropy") {
  const soft = name === "softCrossEntropy" ? 1 : 0;
  const gradient = definePlan<LossInputs & { dy: Tensor; stats: Tensor }, LossAttrs>(
    `${name}Backward`,
    (p, dx, { dy, x, target, stats }, { labelSmoothing: smoothing, reduction }) => {
      const [rows, n] = rowsOf(x);
      const scale = reduction === "mean" ? 1 / rows : 1;
      const arrays = { dy: dy.ptr, x: x.ptr, target: target.ptr, stats: stats.ptr, dx: dx.ptr };
      const dyStep = reduction === "none" ? 1 : 0;
      p.call(
        "crossEntropyBackward",
        p.struct("LossGradient", { ...arrays, soft, dyStep, rows, n, smoothing, scale }),
      );
    },
  );
  return defineOp({
    name,
    dtypes: soft ? {} : { target: "i32" },
    shape: lossShape,
    extras: ({ x }) => ({ stats: empty([x.shape[0]!, 2], "f32", "crossEntropy") }),
    plan(p, y, { x, target, stats }, { labelSmoothing, reduction }) {
      const [rows, n] = rowsOf(x);
      const rowLosses = (losses: number): void =>
        p.call("crossEntropy", x.ptr, target.ptr, soft, losses, stats.ptr, rows, n, labelSmoothing);
      if (reduction === "none") return rowLosses(y.ptr);
      p.scratch(rows * 4, (losses) => {
        rowLosses(losses);
        p.call("sum", losses, y.ptr, 1, rows, 1, reduction === "mean" ? 1 / rows : 1);
      });
    },
    saves: ["x", "target"],
    vjp: {
      x: (dy, { x, target, aux }, attrs) => gradient(x.shape, { dy, x, target, stats: aux.stats }, attrs),
    },
  });
}

const crossEntropyOp = defineCrossEntropy("crossEntropy");
const softCrossEntropyOp = defineCrossEntropy("softCrossEntropy");

/** @throws ShapeError for an axis other than the last, instead of silently returning another result */
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

/** Options of crossEntropy(). */
export interface CrossEntropyOptions {
  /** Weight of each class. The mean over class indices divides by the weights, over probabilities by the rows. Default 1. */
  weight?: ClassNumbers;
  /** Share of the target spread evenly over the classes, in [0, 1]. Default 0. */
  labelSmoothing?: number;
  /** Default "mean". */
  reduction?: Reduction;
}

/**
 * −Σ_j w_j·t_j·logSoftmax(x)_j for each row of logits x:[n,classes]. target is class indices (i32:[n]) or, for mixed or
 * distilled labels, probabilities (f32:[n,classes]). Returns a scalar, or [n] with reduction "none". Weights and means are
 * PyTorch's. Label smoothing: Szegedy et al. (2015), arXiv 1512.00567.
 * @throws ShapeError unless the shapes fit; DataError for a label outside 0…classes − 1
 */
export function crossEntropy(x: Tensor, target: LossTarget, options: CrossEntropyOptions = {}): Tensor {
  checkTensors("crossEntropy", { x, target });
  checkOptions<CrossEntropyOptions>("crossEntropy", options, CROSS_ENTROPY);
  const { weight, labelSmoothing = 0, reduction = "mean" } = options;
  const attrs = { labelSmoothing, reduction };
  if (weight !== undefined) return weightedCrossEntropy(x, target, weight, attrs);
  return target.dtype === "f32"
    ? softCrossEntropyOp({ x, target }, attrs)
    : crossEntropyOp({ x, target }, attrs);
}

function weightedCrossEntropy(x: Tensor, target: LossTarget, weight: ClassNumbers, attrs: LossAttrs): Tensor {
  const { labelSmoothing, reduction } = attrs;
  const name = "crossEntropy";
  checkLoss({ x, target }, attrs);
  const [n, classes] = x.shape as [number, number];
  const weights = perClass(name, "weight", weight, classes);
  const rows = targetRows(name, x, target, labelSmoothing).map((t, i) => t * weights[i % classes]!);
  const labels = target.dtype === "i32" ? Array.from(target.view()) : undefined;
  const whole = labels ? labels.reduce((total, label) => total + weights[label]!, 0) : n;
  return tidy(() => {
    const losses = neg(sum(mul(tensor(rows, x.shape), logSoftmax(x)), 1));
    if (reduction === "none") return losses;
    return reduction === "sum" ? sum(losses) : affine(sum(losses), 1 / whole);
  });
}
