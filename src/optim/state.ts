// Whether a saved state fits an optimizer.

import { sameShape } from "../core/shape.js";
import { listed } from "../core/state.js";
import type { Tensor } from "../core/tensor.js";
import { DataError } from "../errors.js";
import type { Beginning, OptimizerState } from "./optimizer.js";

/**
 * Indices of the parameters in the state, which must hold an optimizer's whole state for each.
 * @throws DataError listing what is missing, unexpected, or of another shape or type
 */
export function checkState(
  optimizer: string,
  { steps, numbers, tensors }: OptimizerState,
  parameters: readonly Tensor[],
  { tensors: tensorNames = {}, numbers: numberNames = {} }: Beginning,
): number[] {
  const got = [...tensors.keys(), ...Object.keys(numbers)];
  const indices = [...new Set(got.map((name) => name.slice(0, name.indexOf("."))))]
    .filter((i) => /^(0|[1-9]\d*)$/.test(i) && Number(i) < parameters.length)
    .map(Number);
  if (indices.length === 0 && steps > 0) indices.push(0); // steps leave state behind, unless the optimizer has none
  const names = (known: object): string[] => indices.flatMap((i) => Object.keys(known).map((n) => `${i}.${n}`)); // prettier-ignore
  const [wantTensors, wantNumbers] = [new Set(names(tensorNames)), new Set(names(numberNames))];
  const missing = [
    ...[...wantTensors].filter((name) => !tensors.has(name)),
    ...[...wantNumbers].filter((name) => !Object.hasOwn(numbers, name)),
  ];
  const unexpected = [
    ...[...tensors.keys()].filter((name) => !wantTensors.has(name)),
    ...Object.keys(numbers).filter((name) => !wantNumbers.has(name)),
  ];
  const wrong: string[] = [];
  for (const [name, { dtype, shape }] of tensors) {
    if (!wantTensors.has(name)) continue;
    const expected = parameters[parseInt(name)]!.shape;
    if (dtype !== "F32" || !sameShape(shape, expected)) {
      wrong.push(`${name} is ${dtype} [${shape.join(",")}], expected F32 [${expected.join(",")}]`);
    }
  }
  for (const name of wantNumbers) {
    const value: unknown = numbers[name];
    if (Object.hasOwn(numbers, name) && !Number.isFinite(value)) {
      wrong.push(`${name} is ${String(value)}, expected a number`);
    }
  }
  if (!Number.isInteger(steps) || steps < 0) wrong.push(`steps is ${String(steps)}, expected an integer ≥ 0`);
  const problems: string[] = [];
  if (missing.length) problems.push(`missing ${listed(missing)}`);
  if (unexpected.length) problems.push(`unexpected ${listed(unexpected)}`);
  if (wrong.length) problems.push(listed(wrong));
  if (problems.length)
    throw new DataError(`${optimizer}: the saved state does not fit: ${problems.join("; ")}`);
  return indices;
}
