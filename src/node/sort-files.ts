// Sorts files into folders by class: planned first, without overwriting, with every step listed so that it can be undone.

import { constants, existsSync, readdirSync, realpathSync } from "node:fs";
import { copyFile, link, lstat, open, readFile, rm, rmdir, stat, symlink, unlink, utimes } from "node:fs/promises"; // prettier-ignore
import { basename, dirname, extname, join, resolve } from "node:path";
import { DataError, reason } from "../errors.js";
import { csvRow, parseCsv } from "./csv.js";
import { makeFolders } from "./files.js";

/** A file and the class whose folder it belongs in. */
export interface Sorted {
  readonly file: string;
  readonly class: string;
}

/** Destination of a file; `there`: the file is already there. */
export interface Placement {
  readonly from: string;
  to: string;
  readonly there: boolean;
}

/** Most bytes in a folder's name: file systems allow 255. */
const LONGEST = 200;

/** A class's name as a folder's, on any system. */
function folderOf(name: string): string {
  const plain = name.replace(/[/\\:*?"<>|\u0000-\u001f\u007f]/g, "_").replace(/[. ]+$/, "");
  let kept = "";
  for (const letter of plain) if (Buffer.byteLength(kept + letter) <= LONGEST) kept += letter;
  return /^\.*$/.test(kept) ? `_${kept}` : kept.replace(/^\./, "_");
}

/** A distinct folder for each class, even on file systems that ignore case. */
class Folders {
  readonly #byClass = new Map<string, string>();
  readonly #taken = new Set<string>();

  of(name: string): string {
    const known = this.#byClass.get(name);
    if (known !== undefined) return known;
    const base = folderOf(name);
    let folder = base;
    for (let n = 2; this.#taken.has(folder.toLowerCase()); n++) folder = `${base}-${n}`;
    this.#taken.add(folder.toLowerCase());
    this.#byClass.set(name, folder);
    return folder;
  }
}

/** "a.jpg", "a-2.jpg", "a-3.jpg" … */
function numbered(name: string, n: number): string {
  if (n < 2) return name;
  const extension = extname(name);
  return `${name.slice(0, name.length - extension.length)}-${n}${extension}`;
}

/** Where each file would go: dir/<class>/<its name>, with a number if that name is taken. Changes nothing. */
export function planSorting(files: readonly Sorted[], dir: string): Placement[] {
  const folders = new Folders();
  const names = new Map<string, Set<string>>();
  return files.map(({ file, class: name }) => {
    const folder = join(dir, folders.of(name));
    if (realFolder(dirname(resolve(file))) === realFolder(resolve(folder)))
      return { from: file, to: file, there: true };
    let taken = names.get(folder);
    if (!taken) {
      const there = existsSync(folder) ? readdirSync(folder) : [];
      names.set(folder, (taken = new Set(there.map((one) => one.toLowerCase()))));
    }
    let n = 1;
    while (taken.has(numbered(basename(file), n).toLowerCase())) n++;
    const own = numbered(basename(file), n);
    taken.add(own.toLowerCase());
    return { from: file, to: join(folder, own), there: false };
  });
}

function realFolder(path: string): string {
  return existsSync(path) ? realpathSync(path) : path;
}

const codeOf = (error: unknown): string => (error as NodeJS.ErrnoException).code ?? "";

/** Gives a file's contents a second name, which must be free. @throws EEXIST if it is not */
async function claim(from: string, to: string, copy: boolean): Promise<void> {
  const { atime, mtime } = await stat(from);
  if (!copy) {
    if ((await lstat(from)).isSymbolicLink()) return symlink(realpathSync(from), to);
    try {
      return await link(from, to);
    } catch (error) {
      if (!/^(EXDEV|EPERM|ENOSYS|ENOTSUP|EOPNOTSUPP|EMLINK|EACCES)$/.test(codeOf(error))) throw error;
    }
  }
  try {
    await copyFile(from, to, constants.COPYFILE_EXCL);
    await utimes(to, atime, mtime);
  } catch (error) {
    if (codeOf(error) !== "EEXIST") await rm(to, { force: true });
    throw error;
  }
}

export interface SortOptions {
  /** Copy, leaving the files where they are. Default false. */
  copy?: boolean;
  /** Called for each finished file. */
  onDone?: (placement: Placement) => void;
}

export interface SortResult {
  /** The list for undoing; undefined if nothing was done. */
  readonly list?: string;
  readonly done: readonly Placement[];
  readonly failures: readonly { file: string; reason: string }[];
}

/** "undo-2026-11-29T18-40-05.csv" */
const listName = (): string => `undo-${new Date().toISOString().slice(0, 19).replaceAll(":", "-")}`;

async function openList(dir: string): Promise<{ path: string; handle: Awaited<ReturnType<typeof open>> }> {
  for (let n = 1; ; n++) {
    const path = join(dir, numbered(`${listName()}.csv`, n));
    try {
      return { path, handle: await open(path, "ax") };
    } catch (error) {
      if (codeOf(error) !== "EEXIST") throw error;
    }
  }
}

/**
 * Moves or copies the files of a plan that are not yet there. No file is overwritten: a name that was taken since then gets a
 * number. A file first gets its new name, is then listed, and then loses its old name, so that it always has one.
 * @throws DataError if the folder cannot be written to; errors with single files are reported
 */
export async function sortFiles(
  plan: readonly Placement[],
  dir: string,
  { copy = false, onDone }: SortOptions = {},
): Promise<SortResult> {
  const due = plan.filter(({ there }) => !there);
  const done: Placement[] = [];
  const failures: { file: string; reason: string }[] = [];
  if (due.length === 0) return { done, failures };
  let list: Awaited<ReturnType<typeof openList>>;
  try {
    await makeFolders(dir);
    list = await openList(dir);
    await list.handle.appendFile("action,from,to\n");
  } catch (error) {
    throw new DataError(`${dir}: cannot be written to: ${reason(error)}`);
  }
  try {
    for (const placement of due) {
      const { from } = placement;
      try {
        placement.to = await claimed(placement, copy);
        await list.handle.appendFile(
          `${csvRow([copy ? "copy" : "move", resolve(from), resolve(placement.to)])}\n`,
        );
        if (!copy) await unlink(from);
        done.push(placement);
        onDone?.(placement);
      } catch (error) {
        failures.push({ file: from, reason: `${from}: cannot be sorted: ${reason(error)}` });
      }
    }
  } finally {
    await list.handle.close();
  }
  if (done.length > 0) return { list: list.path, done, failures };
  await rm(list.path, { force: true });
  return { done, failures };
}

/** The name that a file got: the planned one, or the next free one. */
async function claimed({ from, to }: Placement, copy: boolean): Promise<string> {
  await makeFolders(dirname(to));
  for (let n = 1; ; n++) {
    const free = join(dirname(to), numbered(basename(to), n));
    try {
      await claim(from, free, copy);
      return free;
    } catch (error) {
      if (codeOf(error) !== "EEXIST") throw error;
    }
  }
}

/**
 * Undoes the entries of a list, last ones first: moves files back, removes copies if they are still unchanged. Removes folders
 * that are then empty, and the list if everything is undone.
 * @throws DataError if the list cannot be read, or is not a list
 */
export async function undoSorting(path: string): Promise<SortResult> {
  let rows: string[][];
  try {
    rows = parseCsv(await readFile(path, "utf8"));
  } catch (error) {
    throw new DataError(`${path}: cannot be read: ${reason(error)}`);
  }
  const isList = rows.shift()?.join() === "action,from,to" && rows.every((row) => row.length === 3 && /^(move|copy)$/.test(row[0]!)); // prettier-ignore
  if (!isList) throw new DataError(`${path}: not a list of moved or copied files; expected action,from,to`);
  const done: Placement[] = [];
  const failures: { file: string; reason: string }[] = [];
  for (const [action, from, to] of rows.reverse() as [string, string, string][]) {
    try {
      await (action === "move" ? moveBack(from, to) : removeCopy(from, to));
      done.push({ from: to, to: from, there: false });
      await rmdir(dirname(to)).catch(() => {}); // not empty yet
    } catch (error) {
      failures.push({ file: to, reason: `${to}: stays: ${reason(error)}` });
    }
  }
  if (failures.length === 0) await rm(path, { force: true });
  return { done, failures };
}

async function moveBack(from: string, to: string): Promise<void> {
  const [there, here] = await Promise.all([from, to].map((path) => lstat(path).catch(() => undefined)));
  if (!here) {
    if (there) return; // it was never moved, or is back already
    throw new Error("it no longer exists");
  }
  if (there && (there.ino !== here.ino || there.dev !== here.dev)) throw new Error(`${from} exists again`);
  if (!there) {
    await makeFolders(dirname(from));
    await claim(to, from, false);
  }
  await unlink(to);
}

async function removeCopy(from: string, to: string): Promise<void> {
  if (!existsSync(to)) return;
  if (!existsSync(from)) throw new Error(`${from} no longer exists`);
  if (Buffer.compare(await readFile(from), await readFile(to)) !== 0) throw new Error("it has been changed");
  await unlink(to);
}
