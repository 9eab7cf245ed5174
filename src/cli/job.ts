// A command as a job of several processes, which mpirun or srun started: one of them speaks, and an error of one ends all.

import { hostname } from "node:os";
import { FoveaError } from "../errors.js";
import { initMpi, launched, type Mpi } from "../mpi/index.js";
import { UsageError } from "../node/usage-error.js";

/** Longer than rank 0 takes to say the same, and to end the others. */
const HEAD_START_MS = 1000;

/**
 * Runs the command in every process of the job, and ends the process after it. An error, of whichever process, is told once: rank 0 goes
 * first, and ends the whole job, so that the others have time to say it only where it is theirs alone.
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
    if (!mpi && by.localRank > 0) process.exit(1);
    if (by.rank > 0) await new Promise((resume) => setTimeout(resume, HEAD_START_MS));
    const told = error instanceof FoveaError ? error.message : error;
    console.error(`fovea: rank ${by.rank} of ${by.size} on ${hostname()}:`, told);
    const code = error instanceof UsageError ? 2 : 1;
    mpi?.abort(code);
    process.exit(code);
  }
  await mpi.finalize();
  process.exit(); // what is left of Node's end does not go together with every MPI's
}
