// Threads that make batches, as the loader sees them. Who starts them depends on the engine (src/node/data-workers.ts,
// src/web/data-workers.ts).

import { DataError } from "../errors.js";
import type { BatchJob, MadeBatch, OnError } from "./collate.js";
import type { DatasetSource, ImageShape } from "./dataset.js";
import type { Normalization } from "./normalization.js";
import type { TransformSpec } from "./transform.js";

/** A recipe (collate.ts) as plain data. */
export interface WorkerRecipe {
  readonly source: DatasetSource;
  readonly transforms: readonly TransformSpec[];
  readonly batchTransform: TransformSpec | undefined;
  readonly normalization: Normalization | undefined;
  readonly onError: OnError;
}

/** Shared memory for a batch's pixels, if its images have this shape. */
export interface SharedRoom {
  readonly memory: WebAssembly.Memory;
  readonly address: number;
  readonly shape: ImageShape;
}

/** pixels: the batch's floats, if they were not written to the room. */
export interface DeliveredBatch extends MadeBatch {
  readonly pixels: Float32Array | undefined;
}

export interface Workers {
  /** False after close(), and after a worker died. */
  readonly alive: boolean;
  /** Why they never came up, if so. */
  readonly refused: string | undefined;
  /**
   * Has a worker make a batch. It gives up when the first element of `cancel` is not 0: see withdraw().
   * @throws DataError as Collator.makeBatch(), and if the worker dies
   */
  make(job: BatchJob, room: SharedRoom | undefined, cancel: Int32Array): Promise<DeliveredBatch>;
  /** Sets that element, also where it is in no shared memory. */
  withdraw(cancel: Int32Array): void;
  /** Ends the workers; batches that they were asked for are refused. */
  close(): void;
}

export type StartWorkers = (count: number, recipe: WorkerRecipe) => Workers;

let starter: StartWorkers | undefined;

/** Sets how worker threads are started here. */
export function provideWorkers(start: StartWorkers): void {
  starter = start;
}

/** @throws DataError if no way to start them is known */
export function startWorkers(count: number, recipe: WorkerRecipe): Workers {
  if (!starter) {
    throw new DataError(
      'DataLoader: no workers can be started here: they need "fovea/node" in Node, or a trainer of "fovea/web" in a page; use workers: 0',
    );
  }
  return starter(count, recipe);
}
