// fovea train as a job of several processes.

import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { job, messages, mpiruns, startJob, type Job } from "../helpers/mpirun.js";
import { png } from "../helpers/pictures.js";
import { isLong } from "../helpers/ring.js";

const top = mkdtempSync(join(tmpdir(), "fovea-mpi-"));
afterAll(() => rmSync(top, { recursive: true }));
const at = (name: string): string => join(top, name);

beforeAll(() => {
  for (const [part, n] of [
    ["train", 12],
    ["val", 5],
  ] as const) {
    for (const [name, red] of [
      ["a", 20],
      ["b", 190],
    ] as const) {
      mkdirSync(at(`data/${part}/${name}`), { recursive: true });
      for (let i = 0; i < n; i++) writeFileSync(at(`data/${part}/${name}/${i}.png`), png(32, 32, [red + 5 * i, 9 * i, 80])); // prettier-ignore
    }
  }
});

const flags = (out: string, ...more: string[]): string[] => [
  ...["build/cli.js", "train", "--model", "lenet5", "--data", at("data"), "--out", at(out), "--epochs", "3"],
  ...["--threads", "1", "--workers", "0", "--checkpoint-interval", "0", "--model-ema", ...more],
];

const bytes = (run: string, file = "weights/last.safetensors"): string =>
  readFileSync(join(at(run), file), "base64");

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

describe.each(mpiruns)("%s", (mpirun) => {
  let whole: Job;
  beforeAll(() => {
    whole = job(mpirun, 2, flags("whole", "--batch-size", "4", "--lr", "0.05"));
  }, 120_000);
  afterAll(() => rmSync(at("whole"), { recursive: true, force: true }));

  it("needs no flag, and speaks once", () => {
    expect(whole.status, whole.stderr).toBe(0);
    expect(whole.stdout).toBe(`${at("whole")}\n`);
    expect(whole.stderr).toContain("fovea: 2 processes: batches of 2 × 4 = 8 images\n");
    expect(whole.stderr).toContain("fovea: learning rate 0.05, as for one process (--scale-lr)\n");
    expect(whole.stderr.match(/^epoch \d\/3  train loss/gm)).toHaveLength(3);
    expect(existsSync(join(at("whole"), "report.html"))).toBe(true);
  });

  it.each(isLong ? [0, 1] : [1])(
    "ends within 10 s when rank %i is killed, and continues to the same bytes",
    async (rank) => {
      const running = startJob(mpirun, 2, flags("killed", "--batch-size", "4", "--lr", "0.05"));
      while (
        running.child.exitCode === null &&
        !existsSync(join(at("killed"), "checkpoint/training.safetensors"))
      ) {
        await new Promise((resume) => setTimeout(resume, 5));
      }
      const pids = [0, 1].map((r) => running.pid(r));
      const pid = pids[rank]!;
      process.kill(pid, "SIGKILL");
      const begin = performance.now();
      expect(await running.ended).not.toBe(0);
      while (pids.some(isAlive)) await new Promise((resume) => setTimeout(resume, 20)); // mpirun may be gone before them
      expect(performance.now() - begin).toBeLessThan(10_000);
      const said = running.output();
      expect(said).toContain(`to continue: mpirun -np 2 fovea train --resume ${at("killed")}\n`);
      // Open MPI's mpirun names the rank, MPICH's the process.
      if (!said.includes(`process rank ${rank} `)) {
        expect(said).toContain(`PID ${pid} RUNNING AT`);
        expect(said).toMatch(new RegExp(`^fovea: rank 0 is .*rank ${rank} is process ${pid} on |^fovea: rank ${rank} is process ${pid} on `, "m")); // prettier-ignore
      }
      const resumed = job(mpirun, 2, ["build/cli.js", "train", "--resume", at("killed")]);
      expect(resumed.status, resumed.stderr).toBe(0);
      for (const file of ["weights/last.safetensors", "weights/last-ema.safetensors"]) {
        expect(bytes("killed", file) === bytes("whole", file), file).toBe(true);
      }
      rmSync(at("killed"), { recursive: true });
    },
    180_000,
  );

  it("continues with other numbers of processes", () => {
    cpSync(at("whole"), at("other"), { recursive: true });
    const three = job(mpirun, 3, ["build/cli.js", "train", "--resume", at("other"), "--epochs", "4"]);
    expect(three.stderr).toContain(
      "batches of 8 images cannot be shared by 3 processes; expected 1, 2, 4, 8 of them",
    );
    const alone = job(mpirun, 1, ["build/cli.js", "train", "--resume", at("other"), "--epochs", "4"]);
    expect(alone.status, alone.stderr).toBe(0);
    expect(alone.stderr).toMatch(/^epoch 4\/4  train loss/m);
    rmSync(at("other"), { recursive: true });
  }, 120_000);

  it("lists the images that any process could not read", () => {
    const bad = ["train/a/bad0.png", "train/b/bad1.png", "val/a/bad2.png", "val/b/bad3.png"].map((name) => at(`damaged/${name}`)); // prettier-ignore
    cpSync(at("data"), at("damaged"), { recursive: true });
    for (const file of bad) writeFileSync(file, png(32, 32, [1, 2, 3]).subarray(0, 40));
    const more = ["--data", at("damaged"), "--epochs", "1", "--batch-size", "4"];
    for (const n of [2, 1]) {
      const ran = job(mpirun, n, flags(`skips${n}`, ...more));
      expect(ran.status, ran.stderr).toBe(0);
      const rows = readFileSync(at(`skips${n}/skipped.csv`), "utf8")
        .trim()
        .split("\n");
      expect(rows.slice(1).map((row) => row.split(",")[0]).sort()).toEqual(bad); // prettier-ignore
      expect(ran.stderr.match(/^fovea: files that could not be used/gm)).toHaveLength(1);
      const metrics = JSON.parse(readFileSync(at(`skips${n}/metrics.json`), "utf8")) as { skipped: number };
      expect(metrics.skipped).toBe(4);
      rmSync(at(`skips${n}`), { recursive: true });
    }
  }, 120_000);

  it.runIf(isLong)("scales the rate, by the optimizer unless it is given", () => {
    const { stderr } = job(
      mpirun,
      2,
      flags("scaled", "--batch-size", "4", "--epochs", "1", "--opt", "adamw"),
    );
    expect(stderr).toMatch(/learning rate \S+: \S+ times the square root of 2 processes \(--scale-lr sqrt\)/);
    rmSync(at("scaled"), { recursive: true });
  });

  it.each([
    [
      "more images than there are",
      ["--batch-size", "16"],
      "batches of 32 from 24 images; expected at most that",
    ],
    ["a flag that makes no sense", ["--batch-size", "none"], "--batch-size"],
    ["data that are not there", ["--data", "/nowhere"], "/nowhere"],
  ])("tells once: %s", (_, more, text) => {
    const failed = job(mpirun, 2, flags("failed", ...more));
    expect(failed.status).not.toBe(0);
    expect(failed.stderr).toContain(text);
    expect(failed.stderr.split(text)).toHaveLength(2);
    expect(existsSync(at("failed"))).toBe(false);
  });

  it("tells once that there is no such library", () => {
    const failed = job(mpirun, 2, flags("failed"), { FOVEA_MPI_LIBRARY: "libm.so.6" });
    expect(failed.status).not.toBe(0);
    expect(messages(failed)).toHaveLength(1);
    expect(failed.stderr).toContain("mpi: the library is not an MPI 3 or newer");
  });

  it("names the process whose arguments are others", () => {
    const other = [":", "-np", "1", process.execPath, ...flags("failed", "--lr", "0.2")];
    const failed = job(mpirun, 1, [...flags("failed", "--lr", "0.1"), ...other]);
    expect(failed.status).not.toBe(0);
    expect(messages(failed)).toHaveLength(1);
    expect(failed.stderr).toContain("train: the command line of rank 1 is not that of rank 0; got train");
  });
});
