// One call of fit(): what is trained, on what, and how it is judged.

import {
  balancedSampler,
  DataLoader,
  stratifiedSplit,
  type Dataset,
  type Preprocessing,
} from "../../data/index.js";
import { WasmError } from "../../errors.js";
import type { Classifier } from "../../models/index.js";
import { CrossEntropyLoss, type Module } from "../../nn/index.js";
import { cosine, createOptimizer, noDecay } from "../../optim/index.js";
import {
  captureCheckpoint,
  ConfusionMatrix,
  evaluate,
  fit,
  ModelEma,
  restoreCheckpoint,
  startPosition,
  type Checkpoint,
  type EpochReport,
} from "../../train/index.js";
import { runtime } from "../../wasm/runtime.js";
import type { Call } from "../rpc.js";
import type { EvaluationReport, FitProgress } from "../trainer-types.js";
import type { FitPlan } from "./fit-plan.js";
import { frozenFeatures } from "./frozen-features.js";
import { plainTransforms, randomTransforms } from "./preparation.js";
import { trainOnly } from "./trained-part.js";

/** Milliseconds between two reports of steps. */
const REPORT_MS = 50;
/** Most times that kept pictures are evaluated while training goes on. */
const EVALUATIONS = 10;
/** Pictures that are judged at once. */
const JUDGED = 32;

/** Pictures, and how they become batches. */
export interface Part {
  readonly dataset: Dataset;
  readonly transforms: ReturnType<typeof plainTransforms>;
}

/** What a run trains, and on what. */
export interface Setup {
  /** The model, or its head alone where features are computed once. */
  readonly network: Module;
  readonly train: Part;
  readonly kept: Part | undefined;
  /** What is judged at the end: what was kept, otherwise what was trained on, unchanged. */
  readonly judged: Part;
}

/** @throws DataError for what cannot be trained; what the signal says */
export async function setUp(
  model: Classifier,
  preprocessing: Preprocessing,
  dataset: Dataset,
  plan: FitPlan & { readonly workers: number },
  call: Call,
): Promise<Setup> {
  trainOnly(model, plan.train, preprocessing.inputSize);
  const { validation, seed, workers } = plan;
  const plain = plainTransforms(dataset, preprocessing, workers);
  const [first, second] =
    validation > 0 ? stratifiedSplit(dataset, [1 - validation, validation], seed) : [dataset];
  const whole: Part = { dataset: first!, transforms: plain };
  const kept: Part | undefined = second && { dataset: second, transforms: plain };
  if (plan.train === "head" && !plan.augment) {
    const train = await frozenFeatures(model, whole, call);
    const test = train && kept && (await frozenFeatures(model, kept, call));
    if (train) return { network: train.network, train, kept: test, judged: test ?? train };
  }
  const train = plan.augment
    ? { dataset: first!, transforms: randomTransforms(preprocessing, workers) }
    : whole;
  return { network: model, train, kept, judged: kept ?? whole };
}

/** Out of memory: what can be done. */
function withCure(error: unknown, { batchSize, train }: FitPlan): unknown {
  if (!(error instanceof WasmError) || !/memory/.test(error.message)) return error;
  const smaller = batchSize > 1 ? `a batchSize smaller than ${batchSize}` : "a smaller network";
  const less = train === "head" ? "" : `, or train: "${train === "all" ? "lastStage" : "head"}"`;
  return new WasmError(`fit: ${error.message}; use ${smaller}${less}`);
}

/** A run that is resumed, and one that can be. */
export interface Continuing {
  readonly from?: Checkpoint | undefined;
  /** Called, and awaited, after each epoch. */
  readonly keep?: ((checkpoint: Checkpoint) => Promise<void>) | undefined;
}

/** Trains, and leaves the network with the average of its weights if there is one. Comes back early when the call is cancelled. */
export async function learn(
  { network, train, kept }: Setup,
  plan: FitPlan,
  call: Call,
  { from, keep }: Continuing = {},
): Promise<readonly EpochReport[]> {
  const { batchSize, seed, epochs, lr, labelSmoothing, averageDecay, balanced } = plan;
  const loader = new DataLoader(train.dataset, {
    batchSize,
    seed,
    ...(balanced ? { sampler: balancedSampler(train.dataset.labels) } : { shuffle: true }),
    dropLast: train.dataset.length > batchSize && train.dataset.length % batchSize === 1, // batch norm can do nothing with one picture
    ...train.transforms,
  });
  const evalLoader = kept && new DataLoader(kept.dataset, { batchSize: JUDGED, ...kept.transforms });
  const parameters = network.parameters().filter((p) => p.requiresGrad);
  const optimizer = createOptimizer("adamw", noDecay(parameters), { lr });
  const ema = averageDecay > 0 ? new ModelEma(network, { decay: averageDecay, warmup: true }) : undefined;
  const { binary } = runtime();
  const parts = { model: network, optimizer, binary, ...(ema && { ema }) };
  const totalSteps = epochs * loader.batches;
  let reported = 0;
  try {
    const history = await fit(network, loader, {
      optimizer,
      epochs,
      loss: new CrossEntropyLoss({ labelSmoothing }),
      position: from ? restoreCheckpoint(parts, from) : startPosition(),
      schedule: cosine({ lr, totalSteps, warmupSteps: Math.min(20, Math.floor(totalSteps / 10)) }),
      signal: call.signal,
      ...(ema && { ema }),
      ...(evalLoader && { evalLoader, evalInterval: Math.ceil(epochs / EVALUATIONS) }),
      onStep: (report) => {
        const now = performance.now();
        if (now - reported < REPORT_MS && report.step < report.steps) return;
        reported = now;
        call.emit({ kind: "step", ...report } satisfies FitProgress);
      },
      onEpoch: (report) => call.emit({ kind: "epoch", ...report } satisfies FitProgress),
      onPosition: async (position) => {
        if (keep && position.step === 0) await keep(captureCheckpoint(parts, position));
      },
    });
    if (ema && ema.updates > 0) ema.swap(); // the averages are what was learnt
    return history;
  } catch (error) {
    throw withCure(error, plan);
  } finally {
    optimizer.dispose();
    for (const each of [loader, evalLoader]) each?.close();
    ema?.dispose();
  }
}

/** How well a network does on pictures. */
export async function judge(network: Module, { dataset, transforms }: Part): Promise<EvaluationReport> {
  const confusion = new ConfusionMatrix();
  const loader = new DataLoader(dataset, { batchSize: Math.min(JUDGED, dataset.length), ...transforms });
  try {
    const { loss, top1, count } = await evaluate(network, loader, { metrics: [confusion] });
    return { loss, accuracy: top1, count, confusion: confusion.matrix };
  } finally {
    loader.close();
  }
}
