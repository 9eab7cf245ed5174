// What fit() will do: what was asked for, and defaults that suit network and pictures.

import { classCounts, type Dataset } from "../../data/index.js";
import { SMALL } from "../../data/preprocessing.js";
import { DataError } from "../../errors.js";
import { integer, number, type Kind } from "../../errors/kinds.js";
import { checkOptions, kindOf, wrongKind } from "../../errors/options.js";
import type { FitRequest, Trained } from "../trainer-types.js";
import type { Opened } from "./models.js";

/** What is said of a training run when it begins, and kept to go on with it. */
export type FitPlan = Required<Omit<FitRequest, "checkpoint" | "resume" | "workers">>;

/** Learning rates for what is trained: a new head learns fast, weights that know something already slowly. */
const RATES: Record<Trained, number> = { head: 5e-3, lastStage: 1e-3, all: 2e-3 };
const RATE_OF_KNOWN = 3e-4;
/** From this many pictures on some are kept to evaluate on. */
const ENOUGH = 10;

const KINDS: { [K in keyof FitPlan | "workers"]: Kind<unknown> | undefined } = {
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
  const filled = classCounts(dataset).filter((count) => count > 0).length;
  if (filled < 2) {
    throw new DataError(`fit: pictures of ${filled} class; a classifier needs pictures of at least 2`);
  }
  const { trained, preprocessing } = opened;
  const [height, width, channels] = preprocessing.inputSize;
  const train = request.train ?? (trained ? "head" : "all");
  const colour = channels !== 1 || Math.min(height, width) > SMALL;
  const validation = request.validation ?? (dataset.length >= ENOUGH ? 0.2 : 0);
  const learnt = Math.max(1, Math.round(dataset.length * (1 - validation)));
  return {
    epochs: request.epochs ?? 10,
    batchSize: Math.min(request.batchSize ?? 32, learnt),
    lr: request.lr ?? (train === "all" && trained ? RATE_OF_KNOWN : (RATES[train] ?? RATE_OF_KNOWN)),
    train,
    augment: request.augment ?? (train !== "head" && colour),
    validation,
    seed: request.seed ?? 0,
  };
}
