// Weights in several safetensors files, as the Hugging Face hub splits those of large models: an index beside them lists
// the file of each tensor. https://huggingface.co/docs/hub/safetensors, transformers' model.safetensors.index.json.

import { dirname, join } from "node:path";
import type { StateDict } from "../core/state.js";
import { DataError, short, show } from "../errors.js";
import { readJson } from "./files.js";

export const INDEX_FILE = "model.safetensors.index.json";

/** Files of weights as the hub names them, the preferred one first; an index names further ones. */
export const WEIGHT_FILES = ["model.safetensors", "pytorch_model.bin", INDEX_FILE] as const;

/** The file that holds each tensor. @throws DataError naming the index if it cannot be read or leads out of its folder */
export async function readIndex(path: string): Promise<Map<string, string>> {
  const { weight_map: map } = readJson(path);
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
 * The state dict that an index describes; `read` reads one file.
 * @throws DataError naming a file with other tensors than in the index, and as readIndex()
 */
export async function readSharded(
  path: string,
  read: (path: string) => Promise<StateDict>,
): Promise<StateDict> {
  const index = await readIndex(path);
  const state: StateDict = new Map();
  for (const file of new Set(index.values())) {
    const shard = join(dirname(path), file);
    const tensors = await read(shard);
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
