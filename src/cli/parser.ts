// Kinds of values, for commander.

import { InvalidArgumentError } from "commander";
import { expectation, type Kind } from "../errors/kinds.js";
import { flagOf } from "../node/resolve-arguments.js";
import { UsageError } from "../node/usage-error.js";

/** A parser of an option's text, for commander. */
export function parser<T>(kind: Kind<T>): (text: string) => T {
  return (value) => {
    const parsed = kind.parse(value);
    if (parsed === undefined) throw new InvalidArgumentError(`${expectation(kind, value)}.`);
    return parsed;
  };
}

/**
 * Flags that make no difference without something else.
 * @throws UsageError for the first of them that is given: "--yes: of no use; it needs --move or --copy"
 */
export function refuseUseless(flags: object, names: readonly string[], why: string): void {
  const name = names.find((name) => (flags as Record<string, unknown>)[name] !== undefined);
  if (name !== undefined) throw new UsageError(`${flagOf(name)}: of no use; ${why}`);
}
