// Weights in the layout that a kernel wants, kept until they change.

import { isRecorded } from "../core/autograd.js";
import type { Tensor } from "../core/tensor.js";
import { runtime } from "../wasm/runtime.js";

/**
 * Runs fn with the address of `weight` in another layout, which fill writes. Outside gradient recording it is kept with the
 * weight until that changes or is freed: inference packs once. Training changes weights at every step, so there it
 * lives for the call alone.
 */
export function withPacked(
  weight: Tensor,
  layout: string,
  bytes: number,
  fill: (address: number) => void,
  fn: (address: number) => void,
): void {
  if (isRecorded(weight)) {
    runtime().heap.scratch(bytes, "packed weights", (address) => {
      fill(address);
      fn(address);
    });
  } else {
    fn(weight.storage.derived(layout, bytes, fill));
  }
}
