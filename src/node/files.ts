// Files: whole or not at all.

import { existsSync } from "node:fs";
import { mkdir, open, readFile, rename, rm } from "node:fs/promises";
import { dirname, join } from "node:path";
import type { StateDict } from "../core/state.js";
import { decodeMnist, type ImageDataset, type NamedFile } from "../data/index.js";
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

async function read(path: string): Promise<NamedFile> {
  try {
    return { name: path, bytes: await readFile(path) };
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
  const { bytes } = await read(path);
  return decodeSafetensors(bytes, path);
}

/**
 * Reads MNIST, or a dataset in its format, from a folder with the four canonical files (train-images-idx3-ubyte,
 * train-labels-idx1-ubyte, t10k-images-idx3-ubyte, t10k-labels-idx1-ubyte).
 * @throws DataError naming the file that is missing or damaged
 */
export async function loadMnist(folder: string): Promise<{ train: ImageDataset; test: ImageDataset }> {
  if (!existsSync(folder)) throw new DataError(`${folder}: no such folder`);
  const part = async (prefix: string): Promise<ImageDataset> =>
    decodeMnist(
      await read(join(folder, `${prefix}-images-idx3-ubyte`)),
      await read(join(folder, `${prefix}-labels-idx1-ubyte`)),
    );
  return { train: await part("train"), test: await part("t10k") };
}
