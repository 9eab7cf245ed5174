// Programs as jobs of several processes, by every MPI that is installed. FOVEA_MPIRUN lists further mpiruns, with : between.

import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
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

/** Runs a Node program as n processes. */
export function job(mpirun: string, n: number, args: readonly string[], env: NodeJS.ProcessEnv = {}): Job {
  const { status, stdout, stderr } = spawnSync(mpirun, ["-np", String(n), process.execPath, ...args], {
    cwd: root,
    encoding: "utf8",
    env: { ...jobEnvironment(mpirun), ...env },
    maxBuffer: 2 ** 26,
    timeout: 120_000,
  });
  return { status, stdout, stderr };
}

/** Builds a program of test/mpi as one file; its path. */
export async function built(name: string): Promise<string> {
  const outfile = join(root, `build/mpi/${name}.js`);
  await bundle(join(root, `test/mpi/${name}.ts`), outfile);
  return outfile;
}
