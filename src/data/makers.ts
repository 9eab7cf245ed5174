// Makers of a loader's batches: this thread on request, or worker threads ahead of time.

import { sharedPlace, type Tensor } from "../core/tensor.js";
import { DataError, FoveaError, reason } from "../errors.js";
import { perRuntime, runtime } from "../wasm/runtime.js";
import { finishBatch, roomFor, type BatchResult } from "./batch.js";
import { Collator, type BatchJob, type Recipe } from "./collate.js";
import type { ImageShape } from "./dataset.js";
import { sharedFlag } from "./shared.js";
import { specsOf, type TransformSpec } from "./transform.js";
import { startWorkers, type WorkerRecipe, type Workers } from "./workers.js";

export interface Maker {
  /** A zero, for withdraw(). */
  flag(): Int32Array;
  /** Batches that were asked for with this flag are no longer wanted. */
  withdraw(cancel: Int32Array): void;
  /** Makes a batch, or gives up when the first element of `cancel` is not 0. */
  make(job: BatchJob, cancel: Int32Array): Promise<BatchResult>;
  close(): void;
}

export class LocalMaker implements Maker {
  readonly #recipe: Recipe;
  readonly #collator: Collator;

  constructor(recipe: Recipe) {
    this.#recipe = recipe;
    this.#collator = new Collator(recipe);
  }

  flag(): Int32Array {
    return new Int32Array(1);
  }

  withdraw(cancel: Int32Array): void {
    Atomics.store(cancel, 0, 1);
  }

  async make(job: BatchJob, cancel: Int32Array): Promise<BatchResult> {
    let images: Tensor | undefined;
    const room = (shape: ImageShape) => {
      const made = roomFor(job.indices.length, shape);
      images = made;
      return () => made.view();
    };
    try {
      const made = await this.#collator.makeBatch(job, room, cancel);
      return finishBatch(this.#recipe.dataset, job, made, images);
    } catch (error) {
      images?.dispose();
      throw error;
    }
  }

  close(): void {}
}

/** Identifies the running kernels: a different object after init(). */
const kernels = perRuntime(() => ({}));

const noSpec = (which: string, from: string): DataError =>
  new DataError(
    `DataLoader: ${which} has no spec by which worker threads could make it; use ${from}() or workers: 0`,
  );

export class WorkerMaker implements Maker {
  readonly #recipe: Recipe;
  readonly #count: number;
  readonly #specs: readonly TransformSpec[];
  #workers: Workers | undefined;
  #local: LocalMaker | undefined;
  /** The workers' kernels. */
  #kernels: object | undefined;
  /** Shape of the last batch's images, which the next ones probably have too. */
  #shape: ImageShape | undefined;

  /** @throws DataError if worker threads could not open the dataset, or make a transform */
  constructor(recipe: Recipe, count: number) {
    if (!recipe.dataset.source) {
      throw new DataError(
        `DataLoader: ${recipe.dataset.name} has no source by which worker threads could open it; use datasetFromModule() or workers: 0`,
      );
    }
    const { transforms, batchTransform } = recipe;
    const specs = specsOf(transforms);
    if (!specs) {
      const plain = transforms.findIndex(({ spec }) => !spec);
      throw noSpec(`transform ${plain}`, "transformFromModule");
    }
    if (batchTransform && !batchTransform.spec) throw noSpec("batchTransform", "batchTransformFromModule");
    this.#recipe = recipe;
    this.#specs = specs;
    this.#count = count;
  }

  flag(): Int32Array {
    return sharedFlag();
  }

  withdraw(cancel: Int32Array): void {
    Atomics.store(cancel, 0, 1);
    this.#workers?.withdraw(cancel);
  }

  async make(job: BatchJob, cancel: Int32Array): Promise<BatchResult> {
    const workers = this.#running();
    if (!workers) return this.#local!.make(job, cancel);
    const shape = this.#shape;
    let images = shape && runtime().heap.shared ? roomFor(job.indices.length, shape) : undefined;
    const room = images && { ...sharedPlace(images), shape: shape! };
    try {
      const made = await workers.make(job, room, cancel);
      if (made.pixels) {
        images?.dispose();
        images = roomFor(made.indices.length, made.shape);
        images.view().set(made.pixels);
      }
      if (made.indices.length > 0) this.#shape = made.shape;
      return finishBatch(this.#recipe.dataset, job, made, images);
    } catch (error) {
      images?.dispose();
      if (workers.refused === undefined || Atomics.load(cancel, 0) !== 0) throw error;
      return this.#alone(workers.refused).make(job, cancel);
    }
  }

  /** This thread, which makes all batches from now on. */
  #alone(why: string): LocalMaker {
    if (!this.#local) {
      console.warn(`fovea: images are read by the main thread: workers cannot be started (${why})`);
      this.#local = new LocalMaker(this.#recipe);
    }
    return this.#local;
  }

  /** The worker threads; none where they cannot be started, as where a policy forbids it: this one does the work then. */
  #running(): Workers | undefined {
    if (this.#local) return undefined;
    const { dataset, batchTransform, normalization, onError } = this.#recipe;
    if (this.#kernels !== kernels()) this.close();
    if (!this.#workers?.alive) {
      this.#kernels = kernels();
      const recipe: WorkerRecipe = {
        source: dataset.source!,
        transforms: this.#specs,
        batchTransform: batchTransform?.spec,
        normalization,
        onError,
      };
      try {
        this.#workers = startWorkers(this.#count, recipe);
      } catch (error) {
        if (error instanceof FoveaError) throw error;
        this.#alone(reason(error));
      }
    }
    return this.#workers;
  }

  close(): void {
    this.#workers?.close();
  }
}
