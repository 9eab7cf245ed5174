// A trained model in a folder, as timm and the Hugging Face hub lay it out: model.safetensors with torchvision's names, and
// config.json, which describes the model and how its images are prepared.
// https://github.com/huggingface/pytorch-image-models/blob/v1.0.11/timm/models/_hub.py

import { checkKinds } from "../errors/options.js";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { createModel, type Classifier } from "../models/index.js";
import type { Module } from "../nn/index.js";
import {
  configToJSON,
  preprocessingOf,
  type ModelConfig,
  type SaveModelConfig,
} from "../pretrained/config.js";
import { writeFileAtomic } from "./files.js";
import { readConfig } from "./model-config.js";
import { WEIGHT_FILES } from "../pretrained/sharded.js";
import { loadWeights, saveWeights } from "./weights.js";

export { WEIGHT_FILES };

/** The first of WEIGHT_FILES that a folder has. */
export function weightsIn(folder: string): string | undefined {
  return WEIGHT_FILES.map((name) => join(folder, name)).find(existsSync);
}

/**
 * Writes model.safetensors and config.json, each atomically, weights first.
 * @throws DataError if the architecture is unknown, or classes or channels differ in number from the model's
 */
export async function saveModel(folder: string, model: Module, config: SaveModelConfig): Promise<void> {
  checkKinds("saveModel", { folder }, { folder: "path" });
  const json = configToJSON(model, config);
  await saveWeights(join(folder, "model.safetensors"), model.stateDict());
  await writeFileAtomic(join(folder, "config.json"), json);
}

/** Writes only config.json, as saveModel() does. */
export async function saveConfig(folder: string, model: Module, config: SaveModelConfig): Promise<void> {
  checkKinds("saveConfig", { folder }, { folder: "path" });
  await writeFileAtomic(join(folder, "config.json"), configToJSON(model, config));
}

/**
 * The model in a folder, in evaluation mode, and its config.json.
 * @throws DataError naming the file and the field that is missing or wrong; see also loadWeights()
 */
export async function loadModel(folder: string): Promise<{
  /** The network with its weights. */
  model: Classifier;
  /** The contents of config.json. */
  config: ModelConfig;
}> {
  checkKinds("loadModel", { folder }, { folder: "path" });
  const weights = weightsIn(folder) ?? join(folder, WEIGHT_FILES[0]);
  return loadConfigured(join(folder, "config.json"), weights);
}

/** The model that a config.json describes, with a file of its weights; as loadModel(). */
export async function loadConfigured(
  configPath: string,
  weights: string,
): Promise<{ model: Classifier; config: ModelConfig }> {
  const { config, numClasses } = await readConfig(configPath);
  const { architecture, inputSize, smallImages = false } = config;
  const model = createModel(architecture, {
    numClasses,
    inChannels: inputSize[2],
    smallImages,
    initialise: false,
  });
  try {
    await loadWeights(model, weights);
  } catch (error) {
    model.dispose();
    throw error;
  }
  model.preprocessing = preprocessingOf(config);
  return { model: model.eval(), config };
}
