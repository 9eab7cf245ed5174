// A trainer's pictures in the browser's files: a file for each picture, whose name holds the key of its class and its number, and
// pictures.json with the names of the classes. Adding a picture writes one file, so nothing is lost whenever the page is closed.

import type { Storage } from "../storage.js";
import { readFile } from "../storage.js";

/** A class, which keeps its key when it is renamed or moved. */
export interface KeptClass {
  readonly key: string;
  readonly name: string;
}

/** A picture as it is kept. */
export interface KeptPicture {
  readonly key: string;
  readonly id: number;
  readonly file: string;
  readonly blob: Blob;
}

const INDEX = "pictures.json";
const PICTURE = /^picture-([a-z\d]+)-(\d+)-[a-z\d]+\.(?:jpg|png)$/;
/** Digits of a picture's number: names sort as numbers do. */
const DIGITS = 8;

/** A few letters that no other tab comes upon. */
export const newKey = (): string => Math.random().toString(36).slice(2, 10);

export class KeptPictures {
  /** Of the folder. */
  readonly name: string;
  readonly #storage: Storage;
  /** Indexes follow each other: a file is open once at a time. */
  #indexed: Promise<unknown> = Promise.resolve();

  constructor(storage: Storage, name: string) {
    this.#storage = storage;
    this.name = name;
  }

  /** What is there, in the order of the pictures' numbers. Pictures of no class that is named make one, so that none is lost. */
  async load(): Promise<{ classes: KeptClass[]; pictures: KeptPicture[] }> {
    const index = await readFile(this.#storage, this.name, INDEX);
    const classes = index ? (JSON.parse(new TextDecoder().decode(index)) as KeptClass[]) : [];
    const pictures: KeptPicture[] = [];
    for (const file of await this.#storage.list(this.name)) {
      const [, key, number] = PICTURE.exec(file) ?? [];
      const blob = key === undefined ? undefined : await this.#storage.open(this.name, file);
      if (!blob) continue;
      if (!classes.some((each) => each.key === key)) classes.push({ key: key!, name: `class ${key!}` });
      pictures.push({ key: key!, id: Number(number), file, blob });
    }
    return { classes, pictures: pictures.sort((a, b) => a.id - b.id) };
  }

  /** Writes a picture; gives back its file's name. @throws DataError where there is no room */
  async add(key: string, id: number, blob: Blob): Promise<string> {
    const extension = blob.type === "image/png" ? "png" : "jpg";
    const file = `picture-${key}-${String(id).padStart(DIGITS, "0")}-${newKey()}.${extension}`;
    await this.#storage.write(this.name, file, blob);
    return file;
  }

  async remove(file: string): Promise<void> {
    await this.#storage.remove(this.name, file);
  }

  /** Writes the names of the classes. */
  async writeClasses(classes: readonly KeptClass[]): Promise<void> {
    const text = new TextEncoder().encode(JSON.stringify(classes));
    const written = this.#indexed.then(async () => this.#storage.write(this.name, INDEX, text));
    this.#indexed = written.catch(() => undefined);
    return written;
  }

  /** Removes all pictures. */
  async clear(): Promise<void> {
    for (const file of await this.#storage.list(this.name)) if (PICTURE.test(file)) await this.remove(file);
    await this.#storage.remove(this.name, INDEX);
  }
}
