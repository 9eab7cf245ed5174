// Optimizers and schedules by name, for the command line and for recipes.

import { knownNames } from "../errors/suggest.js";
import type { Tensor } from "../core/tensor.js";
import { DataError, short } from "../errors.js";
import { unknownOption } from "../errors/options.js";
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
import {
  ADAM_NAMES,
  COSINE_NAMES,
  EXPONENTIAL_NAMES,
  LAMB_NAMES,
  LARS_NAMES,
  MULTISTEP_NAMES,
  ONE_CYCLE_NAMES,
  PLATEAU_NAMES,
  POLYNOMIAL_NAMES,
  RMSPROP_NAMES,
  SCHEDULE_NAMES,
  SGD_NAMES,
  STEP_NAMES,
} from "./option-names.js";
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

const optimizers: Record<
  string,
  Maker<(p: Parameters, o: RMSpropOptions & LARSOptions & LAMBOptions) => Optimizer>
> = {
  sgd: { make: (p, o) => new SGD(p, o), options: Object.keys(SGD_NAMES) },
  rmsprop: { make: (p, o) => new RMSprop(p, o), options: Object.keys(RMSPROP_NAMES) },
  rmsproptf: { make: (p, o) => new RMSpropTF(p, o), options: Object.keys(RMSPROP_NAMES) },
  adam: { make: (p, o) => new Adam(p, o), options: Object.keys(ADAM_NAMES) },
  adamw: { make: (p, o) => new AdamW(p, o), options: Object.keys(ADAM_NAMES) },
  lars: { make: (p, o) => new LARS(p, o), options: Object.keys(LARS_NAMES) },
  lamb: { make: (p, o) => new LAMB(p, o), options: Object.keys(LAMB_NAMES) },
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

const schedules: Record<string, Maker<(o: ScheduleOptions) => Schedule>> = {
  constant: { make: constant, options: [] },
  step: { make: (o) => stepDecay(o as StepOptions), options: Object.keys(STEP_NAMES) },
  multistep: { make: (o) => multiStep(o as MultiStepOptions), options: Object.keys(MULTISTEP_NAMES) },
  exponential: { make: (o) => exponential(o as ExponentialOptions), options: Object.keys(EXPONENTIAL_NAMES) },
  poly: { make: (o) => polynomial(o as PolynomialOptions), options: Object.keys(POLYNOMIAL_NAMES) },
  cosine: { make: cosine, options: Object.keys(COSINE_NAMES) },
  onecycle: {
    make: ({ lr, ...o }) => oneCycle({ ...o, maxLr: lr } as OneCycleOptions),
    options: Object.keys(ONE_CYCLE_NAMES),
  },
  plateau: { make: plateau, options: Object.keys(PLATEAU_NAMES) },
};

const ALL_NAMES = [...new Set(Object.values(optimizers).flatMap(({ options }) => options))];

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
 * @throws DataError for an unknown name, or an option that no optimizer has; RangeError or ShapeError as its constructor
 */
export function createOptimizer(
  name: string,
  parameters: readonly (Tensor | ParameterGroup)[],
  options: OptimizerOptions = {},
): Optimizer {
  const { make, options: own } = find("createOptimizer", "optimizer", optimizers, name);
  for (const [option] of given(options)) {
    if (!ALL_NAMES.includes(option)) throw unknownOption("createOptimizer", option, ALL_NAMES);
  }
  return make(parameters, Object.fromEntries(given(options).filter(([option]) => own.includes(option))));
}

/**
 * A schedule by name: constant, step, multistep, exponential, poly, cosine, onecycle, plateau. Options that are undefined
 * count as not given; totalSteps and stepsPerEpoch may be given to all.
 * @throws DataError for an unknown name, or an option that the schedule does not take; RangeError as its function
 */
export function createSchedule(name: string, options: AnyScheduleOptions): Schedule {
  const { make, options: own } = find("createSchedule", "schedule", schedules, name);
  const known = [...Object.keys(SCHEDULE_NAMES), ...own];
  const unknown = given(options).find(([option]) => !known.includes(option));
  if (unknown) {
    throw new DataError(`createSchedule: ${name} takes no ${unknown[0]}; it takes ${known.join(", ")}`);
  }
  return make({ ...Object.fromEntries(given(options)), lr: options.lr });
}
