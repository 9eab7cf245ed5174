// Finds the state dict in an object saved by PyTorch or Paddle: the object itself, or nested in a checkpoint.

import { DataError, short } from "../errors.js";

/** Keys under which checkpoints keep their state dict, the averaged weights first, as in timm. */
const NESTED = ["state_dict_ema", "model_ema", "state_dict", "model_state_dict", "model", "net"];
const MAX_NESTING = 4;

/**
 * The state dict in a saved object: a dict of names and values for which `isTensor` is true. `key` selects one if a checkpoint
 * has several. @throws DataError naming the file if there is none
 */
export function findState<T>(
  object: unknown,
  key: string | undefined,
  file: string,
  isTensor: (value: unknown) => value is T,
): Map<string, T> {
  let found = object;
  const path: string[] = [];
  for (let depth = 0; depth < MAX_NESTING && found instanceof Map; depth++) {
    const inner: string | undefined =
      depth === 0 && key !== undefined
        ? key
        : NESTED.find((name) => (found as Map<unknown, unknown>).get(name) instanceof Map);
    if (inner === undefined) break;
    found = found.get(inner);
    path.push(inner);
  }
  const where = path.length ? `${file}: ${path.join(".")}` : file;
  if (!(found instanceof Map) || found.size === 0) {
    const known =
      object instanceof Map ? `; it has ${[...object.keys()].slice(0, 8).map(short).join(", ")}` : "";
    throw new DataError(`${where}: no state dict there${known}`);
  }
  for (const [name, value] of found) {
    if (typeof name !== "string" || !isTensor(value)) {
      throw new DataError(`${where}: ${short(name)} is not a tensor; expected a state dict`);
    }
  }
  return found as Map<string, T>;
}
