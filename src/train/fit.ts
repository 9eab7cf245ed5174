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
import { anySays } from "./together.js";
import { Steps, type StepHooks, type StepParts } from "./step.js";
import { aborted, checkAlike, checkSame, share, synchronise } from "./same.js";
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
  /** Whether layers of batch normalisation take the statistics of all processes' images, where the loader has a group. Default false. */
  syncBatchNorm?: boolean;
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
  const { group } = loader;
  const parts = { model, optimizer: options.optimizer, ema: options.ema };
  const flat = options.hooks?.reduce ?? group;
  if (flat) gradients.claim();
  // Groups of an optimizer have the parameters in another order, where the last part is complete only when backward is at its end.
  if (group) gradients.arrange(model.parameters());
  if (options.syncBatchNorm) synchronise(model, loader.group);
  try {
    if (group) {
      share(group, parts, "fit");
      checkAlike("fit", group, {
        "the position": JSON.stringify([epochs, patience, position.epoch, position.step]),
      });
    }
    while (position.epoch <= epochs && !exhausted(position.history, patience)) {
      await trainEpoch(model, loader, options, position);
      if (aborted(group, signal)) break;
      const row = await finishedRow(model, options, position);
      if (!row) break;
      if (group) checkSame(`fit: after epoch ${position.epoch}`, group, parts);
      finishEpoch(position, row);
      await options.onEpoch?.(row, position.history);
      await options.onPosition?.(position);
    }
  } finally {
    restoreModes();
    options.optimizer.zeroGrad();
    if (flat) gradients.dispose();
    if (options.syncBatchNorm) synchronise(model, undefined);
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
    if (signal?.aborted || (error as Error).name === "AbortError") return undefined;
    throw error;
  }
  const { count, loss, hits, seconds, waitedSeconds, skipped } = sums;
  if (count === 0) throw new DataError("fit: every sample of the epoch was skipped, in all processes");
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
  const { batches, group: together } = loader;
  /** Whether all processes make all steps, as each may have images of them. */
  const all = together !== undefined || options.hooks?.reduce !== undefined;
  const updates = Math.ceil(batches / accumulate);
  const evalLosses = position.history.flatMap((row) => row.eval_loss ?? []);
  const clock = new EpochClock(loader, position);
  const steps = new Steps(partsOf(model, loader, options));
  const here = (): Pick<TrainingPosition, "step" | "sums"> => ({
    step: position.step,
    sums: { ...position.sums },
  });
  let stepped = here();
  let stop = false;
  /** Batches belong to groups, each of which makes a step. */
  let group = 0;
  const begin = (next: number): void => {
    group = next;
    if (schedule) optimizer.lr = schedule((position.epoch - 1) * updates + group, evalLosses);
  };
  const finish = async (): Promise<void> => {
    const { sums } = position;
    const counted = COUNTED.map((name) => sums[name] - stepped.sums[name]);
    await steps.finish(
      { epoch: position.epoch, step: position.step },
      [...counted, Number(signal?.aborted ?? false)],
      (tally) => {
        if (together) COUNTED.forEach((name, i) => (sums[name] = stepped.sums[name] + tally[i]!));
        stop = tally.at(-1)! > 0;
        stepped = here();
      },
    );
    await options.onPosition?.(position);
  };
  model.train();
  try {
    const given = loader.epoch(position.epoch - 1, { from: position.step });
    for await (const { number, batch } of all
      ? everyNumber(given, position.step, batches)
      : numbered(given)) {
      const own = Math.floor(number / accumulate);
      if (steps.begun && own !== group) await finish(); // what would have ended the group could not be read
      begin(own);
      const at = { epoch: position.epoch, step: number + 1 };
      const last = at.step % accumulate === 0 || at.step === batches;
      // Where a process has no images of a batch, the others cannot wait for it in the middle of the network.
      if (together && options.syncBatchNorm)
        synchronise(model, anySays(together, !batch) ? undefined : together);
      try {
        if (batch) {
          const whole = Math.min(accumulate, batches - group * accumulate) * loader.wholeBatch;
          const expected = accumulate > 1 || together ? whole : undefined;
          const { loss, hits } = await steps.learn(batch, expected, last, at);
          count(position, batch, loss, hits);
        }
      } finally {
        if (batch) disposeBatch(batch);
      }
      position.step = at.step;
      clock.count();
      if (batch) options.onStep?.(stepReport(options, position, batches));
      if (last) await finish();
      if ((together ? stop : signal?.aborted) && !steps.begun) return;
      await breathe();
    }
    position.step = batches; // what follows the last batch could not be read
    clock.count();
    if (steps.begun) await finish();
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
  const { group } = loader;
  return { model, optimizer, task, criterion: loss ?? defaultLossOf(task), clip, ema, hooks, group };
}

/** Counts a trained batch. */
function count(position: TrainingPosition, { indices }: Batch, loss: number, hits: number): void {
  const { sums } = position;
  sums.count += indices.length;
  sums.loss += loss * indices.length;
  sums.hits += hits;
}

/** Batches with their numbers. */
async function* numbered(batches: AsyncIterable<Batch>): AsyncGenerator<{ number: number; batch?: Batch }> {
  for await (const batch of batches) yield { number: batch.number, batch };
}

/** All numbers from `from` on, with the batches of those of which there is one. */
async function* everyNumber(
  batches: AsyncIterable<Batch>,
  from: number,
  end: number,
): AsyncGenerator<{ number: number; batch?: Batch }> {
  let next = from;
  for await (const batch of batches) {
    for (; next < batch.number; next++) yield { number: next };
    yield { number: next++, batch };
  }
  for (; next < end; next++) yield { number: next };
}

/** What is added up over the processes after each step. */
const COUNTED = ["count", "loss", "hits", "skipped"] as const;

/** Keeps the clock's and the loader's sums, which continue from those of a resumed run. */
class EpochClock {
  readonly #position: TrainingPosition;
  readonly #loader: DataLoader;
  readonly #seconds: number;
  readonly #waitedSeconds: number;
  /** What the loader had left out when it was last counted. */
  #skipped: number;

  constructor(loader: DataLoader, position: TrainingPosition) {
    const { seconds, waitedSeconds } = position.sums;
    const { stats } = loader;
    this.#loader = loader;
    this.#position = position;
    this.#seconds = seconds - performance.now() / 1000;
    this.#waitedSeconds = waitedSeconds - stats.waitedMs / 1000;
    this.#skipped = stats.skipped;
  }

  count(): void {
    const { sums } = this.#position;
    const { stats } = this.#loader;
    sums.seconds = this.#seconds + performance.now() / 1000;
    sums.waitedSeconds = this.#waitedSeconds + stats.waitedMs / 1000;
    sums.skipped += stats.skipped - this.#skipped;
    this.#skipped = stats.skipped;
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
  syncBatchNorm: true,
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
  if (loader.group && hooks.reduce)
    throw new DataError("fit: the loader's group sums the gradients; expected no hooks.reduce");
  if (evalLoader && evalLoader.group !== loader.group) {
    throw new DataError("fit: loader and evalLoader have different groups; expected the same");
  }
  checkFunctions("fit: hooks", hooks as Record<string, unknown>);
  checkFunctions("fit", { schedule, onStep, onEpoch, onPosition });
  for (const [name, value] of Object.entries({ epochs, accumulate, patience, evalInterval })) {
    if (Number.isInteger(value) && value >= 1) continue;
    throw new DataError(`fit: ${name} must be an integer ≥ 1; got ${kindOf(value)}`);
  }
}
