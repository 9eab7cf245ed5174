// What differs between training on images of one class each and on images of several, a row for each: what their labels mean, what
// is trained on, what counts as right, and what an evaluation tells.

import { tidy } from "../core/scope.js";
import type { Tensor } from "../core/tensor.js";
import type { Batch, Dataset } from "../data/index.js";
import { DataError } from "../errors.js";
import {
  BCEWithLogitsLoss,
  CrossEntropyLoss,
  DistillationLoss,
  FocalLoss,
  SigmoidFocalLoss,
  type DistillationOptions,
  type Loss,
  type Module,
} from "../nn/index.js";
import { binaryCrossEntropyWithLogits, crossEntropy } from "../ops/index.js";
import { MeanAveragePrecision } from "./metrics/average-precision.js";
import { CalibrationError } from "./metrics/calibration-error.js";
import { ConfusionMatrix } from "./metrics/confusion-matrix.js";
import { readRow, type MetricBatch } from "./metrics/metric.js";
import { topK, topKOfAny } from "./metrics/top-k.js";
import { averageBinaryViews, averageViews } from "./tta.js";

/** Losses by the names of the command line. */
export type LossName = "ce" | "bce" | "focal";

/** Options of losses by name; each takes those that it has. */
export interface NamedLossOptions {
  labelSmoothing?: number;
  /** Of focal losses. */
  gamma?: number;
  /** One for each class. */
  weight?: readonly number[] | undefined;
}

/** What a model says of an image. */
export interface Verdict {
  /** The most probable class, the first of equals. */
  readonly guess: number;
  /** Of the guess. */
  readonly probability: number;
  /** The classes it is of. */
  readonly truth: readonly number[];
  /** The classes that the model takes it to be of. */
  readonly said: readonly number[];
  /** Of the label; NaN where there is not just one. */
  readonly labelProbability: number;
  readonly loss: number;
}

/** What a report shows besides losses and guesses. */
export interface TaskMetrics {
  confusion?: ConfusionMatrix;
  calibration?: CalibrationError;
  precision?: MeanAveragePrecision;
}

/** A kind of labels, and all that follows from it. */
export interface Task {
  readonly name: string;
  /** What follows "a dataset that has": "several classes a picture". */
  readonly about: string;
  /** Whether the labels of this dataset, or those given to a metric, are of this kind. */
  fits(of: Pick<Dataset | MetricBatch, "targets">): boolean;
  /** Losses that can be trained on. @throws DataError for options that a loss does not take; `name`: the dataset's */
  readonly losses: Readonly<Partial<Record<LossName, (options: NamedLossOptions, name: string) => Loss>>>;
  /** What is trained on if nothing else is said. */
  readonly defaultLoss: LossName;
  /** The loss with a teacher's part in it; undefined: none can teach this. */
  readonly taught?: (teacher: Module, options: DistillationOptions) => Loss;
  /** Whether there is a class by which to draw images evenly. */
  readonly balanced: boolean;
  /** How many images have what counts as right among the first k guesses, for each k. */
  hits(logits: Tensor, batch: Batch, ks: readonly number[]): number[];
  /** What an evaluation calls loss, summed over the images. */
  lossSum(logits: Tensor, batch: Batch): number;
  /** Logits whose probabilities are the means of the views'. */
  average(views: readonly Tensor[]): Tensor;
  /** The labels as metrics get them. */
  told(batch: Batch): Pick<MetricBatch, "labels" | "targets">;
  /** What an evaluation tells as mAP. */
  readonly precision?: () => MeanAveragePrecision;
  /** New ones for a report. */
  metrics(): TaskMetrics;
  /** What a model predicts for one row of a batch. @throws DataError beginning with op, if a logit is NaN or the largest infinite */
  judge(op: string, batch: MetricBatch, row: number): Verdict;
}

const labelsOf = ({ labels }: Batch): Int32Array => labels.data();

const singleLabel: Task = {
  name: "single-label",
  about: "one class a picture",
  fits: ({ targets }) => targets === undefined,
  losses: {
    ce: ({ labelSmoothing = 0, weight }) =>
      new CrossEntropyLoss({ labelSmoothing, ...(weight && { weight }) }),
    bce: binary,
    focal: ({ gamma = 2, weight }) => new FocalLoss({ gamma, ...(weight && { alpha: weight }) }),
  },
  defaultLoss: "ce",
  taught: (teacher, options) => new DistillationLoss(teacher, options),
  balanced: true,
  hits: (logits, { labels }, ks) => topK(logits, labels, ks),
  lossSum: (logits, { labels }) => tidy(() => crossEntropy(logits, labels, { reduction: "sum" }).item()),
  average: averageViews,
  told: (batch) => ({ labels: labelsOf(batch) }),
  metrics: () => ({ confusion: new ConfusionMatrix(), calibration: new CalibrationError() }),
  judge(op, batch, row) {
    const { guess, probability, logSumExp } = readRow(op, batch, row);
    const label = batch.labels[row]!;
    const logit = batch.logits[row * batch.classes + label]!;
    return {
      guess,
      probability,
      truth: [label],
      said: [guess],
      labelProbability: Math.exp(logit - logSumExp),
      loss: logSumExp - logit,
    };
  },
};

const multiLabel: Task = {
  name: "multi-label",
  about: "several classes a picture",
  fits: ({ targets }) => targets !== undefined,
  losses: {
    bce: binary,
    focal({ gamma = 2, weight }, name) {
      if (!weight) return new SigmoidFocalLoss({ gamma });
      throw new DataError(
        `${name}: classWeights: the focal loss of several classes takes none; expected loss bce`,
      );
    },
  },
  defaultLoss: "bce",
  balanced: false,
  hits: (logits, { targets }, ks) => topKOfAny(logits, targets!, ks),
  lossSum: (logits, { targets }) =>
    tidy(
      () => binaryCrossEntropyWithLogits(logits, targets!, { reduction: "sum" }).item() / logits.shape[1]!,
    ),
  average: averageBinaryViews,
  told: (batch) => ({ labels: labelsOf(batch), targets: batch.targets!.data() }),
  precision: () => new MeanAveragePrecision(),
  metrics: () => ({ precision: new MeanAveragePrecision() }),
  judge(op, batch, row) {
    const { guess } = readRow(op, batch, row);
    const { classes, logits, targets } = batch;
    const own = (values: Float32Array): Float32Array => values.subarray(row * classes, (row + 1) * classes);
    const [x, t] = [own(logits), own(targets!)];
    const above = (values: Float32Array, limit: number): number[] =>
      [...values.keys()].filter((j) => values[j]! > limit);
    return {
      guess,
      probability: 1 / (1 + Math.exp(-x[guess]!)),
      truth: above(t, 0.5),
      said: above(x, 0),
      labelProbability: NaN,
      loss: binaryLoss(x, t),
    };
  },
};

function binary({ labelSmoothing = 0, weight }: NamedLossOptions): Loss {
  return new BCEWithLogitsLoss({ labelSmoothing, ...(weight && { posWeight: weight }) });
}

/** Mean over the classes of max(x, 0) − x·t + ln(1 + e^−|x|). */
function binaryLoss(logits: Float32Array, targets: Float32Array): number {
  let sum = 0;
  logits.forEach((x, j) => (sum += Math.max(x, 0) - x * targets[j]! + Math.log1p(Math.exp(-Math.abs(x)))));
  return sum / logits.length;
}

const TASKS: readonly Task[] = [singleLabel, multiLabel];

/** The task that a dataset sets, or a batch as metrics get it. */
export function taskOf(of: Pick<Dataset | MetricBatch, "targets">): Task {
  return TASKS.find((task) => task.fits(of))!;
}

/** What a task is trained on if nothing else is said. */
export function defaultLossOf({ losses, defaultLoss }: Task): Loss {
  return losses[defaultLoss]!({}, "");
}
