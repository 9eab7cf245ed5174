// The training loop.

import { tidy } from "../core/scope.js";
import { disposeBatch, type Batch, type DataLoader } from "../data/index.js";
import { DataError } from "../errors.js";
import { CrossEntropyLoss, type Loss, type Module } from "../nn/index.js";
import type { Optimizer, Schedule } from "../optim/index.js";
import { evaluate } from "./evaluate.js";
import "../tensor-methods.js";
import { topK } from "./metrics.js";

/** How long training may keep the event loop to itself: signals and a page's clicks are served this often. */
const BREATH_MS = 200;

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
  eval_loss: number;
  eval_top1: number;
  eval_top5: number;
  /** Of the epoch's last step. */
  lr: number;
  /** Training and evaluating this epoch. */
  seconds: number;
  /** In training. */
  images_per_second: number;
  /** Share of the training time spent waiting for data. */
  data_wait: number;
  /** Training samples left out because of errors: the loader's stats say which. */
  skipped: number;
}

export interface FitOptions {
  optimizer: Optimizer;
  epochs: number;
  /** Evaluated after every epoch. */
  evalLoader: DataLoader;
  /** Default: cross-entropy. */
  loss?: Loss;
  /** Sets the optimizer's learning rate before each step. */
  schedule?: Schedule;
  onStep?: (report: StepReport) => void;
  /** Awaited. */
  onEpoch?: (report: EpochReport, history: readonly EpochReport[]) => void | Promise<void>;
}

/**
 * Trains the model: for each epoch every batch of the loader once, then an evaluation. Returns a row for each epoch.
 * Batches with soft targets are trained on these; train_top1 still counts by their labels.
 * @throws DataError when the loss is NaN or infinite, before that step changes the weights
 */
export async function fit(model: Module, loader: DataLoader, options: FitOptions): Promise<EpochReport[]> {
  const { optimizer, epochs, evalLoader, loss: criterion = new CrossEntropyLoss(), schedule } = options;
  const history: EpochReport[] = [];
  const steps = loader.batches;
  let rested = performance.now();
  for (let epoch = 1; epoch <= epochs; epoch++) {
    model.train();
    const begin = performance.now();
    let images = 0;
    let step = 0;
    let lossSum = 0;
    let hits = 0;
    const { waitedMs, skipped } = loader.stats;
    const dataWait = (): number => (loader.stats.waitedMs - waitedMs) / (performance.now() - begin);
    for await (const batch of loader.epoch(epoch - 1)) {
      if (schedule) optimizer.lr = schedule((epoch - 1) * steps + batch.number, []);
      step = batch.number + 1;
      let result;
      try {
        result = trainStep(model, optimizer, criterion, batch);
      } finally {
        disposeBatch(batch);
      }
      if (!Number.isFinite(result.loss)) {
        throw new DataError(
          `fit: loss is ${result.loss} at epoch ${epoch}, step ${step}; expected a finite number ` +
            `(a smaller lr than ${optimizer.lr} usually helps)`,
        );
      }
      if (performance.now() - rested > BREATH_MS) {
        await new Promise((resume) => setTimeout(resume));
        rested = performance.now();
      }
      const n = batch.indices.length;
      images += n;
      lossSum += result.loss * n;
      hits += result.hits;
      const seconds = (performance.now() - begin) / 1000;
      options.onStep?.({
        epoch,
        epochs,
        step,
        steps,
        loss: lossSum / images,
        top1: hits / images,
        lr: optimizer.lr,
        imagesPerSecond: images / seconds,
        dataWait: dataWait(),
        secondsLeft: (seconds / step) * ((epochs - epoch + 1) * steps - step),
      });
    }
    const trained = performance.now();
    const waited = dataWait();
    const { loss, top1, top5 } = await evaluate(model, evalLoader);
    const row = {
      epoch,
      train_loss: lossSum / images,
      train_top1: hits / images,
      eval_loss: loss,
      eval_top1: top1,
      eval_top5: top5,
      lr: optimizer.lr,
      seconds: (performance.now() - begin) / 1000,
      images_per_second: images / ((trained - begin) / 1000),
      data_wait: waited,
      skipped: loader.stats.skipped - skipped,
    };
    history.push(row);
    await options.onEpoch?.(row, history);
  }
  return history;
}

/** Forward, backward and update on one batch; with a loss that is not finite, forward alone. */
function trainStep(
  model: Module,
  optimizer: Optimizer,
  criterion: Loss,
  { images, labels, targets }: Batch,
): { loss: number; hits: number } {
  return tidy(() => {
    const outputs = model.outputs(images);
    const { logits } = outputs[0]!;
    const loss = outputs
      .map((output) => criterion.forward(output.logits, targets ?? labels).mul(output.weight))
      .reduce((a, b) => a.add(b));
    const value = loss.item();
    const [hits] = topK(logits, labels, [1]) as [number];
    if (Number.isFinite(value)) {
      optimizer.zeroGrad();
      loss.backward();
      optimizer.step();
    }
    return { loss: value, hits };
  });
}
