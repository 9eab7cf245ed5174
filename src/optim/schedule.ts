// Learning-rate schedules: functions from the step to the learning rate, without state. Names and formulas are PyTorch's.

import { DataError, show } from "../errors.js";
import { wrongKind } from "../errors/options.js";
import {
  checkRange,
  checkSteps,
  count,
  flag,
  needed,
  noDefault,
  number,
  option,
  readOptions,
  type OptionsOf,
} from "./options.js";

/**
 * The learning rate of a step (0, 1, …), given the evaluation losses of the epochs finished before it. The same arguments
 * give the same rate, so training can resume anywhere.
 */
export type Schedule = (step: number, evalLosses?: readonly number[]) => number;

/** Options that every schedule accepts, whether it uses them or not. */
export const SCHEDULE = {
  /** The rate that the schedule starts from, after the warm-up. */
  lr: needed(number(0)),
  /** Steps in which the rate rises in a straight line from warmupLr to the schedule's value at their end. Default 0. */
  warmupSteps: count(0, 0),
  /** Rate of step 0 if there is a warm-up. Default 0. */
  warmupLr: number(0),
  /** Optimizer steps in an epoch. Needed only for perEpoch. */
  stepsPerEpoch: noDefault(count(1, 1)),
  /** Change the rate only between epochs (a warm-up still rises with every step). Lengths stay in steps. Default false. */
  perEpoch: flag(false),
  /** Steps of the whole training run, including the warm-up. */
  totalSteps: noDefault(count(1, 1)),
};

/** Options that all schedules take. @useDeclaredType */
export type ScheduleOptions = OptionsOf<typeof SCHEDULE>;

/** A rate as a function of the time in steps: whole steps, or whole epochs' steps. */
type Curve = (time: number, evalLosses: readonly number[]) => number;

/** @throws DataError unless minLr ≤ lr */
export function checkMinLr(name: string, minLr: number, lr: number): void {
  if (minLr > lr) throw new DataError(`${name}: minLr must be at most lr ${lr}; got ${minLr}`);
}

/** The arguments of schedule(). */
interface Pace {
  lr: number;
  warmupSteps: number;
  warmupLr: number;
  stepsPerEpoch: number | undefined;
  perEpoch: boolean;
}

/** Puts the warm-up before a curve, and keeps the rate constant within epochs if requested. */
export function schedule(name: string, pace: Pace, curve: Curve): Schedule {
  const { lr, warmupSteps, warmupLr, stepsPerEpoch, perEpoch } = pace;
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
  const own = readOptions("constant", SCHEDULE, options);
  return schedule("constant", own, () => own.lr);
}

export const STEP = {
  ...SCHEDULE,
  /** The rate is multiplied by gamma each time after this many steps. */
  stepSize: needed(count(1, 1)),
  /** Default 0.1. */
  gamma: number(0.1),
};

/** Options of stepDecay(). @useDeclaredType */
export type StepOptions = OptionsOf<typeof STEP>;

/** lr·gamma^⌊step / stepSize⌋: PyTorch's StepLR. @throws DataError for an option outside its range */
export function stepDecay(options: StepOptions): Schedule {
  const own = readOptions("step", STEP, options);
  const { lr, stepSize, gamma } = own;
  return schedule("step", own, (time) => lr * power(gamma, Math.floor(time / stepSize)));
}

function checkMilestones(what: string, milestones: readonly number[] | undefined): void {
  if (!Array.isArray(milestones)) {
    throw new DataError(`${what} must be a list of steps; got ${show(milestones)}`);
  }
  for (const milestone of milestones as number[]) checkSteps(what, milestone);
}

export const MULTISTEP = {
  ...SCHEDULE,
  /** At each of these steps, the rate is multiplied by gamma once more. */
  milestones: needed(option<readonly number[]>([], checkMilestones)),
  /** Default 0.1. */
  gamma: number(0.1),
};

/** Options of multiStep(). @useDeclaredType */
export type MultiStepOptions = OptionsOf<typeof MULTISTEP>;

/** lr·gamma^(milestones passed): PyTorch's MultiStepLR. @throws DataError for an option outside its range */
export function multiStep(options: MultiStepOptions): Schedule {
  const own = readOptions("multistep", MULTISTEP, options);
  const { lr, milestones, gamma } = own;
  const passed = (time: number): number => milestones.filter((m) => m <= time).length;
  return schedule("multistep", own, (time) => lr * power(gamma, passed(time)));
}

export const EXPONENTIAL = {
  ...SCHEDULE,
  /** Factor of the rate after each step; with perEpoch, after each epoch. */
  gamma: needed(number(0.9)),
};

/** Options of exponential(). @useDeclaredType */
export type ExponentialOptions = OptionsOf<typeof EXPONENTIAL>;

/** lr·gamma^step, with perEpoch lr·gamma^epoch: PyTorch's ExponentialLR. @throws DataError for an option outside its range */
export function exponential(options: ExponentialOptions): Schedule {
  const own = readOptions("exponential", EXPONENTIAL, options);
  const { lr, gamma, perEpoch, stepsPerEpoch } = own;
  const unit = perEpoch ? stepsPerEpoch! : 1;
  return schedule("exponential", own, (time) => lr * power(gamma, Math.round(time / unit)));
}

export const POLYNOMIAL = {
  ...SCHEDULE,
  /** Steps of the whole training run, including the warm-up. */
  totalSteps: needed(count(1, 1)),
  /** Default 1: a straight line. */
  power: number(1),
  /** The last rate. Default 0. */
  minLr: number(0),
};

/** Options of polynomial(). @useDeclaredType */
export type PolynomialOptions = OptionsOf<typeof POLYNOMIAL>;

/** Elapsed share of the time between the warm-up and the end of training. */
function progress(
  name: string,
  { totalSteps, warmupSteps }: { totalSteps: number; warmupSteps: number },
): (time: number) => number {
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
  const own = readOptions("poly", POLYNOMIAL, options);
  const { lr, power: exponent, minLr } = own;
  const share = progress("poly", own);
  checkMinLr("poly", minLr, lr);
  return schedule("poly", own, (time) => minLr + (lr - minLr) * (1 - share(time)) ** exponent);
}

export const COSINE = {
  ...SCHEDULE,
  /** Steps of the whole training run, including the warm-up; not needed with cycleSteps. */
  totalSteps: noDefault(count(1, 1)),
  /** Steps of the first cycle, which begins after the warm-up. Without it: one cycle until totalSteps. */
  cycleSteps: noDefault(count(1, 1)),
  /** Length of each cycle relative to the one before. Default 1. */
  cycleMul: count(1, 1),
  /** The rate at the end of a cycle. Default 0. */
  minLr: number(0),
};

/** Options of cosine(). @useDeclaredType */
export type CosineOptions = OptionsOf<typeof COSINE>;

/**
 * minLr + (lr − minLr)·(1 + cos πt)/2 while t goes from 0 to 1: once, or in cycles that start again at lr. PyTorch's
 * CosineAnnealingLR and CosineAnnealingWarmRestarts. Loshchilov and Hutter, SGDR (2016), arXiv 1608.03983.
 * @throws DataError for an option outside its range
 */
export function cosine(options: CosineOptions): Schedule {
  const own = readOptions("cosine", COSINE, options);
  const { lr, totalSteps, cycleSteps, cycleMul, warmupSteps, minLr } = own;
  checkMinLr("cosine", minLr, lr);
  const rate = (t: number): number => minLr + ((lr - minLr) * (1 + Math.cos(Math.PI * t))) / 2;
  if (cycleSteps === undefined) {
    if (cycleMul !== 1) throw new DataError(`cosine: cycleMul needs cycleSteps; got ${cycleMul} without`);
    checkSteps("cosine: totalSteps", totalSteps);
    const share = progress("cosine", { totalSteps: totalSteps!, warmupSteps });
    return schedule("cosine", own, (time) => rate(share(time)));
  }
  return schedule("cosine", own, (time) => {
    let left = Math.max(0, time - warmupSteps);
    let cycle = cycleSteps;
    if (cycleMul === 1) left %= cycle;
    for (; left >= cycle; cycle *= cycleMul) left -= cycle;
    return rate(left / cycle);
  });
}
