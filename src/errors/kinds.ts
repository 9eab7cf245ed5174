// Kinds of option values: what a text on the command line or a value in a JSON file must be.

import { nearest } from "./suggest.js";

export interface Kind<T> {
  /** "an integer ≥ 1" */
  readonly expected: string;
  /** What stands for a value in --help: "<n>". */
  readonly metavar: string;
  /** Whether a value, perhaps from JSON, is of this kind. */
  accepts(value: unknown): value is T;
  /** The value of a text; undefined if the text is not valid. */
  parse(text: string): T | undefined;
  /** The names it accepts, if it accepts names. */
  readonly names?: () => readonly string[];
}

function kind<T>(
  expected: string,
  metavar: string,
  test: (value: unknown) => boolean,
  read: (text: string) => unknown,
): Kind<T> {
  const accepts = (value: unknown): value is T => test(value);
  return {
    expected,
    metavar,
    accepts,
    parse(text) {
      const value = read(text);
      return accepts(value) ? value : undefined;
    },
  };
}

const readNumber = (text: string): number => (text.trim() === "" ? NaN : Number(text));

function range(low: number, high: number): string {
  if (high < Infinity) return ` from ${low} to ${high}`;
  return low > -Infinity ? ` ≥ ${low}` : "";
}

export function integer(low: number, high = Infinity): Kind<number> {
  const test = (v: unknown): boolean =>
    Number.isSafeInteger(v) && (v as number) >= low && (v as number) <= high;
  return kind(`an integer${range(low, high)}`, "<n>", test, readNumber);
}

/** A finite number; `low` itself only unless `above` is set. */
export function number(low: number, high = Infinity, { above = false } = {}): Kind<number> {
  const expected = above
    ? `a number > ${low}${high < Infinity ? ` and ≤ ${high}` : ""}`
    : `a number${range(low, high)}`;
  const test = (v: unknown): boolean =>
    Number.isFinite(v) && (above ? (v as number) > low : (v as number) >= low) && (v as number) <= high;
  return kind(expected, high <= 1 ? "<0…1>" : "<x>", test, readNumber);
}

/** Any text except the empty one; `what` it means, such as a file. */
export const word = (what: string): Kind<string> =>
  kind(
    "a text",
    `<${what}>`,
    (v) => typeof v === "string" && v !== "",
    (v) => v,
  );

export const text: Kind<string> = word("text");

export const bool: Kind<boolean> = kind(
  "true or false",
  "<true|false>",
  (v) => typeof v === "boolean",
  (v) => (v === "true" ? true : v === "false" ? false : undefined),
);

export function choice<const T extends string>(names: () => readonly T[]): Kind<T> {
  return {
    metavar: "<name>",
    get expected() {
      return `one of ${[...names()].sort().join(", ")}`;
    },
    accepts: (v): v is T => (names() as readonly unknown[]).includes(v),
    parse: (v) => names().find((name) => name === v),
    names,
  };
}

/** Values separated by commas; `count` of them, if given. */
export function list<T>(of: Kind<T>, count?: number): Kind<readonly T[]> {
  const expected =
    count === undefined ? `a list, each ${of.expected}` : `${count} values, each ${of.expected}`;
  const test = (v: unknown): boolean =>
    Array.isArray(v) && (count === undefined || v.length === count) && v.every((one) => of.accepts(one));
  const one = of.metavar.slice(1, -1);
  const metavar = count === undefined ? `<${one},…>` : `<${Array<string>(count).fill(one).join()}>`;
  return kind(expected, metavar, test, (v) => v.split(/[\s,]+/).map((one) => of.parse(one)));
}

export function either<A, B>(a: Kind<A>, b: Kind<B>): Kind<A | B> {
  return {
    get expected() {
      return `${a.expected} or ${b.expected}`;
    },
    metavar: `<${a.metavar.slice(1, -1)}|${b.metavar.slice(1, -1)}>`,
    accepts: (v): v is A | B => a.accepts(v) || b.accepts(v),
    parse: (v) => a.parse(v) ?? b.parse(v),
    names: () => [...(a.names?.() ?? []), ...(b.names?.() ?? [])],
  };
}

/** null, "none" on the command line, or a value. */
export function optional<T>(of: Kind<T>): Kind<T | null> {
  return {
    get expected() {
      return `${of.expected}, or none`;
    },
    metavar: of.metavar,
    accepts: (v): v is T | null => v === null || of.accepts(v),
    parse: (v) => (v === "none" ? null : of.parse(v)),
    names: () => of.names?.() ?? [],
  };
}

/** What is expected instead of a text: "did you mean sgd? expected one of adam, sgd". */
export function expectation(kind: Kind<unknown>, text: string): string {
  const meant = nearest(text, kind.names?.() ?? []);
  return `${meant === undefined ? "" : `did you mean ${meant}? `}expected ${kind.expected}`;
}
