// Which process trains into a run folder: a file in it names the process, so that two never write into one folder.
//
// A process that died leaves the file behind. Its number and start time show whether it still runs (numbers are reused), where the
// system reports them; from another machine or container the file's age does, since a running process touches it now and then.
// Ages are compared between two files of the folder, since clocks of machines differ.

import { randomUUID } from "node:crypto";
import { readFileSync, readlinkSync } from "node:fs";
import { link, open, readFile, rm, stat, writeFile } from "node:fs/promises";
import { hostname } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { DataError, reason, short } from "../errors.js";
import { attempt } from "../wasm/host.js";
import { ASIDE, codeOf } from "./files.js";

export const LOCK_FILE = ".fovea-lock";
const TOUCH_MS = 15_000;
/** A single training step may keep a process from touching the file for minutes. */
const SILENT_MS = 600_000;
/** No process needs this long to remove a dead process's file. */
const GUARD_MS = 30_000;

interface Holder {
  pid: number;
  host: string;
  /** The scope of the number: this boot of this machine, this container. */
  place: string;
  /** Start of the process, in the system's own unit; "" if unknown. */
  began: string;
  /** Differs between two locks of one process. */
  id: string;
}

const orNothing = (read: () => string): string => attempt(read, "");

/** Field 22 of /proc/<pid>/stat (man 5 proc), counted after the name, which may contain anything. */
const beganOf = (pid: number): string =>
  orNothing(() => {
    const line = readFileSync(`/proc/${pid}/stat`, "latin1");
    return line.slice(line.lastIndexOf(")") + 2).split(" ")[19] ?? "";
  });

/** This machine's name. Deno may refuse to report it. */
export const hostOf = (): string => orNothing(hostname) || "an unnamed machine";

function ourselves(): Holder {
  const boot = orNothing(() => readFileSync("/proc/sys/kernel/random/boot_id", "latin1").trim());
  const space = orNothing(() => readlinkSync("/proc/self/ns/pid"));
  const { pid } = process;
  return {
    pid,
    host: hostOf(),
    place: boot ? `${boot} ${space}` : hostOf(),
    began: beganOf(pid),
    id: randomUUID(),
  };
}

function exists(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return codeOf(error) !== "ESRCH";
  }
}

/** Whether the holder is alive; `silent`: milliseconds since its last sign of life. */
function lives(holder: Holder, own: Holder, silent: number): boolean {
  if (holder.place !== own.place) return silent < SILENT_MS;
  if (!exists(holder.pid)) return false;
  const began = beganOf(holder.pid);
  return began && holder.began ? began === holder.began : silent < SILENT_MS;
}

function parse(text: string): Holder | undefined {
  try {
    const { pid, host, place, began, id } = JSON.parse(text) as Partial<Holder>;
    if (!Number.isSafeInteger(pid) || pid! < 1) return undefined;
    if (![host, place, began, id].every((field) => typeof field === "string")) return undefined;
    return { pid: pid!, host: host!, place: place!, began: began!, id: id! };
  } catch {
    return undefined; // damaged, or being written
  }
}

const timeOf = async (path: string): Promise<number> => (await stat(path)).mtimeMs;

export class RunLock {
  readonly #folder: string;
  readonly #path: string;
  readonly #own = ourselves();
  readonly #text = `${JSON.stringify(this.#own)}\n`;
  #timer: ReturnType<typeof setInterval> | undefined;

  private constructor(folder: string) {
    this.#folder = folder;
    this.#path = join(folder, LOCK_FILE);
  }

  /** @throws DataError naming the process that trains into the folder, or if the folder cannot be written to */
  static async take(folder: string): Promise<RunLock> {
    const lock = new RunLock(folder);
    const aside = `${lock.#path}.${randomUUID()}${ASIDE}`;
    try {
      await writeFile(aside, lock.#text, { flag: "wx" });
      while (!(await lock.#place(aside))) await lock.#removeDead(await timeOf(aside).catch(() => Date.now()));
    } catch (error) {
      if (error instanceof DataError) throw error;
      throw new DataError(`${folder}: cannot be written to: ${reason(error)}`);
    } finally {
      await rm(aside, { force: true }).catch(() => {});
    }
    lock.#timer = setInterval(() => void lock.#touch(), TOUCH_MS);
    lock.#timer.unref?.();
    return lock;
  }

  /** Puts the complete file in its place, unless there is one. */
  async #place(aside: string): Promise<boolean> {
    try {
      await link(aside, this.#path);
      return true;
    } catch (error) {
      if (codeOf(error) === "EEXIST") return false;
    }
    try {
      await writeFile(this.#path, this.#text, { flag: "wx" }); // a file system without links
      return true;
    } catch (error) {
      if (codeOf(error) === "EEXIST") return false;
      throw error;
    }
  }

  /** Removes the file of a dead process. @throws DataError naming the process if it is alive */
  async #removeDead(now: number): Promise<void> {
    let text: string;
    let silent: number;
    try {
      text = await readFile(this.#path, "utf8");
      silent = now - (await timeOf(this.#path));
    } catch (error) {
      if (codeOf(error) === "ENOENT") return; // just released
      throw error;
    }
    const holder = parse(text);
    if (holder ? lives(holder, this.#own, silent) : silent < TOUCH_MS) throw this.#taken(holder, silent);
    // If several processes find it dead, only the one that holds the guard removes it, and only if it is unchanged.
    const guard = `${this.#path}.guard${ASIDE}`;
    try {
      await writeFile(guard, "", { flag: "wx" });
    } catch (error) {
      if (codeOf(error) !== "EEXIST") throw error;
      const age = now - (await timeOf(guard).catch(() => now));
      if (age > GUARD_MS) await rm(guard, { force: true }); // left by a process that died in these lines
      await sleep(20);
      return;
    }
    try {
      if ((await readFile(this.#path, "utf8").catch(() => "")) === text)
        await rm(this.#path, { force: true });
    } finally {
      await rm(guard, { force: true });
    }
  }

  #taken(holder: Holder | undefined, silent: number): DataError {
    const begin = `${this.#folder}: another process trains into it`;
    if (!holder) return new DataError(`${begin}; got ${this.#path}; expected another folder`);
    const { pid, host, place } = holder;
    const near = place === this.#own.place;
    const since = near ? "" : `, last heard of ${Math.round(Math.max(0, silent) / 1000)} s ago`;
    const cure = near ? "" : `; if that is dead, delete ${this.#path}`;
    return new DataError(
      `${begin}; got process ${pid} on ${short(host)}${since}; expected another folder${cure}`,
    );
  }

  /**
   * Whether the folder is still there and ours.
   * @throws DataError if it was removed or moved, or if another process has taken it over
   */
  async check(): Promise<void> {
    const text = await readFile(this.#path, "utf8").catch((error: unknown) => {
      if (!["ENOENT", "ENOTDIR"].includes(codeOf(error) ?? "")) return this.#text; // the next write reports it
      throw new DataError(
        `${this.#folder}: removed or moved while it was trained into; got no ${LOCK_FILE}; expected the run's own`,
      );
    });
    if (text === this.#text) return;
    const holder = parse(text);
    throw new DataError(
      `${this.#folder}: taken over while it was trained into; got process ${holder ? `${holder.pid} on ${short(holder.host)}` : "unknown"}; expected ${this.#own.pid}`,
    );
  }

  /** A sign of life: the file is written again, so that its time is the file server's. */
  async #touch(): Promise<void> {
    try {
      const file = await open(this.#path, "r+");
      try {
        if ((await file.readFile("utf8")) === this.#text) await file.write(this.#text, 0, "utf8");
      } finally {
        await file.close();
      }
    } catch {
      // check() reports the problem
    }
  }

  /** Releases the folder. */
  async release(): Promise<void> {
    clearInterval(this.#timer);
    const text = await readFile(this.#path, "utf8").catch(() => "");
    if (text === this.#text) await rm(this.#path, { force: true }).catch(() => {});
  }
}
