// A training run of several processes: what rank 0 knows and the others need, and what must be alike in all.

import type { Group } from "../core/group.js";
import type { StateDict, StateTensor } from "../core/state.js";
import { DataError } from "../errors.js";
import type { Checkpoint } from "../train/index.js";
import type { TrainArguments } from "./train-arguments.js";

/** What rank 0 has: undefined elsewhere before, the same everywhere after. JSON values. */
export function shared<T>(group: Group | undefined, value: T | undefined): T {
  if (!group) return value as T;
  const own = group.rank === 0 ? JSON.stringify({ value }) : "";
  const [bytes] = group.allGather(new TextEncoder().encode(own)) as [Uint8Array];
  return (JSON.parse(new TextDecoder().decode(bytes)) as { value: T }).value;
}

type Head = [name: string, dtype: StateTensor["dtype"], shape: readonly number[]];

/** The checkpoint that rank 0 has read: no other process needs the run's folder. */
export function sharedCheckpoint(
  group: Group | undefined,
  checkpoint: Checkpoint | undefined,
): Checkpoint | undefined {
  if (!group) return checkpoint;
  const heads =
    checkpoint && [...checkpoint.tensors].map(([name, { dtype, shape }]): Head => [name, dtype, shape]);
  const all = shared(group, { heads, state: checkpoint?.state });
  if (!all.heads) return undefined;
  const tensors: StateDict = new Map();
  for (const [name, dtype, shape] of all.heads) {
    const size = shape.reduce((a, b) => a * b, 1);
    const own = checkpoint?.tensors.get(name)?.data;
    const data = own ?? (dtype === "F32" ? new Float32Array(size) : new BigInt64Array(size));
    group.broadcast(data);
    tensors.set(name, { dtype, shape, data });
  }
  return { tensors, state: all.state! };
}

/** How many processes a run began with: its arguments' batch size is one's of these. */
export function ranksOf(group: Group | undefined, before: Checkpoint | undefined): number {
  const then = before?.state.about["ranks"];
  return typeof then === "number" ? then : before ? 1 : (group?.size ?? 1);
}

/**
 * The images that each of the processes takes, so that a batch of all has as many as at the beginning.
 * @throws DataError if these do not divide into equal parts
 */
export function batchOfEach({ batchSize }: TrainArguments, began: number, size: number): number {
  const whole = batchSize * began;
  if (whole % size === 0) return whole / size;
  const fits = Array.from({ length: Math.min(whole, 64) }, (_, i) => i + 1).filter((n) => whole % n === 0);
  throw new DataError(
    `train: batches of ${whole} images cannot be shared by ${size} processes; expected ${fits.join(", ")} of them`,
  );
}

const RATES = ["lr", "headLr", "minLr", "warmupLr"] as const;

/** Arguments with the learning rates for all processes together, by --scale-lr. */
export function scaledRates(args: TrainArguments, ranks: number): TrainArguments {
  const { scaleLr } = args;
  if (scaleLr === null || ranks === 1) return args;
  const factor = scaleLr === "sqrt" ? Math.sqrt(ranks) : ranks;
  const rates = RATES.filter((name) => args[name] !== null).map((name) => [
    name,
    Number((args[name]! * factor).toPrecision(6)),
  ]);
  return { ...args, ...(Object.fromEntries(rates) as Partial<TrainArguments>) };
}

/** What the log says of the processes, a sentence each. */
export function groupNotes(args: TrainArguments, ranks: number, group: Group): string[] {
  const { lr, scaleLr, gradAccumSteps } = args;
  const { size } = group;
  const each = batchOfEach(args, ranks, size);
  const steps = gradAccumSteps > 1 ? `; ${gradAccumSteps} batches make a step` : "";
  const scaled = scaledRates(args, ranks).lr;
  const rate =
    scaleLr === null || scaled === lr
      ? `learning rate ${lr}, as for one process (--scale-lr)`
      : `learning rate ${scaled}: ${lr} times ${scaleLr === "sqrt" ? "the square root of " : ""}${ranks} processes (--scale-lr ${scaleLr})`;
  return [`${size} processes: batches of ${size} × ${each} = ${size * each} images${steps}`, rate];
}
