// fovea predict as a job of several processes: what one process predicts, every picture once, also after a kill.

import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { job, messages, mpiruns, startJob } from "../helpers/mpirun.js";
import { png } from "../helpers/pictures.js";
import { filesIn, saveLenet, writeShards } from "../helpers/shards.js";
import { isLong } from "../helpers/ring.js";

const top = mkdtempSync(join(tmpdir(), "fovea-mpi-predict-"));
afterAll(() => rmSync(top, { recursive: true }));
const at = (name: string): string => join(top, name);
const SHARDS = 12;
const CONTINUES =
  "fovea: if a process dies, the job ends; the same command, with any number of processes, continues\n";
let pictures: string[];

beforeAll(async () => {
  await saveLenet(at("model"), ["a", "b", "c"], 3);
  pictures = writeShards(
    at("shards"),
    Array.from({ length: SHARDS }, (_, i) => 150 + i),
  );
  mkdirSync(at("photos"));
  for (let i = 0; i < 7; i++) writeFileSync(at(`photos/${i}.png`), png(28, 28, [30 * i, 200 - 20 * i, 5]));
  for (const name of ["1b", "5b"]) writeFileSync(at(`photos/${name}.png`), "no picture");
});

const flags = (...more: string[]): string[] => [
  ...["build/cli.js", "predict", "--model", at("model"), "--threads", "1", "--workers", "0", ...more],
];
const inParts = (out: string, ...more: string[]): string[] =>
  flags(
    at("shards/data-{00..11}.tar"),
    "--topk",
    "1",
    "-b",
    "10",
    "--out",
    at(`${out}/part-%r.csv`),
    ...more,
  );
const parts = (out: string): string[] => readdirSync(at(out)).filter((name) => /^part-\d+\.csv$/.test(name)).sort(); // prettier-ignore
const read = (out: string): string[] => parts(out).map((name) => readFileSync(at(`${out}/${name}`), "utf8"));

describe.each(mpiruns)("%s", (mpirun) => {
  afterAll(() => {
    for (const out of ["whole", "killed"]) rmSync(at(out), { recursive: true, force: true });
  });

  it("has every picture once, after a kill and with another number of processes too", async () => {
    const whole = job(mpirun, 1, inParts("whole"));
    expect([whole.status, whole.stderr]).toEqual([0, ""]);
    expect(read("whole").flatMap(filesIn)).toEqual(pictures);
    const running = startJob(mpirun, 2, inParts("killed"));
    while (running.child.exitCode === null && partsSoFar() === 0)
      await new Promise((go) => setTimeout(go, 2));
    process.kill(running.pid(1), "SIGKILL");
    expect(await running.ended).not.toBe(0);
    expect(running.output()).toContain(CONTINUES);
    const there = parts("killed").length;
    expect(there).toBeGreaterThan(0);
    expect(there).toBeLessThan(SHARDS);
    for (const text of read("killed")) expect(read("whole")).toContain(text);
    const resumed = job(mpirun, 3, inParts("killed"));
    expect(resumed.status, resumed.stderr).toBe(0);
    expect(resumed.stdout).toBe(`${at("killed/part-all.json")}\n`);
    expect(resumed.stderr).toContain(`fovea: ${there} of ${SHARDS} parts are there already\n${CONTINUES}`);
    expect(read("killed")).toEqual(read("whole"));
  }, 120_000);

  const partsSoFar = (): number => {
    try {
      return parts("killed").length;
    } catch {
      return 0;
    }
  };

  it.each(isLong ? [["--csv"], ["--json"]] : [["--json"]])("prints what one process prints: %s", (format) => {
    const run = (n: number) =>
      job(mpirun, n, flags(at("photos"), at("shards/data-01.tar"), format, "-b", "2"));
    const [one, three] = [run(1), run(3)];
    expect(one.status).toBe(1); // two pictures cannot be read
    expect(three.status).not.toBe(0);
    expect(three.stdout).toBe(one.stdout);
    const own = (stderr: string): string[] => stderr.split("\n").filter((line) => line.startsWith("fovea:"));
    expect(own(three.stderr)).toEqual(own(one.stderr));
    expect(own(one.stderr)).toHaveLength(2);
  });

  it.each<[string, string[], string]>([
    ["a missing shard", [at("shards/data-{00..12}.tar")], `${at("shards/data-12.tar")}: no such shard`],
    ["fewer shards than processes", [at("shards/data-00.tar"), "--out", at("few-%r.csv")], "predict: 2 processes for 1 parts; expected at most 1"], // prettier-ignore
    ["fewer pictures than processes", [at("photos/0.png")], "predict: 2 processes for 1 images"],
  ])("tells once: %s", (_, args, text) => {
    const failed = job(mpirun, 2, flags(...args));
    expect([failed.status === 0, failed.stdout]).toEqual([false, ""]);
    expect(messages(failed)).toEqual([expect.stringContaining(text)]);
  });
});
