// A training run that is killed at random moments and resumed each time ends with the same files as an uninterrupted one.

import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readFile, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Random } from "../../src/core/random.js";
import { TIMES } from "../helpers/ring.js";

const KILLS = 2 * TIMES;
/** In the long ring a test has as long as that says. */
const slow = TIMES > 1 ? {} : { timeout: 100_000 };
const cli = fileURLToPath(new URL("../../dist/cli.js", import.meta.url));

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "fovea-"));
  for (const [part, images, seed] of [
    ["train", 640, 1],
    ["t10k", 100, 2],
  ] as const) {
    const random = new Random(seed);
    const labels = Uint8Array.from({ length: images }, (_, i) => i % 10);
    const pixels = Uint8Array.from({ length: images * 784 }, (_, at) => {
      const [label, row] = [Math.floor(at / 784) % 10, Math.floor((at % 784) / 28)];
      return random.integer(80) + (Math.floor(row / 2.8) === label ? 150 : 0);
    });
    const word = (n: number): number[] => [n >>> 24, (n >>> 16) & 255, (n >>> 8) & 255, n & 255];
    const head = [0, 0, 8, 3, ...word(images), ...word(28), ...word(28)];
    await writeFile(join(folder, `${part}-images-idx3-ubyte`), Buffer.from([...head, ...pixels]));
    await writeFile(
      join(folder, `${part}-labels-idx1-ubyte`),
      Buffer.from([0, 0, 8, 1, ...word(images), ...labels]),
    );
  }
});
afterAll(() => rm(folder, { recursive: true }));

/** Runs `fovea train`; kills it after this many milliseconds. Returns whether it finished, and its output. */
async function train(
  args: readonly string[],
  killAfter = Infinity,
): Promise<{ done: boolean; said: string }> {
  const child = spawn(process.execPath, [cli, "train", ...args], { stdio: ["ignore", "ignore", "pipe"] });
  let said = "";
  child.stderr.on("data", (data) => (said += data));
  const timer = killAfter < Infinity ? setTimeout(() => child.kill("SIGKILL"), killAfter) : undefined;
  const [code, signal] = (await once(child, "close")) as [number | null, string | null];
  clearTimeout(timer);
  if (code !== 0 && signal !== "SIGKILL") throw new Error(`train exited with ${code}: ${said}`);
  return { done: code === 0, said };
}

const begin = (out: string): string[] => [
  ...["--model", "lenet5", "--data", folder, "--epochs", "6", "--batch-size", "32", "--lr", "0.02"],
  ...["--opt", "sgd", "--sched", "cosine", "--mixup", "0.2", "--model-ema", "--model-ema-decay", "0.9"],
  ...["--grad-accum-steps", "2", "--clip-grad", "1", "--checkpoint-interval", "0.02", "--threads", "1"],
  ...["--out", out],
];

/** What a run leaves that does not depend on the clock. */
async function results(out: string): Promise<unknown> {
  const table = (await readFile(join(out, "results.csv"), "utf8")).trim().split("\n");
  const timed = ["seconds", "images_per_second", "data_wait"].map((name) =>
    table[0]!.split(",").indexOf(name),
  );
  const files = ["best", "last"].map((name) => readFile(join(out, "weights", `${name}.safetensors`)));
  return {
    rows: table.map((row) => row.split(",").filter((_, i) => !timed.includes(i))),
    weights: await Promise.all(files),
  };
}

describe("fovea train", () => {
  it(`killed at ${KILLS} moments and resumed, ends as if it had not been`, slow, async () => {
    const whole = join(folder, "whole");
    const start = performance.now();
    await train(begin(whole));
    const took = performance.now() - start;
    const killed = join(folder, "killed");
    const random = new Random(7);
    let deaths = 0;
    for (let done = false; !done;) {
      const resumable = (await readdir(join(killed, "checkpoint")).catch(() => [])).some((name) =>
        name.endsWith(".safetensors"),
      );
      if (!resumable) await rm(killed, { recursive: true, force: true }); // killed before the first checkpoint
      const moment = deaths < KILLS ? random.uniform(0.1, 1) * took : Infinity;
      ({ done } = await train(resumable ? ["--resume", killed] : begin(killed), moment));
      if (!done) deaths++;
      else if (deaths < KILLS) done = (await rm(killed, { recursive: true }), false);
    }
    expect(deaths).toBe(KILLS);
    expect(await results(killed)).toEqual(await results(whole));
    const left = await readdir(killed, { recursive: true });
    expect(left.filter((name) => name.endsWith("tmp"))).toEqual([]);
  });

  it.skipIf(process.platform === "win32")(
    "leaves the checkpoint as it was when the disk is full, and says so",
    slow,
    async () => {
      const out = join(folder, "full");
      const stopped = spawn(process.execPath, [cli, "train", ...begin(out)], {
        stdio: ["ignore", "ignore", "pipe"],
      });
      stopped.stderr.on("data", (text) => String(text).includes("epoch 1/6") && stopped.kill("SIGINT"));
      expect(await once(stopped, "close")).toEqual([130, null]);
      const path = join(out, "checkpoint", "training.safetensors");
      const before = await readFile(path);
      // No file may be longer than 64 blocks of 512 bytes: writing fails as on a full disk.
      const command = `ulimit -f 64; exec "$0" "$@"`;
      const args = ["-c", command, process.execPath, cli, "train", "--resume", out];
      const child = spawn("sh", args, { stdio: ["ignore", "ignore", "pipe"] });
      let said = "";
      child.stderr.on("data", (text) => (said += text));
      expect(await once(child, "close")).toEqual([1, null]);
      expect(said).toMatch(/^fovea: .*\.safetensors: cannot be written: EFBIG/m);
      expect(await readFile(path)).toEqual(before);
      expect((await readdir(out, { recursive: true })).filter((name) => name.endsWith("tmp"))).toEqual([]);
    },
  );
});
