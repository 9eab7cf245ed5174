// Arguments that cannot be meant: options of unknown names, values of another kind.

import { DataError, short } from "../errors.js";
import { knownNames } from "./suggest.js";

/** A row for every option that there is. */
export type Names<O> = { readonly [K in keyof Required<O>]: true };

/** What a value is, in a word or two: its text is not shown, which may be long. */
export function kindOf(value: unknown): string {
  if (value === null || value === undefined) return String(value);
  if (typeof value === "number" || typeof value === "boolean") return String(value);
  if (typeof value === "function") return value.name ? `the function ${value.name}` : "a function";
  if (Array.isArray(value)) return "an array";
  if (typeof value !== "object") return `a ${typeof value}`;
  const { name } = (value.constructor ?? Object) as { name?: unknown };
  return name === "Object" || typeof name !== "string" || name === ""
    ? "an object"
    : `${/^[AEIOU]/.test(name) ? "an" : "a"} ${name}`;
}

/** The error for an argument of another kind than expected. */
export function wrongKind(op: string, name: string, value: unknown, expected: string): DataError {
  return new DataError(`${op}: ${name} must be ${expected}; got ${kindOf(value)}`);
}

/** @throws DataError unless options is an object whose names are all known, naming the one that is not and what it may mean */
export function checkOptions<O extends object>(op: string, options: O, known: Names<O>): void {
  if (typeof options !== "object" || options === null) throw wrongKind(op, "options", options, "an object");
  for (const name in options) {
    if (!Object.hasOwn(known, name)) throw unknownOption(op, name, Object.keys(known));
  }
}

/** The error for an option of an unknown name. */
export function unknownOption(op: string, name: string, known: readonly string[]): DataError {
  const some = known.length > 0 ? knownNames(name, known) : "it takes none";
  return new DataError(`${op}: unknown option '${short(name)}'; ${some}`);
}

/** @throws DataError unless the value is a function */
export function checkFunction(op: string, name: string, value: unknown): void {
  if (typeof value !== "function") throw wrongKind(op, name, value, "a function");
}
