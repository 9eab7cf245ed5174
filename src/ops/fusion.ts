// Results that are left to the operation that follows them: batch normalisation (and a residual sum) to an activation, an
// activation's gradient to that of batch normalisation. Memory is what these operations wait for, and each pass saved is one
// over whole activations.

import type { Activation, Storage } from "../core/storage.js";
import type { Tensor } from "../core/tensor.js";
import { GRAIN } from "../wasm/parallel.js";
import { constants } from "../wasm/table.js";

/** Rows of this many channels that are worth another thread. */
export function rowGrain(channels: number): number {
  return Math.max(1, Math.ceil(GRAIN / Math.max(1, channels)));
}

/** How kernels call the activations. */
const CODES: Readonly<Record<Activation, number>> = {
  relu: constants.RELU,
  relu6: constants.RELU6,
  silu: constants.SILU,
  hardswish: constants.HARDSWISH,
  hardsigmoid: constants.HARDSIGMOID,
};

/** An activation as kernels take it; 0 for none. */
export function codeOf(activation: Activation | undefined): number {
  return activation ? CODES[activation] : 0;
}

/** Whether this op is an activation that what computes its input may apply as it writes. */
export function isActivation(op: string): boolean {
  return Object.hasOwn(CODES, op);
}

/** Leaves y = x + other to be computed together with x, if x still waits to be and can take a sum in. */
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
