// Batches as tensors.

import { checkFields } from "../errors/options.js";
import { dispose } from "../core/dispose.js";
import { careFor, keep, tidy } from "../core/scope.js";
import { empty, Tensor, tensor, type AnyTensor } from "../core/tensor.js";
import type { BatchJob, MadeBatch, Skipped } from "./collate.js";
import type { Dataset, ImageShape } from "./dataset.js";

/** A batch from a loader: freed when its loop continues or ends, unless keep() takes it out; at once with disposeBatch(). */
export interface Batch extends Disposable {
  /** For `using`: frees the batch at the end of the block. */
  [dispose](): void;
  /** f32 [n, height, width, channels]. */
  images: Tensor;
  /** i32 [n]. For a dataset with targets: the first class, or −1. */
  labels: Tensor<"i32">;
  /** f32 [n, classes]: targets instead of the labels, from the dataset or a batchTransform. */
  targets?: Tensor;
  /** Indices of the samples in the dataset. */
  indices: Uint32Array;
  /** Number in its epoch, from 0. To continue after it: epoch(epoch, { from: number + 1 }). */
  number: number;
}

/** A batch, unless all its samples were skipped. */
export interface BatchResult {
  batch: Batch | undefined;
  skipped: readonly Skipped[];
}

function tensorsOf({ images, labels, targets }: Batch): AnyTensor[] {
  return targets ? [images, labels, targets] : [images, labels];
}

/** Frees a batch's tensors. A second call does nothing. */
export function disposeBatch(batch: Batch): void {
  checkFields("disposeBatch", "batch", batch, { images: "object", labels: "object" });
  for (const t of tensorsOf(batch)) t.dispose();
}

/** Returns a function that frees the batch, except for tensors that keep() has taken out. */
export const lend = (batch: Batch): (() => void) => careFor(tensorsOf(batch));

/** An uninitialised tensor for n images, out of every scope. */
export function roomFor(n: number, shape: ImageShape): Tensor {
  return keep(empty([n, ...shape], "f32", "DataLoader"));
}

/** The batch with its pixels in `images` (which may have room for more); takes over that tensor. */
export function finishBatch(
  dataset: Dataset,
  job: BatchJob,
  { shape, indices, targets, skipped }: MadeBatch,
  images: Tensor | undefined,
): BatchResult {
  const n = indices.length;
  if (n === 0 || !images) {
    images?.dispose();
    return { batch: undefined, skipped };
  }
  const tensors = tidy(() => ({
    labels: tensor(Int32Array.from(indices, (index) => dataset.labels[index]!)),
    ...(targets && { targets: tensor(targets, [n, dataset.classes.length]) }),
  }));
  for (const t of Object.values(tensors)) keep(t);
  if (n < images.shape[0]!) {
    const fewer = keep(new Tensor(images.storage.retain(), [n, ...shape], "f32"));
    images.dispose();
    images = fewer;
  }
  const batch: Batch = {
    images,
    indices,
    number: job.number,
    ...tensors,
    [dispose]() {
      disposeBatch(this);
    },
  };
  return { batch, skipped };
}
