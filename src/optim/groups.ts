import type { Tensor } from "../core/tensor.js";
import type { ParameterGroup } from "./optimizer.js";

/** Two groups: tensors of one axis or none (biases, the weights of normalisation), which are not decayed, and the rest. */
export function noDecay(parameters: readonly Tensor[]): ParameterGroup[] {
  const groups: ParameterGroup[] = [
    { parameters: parameters.filter((p) => p.shape.length > 1) },
    { parameters: parameters.filter((p) => p.shape.length <= 1), weightDecay: 0 },
  ];
  return groups.filter((group) => group.parameters.length > 0);
}
