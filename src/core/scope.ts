// Scopes: tensors made inside tidy() are freed when it ends, except for those it returns.

import { DataError } from "../errors.js";
import { wrongKind } from "../errors/options.js";
import type { AnyTensor, Tensor } from "./tensor.js";

const scopes: AnyTensor[][] = [];
/** Tensors that do not belong to a scope. */
const wards = new Set<AnyTensor[]>();

/** Gives a new tensor to the innermost scope. */
export function enterScope(t: AnyTensor): void {
  scopes.at(-1)?.push(t);
}

/**
 * Takes a tensor, or those in arrays and plain objects such as a loader's batch, out of every scope and out of the loop that
 * would free them: the caller frees them. Returns its argument.
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

/** Returns a function that frees these tensors, except for those that were kept in the meantime. */
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
  if ("dispose" in value) return; // a tensor: its fields are not results
  if (Array.isArray(value)) for (const item of value) collect(item, found);
  else if (value instanceof Map) for (const item of value.values()) collect(item, found);
  else if (Object.getPrototypeOf(value) === Object.prototype) {
    for (const item of Object.values(value)) collect(item, found);
  }
}

/**
 * Runs fn and frees every tensor made meanwhile, except those in its result (a tensor, or arrays, maps and plain objects
 * of tensors), which pass to the enclosing scope, and those still needed for a gradient. Synchronous:
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
 * Runs fn and frees every tensor made meanwhile except for the one it returns, which then belongs to no scope. For code inside the
 * library that runs at every operation: tidy() searches fn's whole result.
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

/** A result that runs on after fn has returned: a promise, or a generator's iterator. */
function later(value: unknown): "a promise" | "a generator" | undefined {
  if (typeof value !== "object" || value === null) return undefined;
  if (typeof (value as { then?: unknown }).then === "function") return "a promise";
  return /Generator\]$/.test(Object.prototype.toString.call(value)) ? "a generator" : undefined;
}

/**
 * For functions that change something while fn runs: after its first await, fn would run without the change.
 * @throws DataError if fn was asynchronous or a generator: if its result, or a value in the arrays, maps and plain objects of its
 * result, is a promise or a generator
 */
export function refusePromise(op: string, result: unknown): void {
  if (typeof result !== "object" || result === null) return;
  const found = new Set<unknown>();
  collect(result, found);
  const promises = [...found].filter((value) => later(value) === "a promise");
  for (const promise of promises) Promise.resolve(promise).catch(() => {}); // the error below is the one to report
  const got = [...found].map(later).find((kind) => kind !== undefined);
  if (got) throw new DataError(`${op}: fn must not be async; got ${got}; expected its result at once`);
}
