// The samples of a dataset as batches: in order or shuffled, transformed, made here or ahead of time by worker threads.

import { dispose } from "../core/dispose.js";
import type { Group } from "../core/group.js";
import { Random } from "../core/random.js";
import { DataError, short } from "../errors.js";
import { checkOptions, kindOf, wrongKind, type Names } from "../errors/options.js";
import type { BatchTransform } from "./augment/batch.js";
import { disposeBatch, lend, type Batch, type BatchResult } from "./batch.js";
import type { BatchJob, OnError, Recipe, Skipped } from "./collate.js";
import { ImageDataset, type Dataset } from "./dataset.js";
import { LocalMaker, WorkerMaker, type Maker } from "./makers.js";
import { checkChannels, checkNormalization, type Normalization } from "./normalization.js";
import { checkDataset } from "./options.js";
import { RandomSampler, SequentialSampler, type Sampler } from "./sampler.js";
import { epochSeed } from "./streams.js";
import type { Transform } from "./transform.js";
import { Compose } from "./transforms/compose.js";
import { Normalize } from "./transforms/to-tensor.js";

export type { Normalization };

/** Options of DataLoader. */
export interface LoaderOptions {
  /** Pictures in a batch; in a group, in each process's part of one. The last batch of an epoch may have fewer; see dropLast. */
  batchSize: number;
  /** Draw the samples in a new random order every epoch. Default false. */
  shuffle?: boolean;
  /** Draws the samples, instead of shuffle. */
  sampler?: Sampler;
  /** Seed of order and transforms; the same seed and epoch give the same batches. Default 0. */
  seed?: number;
  /** Leave out the last batch if it is smaller than the others. Default false. */
  dropLast?: boolean;
  /** Applied to each sample, one after the other. */
  transform?: Transform | readonly Transform[];
  /** Mixes the images of a batch, which then has soft targets. */
  batchTransform?: BatchTransform;
  /** For samples that are still bytes after the transforms. Default: scaled to [0, 1]. */
  normalization?: Normalization;
  /**
   * Threads that read and transform, each a batch at a time; batches do not depend on their number. In pages trainers of "fovea/web"
   * start their own; elsewhere they need Node, "fovea/node", and a dataset and transforms of fovea's or of a module (datasetFromModule()). Default 0: batches are made when they are asked for.
   */
  workers?: number;
  /** Batches that each worker makes ahead. Default 2. */
  prefetch?: number;
  /**
   * How to treat a sample that cannot be read, decoded or transformed: its error ends the epoch, or it is left out of its batch
   * and listed in stats. Default "throw".
   */
  onError?: OnError;
  /**
   * Processes that read the same dataset together: of every batch of batchSize · size samples each reads its own part, in the order of
   * the ranks, and no sample is read twice. fit() and evaluate() then give what one process with these batches would. Default: none.
   */
  group?: Group;
}

const OPTIONS: Names<LoaderOptions> = {
  batchSize: true,
  shuffle: true,
  sampler: true,
  seed: true,
  dropLast: true,
  transform: true,
  batchTransform: true,
  normalization: true,
  workers: true,
  prefetch: true,
  onError: true,
  group: true,
};

/** Counts since the loader was made. */
export interface LoaderStats {
  /** Number of batches returned. */
  batches: number;
  /** Milliseconds between requesting a batch and getting it. */
  waitedMs: number;
  /** Samples left out of batches because of errors. */
  skipped: number;
  /** These samples with the reasons; each once. */
  failures: Skipped[];
}

/** Most threads: more than any machine can feed. */
const MOST_WORKERS = 64;

/** Ends the workers of loaders that are no longer used. */
const backstop = new FinalizationRegistry<Maker>((maker) => maker.close());

/**
 * Reads a dataset in batches: draws the order of an epoch, decodes, transforms and collates, optionally in
 * worker threads. `for await (const { images, labels } of loader.epoch(n))` frees each batch when the loop
 * continues. Order and transforms depend only on the seed, the epoch and the sample's index, so batches
 * are the same to the byte at any number of workers. The constructor throws DataError for options that do not
 * fit.
 */
export class DataLoader {
  /** The dataset. */
  readonly dataset: Dataset;
  /** Pictures in a batch, or in this process's part of one. */
  readonly batchSize: number;
  /** The processes that share the batches, if there are several. */
  readonly group: Group | undefined;
  /** The batches read so far, how long training waited for them, and the samples left out. */
  readonly stats: LoaderStats = { batches: 0, waitedMs: 0, skipped: 0, failures: [] };
  readonly #sampler: Sampler;
  readonly #seed: number;
  readonly #dropLast: boolean;
  readonly #recipe: Recipe;
  readonly #maker: Maker;
  /** Batches made ahead, including the requested one. */
  readonly #ahead: number;
  readonly #failed = new Set<number>();

  /**
   * @throws DataError unless counts are in their ranges, the dataset has images, their channels fit the normalisation, and
   * worker threads, if requested, can open it
   */
  constructor(dataset: Dataset, options: LoaderOptions) {
    checkOptions<LoaderOptions>("DataLoader", options, OPTIONS);
    checkDataset("DataLoader", dataset);
    const { batchSize, shuffle = false, sampler, seed = 0, dropLast = false } = options;
    const { transform = [], batchTransform, normalization, onError = "throw" } = options;
    const { workers = 0, prefetch = 2, group } = options;
    checkCount("batchSize", batchSize, 1);
    checkCount("workers", workers, 0, MOST_WORKERS);
    checkCount("seed", seed, -Infinity);
    checkCount("prefetch", prefetch, 1);
    if (onError !== "throw" && onError !== "skip") {
      throw new DataError(`DataLoader: unknown onError '${short(String(onError))}'; known: skip, throw`);
    }
    if (sampler !== undefined && typeof sampler?.indices !== "function") {
      throw wrongKind("DataLoader", "sampler", sampler, "a Sampler with indices()");
    }
    const isTransform = (t: unknown): boolean =>
      typeof t === "object" && typeof (t as Transform | null)?.apply === "function";
    if (batchTransform !== undefined && !isTransform(batchTransform)) {
      throw wrongKind("DataLoader", "batchTransform", batchTransform, "a BatchTransform with apply()");
    }
    if (normalization !== undefined) checkNormalization("DataLoader", normalization);
    if (sampler && shuffle) throw new DataError("DataLoader: a sampler draws the order; shuffle must be off");
    if (dataset.length === 0) throw new DataError(`DataLoader: ${dataset.name} has no images`);
    checkLabels(dataset);
    const transforms = [transform].flat();
    transforms.forEach((t, i) => {
      if (!isTransform(t)) {
        throw new DataError(
          `DataLoader: transform ${i} has no apply(); got a ${typeof t}; expected a Transform`,
        );
      }
    });
    if (normalization && transforms.length === 0 && dataset instanceof ImageDataset) {
      checkChannels(dataset.name, dataset.shape[2], normalization);
    }
    this.dataset = dataset;
    if (group !== undefined && typeof group?.allGather !== "function") {
      throw wrongKind("DataLoader", "group", group, "a Group, such as initMpi() returns");
    }
    this.batchSize = batchSize;
    this.group = group && group.size > 1 ? group : undefined;
    this.#sampler = sampler ?? (shuffle ? new RandomSampler(dataset) : new SequentialSampler(dataset));
    this.#seed = seed;
    this.#dropLast = dropLast;
    this.#recipe = { dataset, transforms, batchTransform, normalization, onError };
    this.#maker = workers > 0 ? new WorkerMaker(this.#recipe, workers) : new LocalMaker(this.#recipe);
    this.#ahead = Math.max(1, workers * prefetch);
    if (workers > 0) backstop.register(this, this.#maker);
  }

  /** Samples in one epoch of all processes, before any is skipped. */
  get images(): number {
    return this.#dropLast ? this.batches * this.wholeBatch : this.#sampler.length;
  }

  /** Pictures in a batch of all processes. */
  get wholeBatch(): number {
    return this.batchSize * (this.group?.size ?? 1);
  }

  /** The normalisation from bytes to floats: the loader's own, or that of the last Normalize among the transforms. */
  get normalization(): Normalization | undefined {
    const { normalization, transforms } = this.#recipe;
    const flat = transforms.flatMap((t) => (t instanceof Compose ? t.transforms : [t]));
    return normalization ?? flat.findLast((t) => t instanceof Normalize);
  }

  /** Batches in one epoch. */
  get batches(): number {
    const n = this.#sampler.length / this.wholeBatch;
    return this.#dropLast ? Math.floor(n) : Math.ceil(n);
  }

  /**
   * The batches of one epoch, in order, from number `from` on. Each is freed when the loop continues or ends in any way, unless
   * keep(batch) takes it out, for the caller to free. A batch with only skipped samples is left out, and one of which this process
   * has no part.
   * @throws DataError for a sample that cannot be read, decoded or transformed (unless onError is "skip"), for samples of
   * different sizes in one batch, and if a worker dies
   */
  async *epoch(epoch = 0, options: { from?: number } = {}): AsyncGenerator<Batch, void, undefined> {
    checkOptions<{ from?: number }>("epoch", options, { from: true });
    const { from = 0 } = options;
    checkCount("epoch", epoch, -Infinity);
    checkCount("from", from, 0);
    const jobs = this.#jobs(epoch, from);
    const cancel = this.#maker.flag();
    const queue: Promise<BatchResult>[] = [];
    let given = false;
    let none: string | undefined;
    try {
      for (;;) {
        const begin = performance.now();
        while (queue.length < this.#ahead) {
          const { value: job } = jobs.next();
          if (!job) break;
          const result = this.#maker.make(job, cancel);
          result.catch(() => {}); // requesting the batch throws the error, perhaps much later
          queue.push(result);
        }
        const next = queue.shift();
        if (!next) break;
        const { batch, skipped } = await next;
        this.#count(skipped);
        if (!batch) none ??= skipped[0]?.reason;
        this.stats.waitedMs += performance.now() - begin;
        if (!batch) continue;
        this.stats.batches++;
        given = true;
        const release = lend(batch);
        try {
          yield batch;
        } finally {
          release();
        }
      }
      if (none && !given && from === 0 && !this.group) {
        throw new DataError(
          `DataLoader: every sample of ${this.dataset.name} was skipped; the first: ${none}`,
        );
      }
    } finally {
      this.#maker.withdraw(cancel);
      for (const result of await Promise.allSettled(queue)) {
        if (result.status === "fulfilled" && result.value.batch) disposeBatch(result.value.batch);
      }
    }
  }

  /** The samples at these indices as one batch that belongs to the caller, transformed as in epoch 0. @throws DataError for one that cannot be read */
  async batch(indices: Uint32Array): Promise<Batch> {
    if (!(indices instanceof Uint32Array)) throw wrongKind("DataLoader", "indices", indices, "a Uint32Array");
    const outside = indices.find((index) => index >= this.dataset.length);
    if (outside !== undefined) {
      const { name, length } = this.dataset;
      throw new DataError(`DataLoader: no sample ${outside} in ${name}, which has ${length}`);
    }
    const recipe: Recipe = { ...this.#recipe, batchTransform: undefined, onError: "throw" };
    const job = {
      seed: epochSeed(this.#seed, 0),
      ...{ number: 0, stream: 0 },
      indices,
      draws: new Uint32Array(indices.length),
    };
    return (await new LocalMaker(recipe).make(job, new Int32Array(1))).batch!;
  }

  /** Ends the worker threads, which otherwise wait for the next epoch (but do not keep the process alive). */
  close(): void {
    this.#maker.close();
  }

  /** For `using`: close() at the end of the block. */
  [dispose](): void {
    this.close();
  }

  *#jobs(epoch: number, from: number): Generator<BatchJob, undefined, undefined> {
    const seed = epochSeed(this.#seed, epoch);
    const order = this.#sampler.indices(new Random(seed));
    if (!ArrayBuffer.isView(order)) {
      throw wrongKind("DataLoader", "what the sampler's indices() gives", order, "a Uint32Array");
    }
    const { name, length } = this.dataset;
    const outside = order.find((index) => index >= length);
    if (outside !== undefined) {
      throw new DataError(`DataLoader: the sampler drew sample ${outside} of ${name}, which has ${length}`);
    }
    const seen = new Uint32Array(length);
    const draws = order.map((index) => seen[index]!++);
    const { rank, size } = this.group ?? { rank: 0, size: 1 };
    for (let number = from; number < this.batches; number++) {
      const first = number * this.wholeBatch;
      const count = Math.min(this.wholeBatch, order.length - first);
      const [begin, end] = [rank, rank + 1].map((r) => first + Math.floor((r * count) / size));
      if (begin === end) continue;
      const stream = number * size + rank;
      yield { seed, number, stream, indices: order.slice(begin, end), draws: draws.slice(begin, end) };
    }
    return undefined;
  }

  #count(skipped: readonly Skipped[]): void {
    this.stats.skipped += skipped.length;
    for (const failure of skipped) {
      if (this.#failed.has(failure.index)) continue;
      this.#failed.add(failure.index);
      this.stats.failures.push(failure);
    }
  }
}

/** Checks the labels of a user's own dataset; fovea's check their own. */
function checkLabels({ name, length, labels }: Dataset): void {
  if (labels.length !== length) {
    throw new DataError(`DataLoader: ${name} has ${labels.length} labels; expected ${length}, one an image`);
  }
  const bad = Array.isArray(labels) ? labels.findIndex((label) => !Number.isInteger(label)) : -1;
  if (bad >= 0) throw wrongKind("DataLoader", `label ${bad} of ${name}`, labels[bad], "an integer");
}

function checkCount(option: string, value: number, least: number, most = Infinity): void {
  if (Number.isSafeInteger(value) && value >= least && value <= most) return;
  const range = (least > -Infinity ? ` ≥ ${least}` : "") + (most < Infinity ? ` and ≤ ${most}` : "");
  throw new DataError(`DataLoader: ${option} must be an integer${range}; got ${kindOf(value)}`);
}
