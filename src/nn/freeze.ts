// Fine-tuning: which parameters training changes.

import { DataError } from "../errors.js";
import type { Module } from "./module.js";

/** Parameters whose name matches: a regular expression, or a name such as "layer1", which means all below it. */
function setTrainable(what: string, model: Module, pattern: string | RegExp, trainable: boolean): number {
  const matches = (name: string): boolean =>
    typeof pattern === "string" ? name === pattern || name.startsWith(`${pattern}.`) : pattern.test(name);
  const found = model.namedParameters().filter(([name]) => matches(name));
  if (found.length === 0) throw new DataError(`${what}: no parameter matches ${String(pattern)}`);
  for (const [, p] of found) p.requiresGrad = trainable;
  return found.length;
}

/**
 * Keeps parameters as they are: they get no gradient, so optimizers leave them alone. pattern: a regular expression, or
 * a name such as "layer1", which means all below it; everything unless given. Batch normalisation keeps updating its
 * statistics in training. Returns how many. @throws DataError if none matches
 */
export function freeze(model: Module, pattern: string | RegExp = /^/): number {
  return setTrainable("freeze", model, pattern, false);
}

/** Lets training change parameters again; pattern as for freeze(). Returns how many. @throws DataError if none matches */
export function unfreeze(model: Module, pattern: string | RegExp = /^/): number {
  return setTrainable("unfreeze", model, pattern, true);
}
