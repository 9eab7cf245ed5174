// Measures training steps of the processes of a job, for `fovea bench`: alone, side by side, and together.

import { gatherNumbers, type Group, type PendingSum } from "../core/group.js";
import { noGrad } from "../core/grad-mode.js";
import { Random } from "../core/random.js";
import { keep, tidy } from "../core/scope.js";
import { tensor, zeros, type Tensor } from "../core/tensor.js";
import { turn } from "../core/turn.js";
import type { Batch } from "../data/index.js";
import { CrossEntropyLoss, type Module } from "../nn/index.js";
import { SGD } from "../optim/index.js";
import {
  forecast,
  linkOf,
  type BucketCost,
  type Forecast,
  type Link,
  type StepCost,
} from "../train/scaling.js";
import { Steps } from "../train/step.js";
import { taskOf } from "../train/task.js";
import { noise, quantile } from "./speed.js";

/** Milliseconds of steps of each kind. */
const BUDGET_MS = 4000;
const FEWEST_ROUNDS = 5;
const MOST_ROUNDS = 100;
/** Steps before any that count. */
const WARM_UP_STEPS = 2;
/** Milliseconds between looks of a process that waits while another one computes. */
const NAP_MS = 10;

/** Times of a step in milliseconds. */
export interface StepTimes {
  readonly medianMs: number;
  readonly minMs: number;
  readonly runs: number;
}

/** What was measured at one batch size. Where processes work at once, a step ends with the last of them. */
export interface Scaling {
  /** Images of each process. */
  readonly batchSize: number;
  readonly processes: number;
  /** Process 0, while all others sleep. */
  readonly alone: StepTimes;
  /** All processes at once, none of which waits for another. */
  readonly apart: StepTimes;
  /** All processes, with sums of gradients. */
  readonly together: StepTimes;
  /** Bytes of the gradients. */
  readonly gradientBytes: number;
  /** Milliseconds of the sums by themselves. */
  readonly reduceMs: number;
  /** The part of the sums' time by which steps do not take longer, 0 to 1. */
  readonly hidden: number;
  /** Images per second, relative to those of as many processes like the one alone. */
  readonly efficiency: number;
  /** What connects the processes, as the sums show; undefined for a single process. */
  readonly link: Link | undefined;
  /** The step that the cost model expects of this link, from steps of the processes apart. */
  readonly expected: Forecast | undefined;
  /** What the cost model needs: of the process alone. */
  readonly cost: StepCost;
}

/** Pretends that all processes have what this one has, and sums nothing: steps do everything besides. */
const silent = ({ rank, size }: Group): Group => ({
  rank,
  size,
  allReduce: () => {},
  startAllReduce: () => ({ advance: () => true }),
  allGather: (bytes) => Array.from({ length: size }, () => bytes.slice()),
  broadcast: () => {},
});

interface Note {
  readonly tensor: Tensor;
  readonly begin: number;
  readonly end: number;
  /** performance.now() */
  readonly at: number;
}

/** The group, with a note of each sum that begins. */
function noting(group: Group, notes: Note[]): Group {
  return {
    rank: group.rank,
    size: group.size,
    allReduce: (t) => group.allReduce(t),
    startAllReduce(all, begin, end) {
      notes.push({ tensor: all, begin, end, at: performance.now() });
      return group.startAllReduce(all, begin, end);
    },
    allGather: (bytes) => group.allGather(bytes),
    broadcast: (data) => group.broadcast(data),
  };
}

async function ended(sum: PendingSum): Promise<void> {
  while (!sum.advance()) await turn();
}

/** Waits for all processes and leaves the processors to those that compute. */
async function asleep(group: Group, one: Tensor): Promise<void> {
  const sum = group.startAllReduce(one, 0, one.size);
  while (!sum.advance()) await new Promise((resume) => setTimeout(resume, NAP_MS));
}

/** The longest of the processes' times. */
const longest = (group: Group, own: number): number =>
  Math.max(...gatherNumbers(group, [own]).map(([ms]) => ms!));

function timesOf(times: readonly number[]): StepTimes {
  const sorted = [...times].sort((a, b) => a - b);
  return { medianMs: quantile(sorted, 0.5), minMs: sorted[0]!, runs: sorted.length };
}

const median = (values: readonly number[]): number => timesOf(values).medianMs;

/** Steps of plain gradient descent that are too small to change anything. */
class Training {
  readonly #batch: Batch;
  readonly #optimizer: SGD;
  readonly #model: Module;

  constructor(model: Module, batchSize: number, size: readonly number[]) {
    const random = new Random(0);
    const images = keep(noise(batchSize, size, random));
    const classes = tidy(() => noGrad(() => model.forward(images).shape[1]!));
    const labels = keep(tensor(Int32Array.from({ length: batchSize }, () => random.integer(classes))));
    this.#batch = { images, labels, indices: new Uint32Array(batchSize), number: 0 } as unknown as Batch;
    this.#optimizer = new SGD(model.parameters(), { lr: 1e-9, momentum: 0.9 });
    this.#optimizer.gradients.claim();
    this.#model = model.train();
  }

  /** A function that makes a step with this group; returns its milliseconds. */
  with(group: Group): () => Promise<number> {
    const steps = new Steps({
      model: this.#model,
      optimizer: this.#optimizer,
      criterion: new CrossEntropyLoss(),
      task: taskOf({}),
      clip: {},
      ema: undefined,
      hooks: {},
      group,
    });
    const at = { epoch: 1, step: 1 };
    const images = this.#batch.indices.length * group.size;
    return async () => {
      const begin = performance.now();
      await steps.learn(this.#batch, images, true, at);
      await steps.finish(at, [], () => {});
      return performance.now() - begin;
    };
  }

  dispose(): void {
    this.#optimizer.gradients.dispose();
    this.#optimizer.dispose();
    this.#batch.images.dispose();
    this.#batch.labels.dispose();
    this.#model.eval();
  }
}

/** Steps that were timed: their milliseconds, and when their buckets were complete. */
class Timed {
  readonly times: number[] = [];
  readonly #buckets: (readonly BucketCost[])[] = [];

  add(ms: number, began: number, notes: readonly Note[]): void {
    this.times.push(ms);
    this.#buckets.push(
      notes.map(({ begin, end, at }) => ({ bytes: 4 * (end - begin), readyMs: at - began })),
    );
  }

  /** Medians, bucket by bucket. */
  get cost(): StepCost {
    const ready = (i: number): number => median(this.#buckets.map((buckets) => buckets[i]!.readyMs));
    const buckets = this.#buckets[0]!.map(({ bytes }, i) => ({ bytes, readyMs: ready(i) }));
    return { stepMs: median(this.times), buckets };
  }
}

/**
 * Times training steps of all processes of the group at `batchSize` random images each, of a size [height, width, channels]. All
 * processes call it. The model ends in evaluation mode.
 * @throws ShapeError for images that the model refuses; WasmError without memory
 */
export async function measureScaling(
  group: Group,
  model: Module,
  batchSize: number,
  size: readonly [number, number, number],
  budgetMs = BUDGET_MS,
): Promise<Scaling> {
  const training = new Training(model, batchSize, size);
  const one = keep(zeros([group.size]));
  try {
    const notes: Note[] = [];
    const apartNow = training.with(noting(silent(group), notes));
    const togetherNow = training.with(group);
    let roundMs = 0;
    for (let i = 0; i < WARM_UP_STEPS; i++) roundMs = (await apartNow()) + (await togetherNow());
    const wished = Math.min(MOST_ROUNDS, Math.max(FEWEST_ROUNDS, Math.round((2 * budgetMs) / roundMs)));
    const rounds = gatherNumbers(group, [wished])[0]![0]!;

    const stepApart = async (timed: Timed, together: boolean): Promise<void> => {
      notes.length = 0;
      const began = performance.now();
      const ms = await apartNow();
      timed.add(together ? longest(group, ms) : ms, began, notes);
    };
    const [alone, apart] = [new Timed(), new Timed()];
    if (group.rank === 0) for (let i = 0; i < rounds; i++) await stepApart(alone, false);
    await asleep(group, one);

    const all = (): PendingSum => group.startAllReduce(one, 0, one.size);
    const [together, whole, tiny]: [number[], number[], number[]] = [[], [], []];
    for (let i = 0; i < rounds; i++) {
      await ended(all());
      await stepApart(apart, true);
      await ended(all());
      together.push(longest(group, await togetherNow()));
      tiny.push(await timeOf(group, () => [all()]));
      whole.push(await timeOf(group, () => notes.map((n) => group.startAllReduce(n.tensor, n.begin, n.end))));
    }
    const times = { alone: group.rank === 0 ? alone : apart, apart, together, whole, tiny };
    return { batchSize, ...found(group, times) };
  } finally {
    training.dispose();
    one.dispose();
  }
}

/** Milliseconds of sums by themselves. */
async function timeOf(group: Group, start: () => PendingSum[]): Promise<number> {
  const begin = performance.now();
  for (const sum of start()) await ended(sum);
  return longest(group, performance.now() - begin);
}

interface Times {
  alone: Timed;
  apart: Timed;
  together: readonly number[];
  /** Of all gradients' sums by themselves, and of a sum of one float from each process. */
  whole: readonly number[];
  tiny: readonly number[];
}

function found({ size }: Group, times: Times): Omit<Scaling, "batchSize"> {
  const [alone, apart, together] = [
    timesOf(times.alone.times),
    timesOf(times.apart.times),
    timesOf(times.together),
  ];
  const { buckets } = times.apart.cost;
  const bytes = buckets.reduce((sum, bucket) => sum + bucket.bytes, 0);
  const reduceMs = median(times.whole);
  const link =
    size > 1
      ? linkOf(size, { tinyMs: median(times.tiny), wholeMs: reduceMs, bytes, buckets: buckets.length })
      : undefined;
  const longer = Math.max(0, together.medianMs - apart.medianMs);
  return {
    ...{ processes: size, alone, apart, together, gradientBytes: bytes, reduceMs },
    hidden: size > 1 ? Math.max(0, 1 - longer / reduceMs) : 1,
    efficiency: alone.medianMs / together.medianMs,
    link,
    expected: link && forecast(times.apart.cost, size, link),
    cost: times.alone.cost,
  };
}
