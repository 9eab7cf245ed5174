// Two processes never train into one folder; a dead one does not keep the living out; what goes wrong with a folder is said.

import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { mkdir, mkdtemp, readdir, readFile, rename, rm, symlink, utimes, writeFile } from "node:fs/promises";
import { hostname, tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { DataError } from "../../src/errors.js";
import { lenet5 } from "../../src/models/index.js";
import { flush, writeFileAtomic } from "../../src/node/files.js";
import { RunFolder } from "../../src/node/run-folder.js";
import { LOCK_FILE, RunLock } from "../../src/node/run-lock.js";
import { EventWriter } from "../../src/node/tensorboard.js";

let root: string;
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), "fovea-"));
});
afterEach(async () => {
  await rm(root, { recursive: true, force: true });
});

const lockFile = (): string => join(root, LOCK_FILE);
const held = async (): Promise<Record<string, unknown>> =>
  JSON.parse(await readFile(lockFile(), "utf8")) as Record<string, unknown>;

/** Puts a lock of somebody else there, of this many seconds ago. */
async function plant(holder: object | string, age = 0): Promise<void> {
  await writeFile(lockFile(), typeof holder === "string" ? holder : JSON.stringify(holder));
  const then = Date.now() / 1000 - age;
  await utimes(lockFile(), then, then);
}

/** What a lock of this process says. */
async function ours(): Promise<Record<string, unknown>> {
  const lock = await RunLock.take(root);
  const holder = await held();
  await lock.release();
  return holder;
}

describe("a folder that is trained into", () => {
  it("is refused to others, by the process's number, machine and folder", async () => {
    const lock = await RunLock.take(root);
    await expect(RunLock.take(root)).rejects.toThrow(
      new DataError(
        `${root}: another process trains into it; got process ${process.pid} on ${hostname()}; expected another folder`,
      ),
    );
    await lock.release();
    expect(await readdir(root)).toEqual([]);
    await (await RunLock.take(root)).release();
  });

  it("of several that come at once one alone gets, the lock of a dead one too", async () => {
    const { place } = await ours();
    for (const dead of [false, true]) {
      if (dead) await plant({ pid: 2 ** 22 + 5, host: "h", place, began: "1", id: "x" });
      const takers = await Promise.allSettled(Array.from({ length: 20 }, () => RunLock.take(root)));
      const taken = takers.flatMap((one) => (one.status === "fulfilled" ? [one.value] : []));
      expect(taken).toHaveLength(1);
      await taken[0]!.check();
      await taken[0]!.release();
      expect(await readdir(root)).toEqual([]);
    }
  });

  it("is taken over from a process that is dead, and from one whose number another has now", async () => {
    const own = await ours();
    const child = spawnSync(process.execPath, ["-e", ""]);
    for (const holder of [
      { ...own, pid: child.pid, id: "dead" },
      ...(own["began"] ? [{ ...own, began: "1", id: "number given anew" }] : []),
    ]) {
      await plant(holder);
      const lock = await RunLock.take(root);
      expect((await held())["id"]).not.toBe(holder.id);
      await lock.release();
    }
  });

  it("is left to another machine's process as long as that is heard of", async () => {
    const holder = { pid: process.pid, host: "other", place: "elsewhere", began: "1", id: "x" };
    await plant(holder, 300);
    await expect(RunLock.take(root)).rejects.toThrow(
      /got process \d+ on other, last heard of 30\d s ago; expected another folder; if that is dead, delete .*lock$/,
    );
    await plant(holder, 700);
    await (await RunLock.take(root)).release();
  });

  it("whose lock is damaged is free after a moment", async () => {
    for (const text of ["", "{", '{"pid":-1}', "null"]) {
      await plant(text, 1);
      await expect(RunLock.take(root)).rejects.toThrow("another process trains into it");
      await plant(text, 60);
      await (await RunLock.take(root)).release();
    }
  });

  it("reports when it is removed, moved or taken over", async () => {
    const run = new RunFolder(join(root, "a", "run"));
    await run.claim();
    await run.check();
    await rename(run.path, join(root, "moved"));
    await expect(run.writeArgs({})).rejects.toThrow(
      `${run.path}: removed or moved while it was trained into`,
    );
    expect(existsSync(run.path)).toBe(false);
    await rename(join(root, "moved"), run.path);
    const lock = join(run.path, LOCK_FILE);
    const text = await readFile(lock, "utf8");
    await writeFile(lock, JSON.stringify({ ...JSON.parse(text), pid: 77, id: "x" }));
    await expect(run.writeArgs({})).rejects.toThrow(
      /taken over while it was trained into; got process 77 on/,
    );
    await run.release();
    expect(existsSync(lock)).toBe(true); // it is not ours
  });

  it("and was made for it goes again if nothing is written, and stays if it was there", async () => {
    const made = new RunFolder(join(root, "a", "b", "run"));
    await made.claim();
    await made.release();
    expect(await readdir(root)).toEqual([]);
    await mkdir(join(root, "mine"));
    const mine = new RunFolder(join(root, "mine"));
    await mine.claim();
    await mine.release();
    expect(await readdir(root)).toEqual(["mine"]);
  });

  it("without the best weights is not called complete", async () => {
    const run = new RunFolder(root);
    const model = lenet5();
    const row = {
      epoch: 1,
      train_loss: 1,
      train_top1: 0,
      eval_loss: 1,
      eval_top1: 0.9,
      eval_top5: 1,
      lr: 0.1,
    };
    const rest = { train_count: 10, seconds: 1, images_per_second: 1, data_wait: 0, skipped: 0 };
    await run.writeEpoch([{ ...row, ...rest }], model);
    await rm(join(root, "weights"), { recursive: true });
    const worse = { ...row, ...rest, epoch: 2, eval_top1: 0.5 };
    await expect(run.writeEpoch([{ ...row, ...rest }, worse], model)).rejects.toThrow(
      /best\.safetensors: removed since; got no file; expected the weights of epoch 1$/,
    );
    model.dispose();
  });
});

describe("files", () => {
  const code = (name: string): Error => Object.assign(new Error(`${name}: said the system`), { code: name });

  it.each(["EINVAL", "ENOTSUP", "EPERM", "EISDIR", "ENOSYS", undefined])(
    "are written where flushing gives %s: the file system, or a patched fs, cannot",
    async (name) => {
      const error = name === undefined ? new Error("Method not implemented.") : code(name);
      await flush({ sync: () => Promise.reject(error) });
      await flush({});
    },
  );

  it.each(["EIO", "ENOSPC", "EDQUOT"])("are not called safe where flushing gives %s", async (name) => {
    await expect(flush({ sync: () => Promise.reject(code(name)) })).rejects.toThrow(name);
  });

  it.skipIf(process.platform === "win32")("are written through to devices, which stay", async () => {
    await expect(writeFileAtomic("/dev/full", "x")).rejects.toThrow(
      new DataError("/dev/full: cannot be written: ENOSPC: no space left on device"),
    );
    await writeFileAtomic("/dev/null", "x");
  });

  it("aside have names that cannot be guessed, and planted links are not followed", async () => {
    const target = join(root, "target");
    await writeFile(target, "precious");
    const path = join(root, "run", "a.txt");
    await mkdir(join(root, "run"));
    await symlink(target, `${path}.${process.pid}.fovea-tmp`);
    await symlink(target, path);
    await writeFileAtomic(path, "new");
    expect(await readFile(target, "utf8")).toBe("precious");
    expect(await readFile(path, "utf8")).toBe("new");
  });
});

describe("EventWriter", () => {
  it("says which file cannot be written, or was removed", async () => {
    await writeFile(join(root, "tensorboard"), "");
    const writer = new EventWriter(join(root, "tensorboard"));
    await expect(writer.flush()).rejects.toThrow(
      /tensorboard.events\.out.*: cannot be written: E(EXIST|NOTDIR)/,
    );
    await writer.close();
    const other = new EventWriter(join(root, "other"));
    await other.flush();
    await rm(join(root, "other"), { recursive: true });
    other.scalar("a", 1, 1);
    await expect(other.close()).rejects.toThrow(`${other.path}: cannot be written: it was removed since`);
  });

  it("writes no file that is there, link or not", async () => {
    const target = join(root, "target");
    await writeFile(target, "precious");
    const now = (): number => 1;
    const first = new EventWriter(root, { now });
    const next = first.path.replace(/\d+$/, (n) => String(Number(n) + 1));
    await symlink(target, next);
    const second = new EventWriter(root, { now });
    await second.flush();
    expect(second.path).not.toBe(next);
    await second.close();
    expect(await readFile(target, "utf8")).toBe("precious");
  });
});

it.skipIf(process.platform === "win32")(
  "a log that nobody reads ends no training run",
  { timeout: 60_000 },
  async () => {
    const word = (n: number): number[] => [0, 0, n >> 8, n & 255];
    for (const [part, images] of [
      ["train", 64],
      ["t10k", 16],
    ] as const) {
      const pixels = Buffer.from([
        0,
        0,
        8,
        3,
        ...word(images),
        ...word(28),
        ...word(28),
        ...new Uint8Array(784 * images),
      ]);
      const labels = Buffer.from([
        0,
        0,
        8,
        1,
        ...word(images),
        ...Uint8Array.from({ length: images }, (_, i) => i % 10),
      ]);
      await writeFile(join(root, `${part}-images-idx3-ubyte`), pixels);
      await writeFile(join(root, `${part}-labels-idx1-ubyte`), labels);
    }
    const cli = ["build/cli.js", "train", root, "--model", "lenet5", "--epochs", "3"];
    const out = join(root, "run");
    const child = spawn(process.execPath, [...cli, "--threads", "1", "--out", out], {
      stdio: ["ignore", "pipe", "pipe"],
    });
    child.stdout.destroy();
    child.stderr.once("data", () => child.stderr.destroy());
    expect(await once(child, "close")).toEqual([0, null]);
    const written = await readdir(out);
    expect(written).toEqual(expect.arrayContaining(["metrics.json", "report.html", "results.csv"]));
    expect(written).not.toContain(LOCK_FILE);
  },
);
