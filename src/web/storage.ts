// Files that a site keeps in the browser (the origin private file system): trainers by their names, each a folder of files.
// https://developer.mozilla.org/en-US/docs/Web/API/File_System_API/Origin_private_file_system

import { DataError, reason, short } from "../errors.js";

/** Where trainers are kept. */
export interface Storage {
  /** Writes a file: as a whole or not at all. */
  write(name: string, file: string, bytes: Uint8Array): Promise<void>;
  /** A file's bytes; undefined if there is none. */
  read(name: string, file: string): Promise<Uint8Array<ArrayBuffer> | undefined>;
  /** Removes a file, or with none said the whole folder; nothing happens if it is not there. */
  remove(name: string, file?: string): Promise<void>;
  /** Names of the folders, sorted. */
  list(): Promise<string[]>;
}

const FOLDER = "fovea";

/** @throws DataError unless a folder may be called so */
export function checkName(op: string, name: unknown): asserts name is string {
  if (
    typeof name === "string" &&
    name.length <= 100 &&
    /^[^/\\:*?"<>|\p{Cc}]*[^/\\:*?"<>|\p{Cc}. ]$/u.test(name)
  )
    return;
  throw new DataError(
    `${op}: bad name ${short(name)}; expected a text of at most 100 characters without / \\ : * ? " < > |`,
  );
}

type Folder = FileSystemDirectoryHandle;

async function root(): Promise<Folder> {
  try {
    return await (await navigator.storage.getDirectory()).getDirectoryHandle(FOLDER, { create: true });
  } catch (error) {
    throw new DataError(
      `fovea/web: this browser keeps no files for the page (${reason(error)}); private windows and pages without https may keep none; export() the model and the dataset instead`,
    );
  }
}

const isMissing = (error: unknown): boolean => (error as Error | undefined)?.name === "NotFoundError";

async function found<T>(ask: () => Promise<T>): Promise<T | undefined> {
  try {
    return await ask();
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error;
  }
}

async function put(handle: FileSystemFileHandle, bytes: Uint8Array): Promise<void> {
  const data = bytes as Uint8Array<ArrayBuffer>;
  if (typeof handle.createWritable === "function") {
    const stream = await handle.createWritable(); // takes the old file's place when it is closed
    await stream.write(data);
    return stream.close();
  }
  // Safari before 26 has this alone, in workers.
  const access = await (
    handle as unknown as {
      createSyncAccessHandle(): Promise<{
        truncate(n: number): void;
        write(b: Uint8Array): void;
        flush(): void;
        close(): void;
      }>;
    }
  ).createSyncAccessHandle();
  try {
    access.truncate(0);
    access.write(data);
    access.flush();
  } finally {
    access.close();
  }
}

/** The browser's own. */
export const browserStorage: Storage = {
  async write(name, file, bytes) {
    try {
      const folder = await (await root()).getDirectoryHandle(name, { create: true });
      await put(await folder.getFileHandle(file, { create: true }), bytes);
    } catch (error) {
      if (error instanceof DataError) throw error;
      const room =
        (error as Error).name === "QuotaExceededError" ? "; the browser gives this site no more room" : "";
      throw new DataError(`fovea/web: ${name}/${file} cannot be kept: ${reason(error)}${room}`);
    }
  },
  async read(name, file) {
    const top = await root();
    return found(async () => {
      const folder = await top.getDirectoryHandle(name);
      return new Uint8Array(await (await (await folder.getFileHandle(file)).getFile()).arrayBuffer());
    });
  },
  async remove(name, file) {
    const top = await root();
    await found(async () => {
      if (file === undefined) await top.removeEntry(name, { recursive: true });
      else await (await top.getDirectoryHandle(name)).removeEntry(file);
    });
  },
  async list() {
    const names: string[] = [];
    for await (const name of ((await root()) as Folder & { keys(): AsyncIterable<string> }).keys())
      names.push(name);
    return names.sort();
  },
};
