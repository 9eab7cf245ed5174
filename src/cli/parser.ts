// Kinds of values, for commander.

import { InvalidArgumentError } from "commander";
import { expectation, type Kind } from "../node/kinds.js";

/** Checks an option's text as commander wants it. */
export function parser<T>(kind: Kind<T>): (text: string) => T {
  return (value) => {
    const parsed = kind.parse(value);
    if (parsed === undefined) throw new InvalidArgumentError(`${expectation(kind, value)}.`);
    return parsed;
  };
}
