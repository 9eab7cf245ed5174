// A training's whole state in one file: safetensors, with what is not a tensor as JSON in its metadata. One file, so that it
// is replaced in one step: whenever the process dies, the file is the old checkpoint or the new one.

import { DataError } from "../errors.js";
import { readSafetensors, safetensorsParts } from "../io/safetensors.js";
import type { Checkpoint } from "../train/index.js";
import { writeFileAtomic } from "./files.js";
import { withFile } from "./weights.js";

/** The metadata's key. */
const KEY = "fovea.training";

/** @throws DataError naming the file if it cannot be written; the file that was there is then as before */
export async function saveCheckpoint(path: string, { tensors, state }: Checkpoint): Promise<void> {
  await writeFileAtomic(path, safetensorsParts(tensors, { [KEY]: JSON.stringify(state) }));
}

/** @throws DataError naming the file if it is missing, damaged, or not a checkpoint */
export function readCheckpoint(path: string): Checkpoint {
  const { state: tensors, metadata } = withFile(path, readSafetensors);
  const json = metadata[KEY];
  if (json === undefined) throw new DataError(`${path}: not a checkpoint of a training: no ${KEY} in it`);
  try {
    return { tensors, state: JSON.parse(json) as Checkpoint["state"] };
  } catch (error) {
    throw new DataError(`${path}: ${KEY} is not JSON: ${(error as Error).message}`);
  }
}
