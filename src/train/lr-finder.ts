// The learning-rate range test: L. N. Smith, Cyclical Learning Rates for Training Neural Networks (2015,
// https://arxiv.org/abs/1506.01186), §3.3, with fastai's smoothing and suggestions
// (https://docs.fast.ai/callback.schedule.html#lrfinder).

import { defaultRandom } from "../core/random.js";
import type { Tensor } from "../core/tensor.js";
import { disposeBatch, type DataLoader } from "../data/index.js";
import { DataError } from "../errors.js";
import { checkOptions, type Names } from "../errors/options.js";
import { rememberModes } from "../nn/evaluation.js";
import type { Loss, Module } from "../nn/index.js";
import type { Optimizer } from "../optim/index.js";
import { checkFunctions, checkLoss, checkModelAndLoader, checkOptimizer } from "./arguments.js";
import { breathe } from "./breath.js";
import { gradientStep } from "./step.js";
import { defaultLossOf, taskOf } from "./task.js";

/** Options of findLr(). */
export interface FindLrOptions {
  /** The optimizer that changes the parameters. Its rate and state are restored afterwards. */
  optimizer: Optimizer;
  /** Default: fit()'s. */
  loss?: Loss;
  /** The first rate. Default 10⁻⁷. */
  minLr?: number;
  /** The last rate. Default 10. */
  maxLr?: number;
  /** Steps from the first to the last; over several epochs if needed. Default 100. */
  steps?: number;
  /** Ends the test after the current step. */
  signal?: AbortSignal;
  /** Called after every step with its row, its number from 1, and the number of steps. */
  onStep?: (row: LrRow, step: number, steps: number) => void;
}

/** One step of the test. */
export interface LrRow {
  /** Learning rate of the step. */
  lr: number;
  /** Loss of the step's batch, before the step. */
  loss: number;
  /** Exponential moving average of the losses. */
  smoothed: number;
}

/** What findLr() returns. */
export interface FoundLr {
  /** A row for each step. */
  rows: LrRow[];
  /** Whether the loss grew to four times its minimum before the last rate. */
  diverged: boolean;
  /** Where the smoothed loss falls fastest; undefined if it never falls. */
  steepest: number | undefined;
  /** The middle of its longest descent; undefined if it never falls. */
  valley: number | undefined;
}

const OPTIONS: Names<FindLrOptions> = {
  optimizer: true,
  loss: true,
  minLr: true,
  maxLr: true,
  steps: true,
  signal: true,
  onStep: true,
};

const SMOOTHING = 0.98;
const DIVERGED = 4;

/**
 * Trains with a rate that grows exponentially, and reports where the loss falls. Restores everything, even after an error:
 * weights, statistics, gradients and modes of the model, the optimizer's state and rate, the random stream. The loader has no
 * position to restore (its stats count the samples read).
 * @throws DataError unless 0 < minLr < maxLr and steps is an integer ≥ 10
 */
export async function findLr(model: Module, loader: DataLoader, options: FindLrOptions): Promise<FoundLr> {
  checkModelAndLoader("findLr", model, loader);
  checkOptions<FindLrOptions>("findLr", options, OPTIONS);
  const task = taskOf(loader.dataset);
  const { optimizer, signal, onStep } = options;
  checkOptimizer("findLr", optimizer, model);
  checkLoss("findLr", options.loss);
  checkFunctions("findLr", { onStep });
  const { loss: criterion = defaultLossOf(task) } = options;
  const { minLr = 1e-7, maxLr = 10, steps = 100 } = options;
  if (!(minLr > 0 && maxLr > minLr && maxLr < Infinity)) {
    throw new DataError(`findLr: bad rates; got ${minLr} to ${maxLr}; expected 0 < minLr < maxLr`);
  }
  if (!Number.isInteger(steps) || steps < 10) {
    throw new DataError(`findLr: steps must be an integer ≥ 10; got ${steps}`);
  }
  const restore = remember(model, optimizer);
  const rows: LrRow[] = [];
  let average = 0;
  let least = Infinity;
  let diverged = false;
  try {
    model.train();
    for await (const batch of endless(loader)) {
      const step = rows.length;
      const lr = (optimizer.lr = minLr * (maxLr / minLr) ** (step / (steps - 1)));
      model.zeroGrad(); // also of parameters that the optimizer does not have
      optimizer.zeroGrad();
      let loss;
      try {
        loss = gradientStep(model, criterion, batch, task);
      } finally {
        disposeBatch(batch);
      }
      average = SMOOTHING * average + (1 - SMOOTHING) * loss;
      const smoothed = average / (1 - SMOOTHING ** (step + 1));
      diverged = !Number.isFinite(smoothed) || smoothed > DIVERGED * least;
      if (Number.isFinite(smoothed)) rows.push({ lr, loss, smoothed });
      if (diverged) break;
      least = Math.min(least, smoothed);
      onStep?.(rows.at(-1)!, step + 1, steps);
      if (rows.length === steps || signal?.aborted) break;
      optimizer.step();
      await breathe();
    }
  } finally {
    restore();
  }
  const settled = rows.slice(Math.floor(steps / 10)); // before that, the average covers too few losses
  return { rows, diverged, steepest: steepest(settled), valley: valley(settled) };
}

/** Saves everything that training changes, and sets the gradients aside; returns a function that restores it all. */
function remember(model: Module, optimizer: Optimizer): () => void {
  const weights = model.stateDict();
  const [updates, { lr }] = [optimizer.stateDict(), optimizer];
  const restoreModes = rememberModes(model);
  const random = defaultRandom().state;
  const own = new Set<Tensor>(model.parameters());
  const others = optimizer.parameters.filter((p) => !own.has(p)).map((p) => [p, p.data()] as const);
  const gradients = [...own, ...others.map(([p]) => p)].map((p) => [p, p.grad] as const);
  for (const [p] of gradients) p.grad = undefined;
  return () => {
    for (const [p, grad] of gradients) {
      p.grad?.dispose();
      p.grad = grad;
    }
    optimizer.gradients.free();
    model.loadStateDict(weights);
    for (const [p, values] of others) p.copyFrom(values);
    optimizer.loadStateDict(updates);
    optimizer.lr = lr;
    restoreModes();
    defaultRandom().restore(random);
  };
}

/** Batches of one epoch after the other. */
async function* endless(loader: DataLoader): ReturnType<DataLoader["epoch"]> {
  for (let epoch = 0; ; epoch++) yield* loader.epoch(epoch);
}

/** The rate at which the smoothed loss falls fastest, by the logarithm of the rate. */
export function steepest(rows: readonly Pick<LrRow, "lr" | "smoothed">[]): number | undefined {
  let best = 0;
  let found: number | undefined;
  for (let i = 1; i < rows.length; i++) {
    const [a, b] = [rows[i - 1]!, rows[i]!];
    const slope = (b.smoothed - a.smoothed) / Math.log(b.lr / a.lr);
    if (slope < best) [best, found] = [slope, a.lr];
  }
  return found;
}

/** The rate in the middle of the longest descent: of the longest subsequence of losses that fall, the first if several. */
export function valley(rows: readonly Pick<LrRow, "lr" | "smoothed">[]): number | undefined {
  /** Length and start of the longest descent that ends here. */
  const lengths: number[] = [];
  const starts: number[] = [];
  let end = 0;
  rows.forEach(({ smoothed }, i) => {
    [lengths[i], starts[i]] = [1, i];
    for (let j = 0; j < i; j++) {
      if (smoothed < rows[j]!.smoothed && lengths[i]! < lengths[j]! + 1) {
        [lengths[i], starts[i]] = [lengths[j]! + 1, starts[j]!];
      }
    }
    if (lengths[i]! > lengths[end]!) end = i;
  });
  if (rows.length === 0 || lengths[end]! < 2) return undefined;
  return rows[Math.floor((starts[end]! + end) / 2)]!.lr;
}
