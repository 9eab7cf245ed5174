// A training run's whole state in one file: safetensors, with what is not a tensor as JSON in its metadata. One file, so that it
// is replaced in one step: whenever the process dies, the file is the old checkpoint or the new one.

import { checkFields, checkKinds } from "../errors/options.js";
import { createHash } from "node:crypto";
import type { StateDict } from "../core/state.js";
import { DataError, reason, show } from "../errors.js";
import { readSafetensors, safetensorsParts } from "../io/safetensors.js";
import type { Checkpoint } from "../train/index.js";
import { writeFileAtomic } from "./files.js";
import { withFile } from "./weights.js";

/** The metadata's keys: the state, and the checksum of it and of the tensors. */
const KEY = "fovea.training";
const SUM = "fovea.sha256";

/** Without a checksum, a changed bit on the disk would go unnoticed. */
function checksum(tensors: StateDict, json: string): string {
  const hash = createHash("sha256").update(json);
  for (const [name, { dtype, shape, data }] of tensors) {
    hash.update(`\n${name} ${dtype} [${shape.join(",")}]\n`);
    hash.update(new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
  }
  return hash.digest("hex");
}

/** @throws DataError naming the file if it cannot be written; the existing file is then unchanged */
export async function saveCheckpoint(path: string, checkpoint: Checkpoint): Promise<void> {
  checkKinds("saveCheckpoint", { path }, { path: "path" });
  checkFields("saveCheckpoint", "checkpoint", checkpoint, { tensors: "state", state: "object" });
  const { tensors, state } = checkpoint;
  const json = JSON.stringify(state);
  const metadata = { [KEY]: json, [SUM]: checksum(tensors, json) };
  await writeFileAtomic(path, safetensorsParts(tensors, metadata, path));
}

/** @throws DataError naming the file if it is missing, damaged, or not a checkpoint */
export function readCheckpoint(path: string): Checkpoint {
  const { state: tensors, metadata } = withFile(path, readSafetensors);
  const json = metadata[KEY];
  if (json === undefined) throw new DataError(`${path}: not a checkpoint of a training run: no ${KEY} in it`);
  const sum = checksum(tensors, json);
  if (sum !== metadata[SUM]) {
    throw new DataError(`${path}: damaged; got contents of SHA-256 ${sum}; expected ${metadata[SUM]}`);
  }
  let state: Partial<Checkpoint["state"]> | null;
  try {
    state = JSON.parse(json) as Partial<Checkpoint["state"]> | null;
  } catch (error) {
    throw new DataError(`${path}: ${KEY} is not JSON: ${reason(error)}`);
  }
  const { position, random, optimizer, about } = state ?? {};
  if ([position, random, optimizer, about].every((part) => typeof part === "object" && part !== null)) {
    return { tensors, state: state as Checkpoint["state"] };
  }
  throw new DataError(`${path}: not the state of a training run; got ${show(state)}`);
}
