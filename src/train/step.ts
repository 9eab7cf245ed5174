// One step of training.

import { tidy } from "../core/scope.js";
import type { StateDict, StateTensor } from "../core/state.js";
import type { Tensor } from "../core/tensor.js";
import type { Batch, DataLoader } from "../data/index.js";
import { DataError } from "../errors.js";
import { BCEWithLogitsLoss, CrossEntropyLoss, type Loss, type Module } from "../nn/index.js";
import "../tensor-methods.js";
import { batchTopK } from "./metrics/top-k.js";

/** A loss that is NaN or infinite, with the batch that gave it: tensors images, labels, and targets if it had some. */
export class NonFiniteLossError extends DataError {
  override name = "NonFiniteLossError";
  readonly batch: StateDict;
  /** Where the batch's samples stand in the dataset. */
  readonly indices: readonly number[];

  constructor(message: string, { images, labels, targets, indices }: Batch) {
    super(message);
    this.batch = new Map([
      ["images", copy(images)],
      ["labels", copy(labels)],
    ]);
    if (targets) this.batch.set("targets", copy(targets));
    this.indices = [...indices];
  }
}

function copy(t: Tensor): StateTensor {
  const data = t.data();
  return data instanceof Float32Array
    ? { dtype: "F32", shape: t.shape, data }
    : { dtype: "I64", shape: t.shape, data: BigInt64Array.from(data, (v) => BigInt(v)) };
}

/** What is trained on if nothing else is said: cross-entropy, or binary cross-entropy where images have several classes each. */
export function defaultLoss({ dataset }: DataLoader): Loss {
  return dataset.targets ? new BCEWithLogitsLoss() : new CrossEntropyLoss();
}

/**
 * Forward and backward on one batch; gradients are added to those that are there, times `scale`. With a loss that is not
 * finite, forward alone. `several`: whether images have several classes each. `hits`: images whose first guess is right.
 */
export function gradientStep(
  model: Module,
  criterion: Loss,
  batch: Batch,
  scale: number,
  several: boolean,
): { loss: number; hits: number } {
  const { images, labels, targets } = batch;
  return tidy(() => {
    const outputs = model.outputs(images);
    const batchLoss = criterion.forBatch?.(images) ?? criterion;
    const loss = outputs
      .map((output) => batchLoss.forward(output.logits, targets ?? labels, images).mul(output.weight))
      .reduce((a, b) => a.add(b));
    const value = loss.item();
    const [hits] = batchTopK(outputs[0]!.logits, batch, several, [1]) as [number];
    if (Number.isFinite(value)) (scale === 1 ? loss : loss.mul(scale)).backward();
    return { loss: value, hits };
  });
}
