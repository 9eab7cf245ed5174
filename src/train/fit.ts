// The training loop.

import { disposeBatch, type Batch, type DataLoader } from "../data/index.js";
import { DataError } from "../errors.js";
import { checkFields, checkOptions, kindOf, wrongKind, type Names } from "../errors/options.js";
import { rememberModes } from "../nn/evaluation.js";
import type { Loss, Module } from "../nn/index.js";
import type { Optimizer, Schedule } from "../optim/index.js";
import { breathe } from "./breath.js";
import { checkFunctions, checkLoss, checkModelAndLoader, checkOptimizer } from "./arguments.js";
import { ModelEma } from "./ema.js";
import { evaluate, type Evaluation } from "./evaluate.js";
import {
  exhausted,
  finishEpoch,
  startPosition,
  type EpochReport,
  type StepReport,
  type TrainingPosition,
} from "./position.js";
import { Steps, type StepHooks, type StepParts } from "./step.js";
import { defaultLossOf, taskOf } from "./task.js";

/** Options of fit(). */
export interface FitOptions {
  /** The optimizer that changes the parameters. */
  optimizer: Optimizer;
  /** Passes over the data. */
  epochs: number;
  /** Evaluated after every epoch. Default: no evaluation. */
  evalLoader?: DataLoader;
  /** Default: cross-entropy; binary cross-entropy if images have several classes each. */
  loss?: Loss;
  /** Sets the optimizer's learning rate before each of its steps; it gets the evaluation losses of the trained weights. */
  schedule?: Schedule;
  /**
   * Batches whose gradients make one step of the optimizer. The step's gradient is the mean over the images actually in them
   * (for a loss with class weights, over their weights), as if they had been one batch: batches may be smaller or missing,
   * because samples could not be read or the epoch ends. Default 1.
   */
  accumulate?: number;
  /** Bounds of the gradients before each step: see clipGradNorm() and clipGradValue(). */
  clip?: {
    /** Largest length of all gradients together. */
    norm?: number;
    /** Largest absolute value of any element. */
    value?: number;
  };
  /** Averages the weights over the steps. The averages are evaluated in addition to the trained weights, as ema_… in the reports. */
  ema?: ModelEma;
  /** Epochs between evaluations; the last epoch is always evaluated. Default 1. */
  evalInterval?: number;
  /** Ends training after this many evaluations in a row without a new best, as defined by bestEpoch(). Default: never. */
  patience?: number;
  /** Where to continue; fit() keeps it up to date. Default: the start. */
  position?: TrainingPosition;
  /** Ends training after the current step. */
  signal?: AbortSignal;
  /** Called, and awaited, after the stages of each step: forward, backward, reduce, clip, update, average. */
  hooks?: StepHooks;
  /** Called after every step. */
  onStep?: (report: StepReport) => void;
  /** Awaited. The model has its trained weights; ema.apply() lends it the averages. */
  onEpoch?: (report: EpochReport, history: readonly EpochReport[]) => void | Promise<void>;
  /** Called, and awaited, at every point from which training could resume: after each step of the optimizer and each epoch. */
  onPosition?: (position: TrainingPosition) => void | Promise<void>;
}

/**
 * Trains the model: for each epoch every batch of the loader once, then an evaluation. Returns a row for each finished epoch;
 * `position` shows whether these are all. Batches with soft targets are trained on these; train_top1 still counts by their labels
 * or, if images have several classes each, by the targets above ½. Accuracies are evaluate()'s. Restores the modules' modes and
 * leaves no gradients. After an error, `position` and the weights are those after the optimizer's last step.
 * @throws NonFiniteLossError when the loss is NaN or infinite, before that step changes the weights; DataError for counts
 * outside their ranges
 */
export async function fit(model: Module, loader: DataLoader, options: FitOptions): Promise<EpochReport[]> {
  checkArguments(model, loader, options);
  const { epochs, patience = Infinity, position = startPosition(), signal } = options;
  checkFields("fit", "position", position, POSITION);
  if (patience < Infinity && !options.evalLoader) {
    throw new DataError("fit: patience needs images to evaluate on; got no evalLoader");
  }
  const restoreModes = rememberModes(model);
  const { gradients } = options.optimizer;
  if (options.hooks?.reduce) gradients.claim();
  try {
    while (position.epoch <= epochs && !exhausted(position.history, patience)) {
      await trainEpoch(model, loader, options, position);
      if (signal?.aborted) break;
      const row = await finishedRow(model, options, position);
      if (!row) break;
      finishEpoch(position, row);
      await options.onEpoch?.(row, position.history);
      await options.onPosition?.(position);
    }
  } finally {
    restoreModes();
    options.optimizer.zeroGrad();
    if (options.hooks?.reduce) gradients.dispose();
  }
  return position.history;
}

/** The row of the epoch just trained, with an evaluation if due; undefined if the signal ended the evaluation. */
async function finishedRow(
  model: Module,
  { optimizer, epochs, evalLoader, evalInterval = 1, ema, signal }: FitOptions,
  { epoch, sums }: TrainingPosition,
): Promise<EpochReport | undefined> {
  const begin = performance.now();
  const due = epoch % evalInterval === 0 || epoch === epochs;
  let evaluation: Evaluation | undefined;
  let averaged: Evaluation | undefined;
  try {
    if (due && evalLoader) {
      const run = (): Promise<Evaluation> => evaluate(model, evalLoader, signal && { signal });
      evaluation = await run();
      averaged = await ema?.apply(run);
    }
  } catch (error) {
    if (signal?.aborted) return undefined;
    throw error;
  }
  const { count, loss, hits, seconds, waitedSeconds, skipped } = sums;
  return {
    epoch,
    train_loss: loss / count,
    train_top1: hits / count,
    eval_loss: evaluation?.loss,
    eval_top1: evaluation?.top1,
    eval_top5: evaluation?.top5,
    ...(evaluation?.map !== undefined && { eval_map: evaluation.map }),
    ...(averaged && { ema_loss: averaged.loss, ema_top1: averaged.top1, ema_top5: averaged.top5 }),
    ...(averaged?.map !== undefined && { ema_map: averaged.map }),
    lr: optimizer.lr,
    seconds: seconds + (performance.now() - begin) / 1000,
    train_count: count,
    images_per_second: count / seconds,
    data_wait: waitedSeconds / seconds,
    skipped: skipped + (evaluation?.skipped ?? 0),
  };
}

/** The batches of one epoch, from the position on. */
async function trainEpoch(
  model: Module,
  loader: DataLoader,
  options: FitOptions,
  position: TrainingPosition,
): Promise<void> {
  const { optimizer, schedule, accumulate = 1, signal } = options;
  const batches = loader.batches;
  const updates = Math.ceil(batches / accumulate);
  const evalLosses = position.history.flatMap((row) => row.eval_loss ?? []);
  const clock = new EpochClock(loader, position);
  const steps = new Steps(partsOf(model, loader, options));
  const here = (): Pick<TrainingPosition, "step" | "sums"> => ({
    step: position.step,
    sums: { ...position.sums },
  });
  let stepped = here();
  /** Batches belong to groups, each of which makes a step: those begun before, and the current one. */
  let done = Math.ceil(position.step / accumulate);
  let group = 0;
  const begin = (next: number): void => {
    group = next;
    if (schedule) optimizer.lr = schedule((position.epoch - 1) * updates + group, evalLosses);
  };
  const finish = async (): Promise<void> => {
    await steps.finish({ epoch: position.epoch, step: position.step }, () => (stepped = here()));
    done = group + 1;
    await options.onPosition?.(position);
  };
  /** Steps without a readable image here: other processes may have images of them, and wait. */
  const finishBefore = async (next: number): Promise<void> => {
    while (options.hooks?.reduce && done < next) {
      begin(done);
      position.step = Math.min((group + 1) * accumulate, batches);
      await finish();
    }
  };
  model.train();
  try {
    for await (const batch of loader.epoch(position.epoch - 1, { from: position.step })) {
      try {
        const own = Math.floor(batch.number / accumulate);
        if (steps.begun && own !== group) await finish(); // the last batch of the group could not be read
        await finishBefore(own);
        begin(own);
        const whole = Math.min(accumulate, batches - group * accumulate) * loader.batchSize;
        const at = { epoch: position.epoch, step: batch.number + 1 };
        const { loss, hits } = await steps.learn(batch, accumulate > 1 ? whole : undefined, at);
        count(position, batch, loss, hits);
      } finally {
        disposeBatch(batch);
      }
      clock.count();
      options.onStep?.(stepReport(options, position, batches));
      if (position.step % accumulate === 0 || position.step === batches) await finish();
      if (signal?.aborted && !steps.begun) return;
      await breathe();
    }
    // The batches after the last one could not be read.
    if (!options.hooks?.reduce || group === updates - 1) position.step = batches;
    clock.count();
    if (steps.begun) await finish();
    await finishBefore(updates);
  } catch (error) {
    Object.assign(position, stepped);
    throw error;
  }
}

function partsOf(
  model: Module,
  loader: DataLoader,
  { optimizer, loss, clip = {}, ema, hooks = {} }: FitOptions,
): StepParts {
  const task = taskOf(loader.dataset);
  return { model, optimizer, task, criterion: loss ?? defaultLossOf(task), clip, ema, hooks };
}

/** Counts a trained batch. */
function count(position: TrainingPosition, { indices, number }: Batch, loss: number, hits: number): void {
  const { sums } = position;
  sums.count += indices.length;
  sums.loss += loss * indices.length;
  sums.hits += hits;
  position.step = number + 1;
}

/** Keeps the clock's and the loader's sums, which continue from those of a resumed run. */
class EpochClock {
  readonly #position: TrainingPosition;
  readonly #loader: DataLoader;
  readonly #seconds: number;
  readonly #waitedSeconds: number;
  readonly #skipped: number;

  constructor(loader: DataLoader, position: TrainingPosition) {
    const { seconds, waitedSeconds, skipped } = position.sums;
    const { stats } = loader;
    this.#loader = loader;
    this.#position = position;
    this.#seconds = seconds - performance.now() / 1000;
    this.#waitedSeconds = waitedSeconds - stats.waitedMs / 1000;
    this.#skipped = skipped - stats.skipped;
  }

  count(): void {
    const { sums } = this.#position;
    const { stats } = this.#loader;
    sums.seconds = this.#seconds + performance.now() / 1000;
    sums.waitedSeconds = this.#waitedSeconds + stats.waitedMs / 1000;
    sums.skipped = this.#skipped + stats.skipped;
  }
}

function stepReport(
  { optimizer, epochs }: FitOptions,
  position: TrainingPosition,
  steps: number,
): StepReport {
  const { epoch, step, sums } = position;
  const { count, loss, hits, seconds, waitedSeconds } = sums;
  return {
    epoch,
    epochs,
    step,
    steps,
    loss: loss / count,
    top1: hits / count,
    lr: optimizer.lr,
    imagesPerSecond: count / seconds,
    dataWait: waitedSeconds / seconds,
    secondsLeft: (seconds / step) * ((epochs - epoch + 1) * steps - step),
  };
}

const HOOKS: Names<StepHooks> = {
  forward: true,
  backward: true,
  reduce: true,
  clip: true,
  update: true,
  average: true,
};

const POSITION = { epoch: "number", step: "number", sums: "object", history: "list" } as const;

const OPTIONS: Names<FitOptions> = {
  optimizer: true,
  epochs: true,
  evalLoader: true,
  loss: true,
  schedule: true,
  accumulate: true,
  clip: true,
  ema: true,
  evalInterval: true,
  patience: true,
  position: true,
  signal: true,
  hooks: true,
  onStep: true,
  onEpoch: true,
  onPosition: true,
};

function checkArguments(model: Module, loader: DataLoader, options: FitOptions): void {
  checkModelAndLoader("fit", model, loader);
  checkOptions<FitOptions>("fit", options, OPTIONS);
  const {
    optimizer,
    evalLoader,
    loss,
    schedule,
    clip = {},
    ema,
    hooks = {},
    onStep,
    onEpoch,
    onPosition,
  } = options;
  const { epochs, accumulate = 1, patience = 1, evalInterval = 1 } = options;
  checkOptimizer("fit", optimizer, model);
  if (evalLoader !== undefined) checkModelAndLoader("fit (evalLoader)", model, evalLoader);
  checkLoss("fit", loss);
  checkOptions<NonNullable<FitOptions["clip"]>>("fit: clip", clip, { norm: true, value: true });
  if (ema !== undefined && !(ema instanceof ModelEma)) throw wrongKind("fit", "ema", ema, "a ModelEma");
  checkOptions<StepHooks>("fit: hooks", hooks, HOOKS);
  checkFunctions("fit: hooks", hooks as Record<string, unknown>);
  checkFunctions("fit", { schedule, onStep, onEpoch, onPosition });
  for (const [name, value] of Object.entries({ epochs, accumulate, patience, evalInterval })) {
    if (Number.isInteger(value) && value >= 1) continue;
    throw new DataError(`fit: ${name} must be an integer ≥ 1; got ${kindOf(value)}`);
  }
}
