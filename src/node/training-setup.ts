// Makes a training run's data, model, optimizer, schedule and loss from its arguments.

import { existsSync } from "node:fs";
import { join } from "node:path";
import type { Group } from "../core/group.js";
import type { Tensor } from "../core/tensor.js";
import {
  balancedSampler,
  classBalance,
  DataLoader,
  type Dataset,
  type LeftOut,
  type Preprocessing,
} from "../data/index.js";
import { DataError, ShapeError } from "../errors.js";
import { createModel, type Classifier } from "../models/index.js";
import { freeze, summary, type Loss } from "../nn/index.js";
import {
  createOptimizer,
  noDecay,
  type Optimizer,
  type ParameterGroup,
  type Schedule,
} from "../optim/index.js";
import { ModelEma, parameterGroups, taskOf, type Task } from "../train/index.js";
import { trainTransforms } from "./augmentation.js";
import { loadTrainingData } from "./by-data.js";
import { depthNotes, type LoadedDataset } from "./datasets/index.js";
import { useDecoder } from "./decoder.js";
import { seenNote, trainedOn, type TrainedOn } from "./held-out.js";
import { preprocessingOf } from "../pretrained/config.js";
import { readConfig } from "./model-config.js";
import { assumedNote, defaultWorkers, evalTransforms, preparationFor } from "./preprocessing.js";
import { isInUse } from "./resolve-arguments.js";
import { loadStartingWeights, startingWeights, type StartingWeights } from "./starting-weights.js";
import { openTeacher, sharedPreparation, taughtBy } from "./teacher.js";
import type { TrainArguments } from "./train-arguments.js";
import { batchOfEach, scaledRates } from "./training-group.js";
import { lossOf, scheduleOf } from "./training-rates.js";

/** The parts of a training run. */
export interface Setup {
  /** The network. */
  model: Classifier;
  /** Names of the classes. */
  classes: readonly string[];
  /** How images are prepared. */
  preparation: Preprocessing;
  /** Whether images have one class each or several. @hidden */
  task: Task;
  /** The pictures to train on. */
  trainLoader: DataLoader;
  /** The pictures to evaluate on, if there are any. */
  evalLoader?: DataLoader;
  /** The same for this process alone. @hidden */
  alone: { train: DataLoader; val?: DataLoader };
  /** The optimizer that changes the parameters. */
  optimizer: Optimizer;
  /** The learning rate of each step. */
  schedule: Schedule;
  /** The loss to minimise. */
  loss: Loss;
  /** The average of the weights, with --model-ema. */
  ema?: ModelEma;
  /** Identifies the images of both parts. */
  trainedOn: TrainedOn;
  /** Pictures that were found but are in no loader. */
  leftOut: readonly LeftOut[];
  /** Further notes about data and weights, a sentence each. */
  notes: readonly string[];
  /** Frees everything. */
  end(): void;
}

/**
 * Makes everything that a training run needs. `read`: its data, if already read. Draws the model's weights from the stream that manualSeed() starts.
 * @throws DataError for any problem with data, weights or arguments
 */
export async function setUpTraining(
  args: TrainArguments,
  read?: LoadedDataset,
  group?: Group,
  ranks = 1,
): Promise<Setup> {
  await useDecoder(args.decoder);
  const each = { ...args, batchSize: batchOfEach(args, ranks, group?.size ?? 1) };
  const rated = scaledRates(args, ranks);
  const data = checkData(
    { ...args, batchSize: args.batchSize * ranks },
    read ?? (await loadTrainingData(args)),
  );
  const { train, val, leftOut } = data;
  const start = await startingWeights(args);
  const task = taskOf(train);
  const teacher = await openTeacher(args, train, task);
  const trained = sharedPreparation(args, train, start, teacher);
  // A resumed run continues as it began, whatever is now known about its initial weights.
  const preparation =
    (await preparationOfRun(args.resume)) ?? preparationFor(args.model, train, { ...args, trained });
  const assumed = [start, teacher].flatMap((weights) => (args.resume === null && weights?.assumed) || []);
  const images = trainedOn(args.data, data, args);
  const notes = [
    ...data.notes,
    ...[
      start && seenNote(start.file, start.trainedOn, images),
      teacher && seenNote(args.teacher!, teacher.trainedOn, images),
    ].filter((note) => note !== undefined),
    ...[train, ...(val ? [val] : [])].flatMap(depthNotes),
    ...assumed.map((what) => assumedNote(what, preparation)),
  ];
  const loaders = makeLoaders(each, data, preparation, group);
  const [schedule, hard] = [scheduleOf(rated, loaders.train.batches), lossOf(args, train, task)];
  const model = await makeModel(args, train, preparation, start);
  const { lr, weightDecay, momentum } = rated;
  const nesterov = args.nesterov && isInUse(args, "nesterov");
  const optimizer = createOptimizer(args.opt, groupsOf(rated, model), {
    lr,
    weightDecay,
    momentum,
    nesterov,
  });
  const ema = args.modelEma ? new ModelEma(model, { decay: args.modelEmaDecay, warmup: true }) : undefined;
  return {
    model,
    classes: train.classes,
    preparation,
    task,
    trainLoader: loaders.train,
    ...(val && { evalLoader: loaders.val! }),
    alone: group ? makeLoaders(each, data, preparation) : loaders,
    optimizer,
    schedule,
    loss: taughtBy(teacher, hard, task, args),
    ...(ema && { ema }),
    trainedOn: images,
    leftOut,
    notes,
    end() {
      for (const loader of [loaders.train, loaders.val]) loader?.close();
      ema?.dispose();
      optimizer.dispose();
      model.dispose();
      teacher?.model.dispose();
    },
  };
}

/** How images are prepared in the resumed run: according to its config.json, unless it was removed. */
async function preparationOfRun(folder: string | null): Promise<Preprocessing | undefined> {
  const path = folder === null ? undefined : join(folder, "config.json");
  return path !== undefined && existsSync(path)
    ? preprocessingOf((await readConfig(path)).config)
    : undefined;
}

/** @throws DataError for data that cannot be trained on with these arguments */
function checkData(args: TrainArguments, loaded: LoadedDataset): LoadedDataset {
  const { valFraction, batchSize } = args;
  const { train, val } = loaded;
  if (train === val) {
    throw new DataError(
      `${train.name}: nothing to train on: there is only a part to evaluate on; expected train/ beside it`,
    );
  }
  const filled = classBalance(train).counts.filter((count) => count > 0).length;
  if (filled < 2) {
    throw new DataError(`${train.name}: images of ${filled} class; a classifier needs at least 2`);
  }
  if (batchSize > train.length) {
    throw new DataError(
      `${train.name}: batches of ${batchSize} from ${train.length} images; expected at most that`,
    );
  }
  if (val && val.classes.join("\n") !== train.classes.join("\n")) {
    throw new DataError(`${val.name}: has other classes than ${train.name}`);
  }
  const needsVal =
    args.patience !== null ? "patience" : args.sched === "plateau" ? "sched plateau" : undefined;
  if (!val && needsVal) {
    throw new DataError(
      `${train.name}: no part to evaluate on, which ${needsVal} needs; expected val/, or valFraction`,
    );
  }
  if (!val || !loaded.split) return loaded;
  const all = train.length + val.length;
  const kept = `${loaded.train.name}: ${val.length} of ${all} images are kept for evaluation (--val-fraction ${valFraction}; 0 trains on all)`;
  return { ...loaded, notes: [kept, ...loaded.notes] };
}

function makeLoaders(
  args: TrainArguments,
  { train, val }: LoadedDataset,
  preparation: Preprocessing,
  group?: Group,
): { train: DataLoader; val?: DataLoader } {
  const { batchSize, seed, dropLast } = args;
  const workers = args.workers ?? defaultWorkers(train);
  const common = { batchSize, seed, workers, onError: "skip" as const, ...(group && { group }) };
  const order = args.sampler === "balanced" ? { sampler: balancedSampler(train.labels) } : { shuffle: true };
  return {
    train: new DataLoader(train, {
      ...common,
      ...order,
      dropLast,
      ...trainTransforms(train, preparation, args),
    }),
    ...(val && { val: new DataLoader(val, { ...common, ...evalTransforms(val, preparation) }) }),
  };
}

/** The parameters, in groups if their rates or decays differ. */
function groupsOf(args: TrainArguments, model: Classifier): readonly (Tensor | ParameterGroup)[] {
  const { decayAll, headLr, layerDecay, lr } = args;
  if (headLr === null && layerDecay === null) {
    return decayAll ? model.parameters() : noDecay(model.parameters());
  }
  return parameterGroups(model, {
    decayAll,
    layerDecay: layerDecay ?? 1,
    headScale: headLr === null ? 1 : headLr / lr,
    isHead: (name) => model.isHead(name),
  });
}

/** The model, with initial weights loaded (except for a head for other classes) and parts frozen, as requested. */
async function makeModel(
  args: TrainArguments,
  train: Dataset,
  preparation: Preprocessing,
  start: StartingWeights | undefined,
): Promise<Classifier> {
  const { smallImages, dropout, dropPath } = args;
  const numClasses = train.classes.length;
  const inChannels = preparation.inputSize[2];
  const model = createModel(args.model, {
    numClasses,
    inChannels,
    smallImages,
    ...(dropout !== null && { dropout }),
    ...(dropPath !== null && { dropPath }),
  });
  try {
    if (start) await loadStartingWeights(model, start.file, start);
    if (args.freeze !== null) {
      const head = model.head.replaceAll(".", "\\.");
      freeze(model, new RegExp(args.freeze === "body" ? `^(?!${head}\\.)` : args.freeze));
    }
    checkImages(model, args.model, preparation.inputSize);
    return model;
  } catch (error) {
    model.dispose();
    throw error;
  }
}

/** Images can be too small for a network's windows: the first step would fail, after the run folder was written. */
function checkImages(model: Classifier, name: string, size: Preprocessing["inputSize"]): void {
  try {
    summary(model, [1, ...size]);
  } catch (error) {
    if (!(error instanceof ShapeError)) throw error;
    throw new DataError(`${name}: cannot take images of [${size.join(",")}]; ${error.message}`);
  }
}
