// Work shared out without MPI: numbered shards, and a task's own part of them, as array jobs number their tasks.

import { show } from "../errors.js";
import { UsageError } from "../node/usage-error.js";

const RANGE = /\{(\d+)\.\.(\d+)\}/;
/** More names than this are a slip. */
const MOST_NAMES = 1_000_000;

/**
 * Every name that a text with ranges stands for, as a shell's: data-{08..11}.tar is data-08.tar, data-09.tar, data-10.tar, data-11.tar,
 * whether there are such files or not. @throws UsageError for more than a million
 */
export function expandRanges(text: string): string[] {
  const found = RANGE.exec(text);
  if (!found) return [text];
  const [range, from, to] = found as unknown as [string, string, string];
  const [first, last] = [Number(from), Number(to)];
  const after = expandRanges(text.slice(found.index + range.length));
  const count = Math.abs(last - first) + 1;
  if (count * after.length > MOST_NAMES)
    throw new UsageError(`${text}: ${count * after.length} names; expected at most ${MOST_NAMES}`);
  const padded = [from, to].some((end) => end.length > 1 && end.startsWith("0"));
  const width = padded ? Math.max(from.length, to.length) : 0;
  const before = text.slice(0, found.index);
  return Array.from({ length: count }, (_, i) => {
    const number = first <= last ? first + i : first - i;
    return `${before}${String(number).padStart(width, "0")}`;
  }).flatMap((begin) => after.map((end) => begin + end));
}

/** A task's part of the work: of every `count` shards the one with number `index`, from 0. */
export interface Share {
  readonly index: number;
  readonly count: number;
  /** The variable that it was taken from, if any. */
  readonly from?: string;
}

/** Variables of a system that starts the same command several times. */
interface Numbering {
  /** The task's number. */
  readonly task: string;
  /** The smallest number, the distance of two, and how many tasks there are; where the system says so. */
  readonly first?: string;
  readonly step?: string;
  readonly count?: string;
}

const NUMBERINGS: readonly Numbering[] = [
  {
    task: "SLURM_ARRAY_TASK_ID",
    first: "SLURM_ARRAY_TASK_MIN",
    step: "SLURM_ARRAY_TASK_STEP",
    count: "SLURM_ARRAY_TASK_COUNT",
  },
  // Kubernetes tells the pods of an indexed job nothing about its completions.
  { task: "JOB_COMPLETION_INDEX" },
];

type Environment = Readonly<Record<string, string | undefined>>;

/** The task's number and the number of tasks, as far as the system gives them. */
function numbered(env: Environment): { task: string; index: number; count?: number } | undefined {
  const found = NUMBERINGS.find(({ task }) => env[task] !== undefined && env[task] !== "");
  if (!found) return undefined;
  const of = (name: string | undefined, other: number): number =>
    name !== undefined && env[name] ? Number(env[name]) : other;
  const index = (of(found.task, NaN) - of(found.first, 0)) / of(found.step, 1);
  const count = of(found.count, NaN);
  return { task: found.task, index, ...(!Number.isNaN(count) && { count }) };
}

/**
 * The share that --shard asks for: "3/8", or "/8" where the system gives the number. Without the flag, where `automatic`, what the system
 * gives; undefined if that is nothing.
 * @throws UsageError for a number that is not one of n, or that the system does not give
 */
export function shareOf(
  flag: string | undefined,
  automatic: boolean,
  env: Environment = process.env,
): Share | undefined {
  const by = numbered(env);
  if (flag === undefined) {
    if (!automatic || !by) return undefined;
    if (by.count === undefined)
      throw new UsageError(
        `--shard: missing; ${by.task} is ${by.index}, but of how many is not known; expected --shard /N, or --shard 0/1 for all`,
      );
    return checked({ index: by.index, count: by.count, from: by.task }, `${by.task}=${env[by.task]}`);
  }
  const [, index, count] = /^(\d*)\/(\d+)$/.exec(flag) ?? [];
  if (index === undefined) throw new UsageError(`--shard: got ${show(flag)}; expected ${EXPECTED}`);
  if (index !== "") return checked({ index: Number(index), count: Number(count) }, show(flag));
  if (!by) {
    const names = NUMBERINGS.map(({ task }) => task);
    throw new UsageError(
      `--shard: got ${show(flag)} without a number; expected ${EXPECTED}, or one of ${names.join(", ")} to be set`,
    );
  }
  return checked(
    { index: by.index, count: Number(count), from: by.task },
    `${show(flag)} and ${by.task}=${env[by.task]}`,
  );
}

const EXPECTED = "i/n with 0 ≤ i < n, such as 0/8 for the first of 8";

function checked(share: Share, got: string): Share {
  const { index, count } = share;
  if (Number.isInteger(index) && index >= 0 && index < count) return share;
  throw new UsageError(`--shard: got ${got}; expected ${EXPECTED}`);
}

/** The elements that belong to a share: every n-th, so that neighbours, which are alike, go to different tasks. */
export const ownOf = <T>(all: readonly T[], { index, count }: Share): T[] =>
  all.filter((_, i) => i % count === index);

/** As ownOf(), of what has a name: "parts". Without a share all. @throws UsageError if some tasks would have nothing to do */
export function sharedOut<T>(all: readonly T[], share: Share | undefined, what: string): readonly T[] {
  if (!share) return all;
  if (share.count <= all.length) return ownOf(all, share);
  throw new UsageError(
    `--shard: ${share.count} tasks for ${all.length} ${what}; expected at most ${all.length} tasks`,
  );
}
