// Fine-tuning: which parameters training changes.

import { DataError } from "../errors.js";
import { checkOptions, wrongKind } from "../errors/options.js";
import { BatchNorm2d } from "./batch-norm.js";
import { Module } from "./module.js";

/** Options of freeze(). */
export interface FreezeOptions {
  /** Whether frozen batch norms also keep their running statistics, and normalise by these. Default true. */
  holdStatistics?: boolean;
}

/** Whether a name matches: a regular expression, or a name such as "layer1", which means all below it. */
function matcher(pattern: string | RegExp): (name: string) => boolean {
  if (typeof pattern === "string") return (name) => name === pattern || name.startsWith(`${pattern}.`);
  return (name) => name.search(pattern) >= 0; // unlike test(), it ignores the flags g and y
}

/** Sets the matching parameters; returns the batch norms with a matching parameter. */
function setTrainable(
  what: string,
  model: Module,
  pattern: string | RegExp,
  trainable: boolean,
): { count: number; norms: BatchNorm2d[] } {
  if (!(model instanceof Module)) throw wrongKind(what, "model", model, "a Module");
  if (typeof pattern !== "string" && !(pattern instanceof RegExp)) {
    throw wrongKind(what, "pattern", pattern, "a name or a regular expression");
  }
  const matches = matcher(pattern);
  const all = { removeDuplicate: false }; // a layer used in two places has both names
  const parameters = model.namedParameters(all);
  const found = new Set(parameters.filter(([name]) => matches(name)).map(([, p]) => p));
  if (found.size === 0) throw new DataError(`${what}: no parameter matches ${String(pattern)}`);
  for (const p of found) p.requiresGrad = trainable;
  const tensors = [...parameters, ...model.namedBuffers(all)].filter(([name]) => matches(name));
  const touched = new Set<unknown>(tensors.map(([, t]) => t));
  const norms = [...model.modules()].filter((m) => m instanceof BatchNorm2d);
  return {
    count: found.size,
    norms: norms.filter((m) => [m.weight, m.bias, m.runningMean].some((t) => t && touched.has(t))),
  };
}

const isTrained = ({ weight, bias }: BatchNorm2d): boolean =>
  Boolean(weight?.requiresGrad || bias?.requiresGrad);

/**
 * Freezes parameters: they get no gradient, so optimizers leave them alone. pattern: a regular expression, or a name such
 * as "layer1", which includes everything below it; all parameters by default. A batch norm with no parameter left to train
 * also keeps its running statistics and normalises by them, in training too: otherwise they would drift to those of the new
 * images, and the frozen layers' output would change. (PyTorch's requires_grad = False lets them move: holdStatistics: false.)
 * Returns the number of matching parameters. @throws DataError if there are none
 */
export function freeze(model: Module, pattern: string | RegExp = /^/, options: FreezeOptions = {}): number {
  checkOptions<FreezeOptions>("freeze", options, { holdStatistics: true });
  const { holdStatistics = true } = options;
  const { count, norms } = setTrainable("freeze", model, pattern, false);
  for (const norm of norms) if (!isTrained(norm)) norm.held = holdStatistics;
  return count;
}

/**
 * Lets training change parameters again, and batch norms their statistics; pattern as for freeze(). Returns the number of
 * matching parameters. @throws DataError if there are none
 */
export function unfreeze(model: Module, pattern: string | RegExp = /^/): number {
  const { count, norms } = setTrainable("unfreeze", model, pattern, true);
  for (const norm of norms) norm.held = false;
  return count;
}
