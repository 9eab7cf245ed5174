// What fit() will do: what was asked for, and defaults that suit network and pictures.

import { classCounts, type Dataset } from "../../data/index.js";
import { SMALL } from "../../data/preprocessing.js";
import { DataError } from "../../errors.js";
import { integer, number, type Kind } from "../../errors/kinds.js";
import { checkOptions, kindOf, wrongKind } from "../../errors/options.js";
import type { FitRequest, Trained } from "../trainer-types.js";
import type { Opened } from "./models.js";

/** What fit() is asked for without where the run is kept. */
type Asked = Omit<FitRequest, "checkpoint" | "resume" | "workers">;

/** What a training run does, which is kept so that it can be resumed. */
export interface FitPlan extends Required<Asked> {
  /** How sure the network is taught to be of each label: 1 − labelSmoothing. */
  readonly labelSmoothing: number;
  /** How much of the average of the weights each step keeps; 0: there is no average. */
  readonly averageDecay: number;
  /** Whether every class is drawn equally often. */
  readonly balanced: boolean;
}

/** Learning rates for what is trained: a new head learns fast, weights that know something already slowly. */
const RATES: Record<Trained, number> = { head: 5e-3, lastStage: 1e-3, all: 2e-3 };
const RATE_OF_KNOWN = 3e-4;
/** Fewest epochs by default, and most. */
const [LEAST_EPOCHS, MOST_EPOCHS] = [10, 100];
/** Steps that a few pictures take to be learnt: a whole network needs more of them than its last stage, which is dearer for each. */
const STEPS: Record<Trained, number> = { head: 300, lastStage: 60, all: 360 };
/**
 * Fewer pictures than this are learnt from in smaller batches, so in more steps; their labels are smoothed and the weights averaged
 * over the steps, as single steps count for more. The average forgets most of what is 50 steps old.
 */
const FEW = 1000;
const [FEW_BATCH, BATCH] = [16, 32];
const FEW_SMOOTHING = 0.1;
const FEW_DECAY = 0.98;
/** Classes are drawn equally often if one has more than this many times the pictures of another. */
const UNEVEN = 2;
/** From this many pictures on some are kept to evaluate on. */
const ENOUGH = 10;

const KINDS: { [K in keyof Asked | "workers"]-?: Kind<unknown> | undefined } = {
  epochs: integer(1),
  batchSize: integer(1),
  lr: number(0, Infinity, { above: true }),
  train: undefined, // trainOnly() checks it
  augment: undefined,
  validation: number(0, 0.5),
  seed: integer(0),
  workers: integer(0, 64),
};

/** @throws DataError for an option outside its range, and for pictures that nothing can be learnt from */
export function resolveFit(request: FitRequest, dataset: Dataset, opened: Opened): FitPlan {
  checkOptions<FitRequest>("fit", request, {
    epochs: true,
    batchSize: true,
    lr: true,
    train: true,
    augment: true,
    validation: true,
    seed: true,
    workers: true,
    checkpoint: true,
    resume: true,
  });
  for (const [name, value] of Object.entries(request)) {
    const kind = KINDS[name as keyof typeof KINDS];
    if (value === undefined || !kind || kind.accepts(value)) continue;
    throw new DataError(`fit: ${name} must be ${kind.expected}; got ${kindOf(value)}`);
  }
  if (request.augment !== undefined && typeof request.augment !== "boolean") {
    throw wrongKind("fit", "augment", request.augment, "true or false");
  }
  const filled = classCounts(dataset).filter((count) => count > 0);
  if (filled.length < 2) {
    throw new DataError(`fit: pictures of ${filled.length} class; a classifier needs pictures of at least 2`);
  }
  const { trained, preprocessing } = opened;
  const [height, width, channels] = preprocessing.inputSize;
  const train = request.train ?? (trained ? "head" : "all");
  const colour = channels !== 1 || Math.min(height, width) > SMALL;
  const validation = request.validation ?? (dataset.length >= ENOUGH ? 0.2 : 0);
  const learnt = Math.max(1, Math.round(dataset.length * (1 - validation)));
  const few = dataset.length < FEW;
  const batchSize = Math.min(request.batchSize ?? (few ? FEW_BATCH : BATCH), learnt);
  const enough = Math.ceil((STEPS[train] ?? 0) / Math.ceil(learnt / batchSize));
  return {
    epochs: request.epochs ?? Math.min(Math.max(enough, LEAST_EPOCHS), MOST_EPOCHS),
    batchSize,
    lr: request.lr ?? (train === "all" && trained ? RATE_OF_KNOWN : (RATES[train] ?? RATE_OF_KNOWN)),
    train,
    augment: request.augment ?? (train !== "head" && colour),
    validation,
    seed: request.seed ?? 0,
    labelSmoothing: few ? FEW_SMOOTHING : 0,
    averageDecay: few ? FEW_DECAY : 0,
    balanced: Math.max(...filled) > UNEVEN * Math.min(...filled),
  };
}
