// Losses for a yes or no per class: binary cross-entropy and the focal losses. Composed of other operations, in forms
// that neither overflow nor cancel at any finite logit.

import { noGrad } from "../core/grad-mode.js";
import { defineOp } from "../core/op.js";
import { tidy } from "../core/scope.js";
import { checkTensors, tensor, type Tensor } from "../core/tensor.js";
import { ShapeError } from "../errors.js";
import { checkOptions, kindOf } from "../errors/options.js";
import { relu } from "./activation.js";
import { abs, add, affine, div, exp, log, mul, neg, sigmoid, sub } from "./elementwise.js";
import { logSoftmax } from "./loss.js";
import { BINARY_CROSS_ENTROPY, FOCAL } from "./option-names.js";
import { reduced, sum } from "./reduce.js";
import {
  checkReduction,
  checkSmoothing,
  checkTarget,
  perClass,
  targetRows,
  type ClassNumbers,
  type LossTarget,
  type Reduction,
} from "./targets.js";

/** ln(1 + u) for u in [0, 1]: ln w, with w = 1 + u rounded, plus a correction for the rounding. */
function log1p(u: Tensor): Tensor {
  const w = affine(u, 1, 1);
  return add(log(w), div(sub(u, affine(w, 1, -1)), w));
}

const logSigmoidOp = defineOp({
  name: "logSigmoid",
  shape: ({ x }: { x: Tensor }) => x.shape,
  forward(y, { x }) {
    const below = noGrad(() => neg(add(relu(neg(x)), log1p(exp(neg(abs(x)))))));
    y.copyFrom(below);
  },
  saves: ["x"],
  vjp: { x: (dy, { x }) => mul(dy, sigmoid(neg(x))) },
});

/** ln(1 / (1 + e⁻ˣ)) = min(x, 0) − ln(1 + e^−|x|), for x of any size. */
export function logSigmoid(x: Tensor): Tensor {
  return logSigmoidOp({ x });
}

/** Options of binaryCrossEntropyWithLogits(). */
export interface BinaryCrossEntropyOptions {
  /** Weight of the positive examples, for all classes or for each: above 1 it raises recall, below 1 precision. Default 1. */
  posWeight?: ClassNumbers;
  /**
   * Only for class indices, which become rows of 1 − s + s/classes and s/classes, as in timm's BinaryCrossEntropy; other
   * targets are not changed. Default 0.
   */
  labelSmoothing?: number;
  /** Default "mean": over images and classes. */
  reduction?: Reduction;
}

/**
 * −(posWeight·t·ln σ(x) + (1 − t)·ln σ(−x)) of logits x:[n,classes]. target is a number in [0, 1] for each class
 * (f32:[n,classes]) or class indices (i32:[n]), which become one-hot rows (R. Wightman, H. Touvron and H. Jégou, ResNet strikes
 * back, 2021, https://arxiv.org/abs/2110.00476). Returns a scalar, or [n, classes] with reduction "none".
 * @throws ShapeError unless shapes and options fit; DataError for a label outside 0…classes − 1
 */
export function binaryCrossEntropyWithLogits(
  x: Tensor,
  target: LossTarget,
  options: BinaryCrossEntropyOptions = {},
): Tensor {
  const op = "binaryCrossEntropyWithLogits";
  checkTensors(op, { x, target });
  checkOptions<BinaryCrossEntropyOptions>(op, options, BINARY_CROSS_ENTROPY);
  const { posWeight = 1, labelSmoothing = 0, reduction = "mean" } = options;
  checkReduction(op, reduction);
  checkSmoothing(op, labelSmoothing);
  checkTarget(op, x, target);
  const weights = perClass(op, "posWeight", posWeight, x.shape[1]!);
  const t = targetRows(op, x, target, target.dtype === "i32" ? labelSmoothing : 0);
  return tidy(() => reduced(binaryLosses(x, t, weights), reduction));
}

/** Losses [n, classes] of logits x and targets t. */
function binaryLosses(x: Tensor, t: Float32Array, posWeight?: Float32Array): Tensor {
  const positive = tensor(posWeight ? t.map((v, i) => v * posWeight[i % posWeight.length]!) : t, x.shape);
  const negative = tensor(
    t.map((v) => 1 - v),
    x.shape,
  );
  return neg(add(mul(positive, logSigmoid(x)), mul(negative, logSigmoid(neg(x)))));
}

/** Added to a power's base, so that its logarithm stays finite. The error is far below the other factor. */
const TINY = 1e-30;

/** q^gamma for q ≥ 0. */
const power = (q: Tensor, gamma: number): Tensor => exp(affine(log(affine(q, 1, TINY)), gamma));

/** Options of both focal losses. */
export interface FocalOptions {
  /** How much less a well-classified example counts: 0 for not at all. Default 2. */
  gamma?: number;
  /** Default "mean". */
  reduction?: Reduction;
}

/** Options of sigmoidFocalLoss(). */
export interface SigmoidFocalOptions extends FocalOptions {
  /** Weight of the positive examples, in [0, 1]; the negative ones have 1 − alpha. −1: all have weight 1. Default 0.25. */
  alpha?: number;
}

function checkGamma(op: string, gamma: number): void {
  if (typeof gamma !== "number" || !(gamma >= 0 && gamma < Infinity))
    throw new ShapeError(`${op}: gamma must be finite and ≥ 0; got ${kindOf(gamma)}`);
}

/**
 * The focal loss for several classes per image: binary cross-entropy times α_t·(1 − p_t)^gamma, p_t = p·t + (1 − p)·(1 − t) and
 * α_t likewise: torchvision's sigmoid_focal_loss, except for its default reduction, "none". target: as for
 * binaryCrossEntropyWithLogits. T.-Y. Lin, P. Goyal, R. Girshick, K. He and P. Dollár, Focal Loss for Dense Object
 * Detection (2017, https://arxiv.org/abs/1708.02002).
 * @throws ShapeError unless shapes and options fit; DataError for a label outside 0…classes − 1
 */
export function sigmoidFocalLoss(x: Tensor, target: LossTarget, options: SigmoidFocalOptions = {}): Tensor {
  const op = "sigmoidFocalLoss";
  checkTensors(op, { x, target });
  checkOptions<SigmoidFocalOptions>(op, options, FOCAL);
  const { alpha = 0.25, gamma = 2, reduction = "mean" } = options;
  checkReduction(op, reduction);
  checkGamma(op, gamma);
  if (typeof alpha !== "number" || !((alpha >= 0 && alpha <= 1) || alpha === -1)) {
    throw new ShapeError(`${op}: alpha must be in [0, 1], or −1; got ${kindOf(alpha)}`);
  }
  checkTarget(op, x, target);
  const t = targetRows(op, x, target);
  const weights = t.map((v) => (alpha < 0 ? 1 : alpha * v + (1 - alpha) * (1 - v)));
  return tidy(() => {
    const positive = tensor(t, x.shape);
    // 1 − p_t, without subtracting a p near 1 from 1
    const missed = add(mul(positive, sigmoid(neg(x))), mul(affine(positive, -1, 1), sigmoid(x)));
    const losses = mul(power(missed, gamma), binaryLosses(x, t));
    return reduced(mul(tensor(weights, x.shape), losses), reduction);
  });
}

/** Options of focalLoss(). */
export interface FocalLossOptions extends FocalOptions {
  /** α, for all classes or for each: with weights whose mean over the images is 1 the loss keeps its size. Default 1. */
  alpha?: ClassNumbers;
}

/**
 * The focal loss for one class per image: −Σ_j α_j·t_j·(1 − p_j)^gamma·ln p_j, p = softmax(x), of logits x:[n,classes]. target:
 * as for crossEntropy. Returns a scalar, or [n] with reduction "none". The mean is over the images, whatever their α, as in
 * torchvision's sigmoid_focal_loss and AdeelH's focal_loss on torch.hub (kornia's is over images and classes, 1/classes of it).
 * crossEntropy's mean over class indices divides by their weights: with gamma 0 the two differ only in that divisor.
 * Lin et al. (2017, https://arxiv.org/abs/1708.02002), with softmax for their sigmoid.
 * @throws ShapeError unless shapes and options fit; DataError for a label outside 0…classes − 1
 */
export function focalLoss(x: Tensor, target: LossTarget, options: FocalLossOptions = {}): Tensor {
  const op = "focalLoss";
  checkTensors(op, { x, target });
  checkOptions<FocalLossOptions>(op, options, FOCAL);
  const { alpha = 1, gamma = 2, reduction = "mean" } = options;
  checkReduction(op, reduction);
  checkGamma(op, gamma);
  checkTarget(op, x, target);
  const classes = x.shape[1]!;
  const weights = perClass(op, "alpha", alpha, classes);
  const t = targetRows(op, x, target).map((v, i) => v * weights[i % classes]!);
  return tidy(() => {
    const logP = logSoftmax(x);
    const missed = relu(affine(exp(logP), -1, 1)); // a p rounded up exceeds 1
    const losses = mul(power(missed, gamma), mul(tensor(t, x.shape), logP));
    return reduced(neg(sum(losses, 1)), reduction);
  });
}
