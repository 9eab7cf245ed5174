// Learning-rate schedules: functions from the step to the learning rate, without state. Names and formulas are PyTorch's.

import { DataError, show } from "../errors.js";
import { checkOptions, wrongKind } from "../errors/options.js";
import {
  COSINE_NAMES,
  EXPONENTIAL_NAMES,
  MULTISTEP_NAMES,
  POLYNOMIAL_NAMES,
  SCHEDULE_NAMES,
  STEP_NAMES,
} from "./option-names.js";
import { checkRange } from "./optimizer.js";

/**
 * The learning rate of a step (0, 1, …), given the evaluation losses of the epochs finished before it. The same arguments
 * give the same rate, so training can be taken up anywhere.
 */
export type Schedule = (step: number, evalLosses?: readonly number[]) => number;

/** What every schedule takes. */
export interface ScheduleOptions {
  /** The rate that the schedule starts from, after the warm-up. */
  lr: number;
  /** Steps in which the rate rises on a straight line from warmupLr to what the schedule says at their end. Default 0. */
  warmupSteps?: number;
  /** Rate of step 0 if there is a warm-up. Default 0. */
  warmupLr?: number;
  /** Optimizer steps of an epoch. Needed by perEpoch alone. */
  stepsPerEpoch?: number;
  /** Change the rate between epochs only (a warm-up still rises with every step). Lengths stay in steps. Default false. */
  perEpoch?: boolean;
}

/** A rate as a function of the time in steps: whole steps, or whole epochs' steps. */
type Curve = (time: number, evalLosses: readonly number[]) => number;

/** @throws DataError unless the value is an integer of at least `least` */
export function checkSteps(what: string, value: number | undefined, least = 1): void {
  if (value === undefined || !Number.isInteger(value) || value < least) {
    throw new DataError(`${what} must be an integer ≥ ${least}; got ${value}`);
  }
}

/** @throws DataError unless 0 ≤ minLr ≤ lr */
export function checkMinLr(name: string, minLr: number, lr: number): void {
  checkRange(`${name}: minLr`, minLr, 0, Infinity);
  if (minLr > lr) throw new DataError(`${name}: minLr must be at most lr ${lr}; got ${minLr}`);
}

/** @throws DataError for an option that the schedule does not take */
export function checkNames(name: string, options: object, own: Record<string, true>): void {
  checkOptions<object>(name, options, { ...SCHEDULE_NAMES, ...own });
}

/** Puts the warm-up before a curve, and holds it still within epochs where asked for. */
export function schedule(name: string, options: ScheduleOptions, curve: Curve): Schedule {
  const { lr, warmupSteps = 0, warmupLr = 0, stepsPerEpoch, perEpoch = false } = options;
  checkRange(`${name}: lr`, lr, 0, Infinity);
  checkSteps(`${name}: warmupSteps`, warmupSteps, 0);
  checkRange(`${name}: warmupLr`, warmupLr, 0, Infinity);
  if (warmupSteps > 0 && warmupLr > lr) {
    throw new DataError(`${name}: warmupLr must be at most lr ${lr}; got ${warmupLr}`);
  }
  if (perEpoch) checkSteps(`${name}: stepsPerEpoch`, stepsPerEpoch);
  const unit = perEpoch ? stepsPerEpoch! : 1;
  const at: Curve = (step, losses) => curve(Math.floor(step / unit) * unit, losses);
  return (step, losses = []) => {
    checkRange(`${name}: step`, step, 0, Infinity);
    if (!Array.isArray(losses)) throw wrongKind(name, "evalLosses", losses, "an array of losses");
    if (step >= warmupSteps) return at(step, losses);
    return warmupLr + (at(warmupSteps, losses) - warmupLr) * (step / warmupSteps);
  };
}

/** xⁿ for an integer n ≥ 0 by squaring: the same bits on every engine, which Math.pow does not promise. */
function power(x: number, n: number): number {
  let result = 1;
  for (; n > 0; n = Math.floor(n / 2)) {
    if (n % 2 === 1) result *= x;
    x *= x;
  }
  return result;
}

/** Always lr. */
export function constant(options: ScheduleOptions): Schedule {
  checkNames("constant", options, {});
  return schedule("constant", options, () => options.lr);
}

export interface StepOptions extends ScheduleOptions {
  /** Steps after which the rate is multiplied by gamma, again and again. */
  stepSize: number;
  /** Default 0.1. */
  gamma?: number;
}

/** lr·gamma^⌊step / stepSize⌋: PyTorch's StepLR. @throws DataError for an option outside its range */
export function stepDecay(options: StepOptions): Schedule {
  checkNames("step", options, STEP_NAMES);
  const { lr, stepSize, gamma = 0.1 } = options;
  checkSteps("step: stepSize", stepSize);
  checkRange("step: gamma", gamma, 0, Infinity);
  return schedule("step", options, (time) => lr * power(gamma, Math.floor(time / stepSize)));
}

export interface MultiStepOptions extends ScheduleOptions {
  /** Steps from which on the rate is multiplied by gamma once more. */
  milestones: readonly number[];
  /** Default 0.1. */
  gamma?: number;
}

/** lr·gamma^(milestones passed): PyTorch's MultiStepLR. @throws DataError for an option outside its range */
export function multiStep(options: MultiStepOptions): Schedule {
  checkNames("multistep", options, MULTISTEP_NAMES);
  const { lr, milestones, gamma = 0.1 } = options;
  if (!Array.isArray(milestones)) {
    throw new DataError(`multistep: milestones must be a list of steps; got ${show(milestones)}`);
  }
  for (const milestone of milestones) checkSteps("multistep: milestones", milestone);
  checkRange("multistep: gamma", gamma, 0, Infinity);
  const passed = (time: number): number => milestones.filter((m) => m <= time).length;
  return schedule("multistep", options, (time) => lr * power(gamma, passed(time)));
}

export interface ExponentialOptions extends ScheduleOptions {
  /** What the rate is multiplied by after each step; with perEpoch, after each epoch. */
  gamma: number;
}

/** lr·gamma^step, with perEpoch lr·gamma^epoch: PyTorch's ExponentialLR. @throws DataError for an option outside its range */
export function exponential(options: ExponentialOptions): Schedule {
  checkNames("exponential", options, EXPONENTIAL_NAMES);
  const { lr, gamma, perEpoch = false, stepsPerEpoch } = options;
  checkRange("exponential: gamma", gamma, 0, Infinity);
  const unit = perEpoch ? stepsPerEpoch! : 1;
  return schedule("exponential", options, (time) => lr * power(gamma, Math.round(time / unit)));
}

export interface PolynomialOptions extends ScheduleOptions {
  /** Steps of the whole training, warm-up included. */
  totalSteps: number;
  /** Default 1: a straight line. */
  power?: number;
  /** The last rate. Default 0. */
  minLr?: number;
}

/** Share of the time between the warm-up and the end of training that has passed. */
function progress(
  name: string,
  { totalSteps = 0, warmupSteps = 0 }: Partial<PolynomialOptions>,
): (time: number) => number {
  checkSteps(`${name}: totalSteps`, totalSteps);
  if (warmupSteps >= totalSteps) {
    throw new DataError(
      `${name}: warmupSteps must be fewer than totalSteps ${totalSteps}; got ${warmupSteps}`,
    );
  }
  return (time) => Math.min(1, Math.max(0, (time - warmupSteps) / (totalSteps - warmupSteps)));
}

/**
 * minLr + (lr − minLr)·(1 − t)^power while t goes from 0 at the end of the warm-up to 1 at totalSteps: PyTorch's
 * PolynomialLR. @throws DataError for an option outside its range
 */
export function polynomial(options: PolynomialOptions): Schedule {
  checkNames("poly", options, POLYNOMIAL_NAMES);
  const { lr, power: exponent = 1, minLr = 0 } = options;
  const share = progress("poly", options);
  checkRange("poly: power", exponent, 0, Infinity);
  checkMinLr("poly", minLr, lr);
  return schedule("poly", options, (time) => minLr + (lr - minLr) * (1 - share(time)) ** exponent);
}

export interface CosineOptions extends ScheduleOptions {
  /** Steps of the whole training, warm-up included; with cycleSteps, not needed. */
  totalSteps?: number;
  /** Steps of the first cycle, which begins after the warm-up. Default: one cycle until totalSteps. */
  cycleSteps?: number;
  /** Each cycle is as many times as long as the one before. Default 1. */
  cycleMul?: number;
  /** The rate where a cycle ends. Default 0. */
  minLr?: number;
}

/**
 * minLr + (lr − minLr)·(1 + cos πt)/2 while t goes from 0 to 1: once, or in cycles that start again at lr. PyTorch's
 * CosineAnnealingLR and CosineAnnealingWarmRestarts. Loshchilov and Hutter, SGDR (2016), arXiv 1608.03983.
 * @throws DataError for an option outside its range
 */
export function cosine(options: CosineOptions): Schedule {
  checkNames("cosine", options, COSINE_NAMES);
  const { lr, cycleSteps, cycleMul = 1, warmupSteps = 0, minLr = 0 } = options;
  checkMinLr("cosine", minLr, lr);
  const rate = (t: number): number => minLr + ((lr - minLr) * (1 + Math.cos(Math.PI * t))) / 2;
  if (cycleSteps === undefined) {
    if (cycleMul !== 1) throw new DataError(`cosine: cycleMul needs cycleSteps; got ${cycleMul} without`);
    const share = progress("cosine", options);
    return schedule("cosine", options, (time) => rate(share(time)));
  }
  checkSteps("cosine: cycleSteps", cycleSteps);
  checkSteps("cosine: cycleMul", cycleMul);
  return schedule("cosine", options, (time) => {
    let left = Math.max(0, time - warmupSteps);
    let cycle = cycleSteps;
    if (cycleMul === 1) left %= cycle;
    for (; left >= cycle; cycle *= cycleMul) left -= cycle;
    return rate(left / cycle);
  });
}
