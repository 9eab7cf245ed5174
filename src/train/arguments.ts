// Checks of the arguments of training and evaluation.

import { DataLoader } from "../data/index.js";
import { DataError } from "../errors.js";
import { wrongKind } from "../errors/options.js";
import { Module, type Loss } from "../nn/index.js";
import { Optimizer } from "../optim/index.js";

/** @throws DataError unless these are a module and a loader */
export function checkModelAndLoader(op: string, model: Module, loader: DataLoader): void {
  if (!(model instanceof Module)) throw wrongKind(op, "model", model, "a Module");
  if (!(loader instanceof DataLoader)) throw wrongKind(op, "loader", loader, "a DataLoader");
}

/** @throws DataError unless it is an optimizer of the model */
export function checkOptimizer(op: string, optimizer: unknown, model: Module): void {
  if (!(optimizer instanceof Optimizer)) throw wrongKind(op, "optimizer", optimizer, "an Optimizer");
  const own = new Set<unknown>(model.parameters());
  if (optimizer.parameters.some((p) => own.has(p))) return;
  throw new DataError(`${op}: the optimizer has none of the model's parameters; expected model.parameters()`);
}

/** @throws DataError unless the loss is undefined or has a forward() */
export function checkLoss(op: string, loss: Loss | undefined): void {
  if (loss === undefined || typeof loss?.forward === "function") return;
  throw wrongKind(op, "loss", loss, "a loss with a forward(), such as new CrossEntropyLoss()");
}

/** @throws DataError unless all defined ones are functions */
export function checkFunctions(op: string, functions: Readonly<Record<string, unknown>>): void {
  for (const name in functions) {
    const value = functions[name];
    if (value !== undefined && typeof value !== "function") throw wrongKind(op, name, value, "a function");
  }
}
