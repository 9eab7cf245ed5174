// Whether operations are recorded for backward().

import { checkFunction } from "../errors/options.js";
import { refusePromise } from "./scope.js";
import type { AnyTensor } from "./tensor.js";

let gradEnabled = true;

export function isGradEnabled(): boolean {
  return gradEnabled;
}

/** Whether an operation on this tensor will be differentiated with respect to it. */
export function isRecorded(t: AnyTensor): boolean {
  return gradEnabled && t.dtype === "f32" && (t.requiresGrad || t.node !== undefined);
}

/**
 * Runs fn without recording operations: nothing is saved, nothing can be differentiated. Synchronous, like tidy().
 * @throws DataError if fn returns a promise: operations after its first await would be recorded
 */
export function noGrad<T>(fn: () => T): T {
  checkFunction("noGrad", "fn", fn);
  const before = gradEnabled;
  gradEnabled = false;
  try {
    const result = fn();
    refusePromise("noGrad", result);
    return result;
  } finally {
    gradEnabled = before;
  }
}
