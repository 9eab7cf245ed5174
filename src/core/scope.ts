// Scopes: tensors made inside tidy() are freed when it ends, but for those it returns.

import { DataError } from "../errors.js";
import type { Tensor } from "./tensor.js";

const scopes: Tensor[][] = [];

/** Puts a new tensor under the innermost scope's care. */
export function enterScope(t: Tensor): void {
  scopes.at(-1)?.push(t);
}

/** Takes a tensor out of every scope: the caller frees it. Returns it. */
export function keep<T extends Tensor>(t: T): T {
  for (const scope of scopes) {
    const i = scope.lastIndexOf(t);
    if (i >= 0) scope.splice(i, 1);
  }
  return t;
}

/** The tensors inside a value: itself, or held by arrays, maps and plain objects. */
function collect(value: unknown, found: Set<unknown>): void {
  if (typeof value !== "object" || value === null || found.has(value)) return;
  found.add(value);
  if ("dispose" in value) return; // a tensor: what it holds is no result
  if (Array.isArray(value)) for (const item of value) collect(item, found);
  else if (value instanceof Map) for (const item of value.values()) collect(item, found);
  else if (Object.getPrototypeOf(value) === Object.prototype) {
    for (const item of Object.values(value)) collect(item, found);
  }
}

/**
 * Runs fn and frees every tensor made meanwhile, except those in what it returns (a tensor, or arrays, maps and plain
 * objects of tensors), which pass to the scope around, and those a gradient is still to be computed from. Synchronous:
 * @throws DataError if fn returns a promise, since the tensors made after its first await would escape.
 */
export function tidy<T>(fn: () => T): T {
  const scope: Tensor[] = [];
  scopes.push(scope);
  let result: T;
  try {
    result = fn();
  } catch (error) {
    scopes.pop();
    for (const t of scope) t.dispose();
    throw error;
  }
  scopes.pop();
  const returned = new Set<unknown>();
  collect(result, returned);
  const outer = scopes.at(-1);
  for (const t of scope) {
    if (returned.has(t)) outer?.push(t);
    else t.dispose();
  }
  refusePromise("tidy", result);
  return result;
}

/**
 * For functions that change something while fn runs: after its first await it would run without that.
 * @throws DataError if fn was asynchronous: if its result is a promise
 */
export function refusePromise(op: string, result: unknown): void {
  if (typeof result !== "object" || result === null || !("then" in result)) return;
  if (typeof result.then !== "function") return;
  Promise.resolve(result as PromiseLike<unknown>).catch(() => {}); // this error is the one to be seen
  throw new DataError(`${op}: fn must not be async; got a promise; expected its result at once`);
}
