// Outputs of a network in addition to forward()'s: those of auxiliary classifiers, which take part only in training.

import { checkTensors, type Tensor } from "../core/tensor.js";
import { wrongKind } from "../errors/options.js";

/** An output of a network for a loss, and the weight of this loss in the sum. */
export interface WeightedOutput {
  /** Factor of its loss; 1 for the network's own output. */
  readonly weight: number;
  /** [n, classes]. */
  readonly logits: Tensor;
}

const auxiliaries = new WeakMap<Tensor, readonly WeightedOutput[]>();

/**
 * For a forward() in training: returns y, for which outputsOf() then also returns these outputs of auxiliary classifiers.
 * @throws DataError unless y is a tensor, and auxiliary an array
 */
export function withAuxiliary(y: Tensor, auxiliary: readonly WeightedOutput[]): Tensor {
  checkTensors("withAuxiliary", { y });
  if (!Array.isArray(auxiliary))
    throw wrongKind("withAuxiliary", "auxiliary", auxiliary, "an array of outputs");
  auxiliaries.set(y, auxiliary);
  return y;
}

/** The outputs for a loss: y, the result of a network's forward(), with weight 1, and the auxiliary outputs that belong to it. @throws DataError unless y is a tensor */
export function outputsOf(y: Tensor): readonly WeightedOutput[] {
  checkTensors("outputsOf", { y });
  return [{ weight: 1, logits: y }, ...(auxiliaries.get(y) ?? [])];
}
