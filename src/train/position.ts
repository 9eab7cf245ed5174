// The position in a training run: what it reports, and where it can resume.

import { checkFields, checkKinds } from "../errors/options.js";

/** The state of training after a step. */
export interface StepReport {
  /** Number of the epoch, from 1. */
  epoch: number;
  /** Number of epochs. */
  epochs: number;
  /** Number of the step in this epoch, from 1. */
  step: number;
  /** Number of steps in the epoch. */
  steps: number;
  /** Means over the epoch so far. */
  loss: number;
  /** Share of images whose class was the best guess, over the epoch so far. */
  top1: number;
  /** Learning rate of the step. */
  lr: number;
  /** Images trained on per second, over the epoch so far. */
  imagesPerSecond: number;
  /** Share of the epoch's time so far in which training waited for data. */
  dataWait: number;
  /** Seconds until the last step of the last epoch, without evaluations. */
  secondsLeft: number;
}

/** One row of results.csv; accuracies are fractions. */
export interface EpochReport {
  /** From 1. */
  epoch: number;
  /** Mean loss of the training batches. */
  train_loss: number;
  /** Share of training images whose class was the best guess. */
  train_top1: number;
  /** Loss of the trained weights in the evaluation after the epoch; undefined if there was no evaluation. */
  eval_loss: number | undefined;
  /** Top-1 of that evaluation. */
  eval_top1: number | undefined;
  /** Top-5 of that evaluation. */
  eval_top5: number | undefined;
  /** Mean average precision, if images have several classes each and any class has images. */
  eval_map?: number;
  /** Loss of the averaged weights, if fit() has an `ema`. */
  ema_loss?: number;
  /** Top-1 of the averaged weights. */
  ema_top1?: number;
  /** Top-5 of the averaged weights. */
  ema_top5?: number;
  /** Mean average precision of the averaged weights. */
  ema_map?: number;
  /** Learning rate of the epoch's last step. */
  lr: number;
  /** Seconds of training and evaluating this epoch. */
  seconds: number;
  /** Images trained on, without those left out because of errors. */
  train_count: number;
  /** Images trained on per second, without evaluations. */
  images_per_second: number;
  /** Share of the training time spent waiting for data. */
  data_wait: number;
  /** Samples left out because of errors, in training and in evaluation; the loaders' stats list them. */
  skipped: number;
}

/** Sums over the steps of the current epoch. */
export interface EpochSums {
  /** Images trained on. */
  count: number;
  /** Sum of the images' losses. */
  loss: number;
  /** Images whose class was the best guess. */
  hits: number;
  /** Time taken. */
  seconds: number;
  /** Time in which training waited for data. */
  waitedSeconds: number;
  /** Samples that could not be read. */
  skipped: number;
}

/** Where a training run resumes. Plain data, kept by fit(); a checkpoint also needs the weights and the states of the optimizer and the random stream. */
export interface TrainingPosition {
  /** Current epoch, from 1. */
  epoch: number;
  /** Batches done in the current epoch. */
  step: number;
  /** Sums over the steps of the current epoch. */
  sums: EpochSums;
  /** A row for each finished epoch. */
  history: EpochReport[];
}

const noSums = (): EpochSums => ({ count: 0, loss: 0, hits: 0, seconds: 0, waitedSeconds: 0, skipped: 0 });

/** Before the first step. */
export function startPosition(): TrainingPosition {
  return { epoch: 1, step: 0, sums: noSums(), history: [] };
}

/** Moves to the start of the next epoch. */
export function finishEpoch(position: TrainingPosition, row: EpochReport): void {
  position.history.push(row);
  position.epoch++;
  position.step = 0;
  position.sums = noSums();
}

/** Which weights: as trained, or averaged over the steps. */
export type WeightsKind = "trained" | "ema";

/** An evaluation after an epoch. */
export interface EvaluatedWeights {
  /** The epoch's row. */
  row: EpochReport;
  /** Which weights were evaluated: as trained, or averaged. */
  weights: WeightsKind;
  /** Mean loss. */
  loss: number;
  /** Share of images whose class was the best guess. */
  top1: number;
  /** Share of images whose class was among the five best guesses. */
  top5: number;
  /** Mean average precision, if images have several classes each. */
  map?: number;
}

/** The evaluations after an epoch: of the trained weights and, if there are any, of the averaged ones. */
export function evaluationsOf(row: EpochReport): EvaluatedWeights[] {
  checkKinds("evaluationsOf", { row }, { row: "object" });
  return (["eval", "ema"] as const).flatMap((part) => {
    const loss = row[`${part}_loss`];
    const top1 = row[`${part}_top1`];
    const top5 = row[`${part}_top5`];
    const map = row[`${part}_map`];
    if (loss === undefined || top1 === undefined || top5 === undefined) return [];
    const weights = part === "eval" ? "trained" : "ema";
    return [{ row, weights, loss, top1, top5, ...(map !== undefined && { map }) }];
  });
}

/**
 * The best weights of a training run, of any epoch and kind: those with the highest mean average precision or, if there is none,
 * top-1; then with the smallest loss; then the first, trained before averaged. Undefined without evaluations.
 */
export function bestWeights(history: readonly EpochReport[]): EvaluatedWeights | undefined {
  checkKinds("bestWeights", { history }, { history: "list" });
  const score = ({ map, top1 }: EvaluatedWeights): number => map ?? top1;
  const better = (a: EvaluatedWeights, b: EvaluatedWeights): boolean =>
    score(a) !== score(b) ? score(a) > score(b) : a.loss < b.loss;
  const evaluated = history.flatMap(evaluationsOf);
  return evaluated.length > 0 ? evaluated.reduce((best, one) => (better(one, best) ? one : best)) : undefined;
}

/** The row of the epoch after which the model had the bestWeights(); the last row if there were no evaluations. */
export function bestEpoch(history: readonly EpochReport[]): EpochReport | undefined {
  return bestWeights(history)?.row ?? history.at(-1);
}

/** Whether the last `patience` evaluations were no better than the best before them. */
export function exhausted(history: readonly EpochReport[], patience: number): boolean {
  const evaluated = history.filter((row) => row.eval_top1 !== undefined);
  const best = bestEpoch(evaluated);
  return best !== undefined && evaluated.length - 1 - evaluated.indexOf(best) >= patience;
}

/** Images trained on per second of training, over all epochs, without evaluations and skipped images. */
export function meanImagesPerSecond(
  history: readonly Pick<EpochReport, "train_count" | "images_per_second">[],
): number {
  checkKinds("meanImagesPerSecond", { history }, { history: "list" });
  for (const row of history)
    checkFields("meanImagesPerSecond", "row", row, { train_count: "number", images_per_second: "number" });
  const count = history.reduce((sum, row) => sum + row.train_count, 0);
  return count / history.reduce((sum, row) => sum + row.train_count / row.images_per_second, 0);
}
