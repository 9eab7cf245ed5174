// Files are written completely or not at all, and every failure is a DataError that names the file.

import { randomUUID } from "node:crypto";
import {
  closeSync,
  existsSync,
  openSync,
  readdirSync,
  readFileSync,
  readSync,
  statSync,
  type Dirent,
  type Stats,
} from "node:fs";
import { mkdir, open, rename, rm, stat } from "node:fs/promises";
import { dirname, resolve } from "node:path";
import { DataError, reason } from "../errors.js";

/** Ending of files being written. */
export const ASIDE = ".fovea-tmp";

/** The system's name of an error: "ENOENT". */
export const codeOf = (error: unknown): string | undefined => (error as NodeJS.ErrnoException).code;

/** Errors of flushing to a failing or full disk. Any other error means that the file system cannot flush this. */
const LOST = new Set(["EIO", "ENOSPC", "EDQUOT", "EROFS", "ENXIO", "ENODEV", "ESTALE"]);

/**
 * Makes sure that what was written is on the disk, as far as the file system can: some refuse to flush folders, or anything
 * (network and FUSE mounts), and a patched `fs` may have handles that cannot (Yarn's Plug'n'Play). @throws the system's error for a failing disk
 */
export async function flush(file: { sync?(): Promise<void> }): Promise<void> {
  try {
    await file.sync?.();
  } catch (error) {
    if (LOST.has(codeOf(error) ?? "")) throw error;
  }
}

/**
 * Makes a folder and those above it, one after the other. Returns the outermost that was made, if any. Asked for all at once Node says
 * ENOENT whatever is wrong, or never comes back where a file system makes no folders. @throws the system's error
 */
export async function makeFolders(path: string): Promise<string | undefined> {
  const missing: string[] = [];
  for (let at = resolve(path); !existsSync(at) && dirname(at) !== at; at = dirname(at)) missing.unshift(at);
  if (missing.length === 0) await mkdir(path, { recursive: true }); // throws if the path is not a folder
  let outermost: string | undefined;
  for (const folder of missing) {
    try {
      await mkdir(folder);
      outermost ??= folder;
    } catch (error) {
      if (codeOf(error) !== "EEXIST" || !statOf(folder)?.isDirectory()) throw error; // otherwise another process has just made it
    }
  }
  return outermost;
}

/**
 * Writes a file so that a reader, whenever the process or the machine dies, sees the old contents or the new, never a part:
 * it is written under another name, flushed and renamed. That name cannot be guessed and the file is new, so no link is followed.
 * @throws DataError naming the file if it cannot be written, in which case the old contents are unchanged, or if it is written
 * but its folder cannot be flushed
 */
export async function writeFileAtomic(
  path: string,
  data: string | Uint8Array | readonly Uint8Array[],
): Promise<void> {
  if (await isSpecial(path)) return writeThrough(path, data);
  const aside = `${path}.${randomUUID()}${ASIDE}`;
  let made = false;
  try {
    await makeFolders(dirname(path));
    const file = await open(aside, "wx");
    made = true;
    try {
      for (const part of Array.isArray(data) ? data : [data]) await file.writeFile(part);
      await flush(file);
    } finally {
      await file.close();
    }
    await rename(aside, path);
  } catch (error) {
    if (made) await rm(aside, { force: true }).catch(() => {});
    throw new DataError(`${path}: cannot be written: ${reason(error)}`);
  }
  await flushFolder(path);
}

/** Whether a path leads to a pipe or device, which a file must not take the place of: /dev/stdout. */
const isSpecial = (path: string): Promise<boolean> =>
  stat(path).then(
    (what) => !what.isFile() && !what.isDirectory(),
    () => false,
  );

async function writeThrough(path: string, data: string | Uint8Array | readonly Uint8Array[]): Promise<void> {
  try {
    const file = await open(path, "w");
    try {
      for (const part of Array.isArray(data) ? data : [data]) await file.writeFile(part);
    } finally {
      await file.close();
    }
  } catch (error) {
    throw new DataError(`${path}: cannot be written: ${reason(error)}`);
  }
}

/** Flushes the folder of a file, so that a rename in it survives a power failure. Windows cannot do this, and need not. */
async function flushFolder(path: string): Promise<void> {
  if (process.platform === "win32") return;
  const folder = await open(dirname(path), "r").catch(() => undefined); // a folder that may be written to but not read
  try {
    if (folder) await flush(folder);
  } catch (error) {
    throw new DataError(`${path}: written, but not safe from a power failure: ${reason(error)}`);
  } finally {
    await folder?.close();
  }
}

const unreadable = (path: string, error: unknown): DataError =>
  new DataError(`${path}: cannot be read: ${reason(error)}`);

/** A file's bytes, read at once. @throws DataError naming the file if it cannot be read */
export function readBytes(path: string): Uint8Array {
  try {
    return readFileSync(path);
  } catch (error) {
    throw unreadable(path, error);
  }
}

/** A file's text, without a byte order mark. @throws DataError naming the file if it cannot be read */
export function readText(path: string): string {
  try {
    return readFileSync(path, "utf8").replace(/^\ufeff/, "");
  } catch (error) {
    throw unreadable(path, error);
  }
}

/** A JSON file's object. @throws DataError naming the file if it cannot be read or holds anything else */
export function readJson(path: string): Record<string, unknown> {
  const text = readText(path);
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (error) {
    throw unreadable(path, error);
  }
  if (typeof json === "object" && json !== null && !Array.isArray(json))
    return json as Record<string, unknown>;
  throw new DataError(`${path}: no JSON object; expected {…}`);
}

/** The target of a path, following links; undefined if there is none. @throws DataError naming the path if it cannot be checked */
export function statOf(path: string): Stats | undefined {
  try {
    return statSync(path);
  } catch (error) {
    if (["ENOENT", "ENOTDIR"].includes(codeOf(error) ?? "")) return undefined;
    throw unreadable(path, error);
  }
}

/** The contents of a folder. @throws DataError naming the folder if it cannot be read */
export function entriesOf(folder: string): Dirent[] {
  try {
    return readdirSync(folder, { withFileTypes: true });
  } catch (error) {
    throw unreadable(folder, error);
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
