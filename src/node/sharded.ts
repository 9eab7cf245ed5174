// Weights in several safetensors files of a folder: src/pretrained/sharded.ts.

import { dirname, join } from "node:path";
import type { StateDict } from "../core/state.js";
import { readShards, shardsOf } from "../pretrained/sharded.js";
import { readJson } from "./files.js";

/** The file that holds each tensor. @throws DataError naming the index if it cannot be read or leads out of its folder */
export async function readIndex(path: string): Promise<Map<string, string>> {
  return shardsOf(readJson(path), path);
}

/**
 * The state dict that an index describes; `read` reads one file.
 * @throws DataError naming a file with other tensors than in the index, and as readIndex()
 */
export async function readSharded(
  path: string,
  read: (path: string) => Promise<StateDict>,
): Promise<StateDict> {
  const pathOf = (shard: string): string => join(dirname(path), shard);
  return readShards(await readIndex(path), path, pathOf, (shard) => read(pathOf(shard)));
}
