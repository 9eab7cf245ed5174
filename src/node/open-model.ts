// A trained model from wherever it lies: a folder with config.json, a run folder, a file of weights and a name.

import { existsSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { imagenetClasses, type Dataset } from "../data/index.js";
import { DataError } from "../errors.js";
import { createModel, modelInfo, type Classifier, type Preprocessing } from "../models/index.js";
import { readJson, statOf } from "./files.js";
import { loadConfigured, preprocessingOf, WEIGHT_FILES, weightsIn } from "./model-folder.js";
import { preparationFor } from "./preprocessing.js";
import { torchvisionFiles } from "./torchvision-files.js";
import { adaptedTo, readWeights } from "./weights.js";

export interface TrainedModel {
  /** In evaluation mode. */
  readonly model: Classifier;
  /** The name that createModel() knows it by. */
  readonly architecture: string;
  readonly smallImages: boolean;
  /** Names of the classes, if they are known. */
  readonly classes?: readonly string[];
  /** How images are prepared for it: the folder's, else the architecture's. */
  preparation(dataset?: Dataset): Preprocessing;
}

export interface ModelSource {
  /** A registered name; for a folder or a file with a config.json it may be left out. */
  model?: string;
  /** A file of weights, a folder with config.json and its weights in one file or several, a run folder (its best weights). */
  weights: string;
  /** Of a file of weights without config.json. Default false. */
  smallImages?: boolean;
}

/**
 * Loads a trained model. A file of weights takes config.json from its folder, or from the run folder it lies in, unless that
 * is of another architecture.
 * @throws DataError if there is nothing such, a name is missing or unknown, or weights and model differ
 */
export async function openModel({ model, weights, smallImages }: ModelSource): Promise<TrainedModel> {
  const { file, config } = locateWeights(weights);
  if (config && (model === undefined || architectureOf(config) === model)) {
    const loaded = await loadConfigured(config, file);
    const { architecture, classes, smallImages = false } = loaded.config;
    const preparation = preprocessingOf(loaded.config);
    const known = { ...(classes && { classes }), preparation: () => preparation };
    return { model: loaded.model, architecture, smallImages, ...known };
  }
  if (model === undefined) {
    throw new DataError(
      `${file}: no config.json beside it says what model it is; expected its name (--model)`,
    );
  }
  return openRaw(model, file, smallImages ?? false);
}

/**
 * The file of weights that a path means, and the config.json that belongs to it, if there is one.
 * @throws DataError if there is nothing such
 */
export function locateWeights(path: string): { file: string; config?: string } {
  const stat = statOf(path);
  if (!stat) throw new DataError(`${path}: no such file or folder`);
  const found = (file: string, folder: string): { file: string; config?: string } => {
    const config = join(folder, "config.json");
    return existsSync(config) ? { file, config } : { file };
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

/** Whether --pretrained names a file or folder that is there; torchvision's names are never taken for one. */
export function isLocal(pretrained: string): boolean {
  return !Object.hasOwn(torchvisionFiles, pretrained.split("@")[0]!) && existsSync(pretrained);
}

/** The architecture that a config.json names, if it is such a file. */
export function architectureOf(config: string): unknown {
  try {
    return readJson(config)["architecture"];
  } catch {
    return undefined; // somebody else's
  }
}

/** A file of weights for a model known by name, with as many classes and channels as the weights are for. */
async function openRaw(architecture: string, path: string, smallImages: boolean): Promise<TrainedModel> {
  const options = { smallImages, initialise: false };
  let model = createModel(architecture, options);
  try {
    const state = adaptedTo(model, await readWeights(path), path);
    const numClasses = state.get(`${model.head}.weight`)?.shape[0] ?? model.numClasses;
    const first = [...state.values()].find(({ shape }) => shape.length === 4);
    const inChannels = first?.shape[1] ?? 3;
    model.dispose();
    model = createModel(architecture, { ...options, numClasses, inChannels });
    model.loadStateDict(state, { source: path });
    return {
      model: model.eval(),
      architecture,
      smallImages,
      ...(numClasses === imagenetClasses.length && { classes: imagenetClasses }),
      preparation: (dataset) =>
        preparationFor(architecture, dataset, { trained: preparedFor(architecture, inChannels) }),
    };
  } catch (error) {
    model.dispose();
    throw error;
  }
}

/** How images are prepared for an architecture, with so many channels. */
function preparedFor(architecture: string, channels: number): Preprocessing {
  const { inputSize, resize, interpolation, mean, std } = modelInfo(architecture);
  return { inputSize: [inputSize[0], inputSize[1], channels], resize, interpolation, mean, std };
}
