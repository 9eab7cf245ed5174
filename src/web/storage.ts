// Files that a site keeps in the browser (the origin private file system): trainers by their names, each a folder of files.
// https://developer.mozilla.org/en-US/docs/Web/API/File_System_API/Origin_private_file_system

import { DataError, reason, short } from "../errors.js";

/** Where trainers are kept. */
export interface Storage {
  /** Writes a file: as a whole or not at all. */
  write(name: string, file: string, contents: Uint8Array | Blob): Promise<void>;
  /** A file, of which nothing is read yet; undefined if there is no such file. */
  open(name: string, file: string): Promise<Blob | undefined>;
  /** Removes a file, or the whole folder if no file is named; nothing happens if it is not there. */
  remove(name: string, file?: string): Promise<void>;
  /** Names of a folder's files, sorted; of the folders if no folder is named. */
  list(name?: string): Promise<string[]>;
}

const FOLDER = "fovea";

/** The file that a folder has if a trainer was saved there; pictures alone may be kept in others. */
export const STATE = "trainer.json";

/** Names under which trainers are saved, sorted. */
export async function savedNames(storage: Storage): Promise<string[]> {
  const names: string[] = [];
  for (const name of await storage.list()) if (await storage.open(name, STATE)) names.push(name);
  return names;
}

/** A file's bytes; undefined if there is no such file. */
export async function readFile(
  storage: Storage,
  name: string,
  file: string,
): Promise<Uint8Array<ArrayBuffer> | undefined> {
  const blob = await storage.open(name, file);
  return blob && new Uint8Array(await blob.arrayBuffer());
}

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

/** @throws DataError where the browser keeps no files: Firefox in private windows, WebKitGTK, pages without https */
async function root(): Promise<Folder> {
  try {
    // An insecure page has no navigator.storage.
    if (!navigator.storage?.getDirectory) throw new Error("it has no origin private file system here");
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

async function put(handle: FileSystemFileHandle, contents: Uint8Array | Blob): Promise<void> {
  const data = contents as Uint8Array<ArrayBuffer> | Blob;
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
    access.write(data instanceof Blob ? new Uint8Array(await data.arrayBuffer()) : data);
    access.flush();
  } finally {
    access.close();
  }
}

/** The browser's own. */
export const browserStorage: Storage = {
  async write(name, file, contents) {
    try {
      const folder = await (await root()).getDirectoryHandle(name, { create: true });
      await put(await folder.getFileHandle(file, { create: true }), contents);
    } catch (error) {
      if (error instanceof DataError) throw error;
      const room =
        (error as Error).name === "QuotaExceededError" ? "; the browser gives this site no more room" : "";
      throw new DataError(`fovea/web: ${name}/${file} cannot be kept: ${reason(error)}${room}`);
    }
  },
  async open(name, file) {
    const top = await root();
    return found(async () => (await (await top.getDirectoryHandle(name)).getFileHandle(file)).getFile());
  },
  async remove(name, file) {
    const top = await root();
    await found(async () => {
      if (file === undefined) await top.removeEntry(name, { recursive: true });
      else await (await top.getDirectoryHandle(name)).removeEntry(file);
    });
  },
  async list(name) {
    const top = await root();
    const names: string[] = [];
    await found(async () => {
      const folder = name === undefined ? top : await top.getDirectoryHandle(name);
      for await (const each of (folder as Folder & { keys(): AsyncIterable<string> }).keys())
        names.push(each);
    });
    return names.sort();
  },
};
