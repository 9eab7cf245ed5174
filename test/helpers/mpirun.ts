// Programs as jobs of several processes, by every MPI that is installed. FOVEA_MPIRUN lists further mpiruns, with : between.

import { spawn, spawnSync, type ChildProcess } from "node:child_process";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { delimiter, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { bundle } from "./bundle.js";

const root = fileURLToPath(new URL("../..", import.meta.url));

const inPath = (process.env["PATH"] ?? "")
  .split(delimiter)
  .map((folder) => join(folder, "mpirun"))
  .find((file) => existsSync(file));

/** The mpiruns of this machine; none where no MPI is installed, and tests of it are left out. */
export const mpiruns: readonly string[] = [
  ...new Set([...(inPath ? [inPath] : []), ...(process.env["FOVEA_MPIRUN"]?.split(":") ?? [])]),
];
if (mpiruns.length === 0) console.warn("no mpirun: tests of several processes are left out");

export interface Job {
  status: number | null;
  stdout: string;
  stderr: string;
}

/** What a process of a job needs of the environment, whichever library it loads: more processes than processors, and root's right. */
export const jobEnvironment = (mpirun: string): NodeJS.ProcessEnv => ({
  ...process.env,
  PATH: `${dirname(mpirun)}${delimiter}${process.env["PATH"]}`,
  OMPI_ALLOW_RUN_AS_ROOT: "1",
  OMPI_ALLOW_RUN_AS_ROOT_CONFIRM: "1",
  OMPI_MCA_rmaps_base_oversubscribe: "1",
  PRTE_ALLOW_RUN_AS_ROOT: "1",
  PRTE_ALLOW_RUN_AS_ROOT_CONFIRM: "1",
  PRTE_MCA_rmaps_default_mapping_policy: ":oversubscribe",
  OMPI_MCA_btl_vader_single_copy_mechanism: "none", // a container may forbid it, which Open MPI then tells
});

/** What a job's processes report as errors, a line each. */
export const messages = ({ stderr }: Job): string[] =>
  stderr.split("\n").filter((line) => line.startsWith("fovea: rank"));

/** Runs a Node program as n processes. `timeout`: milliseconds that it may take. */
export const job = (
  mpirun: string,
  n: number,
  args: readonly string[],
  env: NodeJS.ProcessEnv = {},
  timeout?: number,
): Job => jobOf(mpirun, [["-np", String(n), process.execPath, ...args]], env, timeout);

/** Runs several programs as one job: mpirun's flags and the command of each. */
export function jobOf(
  mpirun: string,
  parts: readonly (readonly string[])[],
  env: NodeJS.ProcessEnv = {},
  timeout = 120_000,
): Job {
  const args = parts.flatMap((part, i) => (i ? [":", ...part] : part));
  const { status, stdout, stderr } = spawnSync(mpirun, args, {
    cwd: root,
    encoding: "utf8",
    env: { ...jobEnvironment(mpirun), ...env },
    maxBuffer: 2 ** 26,
    timeout,
  });
  return { status, stdout, stderr };
}

/** A job under way. */
export interface RunningJob {
  readonly child: ChildProcess;
  /** What its processes and mpirun have printed. */
  output(): string;
  /** Its exit code. */
  readonly ended: Promise<number | null>;
  /** The process of a rank. */
  pid(rank: number): number;
}

/** Starts a Node program as n processes. */
export function startJob(mpirun: string, n: number, args: readonly string[]): RunningJob {
  const child = spawn(mpirun, ["-np", String(n), process.execPath, ...args], {
    cwd: root,
    env: { ...jobEnvironment(mpirun), FOVEA_TEST_JOB: String(++jobs) },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let said = "";
  for (const stream of [child.stdout, child.stderr])
    stream.on("data", (chunk: Buffer) => void (said += chunk.toString()));
  const mark = `FOVEA_TEST_JOB=${jobs}`;
  return {
    child,
    output: () => said,
    ended: new Promise((resume) => child.on("close", resume)),
    pid(rank) {
      const found = readdirSync("/proc").find((pid) => {
        const environ = /^\d+$/.test(pid) ? environmentOf(pid) : [];
        const own = [`OMPI_COMM_WORLD_RANK=${rank}`, `PMI_RANK=${rank}`];
        return environ.includes(mark) && environ.some((variable) => own.includes(variable));
      });
      if (found === undefined) throw new Error(`no process of rank ${rank}`);
      return Number(found);
    },
  };
}

let jobs = process.pid * 1000;

function environmentOf(pid: string): string[] {
  try {
    return readFileSync(`/proc/${pid}/environ`, "utf8").split("\0");
  } catch {
    return []; // it has just ended, or is another user's
  }
}

/** Builds a program of test/mpi as one file; its path. */
export async function built(name: string): Promise<string> {
  const outfile = join(root, `build/mpi/${name}.js`);
  await bundle(join(root, `test/mpi/${name}.ts`), outfile);
  return outfile;
}
