// Weights in several safetensors files, as the Hugging Face hub splits those of large models: an index beside them says in
// which file each tensor is. https://huggingface.co/docs/hub/safetensors, transformers' model.safetensors.index.json.

import type { StateDict } from "../core/state.js";
import { DataError, short, show } from "../errors.js";

export const INDEX_FILE = "model.safetensors.index.json";

/** Files of weights as the hub names them, the preferred one first; an index names further ones. */
export const WEIGHT_FILES = ["model.safetensors", "pytorch_model.bin", INDEX_FILE] as const;

/** The shard of each tensor, by the contents of an index. @throws DataError naming the index if it names none, or leads out of its folder */
export function shardsOf(json: object, path: string): Map<string, string> {
  const { weight_map: map } = json as { weight_map?: unknown };
  if (typeof map !== "object" || map === null || Array.isArray(map) || Object.keys(map).length === 0) {
    throw new DataError(`${path}: weight_map is not an object that names tensors' files`);
  }
  for (const [name, file] of Object.entries(map)) {
    if (typeof file === "string" && /^[\w-][\w.-]*\.safetensors$/.test(file)) continue;
    throw new DataError(
      `${path}: ${short(name)} is in ${show(file)}; expected a .safetensors file of the folder`,
    );
  }
  return new Map(Object.entries(map as Record<string, string>));
}

/**
 * The state dict of all shards of an index. path: the index's. nameOf: what errors call a shard; read: its tensors.
 * @throws DataError naming a shard with other tensors than in the index
 */
export async function readShards(
  index: ReadonlyMap<string, string>,
  path: string,
  nameOf: (shard: string) => string,
  read: (shard: string) => Promise<StateDict>,
): Promise<StateDict> {
  const state: StateDict = new Map();
  for (const file of new Set(index.values())) {
    const shard = nameOf(file);
    const tensors = await read(file);
    for (const [name, tensor] of tensors) {
      if (index.get(name) !== file)
        throw new DataError(`${shard}: has ${name}, which ${path} puts elsewhere`);
      state.set(name, tensor);
    }
    const missing = [...index].find(([name, at]) => at === file && !tensors.has(name));
    if (missing) throw new DataError(`${shard}: lacks ${missing[0]}, which ${path} puts there`);
  }
  return state;
}
