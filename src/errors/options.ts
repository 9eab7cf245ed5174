// Arguments that make no sense: options with unknown names, values of another kind.

import { DataError, short } from "../errors.js";
import { knownNames } from "./suggest.js";

/** A row for every option. */
export type Names<O> = { readonly [K in keyof Required<O>]: true };

/** The kind of a value, in a word or two. Its text, which may be long, is not shown. */
export function kindOf(value: unknown): string {
  if (value === null || value === undefined) return String(value);
  if (typeof value === "number" || typeof value === "boolean") return String(value);
  if (typeof value === "function") return value.name ? `the function ${value.name}` : "a function";
  if (Array.isArray(value)) return "an array";
  if (typeof value !== "object") return `a ${typeof value}`;
  const { name } = (value.constructor ?? Object) as { name?: unknown };
  return name === "Object" || typeof name !== "string" || name === ""
    ? "an object"
    : `${/^([AEIO]|U(?!int))/.test(name) ? "an" : "a"} ${name}`;
}

/** The error for an argument of another kind than expected. */
export function wrongKind(op: string, name: string, value: unknown, expected: string): DataError {
  return new DataError(`${op}: ${name} must be ${expected}; got ${kindOf(value)}`);
}

/** @throws DataError unless options is an object with known names only; names the unknown one and suggests a known one */
export function checkOptions<O extends object>(op: string, options: O, known: Names<O>): void {
  if (typeof options !== "object" || options === null) throw wrongKind(op, "options", options, "an object");
  for (const name in options) {
    if (!Object.hasOwn(known, name)) throw unknownOption(op, name, Object.keys(known));
  }
}

/** The error for an option with an unknown name. */
export function unknownOption(op: string, name: string, known: readonly string[]): DataError {
  const some = known.length > 0 ? knownNames(name, known) : "it takes none";
  return new DataError(`${op}: unknown option '${short(name)}'; ${some}`);
}

/** @throws DataError unless the value is a function */
export function checkFunction(op: string, name: string, value: unknown): void {
  if (typeof value !== "function") throw wrongKind(op, name, value, "a function");
}

const isObject = (v: unknown): v is object => typeof v === "object" && v !== null && !Array.isArray(v);

/** The kinds that an argument can be checked for. */
const KINDS = {
  text: ["a string", (v: unknown) => typeof v === "string"],
  path: ["a path", (v: unknown) => typeof v === "string"],
  number: ["a number", (v: unknown) => typeof v === "number" && !Number.isNaN(v)],
  flag: ["true or false", (v: unknown) => typeof v === "boolean"],
  list: ["an array", (v: unknown) => Array.isArray(v)],
  numbers: ["an array of numbers", (v: unknown) => Array.isArray(v) || ArrayBuffer.isView(v)],
  bytes: [
    "a Uint8Array",
    (v: unknown) => /^\[object Uint8(Clamped)?Array\]$/.test(Object.prototype.toString.call(v)),
  ],
  state: ["a Map, as stateDict() returns it", (v: unknown) => v instanceof Map],
  object: ["an object", isObject],
  function: ["a function", (v: unknown) => typeof v === "function"],
} as const satisfies Record<string, readonly [string, (v: unknown) => boolean]>;

export type Kind = keyof typeof KINDS;

/** @throws DataError naming the first that is not of its kind */
export function checkKinds(op: string, values: object, kinds: Readonly<Record<string, Kind>>): void {
  for (const name in kinds) {
    const [expected, is] = KINDS[kinds[name]!];
    const value = (values as Record<string, unknown>)[name];
    if (!is(value)) throw wrongKind(op, name, value, expected);
  }
}

/** @throws DataError unless the value is an object with these fields */
export function checkFields(
  op: string,
  name: string,
  value: unknown,
  fields: Readonly<Record<string, Kind>>,
): void {
  checkKinds(op, { [name]: value }, { [name]: "object" });
  checkKinds(`${op}: ${name}`, value as object, fields);
}
