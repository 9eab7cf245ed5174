// A long job's output in parts, a file for each, so that a job that was broken off continues with what is missing. A part's file is
// written at once and whole: where it is, the part is finished. A record beside them says of what they are parts.

import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { join, parse } from "node:path";
import { DataError, short, show } from "../errors.js";
import { csvText, parseCsv } from "./csv.js";
import { readJson, readText, writeFileAtomic } from "./files.js";
import type { LeftOut } from "../data/index.js";

/** Where a name has the part's number. */
export const PLACE = "%r";

/** Least digits of a part's number. */
const DIGITS = 4;

/** What the parts depend on: values by names, which errors tell. */
export type Conditions = Readonly<Record<string, unknown>>;

/** The files of a job in parts. */
export class Parts {
  /** Says of what they are the parts. */
  readonly record: string;
  readonly count: number;
  readonly #pattern: string;
  readonly #digits: number;

  /** `pattern`: a path with %r, for each part's number from 0. */
  constructor(pattern: string, count: number) {
    this.#pattern = pattern;
    this.count = count;
    this.#digits = Math.max(DIGITS, String(count - 1).length);
    this.record = beside(this.#named("all"), ".json", pattern.endsWith(".json") ? "-parts" : "");
  }

  #named(what: string): string {
    return this.#pattern.replaceAll(PLACE, () => what);
  }

  /** The file of part i. */
  path(i: number): string {
    return this.#named(String(i).padStart(this.#digits, "0"));
  }

  /** The list of what part i could not use; missing if that is nothing. */
  skippedPath(i: number): string {
    return beside(this.path(i), ".csv", ".skipped");
  }

  isFinished(i: number): boolean {
    return existsSync(this.path(i));
  }

  /**
   * Begins the job, or continues it. Processes of an array job may do so at the same time.
   * @throws DataError if its parts are of a job with other conditions, or of an unknown one
   */
  async begin(conditions: Conditions): Promise<void> {
    if (!existsSync(this.record)) {
      const first = Array.from({ length: this.count }, (_, i) => i).find((i) => this.isFinished(i));
      if (first !== undefined) {
        throw new DataError(
          `${this.path(first)}: exists already, and no ${this.record} says of what it is a part; expected another --out`,
        );
      }
      await writeFileAtomic(this.record, `${JSON.stringify(conditions, null, 2)}\n`);
    }
    const then = readJson(this.record); // another process may have been quicker
    const now = JSON.parse(JSON.stringify(conditions)) as Record<string, unknown>;
    const other = Object.keys({ ...then, ...now }).find(
      (name) => JSON.stringify(then[name]) !== JSON.stringify(now[name]),
    );
    if (other === undefined) return;
    throw new DataError(
      `${this.record}: belongs to a job with other ${other}; got ${short(show(now[other]))}, expected ${short(show(then[other]))}; ` +
        "expected the same, or another --out",
    );
  }

  /** Writes a part: first what it could not use, as the part's own file says that it is finished. @throws DataError if it cannot be written */
  async finish(i: number, contents: readonly Uint8Array[], skipped: readonly LeftOut[]): Promise<void> {
    if (skipped.length > 0) {
      const rows = skipped.map(({ file, reason }) => [file, reason]);
      await writeFileAtomic(this.skippedPath(i), csvText([["file", "reason"], ...rows]));
    }
    await writeFileAtomic(this.path(i), contents);
  }

  /** What the parts could not use: how many files each, by their lists. */
  skipped(): Map<string, number> {
    const lists = Array.from({ length: this.count }, (_, i) => this.skippedPath(i)).filter((path) =>
      existsSync(path),
    );
    return new Map(lists.map((path) => [path, parseCsv(readText(path)).length - 1]));
  }
}

/** "out/part-all.csv" as "out/part-all.json". */
function beside(path: string, ending: string, more = ""): string {
  const { dir, name } = parse(path);
  return join(dir, `${name}${more}${ending}`);
}

/** A digest of names, for conditions. */
export const namesDigest = (names: readonly string[]): string =>
  createHash("sha256")
    .update(names.map((name) => `${name}\n`).join(""))
    .digest("hex");
