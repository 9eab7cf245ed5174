// The files that a run could not use: skipped.csv, one line per file.

import { existsSync } from "node:fs";
import { gatherValues } from "../core/group.js";
import type { DataLoader, LeftOut } from "../data/index.js";
import { csvText, parseCsv } from "./csv.js";
import { readBytes, writeFileAtomic } from "./files.js";

const HEADER = ["file", "reason"];

type Loader = Pick<DataLoader, "dataset" | "stats" | "group">;

/** The samples that a loader could not read; in a group, those of all processes, which all call it. */
function failuresOf({ stats, group }: Loader): DataLoader["stats"]["failures"] {
  if (!group) return stats.failures;
  const all = new Map(
    gatherValues(group, stats.failures).flatMap((own) => own.map((one) => [one.index, one])),
  );
  return [...all.values()].sort((a, b) => a.index - b.index);
}

/**
 * The files that a loader could not read: their names, if any, and the reasons, without the names. Those of a group are the same in all
 * its processes, which call it together.
 */
export function unreadable(loader: Loader): LeftOut[] {
  const { dataset } = loader;
  return failuresOf(loader).map(({ index, reason }) => {
    const file = dataset.path?.(index) ?? `${dataset.name}: image ${index}`;
    return { file, reason: reason.startsWith(`${file}: `) ? reason.slice(file.length + 2) : reason };
  });
}

export class SkippedFiles {
  readonly path: string | undefined;
  readonly #reasons = new Map<string, string>();
  readonly #loaders: readonly DataLoader[];
  #written = 0;

  /**
   * `path`: undefined where another process writes the file. `leftOut`: files in no loader. `resumed`: the file already exists, and is
   * extended.
   */
  constructor(
    path: string | undefined,
    leftOut: readonly LeftOut[],
    loaders: readonly DataLoader[],
    resumed: boolean,
  ) {
    this.path = path;
    this.#loaders = loaders;
    if (path !== undefined && resumed && existsSync(path)) {
      const rows = parseCsv(new TextDecoder().decode(readBytes(path))).slice(1);
      for (const [file = "", reason = ""] of rows) this.#reasons.set(file, reason);
    }
    for (const { file, reason } of leftOut) this.#reasons.set(file, reason);
  }

  /** All files up to the last write() or collect(), with the reasons. */
  get files(): LeftOut[] {
    return [...this.#reasons].map(([file, reason]) => ({ file, reason }));
  }

  /** Adds what the loaders could not read since; all processes of their group call it. */
  collect(): void {
    for (const { file, reason } of this.#loaders.flatMap(unreadable)) this.#reasons.set(file, reason);
  }

  /** Collects, and writes skipped.csv if there is more than before. @throws DataError if it cannot be written */
  async write(): Promise<void> {
    this.collect();
    const { files } = this;
    if (this.path === undefined || files.length === this.#written) return;
    await writeFileAtomic(this.path, csvText([HEADER, ...files.map(({ file, reason }) => [file, reason])]));
    this.#written = files.length;
  }
}
