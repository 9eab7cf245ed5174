// A command as a job of several processes, which mpirun or srun started: one of them reports, and an error of one ends all.

import { hostname } from "node:os";
import { FoveaError } from "../errors.js";
import { initMpi, launched, type Mpi } from "../mpi/index.js";
import { UsageError } from "../node/usage-error.js";

/** Longer than rank 0 takes to report the same, and to end the others. */
const HEAD_START_MS = 1000;

const headStart = (): Promise<void> => new Promise((resume) => setTimeout(resume, HEAD_START_MS));

/** Whether another process of this machine reports what is wrong with all of them, such as an unknown flag. Gives it time to. */
export async function isReportedByAnother(): Promise<boolean> {
  if (!launched()?.localRank) return false;
  await headStart();
  return true;
}

/**
 * Runs the command in every process of the job, and ends the process after it. An error of any process is reported once: rank 0 goes
 * first, and ends the whole job, so that the others come to report it only if it is theirs alone.
 */
export async function asJob(command: (mpi: Mpi) => Promise<void>): Promise<void> {
  const by = launched();
  if (!by) return command(await initMpi());
  let mpi: Mpi | undefined;
  try {
    mpi = await initMpi();
    await command(mpi);
  } catch (error) {
    // What is missing is missing for all processes of a machine, and before they are joined none can end the others.
    if (!mpi && (await isReportedByAnother())) process.exit(1);
    if (by.rank > 0) await headStart();
    const reason = error instanceof FoveaError ? error.message : error;
    console.error(`fovea: rank ${by.rank} of ${by.size} on ${hostname()}:`, reason);
    const code = error instanceof UsageError ? 2 : 1;
    mpi?.abort(code);
    process.exit(code);
  }
  await mpi.finalize();
  process.exit(); // what is left of Node's end does not go together with every MPI's
}
