// A training run's schedule and loss, from its arguments.

import { classBalance, type Dataset } from "../data/index.js";
import { DataError } from "../errors.js";
import type { Loss } from "../nn/index.js";
import { createSchedule, scheduleInfo, type AnyScheduleOptions, type Schedule } from "../optim/index.js";
import type { Task } from "../train/index.js";
import type { TrainArguments } from "./train-arguments.js";

/** The schedule; `batches` is an epoch's. Lengths in arguments are epochs, in schedules steps of the optimizer. */
export function scheduleOf(args: TrainArguments, batches: number): Schedule {
  const stepsPerEpoch = Math.ceil(batches / args.gradAccumSteps);
  const steps = (epochs: number): number => Math.round(epochs * stepsPerEpoch);
  const { sched, decayRate, decayEpochs, pctStart, divFactor, finalDivFactor, minLr } = args;
  const period = decayEpochs === null ? undefined : steps(decayEpochs);
  /** Each schedule takes its own options from these. */
  const said: AnyScheduleOptions = {
    lr: args.lr,
    totalSteps: steps(args.epochs),
    stepsPerEpoch,
    perEpoch: !args.schedOnUpdates,
    warmupSteps: steps(args.warmupEpochs),
    warmupLr: args.warmupLr,
    minLr,
    stepSize: period,
    cycleSteps: period,
    milestones: args.decayMilestones.map(steps),
    gamma: sched === "exponential" && args.schedOnUpdates ? decayRate ** (1 / stepsPerEpoch) : decayRate,
    power: decayRate,
    factor: decayRate,
    patience: args.patienceEpochs,
    pctStart,
    divFactor,
    finalDivFactor,
  };
  const known = scheduleInfo(sched).options;
  const own = Object.fromEntries(Object.entries(said).filter(([name]) => Object.hasOwn(known, name)));
  return createSchedule(sched, { ...own, lr: args.lr });
}

/** The loss. @throws DataError if it does not fit the dataset */
export function lossOf(args: TrainArguments, train: Dataset, { losses, about }: Task): Loss {
  const { loss, smoothing: labelSmoothing, focalGamma: gamma } = args;
  const make = losses[loss];
  if (!make) {
    const known = Object.keys(losses).join(" or ");
    throw new DataError(`${train.name}: has ${about}; expected loss ${known}, got ${loss}`);
  }
  return make({ labelSmoothing, gamma, weight: weightsOf(args, train) }, train.name);
}

/** The classes' weights in the loss, if they are not all equal. */
function weightsOf({ classWeights }: TrainArguments, train: Dataset): readonly number[] | undefined {
  if (classWeights === null) return undefined;
  const { length } = train.classes;
  if (classWeights !== "balanced") {
    if (classWeights.length === length) return classWeights;
    throw new DataError(
      `${train.name}: classWeights: got ${classWeights.length} numbers; expected ${length}, one for each class`,
    );
  }
  // As in scikit-learn: their mean over the images is 1, so that a loss that does not divide by the weights keeps its size.
  const { counts } = classBalance(train);
  const images = counts.reduce((a, b) => a + b, 0);
  const filled = counts.filter((count) => count > 0).length;
  return counts.map((count) => (count > 0 ? images / (filled * count) : 0));
}
