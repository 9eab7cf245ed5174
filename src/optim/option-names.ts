// The options of optimizers and schedules by name, for those that take them and for createOptimizer() and createSchedule().

import type { Names } from "../errors/options.js";
import type { AdamOptions } from "./adam.js";
import type { LAMBOptions } from "./lamb.js";
import type { LARSOptions } from "./lars.js";
import type { OneCycleOptions } from "./one-cycle.js";
import type { PlateauOptions } from "./plateau.js";
import type { RMSpropOptions } from "./rmsprop.js";
import type {
  CosineOptions,
  ExponentialOptions,
  MultiStepOptions,
  PolynomialOptions,
  ScheduleOptions,
  StepOptions,
} from "./schedule.js";
import type { SGDOptions } from "./sgd.js";

export const SGD_NAMES: Names<SGDOptions> = {
  lr: true,
  weightDecay: true,
  momentum: true,
  dampening: true,
  nesterov: true,
};
export const ADAM_NAMES: Names<AdamOptions> = { lr: true, weightDecay: true, betas: true, eps: true };
export const RMSPROP_NAMES: Names<RMSpropOptions> = {
  lr: true,
  weightDecay: true,
  alpha: true,
  eps: true,
  momentum: true,
  centered: true,
};
export const LARS_NAMES: Names<LARSOptions> = { ...SGD_NAMES, trustCoeff: true, eps: true };
export const LAMB_NAMES: Names<LAMBOptions> = { ...ADAM_NAMES, maxGradNorm: true };

/** What tells a schedule about the training run, whether it needs it or not. */
export const SCHEDULE_NAMES: Names<ScheduleOptions & { totalSteps: number }> = {
  lr: true,
  warmupSteps: true,
  warmupLr: true,
  stepsPerEpoch: true,
  perEpoch: true,
  totalSteps: true,
};

/** What a schedule takes besides. */
type Own<O> = Names<Omit<O, keyof typeof SCHEDULE_NAMES>>;

export const STEP_NAMES: Own<StepOptions> = { stepSize: true, gamma: true };
export const MULTISTEP_NAMES: Own<MultiStepOptions> = { milestones: true, gamma: true };
export const EXPONENTIAL_NAMES: Own<ExponentialOptions> = { gamma: true };
export const POLYNOMIAL_NAMES: Own<PolynomialOptions> = { power: true, minLr: true };
export const COSINE_NAMES: Own<CosineOptions> = { cycleSteps: true, cycleMul: true, minLr: true };
export const ONE_CYCLE_NAMES: Own<Omit<OneCycleOptions, "maxLr">> = {
  pctStart: true,
  divFactor: true,
  finalDivFactor: true,
  annealStrategy: true,
};
export const PLATEAU_NAMES: Own<PlateauOptions> = {
  factor: true,
  patience: true,
  threshold: true,
  thresholdMode: true,
  cooldown: true,
  minLr: true,
};
