// Optimizers and schedules by name, for the command line and for recipes.

import { knownNames } from "../core/suggest.js";
import type { Tensor } from "../core/tensor.js";
import { DataError, short } from "../errors.js";
import { Adam, AdamW } from "./adam.js";
import { LAMB, type LAMBOptions } from "./lamb.js";
import { LARS, type LARSOptions } from "./lars.js";
import { oneCycle, type OneCycleOptions } from "./one-cycle.js";
import type { Optimizer, ParameterGroup } from "./optimizer.js";
import { plateau, type PlateauOptions } from "./plateau.js";
import { RMSprop, RMSpropTF, type RMSpropOptions } from "./rmsprop.js";
import {
  constant,
  cosine,
  exponential,
  multiStep,
  polynomial,
  stepDecay,
  type CosineOptions,
  type ExponentialOptions,
  type MultiStepOptions,
  type PolynomialOptions,
  type Schedule,
  type ScheduleOptions,
  type StepOptions,
} from "./schedule.js";
import { SGD } from "./sgd.js";

/** How to make one of a kind, and the options it takes. */
interface Maker<Make> {
  make: Make;
  options: readonly string[];
}

type Parameters = readonly (Tensor | ParameterGroup)[];

/** The same options, any of which may be undefined, as those of a command line are. */
type Loose<O> = { [K in keyof O]?: O[K] | undefined };

/** Options of any optimizer. */
export type OptimizerOptions = Loose<RMSpropOptions & LARSOptions & LAMBOptions>;

const SGD_OPTIONS = ["lr", "weightDecay", "momentum", "dampening", "nesterov"];
const ADAM_OPTIONS = ["lr", "weightDecay", "betas", "eps"];
const RMSPROP_OPTIONS = ["lr", "weightDecay", "alpha", "eps", "momentum", "centered"];

const optimizers: Record<
  string,
  Maker<(p: Parameters, o: RMSpropOptions & LARSOptions & LAMBOptions) => Optimizer>
> = {
  sgd: { make: (p, o) => new SGD(p, o), options: SGD_OPTIONS },
  rmsprop: { make: (p, o) => new RMSprop(p, o), options: RMSPROP_OPTIONS },
  rmsproptf: { make: (p, o) => new RMSpropTF(p, o), options: RMSPROP_OPTIONS },
  adam: { make: (p, o) => new Adam(p, o), options: ADAM_OPTIONS },
  adamw: { make: (p, o) => new AdamW(p, o), options: ADAM_OPTIONS },
  lars: { make: (p, o) => new LARS(p, o), options: [...SGD_OPTIONS, "trustCoeff", "eps"] },
  lamb: { make: (p, o) => new LAMB(p, o), options: [...ADAM_OPTIONS, "maxGradNorm"] },
};

/** Options of any schedule; onecycle takes lr as its highest rate. */
export type AnyScheduleOptions = Pick<ScheduleOptions, "lr"> &
  Loose<
    StepOptions &
      MultiStepOptions &
      ExponentialOptions &
      PolynomialOptions &
      CosineOptions &
      PlateauOptions &
      Omit<OneCycleOptions, "maxLr">
  >;

/** What tells a schedule about the training, whether it needs it or not. */
const COMMON = ["lr", "warmupSteps", "warmupLr", "stepsPerEpoch", "perEpoch", "totalSteps"];

const schedules: Record<string, Maker<(o: ScheduleOptions) => Schedule>> = {
  constant: { make: constant, options: [] },
  step: { make: (o) => stepDecay(o as StepOptions), options: ["stepSize", "gamma"] },
  multistep: { make: (o) => multiStep(o as MultiStepOptions), options: ["milestones", "gamma"] },
  exponential: { make: (o) => exponential(o as ExponentialOptions), options: ["gamma"] },
  poly: { make: (o) => polynomial(o as PolynomialOptions), options: ["power", "minLr"] },
  cosine: { make: cosine, options: ["cycleSteps", "cycleMul", "minLr"] },
  onecycle: {
    make: ({ lr, ...o }) => oneCycle({ ...o, maxLr: lr } as OneCycleOptions),
    options: ["pctStart", "divFactor", "finalDivFactor", "annealStrategy"],
  },
  plateau: {
    make: plateau,
    options: ["factor", "patience", "threshold", "thresholdMode", "cooldown", "minLr"],
  },
};

/** Names that createOptimizer() knows. */
export const optimizerNames: readonly string[] = Object.keys(optimizers);

/** Names that createSchedule() knows. */
export const scheduleNames: readonly string[] = Object.keys(schedules);

function find<M>(what: string, kind: string, makers: Record<string, Maker<M>>, name: string): Maker<M> {
  if (Object.hasOwn(makers, name)) return makers[name]!;
  throw new DataError(`${what}: unknown ${kind} '${short(name)}'; ${knownNames(name, Object.keys(makers))}`);
}

/** The options that are not undefined, as those of a command line may be. */
function given(options: object): [name: string, value: unknown][] {
  return Object.entries(options).filter(([, value]) => value !== undefined);
}

/**
 * An optimizer by name: sgd, rmsprop, rmsproptf, adam, adamw, lars, lamb. Options that are undefined, and those of other
 * optimizers, count as not given: a momentum for Adam does nothing.
 * @throws DataError for an unknown name; RangeError or ShapeError as its constructor
 */
export function createOptimizer(
  name: string,
  parameters: readonly (Tensor | ParameterGroup)[],
  options: OptimizerOptions = {},
): Optimizer {
  const { make, options: own } = find("createOptimizer", "optimizer", optimizers, name);
  return make(parameters, Object.fromEntries(given(options).filter(([option]) => own.includes(option))));
}

/**
 * A schedule by name: constant, step, multistep, exponential, poly, cosine, onecycle, plateau. Options that are undefined
 * count as not given; totalSteps and stepsPerEpoch may be given to all.
 * @throws DataError for an unknown name, or an option that the schedule does not take; RangeError as its function
 */
export function createSchedule(name: string, options: AnyScheduleOptions): Schedule {
  const { make, options: own } = find("createSchedule", "schedule", schedules, name);
  const known = [...COMMON, ...own];
  const unknown = given(options).find(([option]) => !known.includes(option));
  if (unknown) {
    throw new DataError(`createSchedule: ${name} takes no ${unknown[0]}; it takes ${known.join(", ")}`);
  }
  return make({ ...Object.fromEntries(given(options)), lr: options.lr });
}
