// Losses of numbers against numbers, and of log-probabilities; composed of other operations. PyTorch's names, options and means.

import { tidy } from "../core/scope.js";
import { describe, sameShape } from "../core/shape.js";
import { checkTensors, tensor, type Tensor } from "../core/tensor.js";
import { ShapeError } from "../errors.js";
import { checkOptions, kindOf, type Names } from "../errors/options.js";
import { eq } from "./compare.js";
import { abs, add, affine, exp, log, mul, neg, sub } from "./elementwise.js";
import { gather } from "./gather.js";
import { reshape } from "./movement.js";
import { HUBER, KL_DIV, LOSS, NLL, SMOOTH_L1 } from "./option-names.js";
import { reduced, sum } from "./reduce.js";
import { checkLabels, checkReduction, perClass, type ClassNumbers, type Reduction } from "./targets.js";
import { clamp } from "./where.js";

/** Options of mseLoss() and l1Loss(). */
export interface LossOptions {
  /** Default "mean": over all elements. */
  reduction?: Reduction;
}

/** Options of smoothL1Loss(). */
export interface SmoothL1Options extends LossOptions {
  /** Differences up to this are squared. Default 1; with 0 it is l1Loss(). */
  beta?: number;
}

/** Options of huberLoss(). */
export interface HuberOptions extends LossOptions {
  /** Differences up to this are squared. Default 1. */
  delta?: number;
}

/** Options of nllLoss(). */
export interface NllOptions extends LossOptions {
  /** Weight of each class; the mean divides by the weights. Default 1. */
  weight?: ClassNumbers;
}

/** Options of klDivLoss(). */
export interface KlDivOptions {
  /** Whether the target holds logarithms of probabilities too. Default false. */
  logTarget?: boolean;
  /** Default "mean": over all elements, as in PyTorch; "batchmean" divides by the first axis, which is the divergence's definition. */
  reduction?: Reduction | "batchmean";
}

function check<O extends object>(op: string, x: Tensor, target: Tensor, options: O, names: Names<O>): void {
  checkTensors(op, { x, target });
  checkOptions<O>(op, options, names);
  if (sameShape(x.shape, target.shape)) return;
  throw new ShapeError(`${op}: x and target must have one shape; got ${describe({ x, target })}`);
}

function checkSize(op: string, name: string, value: number, least: string): void {
  if (typeof value === "number" && (least === "> 0" ? value > 0 : value >= 0) && value < Infinity) return;
  throw new ShapeError(`${op}: ${name} must be finite and ${least}; got ${kindOf(value)}`);
}

/**
 * (x − target)² for tensors of one shape; a scalar, or with reduction "none" of their shape.
 * @throws ShapeError if the shapes differ; DataError for an unknown option
 */
export function mseLoss(x: Tensor, target: Tensor, options: LossOptions = {}): Tensor {
  check("mseLoss", x, target, options, LOSS);
  const { reduction = "mean" } = options;
  checkReduction("mseLoss", reduction);
  return tidy(() => {
    const off = sub(x, target);
    return reduced(mul(off, off), reduction);
  });
}

/** |x − target|, otherwise as mseLoss(). @throws ShapeError if the shapes differ; DataError for an unknown option */
export function l1Loss(x: Tensor, target: Tensor, options: LossOptions = {}): Tensor {
  check("l1Loss", x, target, options, LOSS);
  const { reduction = "mean" } = options;
  checkReduction("l1Loss", reduction);
  return tidy(() => reduced(abs(sub(x, target)), reduction));
}

/** ½·d² where d = |x − target| is up to delta, otherwise delta·(d − delta/2): c·(d − c/2) with c = min(d, delta). */
function huber(x: Tensor, target: Tensor, delta: number): Tensor {
  const off = abs(sub(x, target));
  const cut = clamp(off, undefined, delta);
  return mul(cut, sub(off, affine(cut, 0.5)));
}

/**
 * ½·d² where d = |x − target| is up to delta, otherwise delta·(d − delta/2); otherwise as mseLoss().
 * P. J. Huber, Robust Estimation of a Location Parameter (1964), https://doi.org/10.1214/aoms/1177703732.
 * @throws ShapeError if the shapes differ, or delta is not > 0; DataError for an unknown option
 */
export function huberLoss(x: Tensor, target: Tensor, options: HuberOptions = {}): Tensor {
  check("huberLoss", x, target, options, HUBER);
  const { delta = 1, reduction = "mean" } = options;
  checkReduction("huberLoss", reduction);
  checkSize("huberLoss", "delta", delta, "> 0");
  return tidy(() => reduced(huber(x, target, delta), reduction));
}

/**
 * ½·d²/beta where d = |x − target| is up to beta, otherwise d − beta/2; otherwise as mseLoss(). R. Girshick, Fast R-CNN (2015),
 * arXiv 1504.08083. @throws ShapeError if the shapes differ, or beta is not ≥ 0; DataError for an unknown option
 */
export function smoothL1Loss(x: Tensor, target: Tensor, options: SmoothL1Options = {}): Tensor {
  check("smoothL1Loss", x, target, options, SMOOTH_L1);
  const { beta = 1, reduction = "mean" } = options;
  checkReduction("smoothL1Loss", reduction);
  checkSize("smoothL1Loss", "beta", beta, "≥ 0");
  if (beta === 0) return l1Loss(x, target, { reduction });
  return tidy(() => reduced(affine(huber(x, target, beta), 1 / beta), reduction));
}

/**
 * −w·x[i, target[i]] of log-probabilities x:[n,classes], as logSoftmax() returns them, and class numbers target:[n]; the mean is
 * Σ w·loss / Σ w. crossEntropy() is logSoftmax() and this in one, and more exact.
 * @throws ShapeError unless the shapes fit; DataError for a class number outside 0…classes − 1, or an unknown option
 */
export function nllLoss(x: Tensor, target: Tensor<"i32">, options: NllOptions = {}): Tensor {
  checkTensors("nllLoss", { x, target });
  checkOptions<NllOptions>("nllLoss", options, NLL);
  const { weight = 1, reduction = "mean" } = options;
  checkReduction("nllLoss", reduction);
  const [n, classes] = x.shape as [number, number];
  if (x.shape.length !== 2 || x.size === 0 || target.dtype !== "i32" || !sameShape(target.shape, [n])) {
    const got = `${describe({ x, target })}, target ${target.dtype}`;
    throw new ShapeError(`nllLoss: expected x:[n,classes] and target i32:[n]; got ${got}`);
  }
  checkLabels("nllLoss", target, classes);
  const weights = perClass("nllLoss", "weight", weight, classes);
  const own = Float32Array.from(target.view(), (label) => weights[label]!);
  return tidy(() => {
    const index = tensor(target.data(), [n, 1]); // a copy: the heap may grow, which ends views
    const losses = mul(reshape(neg(gather(x, 1, index)), [n]), tensor(own));
    const whole = own.reduce((total, w) => total + w, 0);
    return reduction === "mean" ? affine(sum(losses), 1 / whole) : reduced(losses, reduction);
  });
}

/**
 * target·(ln target − x) of log-probabilities x and probabilities (with logTarget: their logarithms) of the same shape: the
 * Kullback–Leibler divergence of x from the target, S. Kullback and R. A. Leibler, On Information and Sufficiency (1951),
 * https://doi.org/10.1214/aoms/1177729694. @throws ShapeError if the shapes differ; DataError for an unknown option
 */
export function klDivLoss(x: Tensor, target: Tensor, options: KlDivOptions = {}): Tensor {
  check("klDivLoss", x, target, options, KL_DIV);
  const { logTarget = false, reduction = "mean" } = options;
  if (reduction !== "batchmean") checkReduction("klDivLoss", reduction);
  return tidy(() => {
    // Where the target is 0, its logarithm counts as 0.
    const logs = logTarget ? target : log(add(target, eq(target, 0)));
    const p = logTarget ? exp(target) : target;
    const losses = mul(p, sub(logs, x));
    if (reduction !== "batchmean") return reduced(losses, reduction);
    return affine(sum(losses), 1 / (x.shape[0] ?? 1));
  });
}
