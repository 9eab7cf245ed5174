// Results that are left to the next operation: batch normalisation, and in inference convolutions and products, (and a residual
// sum) to an activation; an activation's gradient to batch normalisation's. Memory limits these operations, and each pass saved
// is one over whole activations.

import type { Also } from "../core/planned.js";
import type { Activation, Deferred, Storage } from "../core/storage.js";
import type { Tensor } from "../core/tensor.js";
import { GRAIN } from "../wasm/parallel.js";
import { constants } from "../wasm/table.js";

/** Rows of this many channels that are worth another thread. */
export function rowGrain(channels: number): number {
  return Math.max(1, Math.ceil(GRAIN / Math.max(1, channels)));
}

/** The kernels' numbers for the activations. */
const CODES: Readonly<Record<Activation, number>> = {
  relu: constants.RELU,
  relu6: constants.RELU6,
  silu: constants.SILU,
  hardswish: constants.HARDSWISH,
  hardsigmoid: constants.HARDSIGMOID,
  sigmoid: constants.SIGMOID,
  gelu: constants.GELU,
  geluTanh: constants.GELU_TANH,
};

/** An activation as kernels take it; 0 for none. */
export function codeOf(activation: Activation | undefined): number {
  return activation ? CODES[activation] : 0;
}

/** What kernels do with the sums before they store them: the term to add (a place, or 0), and the activation to apply (or 0). */
export interface Finish {
  readonly residual: number;
  readonly activation: number;
}

/** Nothing, and the names of both. */
export const UNFINISHED: Finish = { residual: 0, activation: 0 };
export const FINISH = ["residual", "activation"] as const;

/** The parts of an epilogue that convolutions and products do in inference. */
export function finishOf({ residual, activation }: Also): Finish {
  return { residual, activation: codeOf(activation) };
}

/** Whether this op is an activation that the op before it may apply as it writes. */
export function isActivation(op: string): boolean {
  return Object.hasOwn(CODES, op);
}

/** If x still waits and the op that computes it can apply this activation, fills y that way. */
export function activatedBefore(y: Tensor, x: Storage, activation: Activation): Deferred | undefined {
  const { deferred } = x;
  if (!deferred?.absorbs.has("activation")) return undefined;
  deferred.write(y.compute(), { activation });
  return deferred;
}

/** Leaves y = x + other to be computed together with x, if x still waits and its op can absorb a sum. */
export function addedTo(y: Tensor, x: Storage, other: Storage): object | undefined {
  const { deferred } = x;
  if (!deferred?.absorbs.has("residual")) return undefined;
  y.storage.defer({
    sources: [...deferred.sources, other],
    absorbs: new Set([...deferred.absorbs].filter((what) => what !== "residual")),
    write: (address, epilogue) => deferred.write(address, { ...epilogue, residual: other }),
  });
  return {};
}
