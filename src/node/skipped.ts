// The files that a run could not use: skipped.csv, one line per file.

import { existsSync } from "node:fs";
import type { DataLoader, LeftOut } from "../data/index.js";
import { csvText, parseCsv } from "./csv.js";
import { readBytes, writeFileAtomic } from "./files.js";

const HEADER = ["file", "reason"];

/** The files that a loader could not read: their names, if any, and the reasons, without the names. */
export function unreadable({ dataset, stats }: Pick<DataLoader, "dataset" | "stats">): LeftOut[] {
  return stats.failures.map(({ index, reason }) => {
    const file = dataset.path?.(index) ?? `${dataset.name}: image ${index}`;
    return { file, reason: reason.startsWith(`${file}: `) ? reason.slice(file.length + 2) : reason };
  });
}

export class SkippedFiles {
  readonly path: string;
  readonly #reasons = new Map<string, string>();
  readonly #loaders: readonly DataLoader[];
  #written = 0;

  /** `leftOut`: files in no loader. `resumed`: the file already exists, and is extended. */
  constructor(path: string, leftOut: readonly LeftOut[], loaders: readonly DataLoader[], resumed: boolean) {
    this.path = path;
    this.#loaders = loaders;
    if (resumed && existsSync(path)) {
      const rows = parseCsv(new TextDecoder().decode(readBytes(path))).slice(1);
      for (const [file = "", reason = ""] of rows) this.#reasons.set(file, reason);
    }
    for (const { file, reason } of leftOut) this.#reasons.set(file, reason);
  }

  /** All files so far, with the reasons. */
  get files(): LeftOut[] {
    for (const { file, reason } of this.#loaders.flatMap(unreadable)) this.#reasons.set(file, reason);
    return [...this.#reasons].map(([file, reason]) => ({ file, reason }));
  }

  /** Writes skipped.csv if there is more than before. @throws DataError if it cannot be written */
  async write(): Promise<void> {
    const { files } = this;
    if (files.length === this.#written) return;
    await writeFileAtomic(this.path, csvText([HEADER, ...files.map(({ file, reason }) => [file, reason])]));
    this.#written = files.length;
  }
}
