// What is wrong with one process of a job, or with its machine: one error, by one process, and an exit code that is not 0.

import { execFileSync, spawnSync } from "node:child_process";
import {
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { version } from "../../src/version.js";
import { job, jobOf, messages, mpiruns, type Job } from "../helpers/mpirun.js";
import { png } from "../helpers/pictures.js";
import { saveLenet, writeShards } from "../helpers/shards.js";

const top = mkdtempSync(join(tmpdir(), "fovea-mpi-bad-"));
afterAll(() => rmSync(top, { recursive: true }));
const at = (name: string): string => join(top, name);
const cli = fileURLToPath(new URL("../../build/cli.js", import.meta.url));
const hasCompiler = spawnSync("cc", ["--version"]).status === 0;

beforeAll(async () => {
  await saveLenet(at("model"), ["a", "b"], 3);
  writeShards(at("shards"), [40, 40]);
  for (const place of ["here", "there"]) {
    for (const name of ["a", "b"]) {
      mkdirSync(at(`${place}/data/${name}`), { recursive: true });
      const n = place === "there" && name === "b" ? 11 : 10;
      for (let i = 0; i < n; i++)
        writeFileSync(at(`${place}/data/${name}/${i}.png`), png(28, 28, [i, 9, 90]));
    }
  }
});

const train = (out: string, data = at("here/data")): string[] => [
  ...["train", "--model", "lenet5", "--data", data, "--out", at(out), "--epochs", "1", "--batch-size", "4"],
  ...["--threads", "1", "--workers", "0"],
];
const predict = (out: string): string[] => [
  ...["predict", at("shards/data-{00..01}.tar"), "--model", at("model"), "--threads", "1", "--workers", "0"],
  ...["--out", at(`${out}/%r.csv`)],
];

/** A job of one process for each of these commands. */
const each = (mpirun: string, commands: readonly string[][], env: NodeJS.ProcessEnv = {}): Job =>
  jobOf(mpirun, commands.map((command) => ["-np", "1", ...command]), env); // prettier-ignore

const isOpenMpi = (mpirun: string): boolean =>
  spawnSync(mpirun, ["--version"], { encoding: "utf8" }).stdout.includes("Open MPI");

function expectOne(failed: Job, text: string | RegExp): void {
  expect(failed.status).not.toBe(0);
  expect(messages(failed), failed.stderr).toEqual([expect.stringMatching(text)]);
}

describe.each(mpiruns)("%s: one error for", (mpirun) => {
  it("another version of fovea", () => {
    const other = join(cli, "../other-version.js");
    const source = readFileSync(cli, "utf8");
    const changed = source.replaceAll(`"${version}"`, '"0.0.99"');
    expect(changed).not.toBe(source);
    writeFileSync(other, changed);
    try {
      const failed = each(
        mpirun,
        [cli, other].map((file) => [process.execPath, file, ...train("run")]),
      );
      expectOne(
        failed,
        `train: fovea's version of rank 1 is not that of rank 0; got 0.0.99, expected ${version}`,
      );
      expect(readdirSync(top)).not.toContain("run");
    } finally {
      rmSync(other);
    }
  });

  it("other data at the same path", () => {
    const command = [process.execPath, cli, ...train("run", "data")];
    const failed = each(mpirun, ["here", "there"].map((place) => ["-wdir", at(place), ...command])); // prettier-ignore
    expectOne(failed, /train: the data's images of rank 1 is not that of rank 0; got \d+, expected \d+/);
    expect(readdirSync(top)).not.toContain("run");
  });

  // MPICH cannot do without long files, as its shared memory is one.
  it.skipIf(!isOpenMpi(mpirun)).each<[string, number, number, (out: string) => string[], RegExp]>([
    ["rank 0, which writes the run", 0, 64, train, /rank 0 .*full0\/.*: cannot be written: EFBIG/],
    ["rank 1, which writes parts", 1, 4, predict, /rank 1 .*full1\/0001\.csv: cannot be written: EFBIG/],
  ])("a full disk under %s", (_, rank, blocks, command, message) => {
    const args = [cli, ...command(`full${rank}`)];
    const limited = ["sh", "-c", `ulimit -f ${blocks}; exec "$0" "$@"`, process.execPath, ...args];
    const processes =
      rank === 0 ? [limited, [process.execPath, ...args]] : [[process.execPath, ...args], limited];
    // Shared memory of the library would be files that are too long, too.
    expectOne(each(mpirun, processes, { OMPI_MCA_btl: "tcp,self" }), message);
    expect(
      readdirSync(at(`full${rank}`), { recursive: true }).filter((name) => String(name).endsWith("tmp")),
    ).toEqual([]);
  });

  it("a package that is missing", () => {
    copyFileSync(cli, at("cli.js"));
    const packages = fileURLToPath(new URL("../../node_modules", import.meta.url));
    mkdirSync(at("node_modules"));
    for (const name of readdirSync(packages).filter((name) => name !== "koffi"))
      symlinkSync(join(packages, name), at(`node_modules/${name}`));
    writeFileSync(at("package.json"), '{ "type": "module" }');
    expectOne(
      job(mpirun, 2, [at("cli.js"), ...train("run")]),
      /the package koffi, which calls C libraries, cannot be loaded: .*; npm install koffi/,
    );
  });

  it.skipIf(!hasCompiler)("an MPI of an unknown kind", () => {
    const library = at("libother.so");
    const source = `#include <string.h>
      int MPI_Get_library_version(char *text, int *length) { strcpy(text, "Some MPI 7.0"); *length = 12; return 0; }`;
    execFileSync("cc", ["-shared", "-fPIC", "-xc", "-", "-o", library], { input: source });
    const failed = job(mpirun, 2, [cli, ...train("run")], { FOVEA_MPI_LIBRARY: library });
    expectOne(
      failed,
      "mpi: a library of an unknown kind; got Some MPI 7.0; known: Open MPI, MPICH and those with its ABI, MPI 5.0's ABI",
    );
  });
});
