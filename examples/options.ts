// Options of an example, so that a list of defaults is all that the example itself says of them.

import { parseArgs } from "node:util";

type Value = string | number | boolean;
type Widened<T> = T extends number ? number : T extends boolean ? boolean : string;

/**
 * What was said on the command line, else the defaults: batchSize is typed --batch-size. Values are of their defaults' types;
 * options whose default is false stand alone: --download.
 * @throws TypeError for an unknown option; RangeError for a value that is no number where one is expected
 */
export function options<T extends Record<string, Value>>(
  defaults: T,
): { [Name in keyof T]: Widened<T[Name]> } {
  const flag = (name: string): string => name.replace(/[A-Z]/g, (c) => `-${c.toLowerCase()}`);
  const known = Object.entries(defaults).map(([name, value]) => {
    const type = typeof value === "boolean" ? ("boolean" as const) : ("string" as const);
    return [flag(name), { type }] as const;
  });
  const { values } = parseArgs({ options: Object.fromEntries(known) });
  const read = (name: string, value: Value): Value => {
    const said = values[flag(name)];
    if (said === undefined || typeof value !== "number") return said ?? value;
    const number = said === "" ? NaN : Number(said);
    if (Number.isFinite(number)) return number;
    throw new RangeError(`--${flag(name)}: got '${said}'; expected a number`);
  };
  const entries = Object.entries(defaults).map(([name, value]) => [name, read(name, value)] as const);
  return Object.fromEntries(entries) as { [Name in keyof T]: Widened<T[Name]> };
}
