// Schedules by name: a row for each, from which the command line, checks and types follow.

import { DataError, short } from "../errors.js";
import { knownNames } from "../errors/suggest.js";
import { ONE_CYCLE, oneCycle, type OneCycleOptions } from "./one-cycle.js";
import { defaultsOf, type AnyOptionsOf } from "./options.js";
import { PLATEAU, plateau } from "./plateau.js";
import {
  constant,
  COSINE,
  cosine,
  EXPONENTIAL,
  exponential,
  MULTISTEP,
  multiStep,
  POLYNOMIAL,
  polynomial,
  SCHEDULE,
  STEP,
  stepDecay,
  type Schedule,
  type ScheduleOptions,
} from "./schedule.js";

export { oneCycle, type OneCycleOptions } from "./one-cycle.js";
export { plateau, type PlateauOptions } from "./plateau.js";
export {
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

const { maxLr, ...CYCLE } = ONE_CYCLE;

/** For each name: the function that makes it, its options, and what it follows (ScheduleInfo). */
const schedules = {
  constant: { make: constant, options: SCHEDULE, follows: undefined },
  step: { make: stepDecay, options: STEP, follows: "steps" },
  multistep: { make: multiStep, options: MULTISTEP, follows: "steps" },
  exponential: { make: exponential, options: EXPONENTIAL, follows: "steps" },
  poly: { make: polynomial, options: POLYNOMIAL, follows: "steps" },
  cosine: { make: cosine, options: COSINE, follows: "steps" },
  onecycle: {
    make: ({ lr, ...o }: { lr: number } & Omit<OneCycleOptions, "maxLr">) => oneCycle({ ...o, maxLr: lr }),
    options: { ...CYCLE, lr: maxLr },
    follows: "steps",
  },
  plateau: { make: plateau, options: PLATEAU, follows: "losses" },
} as const satisfies Record<
  string,
  { make: (options: never) => Schedule; options: object } & Pick<ScheduleInfo, "follows">
>;

type Table = typeof schedules;

/** Options of any schedule; onecycle takes lr as its highest rate. @useDeclaredType */
export type AnyScheduleOptions = Pick<ScheduleOptions, "lr"> &
  Omit<AnyOptionsOf<Table[keyof Table]["options"]>, "lr">;

/** Names that createSchedule() knows. */
export const scheduleNames: readonly string[] = Object.keys(schedules);

/** Facts about a schedule. */
export interface ScheduleInfo {
  /** The name that createSchedule() knows it by. */
  readonly name: string;
  /** Its options with their defaults; undefined if there is none. */
  readonly options: Readonly<Record<string, unknown>>;
  /** What the rate follows: the steps (with perEpoch, the epochs), the evaluation losses, or nothing. */
  readonly follows: "steps" | "losses" | undefined;
}

function find(op: string, name: string): Table[keyof Table] {
  if (Object.hasOwn(schedules, name)) return schedules[name as keyof Table];
  throw new DataError(`${op}: unknown schedule '${short(name)}'; ${knownNames(name, scheduleNames)}`);
}

/** What is known about a schedule. @throws DataError listing the known names */
export function scheduleInfo(name: string): ScheduleInfo {
  const { options, follows } = find("scheduleInfo", name);
  return { name, options: defaultsOf(options), follows };
}

/**
 * A schedule by name: one of scheduleNames. Options that are undefined count as not given; totalSteps and stepsPerEpoch may
 * be given to all.
 * @throws DataError for an unknown name, or an option that the schedule does not take; DataError as its function
 */
export function createSchedule(name: string, options: AnyScheduleOptions): Schedule {
  const { make, options: known } = find("createSchedule", name);
  const given = Object.entries(options).filter(([, value]) => value !== undefined);
  const unknown = given.find(([option]) => !Object.hasOwn(known, option));
  if (unknown) {
    throw new DataError(
      `createSchedule: ${name} takes no ${unknown[0]}; it takes ${Object.keys(known).join(", ")}`,
    );
  }
  return (make as (options: object) => Schedule)(Object.fromEntries(given));
}
