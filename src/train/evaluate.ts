// Evaluation on a labelled dataset.

import { sumNumbers } from "../core/group.js";
import { noGrad } from "../core/grad-mode.js";
import { tidy } from "../core/scope.js";
import type { Tensor } from "../core/tensor.js";
import { disposeBatch, type Batch, type DataLoader } from "../data/index.js";
import { DataError } from "../errors.js";
import { checkOptions, wrongKind } from "../errors/options.js";
import type { Module } from "../nn/index.js";
import { checkModelAndLoader } from "./arguments.js";
import { breathe } from "./breath.js";
import { Inference } from "./inference.js";
import type { Metric, MetricBatch } from "./metrics/metric.js";
import { SharedMetrics } from "./metrics/shared.js";
import { taskOf, type Task } from "./task.js";
import { viewsOf, type Tta } from "./tta.js";

/** What evaluate() returns; accuracies are fractions. */
export interface Evaluation {
  /** Mean cross-entropy; if images have several classes each, mean binary cross-entropy. */
  loss: number;
  /** Share of images whose label, or any of whose classes, is the model's first guess. */
  top1: number;
  /** Share of images whose label, or any of whose classes, is among the model's first five guesses. */
  top5: number;
  /** Mean average precision, if images have several classes each and any class has images; see MeanAveragePrecision. */
  map?: number;
  /** Images evaluated. */
  count: number;
  /** Images left out because of errors, which the loader's stats list. */
  skipped: number;
  /** How long it took. */
  seconds: number;
  /** Whether the model ran compiled (see compile()), as every model does that can be compiled. */
  compiled: boolean;
}

/** Options of evaluate(). */
export interface EvaluateOptions {
  /** Updated with every batch; use new ones for each evaluation. */
  metrics?: readonly Metric[];
  /**
   * Test-time augmentation: the probabilities of several views of a picture (softmax, or sigmoid if it can have several
   * classes) are averaged, and losses and guesses are those of the mean. "flip": the picture and its mirror image. "ten-crop": corners, centre, and their mirror images;
   * needs pictures larger than the model's.
   */
  tta?: Tta;
  /** Side of the crops for "ten-crop". Default 7/8 of the pictures' shorter side. */
  crop?: number;
  /** Ends the evaluation soon after the signal is aborted. */
  signal?: AbortSignal;
}

/**
 * Runs the model in evaluation mode over every image of the loader; restores the mode of all its modules. Where the loader
 * has a group, each process looks at its part of the images, and all get the numbers and the metrics of all images.
 * @throws the signal's reason, by default an AbortError, when it is aborted; DataError for an unknown tta, a crop that
 * does not fit the pictures, or a loss that is NaN
 */
export async function evaluate(
  model: Module,
  loader: DataLoader,
  options: EvaluateOptions = {},
): Promise<Evaluation> {
  checkModelAndLoader("evaluate", model, loader);
  checkOptions<EvaluateOptions>("evaluate", options, { metrics: true, tta: true, crop: true, signal: true });
  if (options.metrics !== undefined && !Array.isArray(options.metrics)) {
    throw wrongKind("evaluate", "metrics", options.metrics, "an array of metrics");
  }
  const { group } = loader;
  const signal = group ? undefined : options.signal; // in a group it ends the evaluation in all processes after the same batch
  const task = taskOf(loader.dataset);
  const precision = task.precision?.();
  const metrics = [...(options.metrics ?? []), ...(precision ? [precision] : [])];
  const begin = performance.now();
  let count = 0;
  let loss = 0;
  let hits1 = 0;
  let hits5 = 0;
  const { skipped } = loader.stats;
  signal?.throwIfAborted();
  const shared = group && new SharedMetrics(group, metrics, options.signal);
  const inference = new Inference(model);
  let compiled = false;
  try {
    for await (const batch of loader.epoch()) {
      let logits: Tensor | undefined;
      try {
        const output = (logits = await logitsOf(inference, batch, task, { ...options, signal }));
        const sum = task.lossSum(output, batch);
        if (Number.isNaN(sum)) {
          throw new DataError(
            `evaluate: loss is NaN for the batch that begins with image ${batch.indices[0]}; ` +
              `expected a number (weights that have diverged in training?)`,
          );
        }
        loss += sum;
        const [one, five] = task.hits(output, batch, [1, 5]) as [number, number];
        hits1 += one;
        hits5 += five;
        count += batch.indices.length;
        const judged = metrics.length > 0 ? judgedOf(output, batch, task) : undefined;
        if (shared) shared.update(batch.number, judged);
        else if (judged) for (const metric of metrics) metric.update(judged);
      } finally {
        logits?.dispose();
        disposeBatch(batch);
      }
    }
  } finally {
    compiled = inference.compiled;
    inference.dispose();
  }
  shared?.end(loader.batches);
  let left = loader.stats.skipped - skipped;
  if (group) [loss, hits1, hits5, count, left] = sumNumbers(group, [loss, hits1, hits5, count, left]) as Five;
  if (group && count === 0)
    throw new DataError(`evaluate: every sample of ${loader.dataset.name} was skipped`);
  const seconds = (performance.now() - begin) / 1000;
  const map = precision?.value;
  return {
    loss: loss / count,
    top1: hits1 / count,
    top5: hits5 / count,
    ...(Number.isFinite(map) && { map: map! }),
    count,
    skipped: left,
    seconds,
    compiled,
  };
}

/** Logits of a batch, a view at a time. */
async function logitsOf(
  model: Inference,
  { images }: Batch,
  task: Task,
  { tta, crop, signal }: Omit<EvaluateOptions, "signal"> & { signal: AbortSignal | undefined },
): Promise<Tensor> {
  const views = tta === undefined ? [(x: Tensor) => x] : viewsOf(tta, images.shape, crop);
  const seen: Tensor[] = [];
  try {
    for (const view of views) {
      seen.push(noGrad(() => tidy(() => model.run(view(images)))));
      await breathe();
      signal?.throwIfAborted();
    }
    if (seen.length === 1) return seen.pop()!;
    return noGrad(() => tidy(() => task.average(seen)));
  } finally {
    for (const logits of seen) logits.dispose();
  }
}

const judgedOf = (logits: Tensor, batch: Batch, task: Task): MetricBatch => ({
  logits: logits.data(),
  ...task.metricLabels(batch),
  indices: batch.indices,
  classes: logits.shape[1]!,
});

type Five = [number, number, number, number, number];
