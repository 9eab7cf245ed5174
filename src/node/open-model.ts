// Opens a trained model from any source: a folder with config.json, a run folder, a file of weights and a name.

import { existsSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import {
  imagenetClasses,
  publishedWeights,
  type Dataset,
  type Preprocessing,
  type PublishedWeights,
} from "../data/index.js";
import { DataError, short } from "../errors.js";
import { preparationOf, type Classifier } from "../models/index.js";
import { ownArchitecture, preprocessingOf } from "../pretrained/config.js";
import { createWith } from "../pretrained/load.js";
import type { TrainedOn } from "../pretrained/trained-on.js";
import { loadConfigured, WEIGHT_FILES, weightsIn } from "./model-folder.js";
import { readJson, statOf } from "./files.js";
import { preparationFor } from "./preprocessing.js";
import { publishedOf } from "./published.js";
import { isTensorflow, refuseTensorflow } from "./tensorflow.js";
import { readWeights } from "./weights.js";
import { checkOptions, wrongKind } from "../errors/options.js";

/** What openModel() returns. */
export interface TrainedModel {
  /** In evaluation mode. */
  readonly model: Classifier;
  /** The name that createModel() knows it by. */
  readonly architecture: string;
  /** Whether it was built with `smallImages`. */
  readonly smallImages: boolean;
  /** Names of the classes, if they are known. */
  readonly classes?: readonly string[];
  /** How images are prepared for it: according to the folder or torchvision; otherwise as usual for the architecture. */
  preparation(dataset?: Dataset): Preprocessing;
  /** The data it was trained on, if its config.json has it. */
  readonly trainedOn?: TrainedOn;
  /** What is uncertain about the preprocessing or the classes' names, if anything: the beginning of a sentence. */
  readonly assumed?: string;
}

/** Where openModel() finds a model. */
export interface ModelSource {
  /** A registered name; optional for a folder, a file with a config.json, or a file that torchvision publishes. */
  model?: string;
  /** A file of weights, a folder with config.json and its weights in one file or several, a run folder (its best weights). */
  weights: string;
  /** Whether the model of a file of weights without config.json was built with `smallImages`. Default false. */
  smallImages?: boolean;
}

/**
 * Loads a trained model. A file that torchvision publishes is recognised by its name or hash. Other files use the config.json in
 * their folder or run folder, unless it belongs to another file of another architecture.
 * @throws DataError if there is no such file or folder, a name is missing or unknown, or weights and model differ
 */
export async function openModel(source: ModelSource): Promise<TrainedModel> {
  checkOptions<ModelSource>("openModel", source, { model: true, weights: true, smallImages: true });
  const { model, weights, smallImages } = source;
  if (typeof weights !== "string") throw wrongKind("openModel", "weights", weights, "a path");
  const { file, config, own } = locateWeights(weights);
  refuseTensorflow(file, model === undefined ? undefined : ownArchitecture(model));
  const published = await publishedOf(file);
  const named = config === undefined || published ? undefined : architectureOf(config);
  if (config !== undefined && named !== undefined && (model === undefined || named === model)) {
    return configured(config, file);
  }
  if (named !== undefined && (own || isTensorflow(String(named)))) {
    throw new DataError(`${config}: weights of ${short(named)}; expected ${model}`);
  }
  const architecture = model ?? published?.model;
  if (architecture === undefined) {
    if (config !== undefined) return configured(config, file); // which reports the problem
    throw new DataError(`${file}: no config.json beside it names its model; expected its name (--model)`);
  }
  if (published) requireClassifier(file, published, architecture);
  return openRaw(architecture, file, smallImages ?? false, published);
}

async function configured(config: string, file: string): Promise<TrainedModel> {
  const loaded = await loadConfigured(config, file);
  const { architecture, classes, smallImages = false, trainedOn } = loaded.config;
  const preparation = preprocessingOf(loaded.config);
  const known = {
    ...(classes && { classes }),
    ...(trainedOn && { trainedOn }),
    preparation: () => preparation,
  };
  return { model: loaded.model, architecture, smallImages, ...known };
}

/** @throws DataError if published weights are of another architecture, or cannot classify */
export function requireClassifier(file: string, published: PublishedWeights, architecture: string): void {
  requireModel(file, published, architecture);
  if (published.featuresOnly) {
    throw new DataError(
      `${file}: ${published.name} has no trained classifier; expected weights to start training from`,
    );
  }
}

/** @throws DataError if published weights are of another architecture */
export function requireModel(file: string, published: PublishedWeights, architecture: string): void {
  if (published.model === architecture) return;
  throw new DataError(`${file}: published weights of ${published.model}; expected ${architecture}`);
}

/** A file of weights and the config.json beside it; `own`: whether that describes this file, judging by its place and name. */
export interface LocatedWeights {
  /** Path of the weights. */
  file: string;
  /** Path of the config.json; undefined if there is none. */
  config?: string;
  /** Whether the config.json describes this file. */
  own?: boolean;
}

/**
 * The file of weights for a path, and the config.json that may belong to it, if there is one.
 * @throws DataError if there is no such file
 */
export function locateWeights(path: string): LocatedWeights {
  const stat = statOf(path);
  if (!stat) throw new DataError(`${path}: no such file or folder`);
  const found = (file: string, folder: string): LocatedWeights => {
    const config = join(folder, "config.json");
    const own = WEIGHT_FILES.includes(basename(file) as never) || dirname(file) === join(folder, "weights");
    return existsSync(config) ? { file, config, own } : { file };
  };
  if (!stat.isDirectory()) {
    const folder = dirname(path);
    const run = basename(folder) === "weights" ? dirname(folder) : folder;
    return found(path, existsSync(join(folder, "config.json")) ? folder : run);
  }
  const best = ["weights/best.safetensors", "weights/last.safetensors"].map((name) => join(path, name));
  const file = weightsIn(path) ?? best.find(existsSync);
  if (file) return found(file, path);
  throw new DataError(`${path}: no ${WEIGHT_FILES.join(", ")} or weights/best.safetensors in it`);
}

/** Whether --pretrained names an existing file or folder; torchvision's names never count as one. */
export function isLocal(pretrained: string): boolean {
  const [name] = pretrained.split("@");
  return !publishedWeights.some(({ model }) => model === name) && existsSync(pretrained);
}

/** The architecture that a config.json names, as createModel() names it, if it is such a file. */
export function architectureOf(config: string): unknown {
  try {
    const { architecture } = readJson(config);
    return typeof architecture === "string" ? ownArchitecture(architecture) : architecture;
  } catch {
    return undefined; // another program's file
  }
}

/** A file of weights for a model known by name, with as many classes and channels as the weights are for. */
async function openRaw(
  architecture: string,
  path: string,
  smallImages: boolean,
  published: PublishedWeights | undefined,
): Promise<TrainedModel> {
  const { model, numClasses, inChannels } = createWith(
    architecture,
    await readWeights(path),
    path,
    smallImages,
  );
  const ofImagenet = numClasses === imagenetClasses.length;
  const told = published?.preprocessing;
  const known = told?.inputSize[2] === inChannels ? told : undefined;
  if (known) model.preprocessing = known;
  const usual = preparationOf(architecture);
  const [height, width] = usual.inputSize;
  const trained = { ...usual, inputSize: [height, width, inChannels] as const };
  const names = ofImagenet && !published ? " and whether its classes are ImageNet's in their order" : "";
  return {
    model,
    architecture,
    smallImages,
    ...(ofImagenet && { classes: imagenetClasses }),
    preparation: (dataset) => known ?? preparationFor(architecture, dataset, { trained }),
    ...(!known && { assumed: `${path}: it is unknown how images are prepared for it${names}` }),
  };
}
