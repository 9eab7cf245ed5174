import { refusePromise } from "../core/scope.js";
import type { Module } from "./module.js";

/** Remembers the mode, training or evaluation, of a module and of each one below it; returns a function that restores them. */
export function rememberModes(model: Module): () => void {
  const modes = [...model.modules()].map((module) => [module, module.training] as const);
  return () => {
    for (const [module, training] of modes) module.training = training;
  };
}

/**
 * Runs fn with the module and all below it in evaluation mode, and then restores the mode of each. So evaluation and
 * training can take turns without seeing each other's mode. Synchronous: @throws DataError if fn returns a promise
 */
export function inEvaluation<T>(model: Module, fn: () => T): T {
  const restoreModes = rememberModes(model);
  model.eval();
  try {
    const result = fn();
    refusePromise("inEvaluation", result);
    return result;
  } finally {
    restoreModes();
  }
}
