// A command as a job of several processes, which mpirun or srun started: one of them reports, and an error of one ends all.

import { hostname } from "node:os";
import { gatherValues } from "../core/group.js";
import { DataError, FoveaError } from "../errors.js";
import { initMpi, launched, type Mpi } from "../mpi/index.js";
import { UsageError } from "../node/usage-error.js";
import { checkAlike } from "../train/same.js";
import { version } from "../version.js";

/** Longer than rank 0 takes to report the same, and to end the others. */
const HEAD_START_MS = 1000;

const headStart = (): Promise<void> => new Promise((resume) => setTimeout(resume, HEAD_START_MS));

/** Whether another process of this machine reports what is wrong with all of them, such as an unknown flag. Gives it time to. */
export async function isReportedByAnother(): Promise<boolean> {
  if (!launched()?.localRank) return false;
  await headStart();
  return true;
}

/** Keeps this process quiet, as what it would print is what rank 0 prints. Returns a function that lets it speak again. */
function hush(): () => void {
  const streams = [process.stdout, process.stderr];
  const writes = streams.map(({ write }) => write);
  for (const stream of streams) stream.write = () => true;
  return () => streams.forEach((stream, i) => (stream.write = writes[i]!));
}

/** @throws DataError if some processes would have nothing to do; `what`: "images" */
export function checkEnough(where: string, { size }: Mpi, count: number, what: string): void {
  if (size <= count) return;
  throw new DataError(`${where}: ${size} processes for ${count} ${what}; expected at most ${count}`);
}

/**
 * Which process each rank is, for when one dies: a sentence, or nothing where the launcher then names the rank itself, as Open MPI's does,
 * and not only a process, as MPICH's. All processes call it.
 */
export function whichIsWhich(mpi: Mpi): string[] {
  if (mpi.size === 1 || mpi.library?.startsWith("Open MPI")) return [];
  const places = gatherValues(mpi, `process ${process.pid} on ${hostname()}`);
  return [places.map((place, rank) => `rank ${rank} is ${place}`).join(", ")];
}

/** What has to be downloaded, rank 0 downloads; the others then find it. */
export async function leaderFirst<T>(mpi: Mpi, get: () => Promise<T>): Promise<T> {
  if (mpi.rank > 0) mpi.barrier();
  const got = await get();
  if (mpi.rank === 0) mpi.barrier();
  return got;
}

/**
 * Runs the command in every process of the job, and ends the process after it. Only rank 0 prints. An error of any process is
 * reported once: rank 0 goes first, and ends the whole job, so that the others come to report it only if it is theirs alone.
 */
export async function asJob(name: string, command: (mpi: Mpi) => Promise<void>): Promise<void> {
  const by = launched();
  if (!by) return command(await initMpi());
  let mpi: Mpi | undefined;
  const speak = by.rank > 0 ? hush() : undefined;
  try {
    mpi = await initMpi();
    checkAlike(name, mpi, {
      "fovea's version": version,
      "the command line": process.argv.slice(2).join(" "),
    });
    await command(mpi);
  } catch (error) {
    speak?.();
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
