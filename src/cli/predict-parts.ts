// fovea predict --out part-%r.csv: long jobs, whose output has a file for each shard, so that a job that was broken off continues.

import { gatherValues } from "../core/group.js";
import type { LeftOut } from "../data/index.js";
import type { Mpi } from "../mpi/index.js";
import { namesDigest, Parts, type Conditions } from "../node/parts.js";
import { statOf } from "../node/files.js";
import { count } from "../node/status-line.js";
import { checkEnough, whichIsWhich } from "./job.js";
import { requireWritable } from "./outputs.js";
import { isShard } from "./pictures.js";
import { ownOf, sharedOut, type Share } from "./shares.js";

/** Files of a picture each that make a part. */
const FILES = 1000;

/** A part of the pictures: a shard, or files of a picture each. */
export type Part = readonly string[];

/** The files in their order: a part for each shard, and for other files that follow each other, at most this many. */
export function partsOf(files: readonly string[], most = FILES): Part[] {
  const parts: string[][] = [];
  let open: string[] | undefined;
  for (const file of files) {
    if (open && !isShard(file) && open.length < most) open.push(file);
    else parts.push((open = [file]));
    if (isShard(file)) open = undefined;
  }
  return parts;
}

/** What a part is, for the record: a shard by its name and size, files by a digest of their names. */
const conditionOf = (part: Part): Conditions =>
  isShard(part[0]!)
    ? { shard: part[0]!, bytes: statOf(part[0]!)!.size }
    : { files: part.length, first: part[0]!, names: namesDigest(part) };

/** What predictInParts() does. */
export interface PartsJob {
  readonly out: string;
  readonly parts: readonly Part[];
  readonly share: Share | undefined;
  /** What the predictions depend on besides the pictures. */
  readonly conditions: Conditions;
  /** Predicts a part: its file, and what could not be read with the reasons. `name`: of the part, for progress. */
  predict(
    part: Part,
    name: string,
  ): Promise<{ contents: readonly Uint8Array[]; unreadable: readonly LeftOut[] }>;
}

/** Says on stderr which share a task takes. */
function tellShare({ index, count: n, from }: Share, own: number, all: number): void {
  const by = from === undefined ? "" : ` (${from}; --shard 0/1 takes all)`;
  console.error(`fovea: task ${index} of ${n}${by}: ${count(own)} of ${count(all)} parts`);
}

/**
 * Predicts the parts that are not there yet, each of which one process takes; a part's file appears when it is complete. The number of
 * processes makes no difference to the files.
 * @throws DataError if the files are of another job, or cannot be written; in all processes
 */
export async function predictInParts(mpi: Mpi, job: PartsJob): Promise<void> {
  const { parts, share } = job;
  const files = new Parts(job.out, parts.length);
  const numbers = parts.map((_, i) => i);
  const shared = sharedOut(numbers, share, "parts");
  checkEnough("predict", mpi, shared.length, "parts");
  let left: number[] = [];
  if (mpi.rank === 0) {
    await requireWritable([files.record, files.path(0)]);
    await files.begin({ ...job.conditions, parts: parts.map(conditionOf) });
    if (share) tellShare(share, shared.length, parts.length);
    left = shared.filter((i) => !files.isFinished(i));
    const there = shared.length - left.length;
    if (there > 0) console.error(`fovea: ${count(there)} of ${count(shared.length)} parts are there already`);
    if (mpi.size > 1)
      console.error(
        "fovea: if a process dies, the job ends; the same command, with any number of processes, continues",
      );
  }
  for (const note of whichIsWhich(mpi)) console.error(`fovea: ${note}`);
  left = gatherValues(mpi, left)[0]!;
  const own = ownOf(left, { index: mpi.rank, count: mpi.size });
  for (const [n, i] of own.entries()) {
    if (files.isFinished(i)) continue; // by another job
    const { contents, unreadable } = await job.predict(parts[i]!, `part ${n + 1} of ${count(own.length)}:`);
    await files.finish(i, contents, unreadable);
  }
  await mpi.rest();
  if (mpi.rank > 0) return;
  console.log(files.record);
  for (const [list, n] of files.skipped()) {
    console.error(`fovea: ${count(n)} ${n === 1 ? "picture" : "pictures"} could not be read: ${list}`);
    process.exitCode = 1;
  }
}
