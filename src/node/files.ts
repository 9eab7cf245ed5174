// Files: whole or not at all.

import { readFileSync } from "node:fs";
import { mkdir, open, rename, rm } from "node:fs/promises";
import { dirname } from "node:path";
import type { StateDict } from "../core/state.js";
import { DataError } from "../errors.js";
import { decodeSafetensors, encodeSafetensors } from "../io/safetensors.js";

/** Writes a file so that a reader sees the old contents or the new, never a part: aside, flushed, renamed. */
export async function writeFileAtomic(path: string, data: string | Uint8Array): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  const aside = `${path}.${process.pid}.tmp`;
  try {
    const file = await open(aside, "w");
    try {
      await file.writeFile(data);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(aside, path);
  } catch (error) {
    await rm(aside, { force: true });
    throw error;
  }
}

/** A file's bytes, read at once. @throws DataError naming the file if it cannot be read */
export function readBytes(path: string): Uint8Array {
  try {
    return readFileSync(path);
  } catch (error) {
    throw new DataError(`${path}: cannot be read: ${(error as Error).message}`);
  }
}

/** Writes a state dict as a safetensors file, atomically. */
export async function saveWeights(path: string, state: StateDict): Promise<void> {
  await writeFileAtomic(path, encodeSafetensors(state, { format: "pt" }));
}

/** Reads a safetensors file. @throws DataError naming the file if it is missing or damaged */
export async function loadWeights(path: string): Promise<StateDict> {
  return decodeSafetensors(readBytes(path), path);
}
