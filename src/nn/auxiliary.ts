// Outputs of a network besides the one that forward() returns: those of auxiliary classifiers, which take part in training alone.

import { checkTensors, type Tensor } from "../core/tensor.js";
import { wrongKind } from "../errors/options.js";

/** An output of a network that a loss is computed from, and its weight in the sum of the losses. */
export interface WeightedOutput {
  /** What its loss is multiplied by; 1 for the network's own output. */
  readonly weight: number;
  /** [n, classes]. */
  readonly logits: Tensor;
}

const auxiliaries = new WeakMap<Tensor, readonly WeightedOutput[]>();

/**
 * For a forward() in training: y, of which outputsOf() then tells that these outputs of auxiliary classifiers belong to it.
 * @throws DataError unless y is a tensor, and auxiliary an array
 */
export function withAuxiliary(y: Tensor, auxiliary: readonly WeightedOutput[]): Tensor {
  checkTensors("withAuxiliary", { y });
  if (!Array.isArray(auxiliary))
    throw wrongKind("withAuxiliary", "auxiliary", auxiliary, "an array of outputs");
  auxiliaries.set(y, auxiliary);
  return y;
}

/** What a loss is computed from: y, which a network's forward() returned, with weight 1, and what else belongs to it. @throws DataError unless y is a tensor */
export function outputsOf(y: Tensor): readonly WeightedOutput[] {
  checkTensors("outputsOf", { y });
  return [{ weight: 1, logits: y }, ...(auxiliaries.get(y) ?? [])];
}
