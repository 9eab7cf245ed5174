// Scopes: tensors made inside tidy() are freed when it ends, except for those it returns.

import { DataError } from "../errors.js";
import { wrongKind } from "../errors/options.js";
import type { AnyTensor, Tensor } from "./tensor.js";

const scopes: AnyTensor[][] = [];
/** Tensors in the care of someone else than a scope. */
const wards = new Set<AnyTensor[]>();

/** Puts a new tensor under the innermost scope's care. */
export function enterScope(t: AnyTensor): void {
  scopes.at(-1)?.push(t);
}

/**
 * Takes a tensor, or those in arrays and plain objects such as a loader's batch, out of every scope, and out of the loop that
 * would free them: the caller does. Returns it.
 */
export function keep<T extends object>(value: T): T {
  if (typeof value !== "object" || value === null)
    throw wrongKind("keep", "value", value, "a tensor, or holds some");
  if ("dispose" in value) release(value as unknown as Tensor);
  else {
    const found = new Set<unknown>();
    collect(value, found);
    for (const t of found) release(t as Tensor);
  }
  return value;
}

function release(t: AnyTensor): void {
  for (const scope of scopes) removeFrom(scope, t);
  for (const ward of wards) removeFrom(ward, t);
}

function removeFrom(list: AnyTensor[], t: AnyTensor): void {
  const i = list.lastIndexOf(t);
  if (i >= 0) list.splice(i, 1);
}

/** Frees these tensors when the function that it returns is called, except for those that somebody has kept until then. */
export function careFor(tensors: readonly AnyTensor[]): () => void {
  const ward = [...tensors];
  wards.add(ward);
  return () => {
    wards.delete(ward);
    for (const t of ward) t.dispose();
  };
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
  if (typeof fn !== "function") throw wrongKind("tidy", "fn", fn, "a function");
  const scope: AnyTensor[] = [];
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
 * Runs fn and frees every tensor made meanwhile but the one that it returns, which then is in nobody's care. For code inside the
 * library that runs at every operation: tidy() looks into all that fn returns.
 */
export function scoped<T extends AnyTensor | void>(fn: () => T): T {
  const scope: AnyTensor[] = [];
  scopes.push(scope);
  let result: T | undefined;
  try {
    return (result = fn());
  } finally {
    scopes.pop();
    for (const t of scope) if (t !== result) t.dispose();
  }
}

/** What goes on after fn has returned: a promise, or a generator's iterator. */
function later(value: unknown): "a promise" | "a generator" | undefined {
  if (typeof value !== "object" || value === null) return undefined;
  if (typeof (value as { then?: unknown }).then === "function") return "a promise";
  return /Generator\]$/.test(Object.prototype.toString.call(value)) ? "a generator" : undefined;
}

/**
 * For functions that change something while fn runs: after its first await it would run without that.
 * @throws DataError if fn was asynchronous or a generator: if its result, or what arrays, maps and plain objects in it hold, is
 * a promise or a generator
 */
export function refusePromise(op: string, result: unknown): void {
  if (typeof result !== "object" || result === null) return;
  const found = new Set<unknown>();
  collect(result, found);
  const promises = [...found].filter((value) => later(value) === "a promise");
  for (const promise of promises) Promise.resolve(promise).catch(() => {}); // this error is the one to be seen
  const got = [...found].map(later).find((kind) => kind !== undefined);
  if (got) throw new DataError(`${op}: fn must not be async; got ${got}; expected its result at once`);
}
