// Where a training stands: what it reports, and from where it can be taken up again.

/** Where training stands after a step. */
export interface StepReport {
  /** From 1. */
  epoch: number;
  epochs: number;
  /** In this epoch, from 1. */
  step: number;
  steps: number;
  /** Means over the epoch so far. */
  loss: number;
  top1: number;
  lr: number;
  imagesPerSecond: number;
  /** Share of the epoch's time so far that training waited for data. */
  dataWait: number;
  /** Until the last step of the last epoch, evaluations not counted. */
  secondsLeft: number;
}

/** One row of results.csv; accuracies are fractions. */
export interface EpochReport {
  epoch: number;
  train_loss: number;
  train_top1: number;
  /** Of the evaluation after the epoch, and so undefined where there was none. */
  eval_loss: number | undefined;
  eval_top1: number | undefined;
  eval_top5: number | undefined;
  /** Mean average precision, where images have several classes each and any of them has images. */
  eval_map?: number;
  /** Of the epoch's last step. */
  lr: number;
  /** Training and evaluating this epoch. */
  seconds: number;
  /** In training. */
  images_per_second: number;
  /** Share of the training time spent waiting for data. */
  data_wait: number;
  /** Samples left out because of errors, in training and in its evaluation: the loaders' stats say which. */
  skipped: number;
}

/** Sums over the steps of the epoch under way. */
export interface EpochSums {
  images: number;
  loss: number;
  hits: number;
  seconds: number;
  waitedSeconds: number;
  skipped: number;
}

/** From where a training goes on. Plain data, kept by fit(); with the weights and the states of optimizer and random stream it is all that a checkpoint needs. */
export interface TrainingPosition {
  /** Epoch under way, from 1. */
  epoch: number;
  /** Batches done in it. */
  step: number;
  sums: EpochSums;
  /** A row for each epoch done. */
  history: EpochReport[];
}

const noSums = (): EpochSums => ({ images: 0, loss: 0, hits: 0, seconds: 0, waitedSeconds: 0, skipped: 0 });

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

/**
 * The best epoch's row: highest eval_map or, where there is none, eval_top1; of equal ones the smallest eval_loss, of equal
 * ones the first. Without evaluations the last row.
 */
export function bestEpoch(history: readonly EpochReport[]): EpochReport | undefined {
  const evaluated = history.filter((row) => row.eval_top1 !== undefined);
  if (evaluated.length === 0) return history.at(-1);
  const score = (row: EpochReport): number => row.eval_map ?? row.eval_top1!;
  const better = (a: EpochReport, b: EpochReport): boolean =>
    score(a) !== score(b) ? score(a) > score(b) : a.eval_loss! < b.eval_loss!;
  return evaluated.reduce((best, row) => (better(row, best) ? row : best));
}
