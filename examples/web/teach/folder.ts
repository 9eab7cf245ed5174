// A folder of the browser's private file system; in memory where there is none (private windows of some browsers).

export class Folder {
  readonly #files = new Map<string, Blob>();
  readonly #handle: FileSystemDirectoryHandle | undefined;
  /** Writes follow each other: a file is open once at a time. */
  #last: Promise<unknown> = Promise.resolve();

  private constructor(handle: FileSystemDirectoryHandle | undefined) {
    this.#handle = handle;
  }

  static async open(name: string): Promise<Folder> {
    try {
      const root = await navigator.storage.getDirectory();
      return new Folder(await root.getDirectoryHandle(name, { create: true }));
    } catch {
      return new Folder(undefined);
    }
  }

  async read(name: string): Promise<Blob | undefined> {
    try {
      return this.#handle ? await (await this.#handle.getFileHandle(name)).getFile() : this.#files.get(name);
    } catch {
      return undefined;
    }
  }

  /** Throws QuotaExceededError where the device has no room. */
  write(name: string, blob: Blob): Promise<void> {
    return this.#next(async (handle) => {
      if (!handle) return void this.#files.set(name, blob);
      const file = await (await handle.getFileHandle(name, { create: true })).createWritable();
      await file.write(blob);
      await file.close();
    });
  }

  remove(name: string): Promise<void> {
    return this.#next(async (handle) => {
      this.#files.delete(name);
      await handle?.removeEntry(name).catch(() => undefined); // it is gone already
    });
  }

  #next(run: (handle: FileSystemDirectoryHandle | undefined) => Promise<void>): Promise<void> {
    const mine = this.#last.then(() => run(this.#handle));
    this.#last = mine.catch(() => undefined);
    return mine;
  }
}
