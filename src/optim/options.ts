// The options of optimizers and schedules: a row for each, which defines its name, type, default and check.

import { DataError, short } from "../errors.js";
import { checkOptions, kindOf, type Names } from "../errors/options.js";

/** An option's row. T: the type of its value. */
export interface Option<T> {
  /** undefined: no default. */
  readonly default: T | undefined;
  /** Whether it must be given. */
  readonly needed: boolean;
  /** Throws a DataError that begins with `what` unless the value is valid for the option. */
  check(what: string, value: T | undefined): void;
}

/** An option that always has a value: it has a default, or must be given. */
export interface Known<T> extends Option<T> {
  readonly known: true;
}

export interface Needed<T> extends Known<T> {
  readonly needed: true;
}

type Value<Row> = Row extends Option<infer T> ? T : never;
type Given<R> = { [K in keyof R]: Value<R[K]> };
type NeededOf<R> = { [K in keyof R]: R[K] extends { readonly needed: true } ? K : never }[keyof R];

type Halves<R> = Pick<Given<R>, NeededOf<R>> & Partial<Omit<Given<R>, NeededOf<R>>>;

/** The options as a caller passes them. Editors show the fields, and with "& {}" the type's name. */
export type OptionsOf<R> = { [K in keyof Halves<R>]: Halves<R>[K] } & {};

/** The options as the callee reads them. */
type Values<R> = { [K in keyof R]: R[K] extends Known<infer T> ? T : Value<R[K]> | undefined };

type NamesOf<R> = R extends unknown ? keyof R : never;
type ValueOf<R, K> = R extends unknown ? (K extends keyof R ? Value<R[K]> : never) : never;

/** The options of any of several, all possibly undefined, like those of a command line. */
export type AnyOptionsOf<R> = { [K in NamesOf<R>]?: ValueOf<R, K> | undefined } & {};

/** @throws DataError naming the optimizer and the option */
export function checkRange(what: string, value: number | undefined, low: number, high: number): void {
  if (typeof value !== "number" || !(value >= low && value < high)) {
    throw new DataError(`${what} must be in [${low}, ${high}); got ${kindOf(value)}`);
  }
}

/** @throws DataError unless the value is an integer of at least `least` */
export function checkSteps(what: string, value: number | undefined, least = 1): void {
  if (value === undefined || !Number.isInteger(value) || value < least) {
    throw new DataError(`${what} must be an integer ≥ ${least}; got ${kindOf(value)}`);
  }
}

type Check<T> = (what: string, value: T | undefined) => void;

/** An option with a default; check() defines its valid values. */
export const option = <T>(value: T, check: Check<T>): Known<T> => ({
  default: value,
  needed: false,
  known: true,
  check,
});

/** A number in [low, high). */
export const number = (value: number, low = 0, high = Infinity): Known<number> =>
  option(value, (what, got) => checkRange(what, got, low, high));

/** A number above 0, including Infinity. */
export const positive = (value: number): Known<number> =>
  option(value, (what, got) => {
    if (typeof got !== "number" || !(got > 0)) {
      throw new DataError(`${what} must be positive; got ${kindOf(got)}`);
    }
  });

/** A count, such as a number of steps. */
export const count = (value: number, least: number): Known<number> =>
  option(value, (what, got) => checkSteps(what, got, least));

export const flag = (value: boolean): Known<boolean> =>
  option(value, (what, got) => {
    if (typeof got !== "boolean") throw new DataError(`${what} must be true or false; got ${kindOf(got)}`);
  });

export const choice = <const T extends string>(value: T, ...others: T[]): Known<T> =>
  option(value, (what, got) => {
    if (got !== undefined && [value, ...others].includes(got)) return;
    throw new DataError(`${what} must be ${[value, ...others].join(" or ")}; got ${short(got)}`);
  });

/** The same without a default, required. */
export const needed = <T>(row: Option<T>): Needed<T> => ({
  default: undefined,
  needed: true,
  known: true,
  check: row.check,
});

/** The same without a default, optional. */
export const noDefault = <T>({ check }: Option<T>): Option<T> => ({
  default: undefined,
  needed: false,
  check,
});

/**
 * The options, with defaults for missing or undefined ones.
 * @throws DataError for an unknown option or an invalid value
 */
export function readOptions<R extends object>(op: string, rows: R, options: object): Values<R> {
  checkOptions<object>(op, options, rows as Names<object>);
  const values: Record<string, unknown> = {};
  for (const [name, row] of Object.entries(rows as Readonly<Record<string, Option<unknown>>>)) {
    const value = (options as Record<string, unknown>)[name];
    values[name] = value ?? row.default;
    if (value !== undefined || row.needed) row.check(`${op}: ${name}`, value);
  }
  return values as Values<R>;
}

/** The defaults by name; undefined if there is none. */
export function defaultsOf(rows: object): Readonly<Record<string, unknown>> {
  return Object.fromEntries(
    Object.entries(rows).map(([name, row]: [string, Option<unknown>]) => [name, row.default]),
  );
}
