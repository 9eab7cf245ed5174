// An option of a training run: a row of a table, which defines the command line, types, checks and help.

import { bool, type Kind } from "../../errors/kinds.js";

/** A condition on another option, without which this one has no effect. */
export interface Condition {
  readonly holds: (value: unknown) => boolean;
  /** A description of the missing condition, with the other option's flag: "--opt sgd or lars". */
  readonly says: (flag: string) => string;
}

/** By the other options' names; all must hold. */
export type Needs = Readonly<Record<string, Condition>>;

export interface TrainOption<T> {
  readonly kind: Kind<T>;
  /** undefined: it must be given, or follows from others. */
  readonly default: T | undefined;
  /** A line for --help. */
  readonly help: string;
  /** When it has an effect. Default: always. */
  readonly needs?: Needs;
  /** Another name that it is known by. */
  readonly alias?: string;
  /** Its one-letter flag. */
  readonly short?: string;
}

interface More {
  needs?: Needs;
  alias?: string;
  short?: string;
}

export const option = <T>(
  kind: Kind<T>,
  value: NoInfer<T> | undefined,
  help: string,
  more: More = {},
): TrainOption<T> => ({ kind, default: value, help, ...more });

/** help: describes the form that changes the default: --no-… if it is true. */
export const flag = (help: string, value = false, more: More = {}): TrainOption<boolean> =>
  option(bool, value, help, more);

/** "a", "a or b", "a, b or c". */
const orList = (names: readonly string[]): string => names.join(", ").replace(/, ([^,]*)$/, " or $1");

export const oneOf = (...names: string[]): Condition => ({
  holds: (value) => names.includes(value as string),
  says: (flag) => `${flag} ${orList(names)}`,
});

export const otherThan = (name: string): Condition => ({
  holds: (value) => value !== name,
  says: (flag) => `another ${flag} than ${name}`,
});

/** Whether the value requests anything. */
const requested = (value: unknown): boolean => value !== null && value !== false && value !== 0;

export const on: Condition = { holds: requested, says: (flag) => flag };
export const off: Condition = { holds: (value) => !requested(value), says: (flag) => `no ${flag}` };

export const below = (limit: number): Condition => ({
  holds: (value) => (value as number) < limit,
  says: (flag) => `${flag} below ${limit}`,
});
