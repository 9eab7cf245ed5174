// The differences between images with one class each and images with several, a row for each kind: the meaning of labels, the
// losses, correct guesses, and the results of an evaluation.

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

/** Losses by their names on the command line. */
export type LossName = "ce" | "bce" | "focal";

/** Options of losses by name; each loss takes its own. */
export interface NamedLossOptions {
  labelSmoothing?: number;
  /** For focal losses. */
  gamma?: number;
  /** One for each class. */
  weight?: readonly number[] | undefined;
}

/** A model's prediction for an image. */
export interface Verdict {
  /** The most probable class, the first of equals. */
  readonly guess: number;
  /** Probability of the guess. */
  readonly probability: number;
  /** The image's classes. */
  readonly truth: readonly number[];
  /** The predicted classes. */
  readonly predicted: readonly number[];
  /** Probability of the label; NaN unless there is exactly one. */
  readonly labelProbability: number;
  readonly loss: number;
}

/** Contents of a report besides losses and guesses. */
export interface TaskMetrics {
  confusion?: ConfusionMatrix;
  calibration?: CalibrationError;
  precision?: MeanAveragePrecision;
}

/** A kind of labels, and everything that follows from it. */
export interface Task {
  readonly name: string;
  /** The kind, after "a dataset that has": "several classes a picture". */
  readonly about: string;
  /** Whether the labels of this dataset, or those given to a metric, are of this kind. */
  fits(of: Pick<Dataset | MetricBatch, "targets">): boolean;
  /** Losses for training. @throws DataError for options that a loss does not take; `name`: the dataset's */
  readonly losses: Readonly<Partial<Record<LossName, (options: NamedLossOptions, name: string) => Loss>>>;
  /** The default loss. */
  readonly defaultLoss: LossName;
  /** The loss including a teacher's part; undefined if no teacher is possible. */
  readonly taught?: (teacher: Module, options: DistillationOptions) => Loss;
  /** Whether images have one class, by which to draw them evenly. */
  readonly balanced: boolean;
  /** Number of images with a correct class among the first k guesses, for each k. */
  hits(logits: Tensor, batch: Batch, ks: readonly number[]): number[];
  /** An evaluation's loss, summed over the images. */
  lossSum(logits: Tensor, batch: Batch): number;
  /** Logits with the mean of the views' probabilities. */
  average(views: readonly Tensor[]): Tensor;
  /** The labels, for metrics. */
  metricLabels(batch: Batch): Pick<MetricBatch, "labels" | "targets">;
  /** An evaluation's metric for mAP. */
  readonly precision?: () => MeanAveragePrecision;
  /** New metrics for a report. */
  metrics(): TaskMetrics;
  /** A model's prediction for one row of a batch. @throws DataError beginning with op, if a logit is NaN or the largest is infinite */
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
  metricLabels: (batch) => ({ labels: labelsOf(batch) }),
  metrics: () => ({ confusion: new ConfusionMatrix(), calibration: new CalibrationError() }),
  judge(op, batch, row) {
    const { guess, probability, logSumExp } = readRow(op, batch, row);
    const label = batch.labels[row]!;
    const logit = batch.logits[row * batch.classes + label]!;
    return {
      guess,
      probability,
      truth: [label],
      predicted: [guess],
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
  metricLabels: (batch) => ({ labels: labelsOf(batch), targets: batch.targets!.data() }),
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
      predicted: above(x, 0),
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

/** The task of a dataset, or of a batch as metrics get it. */
export function taskOf(of: Pick<Dataset | MetricBatch, "targets">): Task {
  return TASKS.find((task) => task.fits(of))!;
}

/** The default loss of a task. */
export function defaultLossOf({ losses, defaultLoss }: Task): Loss {
  return losses[defaultLoss]!({}, "");
}
