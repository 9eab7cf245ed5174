// Files that a command writes at its end: whether they can be written is checked before the long work begins.

import { accessSync, constants } from "node:fs";
import { dirname, resolve } from "node:path";
import { DataError, reason, short } from "../errors.js";
import { makeFolders, statOf } from "../node/files.js";
import { UsageError } from "../node/usage-error.js";

/** Deno compares users only with --allow-sys; without it, the file is only tried at the end. */
function mayWrite(folder: string): void {
  try {
    accessSync(folder, constants.W_OK);
  } catch (error) {
    if ((error as Error).name !== "NotCapable") throw error;
  }
}

/** Makes the files' folders. @throws DataError naming the file that cannot be written, UsageError if two are the same */
export async function requireWritable(paths: readonly (string | undefined)[]): Promise<void> {
  const files = paths.filter((path) => path !== undefined);
  const twice = files.find((path, i) => files.some((other, j) => j < i && resolve(other) === resolve(path)));
  if (twice !== undefined)
    throw new UsageError(`'${short(twice)}' would be written twice; expected two files`);
  for (const path of files) {
    try {
      if (statOf(path)?.isDirectory()) throw new Error("it is a folder");
      await makeFolders(dirname(path));
      mayWrite(dirname(path));
    } catch (error) {
      throw new DataError(`${path}: cannot be written: ${reason(error)}`);
    }
  }
}
