// Files: whole or not at all.

import { closeSync, openSync, readdirSync, readFileSync, readSync, type Dirent } from "node:fs";
import { mkdir, open, rename, rm } from "node:fs/promises";
import { dirname } from "node:path";
import { DataError } from "../errors.js";

/** How the names of files end that are being written. */
export const ASIDE = ".fovea-tmp";

/**
 * Writes a file so that a reader, whenever the process or the machine dies, sees the old contents or the new, never a part:
 * aside, flushed, renamed. @throws DataError naming the file if it cannot be written; the old contents are then as they were
 */
export async function writeFileAtomic(
  path: string,
  data: string | Uint8Array | readonly Uint8Array[],
): Promise<void> {
  const aside = `${path}.${process.pid}${ASIDE}`;
  try {
    await mkdir(dirname(path), { recursive: true });
    const file = await open(aside, "w");
    try {
      for (const part of Array.isArray(data) ? data : [data]) await file.writeFile(part);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(aside, path);
    await syncFolder(dirname(path));
  } catch (error) {
    await rm(aside, { force: true }).catch(() => {});
    throw new DataError(`${path}: cannot be written: ${(error as Error).message}`);
  }
}

/** Flushes the folder, so that a rename in it outlives a power failure. Windows cannot, and need not. */
async function syncFolder(path: string): Promise<void> {
  if (process.platform === "win32") return;
  const folder = await open(path, "r");
  try {
    await folder.sync();
  } finally {
    await folder.close();
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

/** What a folder holds. @throws DataError naming the folder if it cannot be read */
export function entriesOf(folder: string): Dirent[] {
  try {
    return readdirSync(folder, { withFileTypes: true });
  } catch (error) {
    throw new DataError(`${folder}: cannot be read: ${(error as Error).message}`);
  }
}

/** The beginning of a file; nothing if it cannot be read. */
export function firstBytes(path: string, length: number): Uint8Array {
  try {
    const fd = openSync(path, "r");
    try {
      const bytes = new Uint8Array(length);
      return bytes.subarray(0, readSync(fd, bytes, 0, length, 0));
    } finally {
      closeSync(fd);
    }
  } catch {
    return new Uint8Array(0);
  }
}
