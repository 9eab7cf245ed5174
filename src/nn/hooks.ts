// Functions that are called after a module's forward().

import { dispose } from "../core/dispose.js";
import { DataError } from "../errors.js";
import { checkFunction } from "../errors/options.js";
import type { Tensor } from "../core/tensor.js";
import type { Module } from "./module.js";

/**
 * Called after a module's forward() with the module, its input and its output. A tensor that the hook returns replaces the output.
 * To keep a tensor beyond the call, use keep() or, for a copy without gradients, detach().clone().
 */
export type ForwardHook = (module: Module, input: Tensor, output: Tensor) => Tensor | undefined | void;

/** The result of registerForwardHook(), which can remove the hook. */
export interface HookHandle extends Disposable {
  /** Removes the hook. A second call does nothing. */
  remove(): void;
  /** For `using`: remove() at the end of the block. */
  [dispose](): void;
}

interface Hooked {
  readonly hooks: Set<{ readonly hook: ForwardHook }>;
  /** Restores the module's original forward(). */
  readonly restore: () => void;
}

const hooked = new WeakMap<Module, Hooked>();
let passedOver = false;

/** Runs fn without calling hooks: a network that is only inspected has no values to show. */
export function withoutHooks<T>(fn: () => T): T {
  const before = passedOver;
  passedOver = true;
  try {
    return fn();
  } finally {
    passedOver = before;
  }
}

/** @throws DataError naming the first module of a network that has a hook, which `what` would not call */
export function refuseHooks(what: string, model: Module): void {
  for (const module of model.modules()) {
    if (!hooked.has(module)) continue;
    throw new DataError(
      `${what}: a ${module.constructor.name} has a forward hook, which would not be called; remove() it first`,
    );
  }
}

/** Parents and users call the module's forward() by its name, so a field of that name hides the class's. */
function wrap(module: Module): Hooked {
  const own = Object.getOwnPropertyDescriptor(module, "forward");
  const forward = module.forward.bind(module);
  const hooks: Hooked["hooks"] = new Set();
  const called = (x: Tensor, ...more: []): Tensor => {
    let y = forward(x, ...more);
    if (!passedOver) for (const { hook } of [...hooks]) y = hook(module, x, y) ?? y;
    return y;
  };
  Object.defineProperty(module, "forward", { value: called, configurable: true, writable: true });
  const restore = (): void => {
    if (own) Object.defineProperty(module, "forward", own);
    else delete (module as { forward?: unknown }).forward;
  };
  const made = { hooks, restore };
  hooked.set(module, made);
  return made;
}

/** Module.registerForwardHook(). @throws DataError unless hook is a function */
export function addForwardHook(module: Module, hook: ForwardHook): HookHandle {
  checkFunction("registerForwardHook", "hook", hook);
  const { hooks, restore } = hooked.get(module) ?? wrap(module);
  const entry = { hook };
  hooks.add(entry);
  const remove = (): void => {
    if (!hooks.delete(entry) || hooks.size > 0) return;
    hooked.delete(module);
    restore();
  };
  return { remove, [dispose]: remove };
}
