import { Tensor } from "../core/tensor.js";
import { wrongKind } from "../errors/options.js";
import type { ParameterGroup } from "./optimizer.js";

/** @throws DataError unless it is an array of tensors */
export function checkTensorList(op: string, list: unknown): void {
  const expected = "an array of tensors, such as model.parameters()";
  if (!Array.isArray(list)) throw wrongKind(op, "parameters", list, expected);
  for (const t of list as unknown[])
    if (!(t instanceof Tensor)) throw wrongKind(op, "parameter", t, "a tensor");
}

/** Two groups: tensors with at most one axis (biases, weights of normalisation), which are not decayed, and the rest. */
export function noDecay(parameters: readonly Tensor[]): ParameterGroup[] {
  checkTensorList("noDecay", parameters);
  const groups: ParameterGroup[] = [
    { parameters: parameters.filter((p) => p.shape.length > 1) },
    { parameters: parameters.filter((p) => p.shape.length <= 1), weightDecay: 0 },
  ];
  return groups.filter((group) => group.parameters.length > 0);
}
