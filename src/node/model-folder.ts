// A trained model in a folder, as timm and the Hugging Face hub lay it out: model.safetensors with torchvision's names, and
// config.json, which says what it is and how its images are prepared.
// https://github.com/huggingface/pytorch-image-models/blob/v1.0.11/timm/models/_hub.py

import { checkFields, checkKinds, wrongKind } from "../errors/options.js";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { preprocessingToJSON, type Preprocessing } from "../data/index.js";
import { DataError } from "../errors.js";
import { Classifier, createModel, preparationOf } from "../models/index.js";
import { Module } from "../nn/index.js";
import { writeFileAtomic } from "./files.js";
import { preprocessingOf, readConfig, type ModelConfig, type SaveModelConfig } from "./model-config.js";
import { WEIGHT_FILES } from "./sharded.js";
import { loadWeights, saveWeights } from "./weights.js";

export { WEIGHT_FILES };

/** The first of WEIGHT_FILES that a folder has. */
export function weightsIn(folder: string): string | undefined {
  return WEIGHT_FILES.map((name) => join(folder, name)).find(existsSync);
}

/**
 * Writes model.safetensors and config.json, each atomically, weights first.
 * @throws DataError if the architecture is unknown, or classes or channels are not as many as the model's
 */
export async function saveModel(folder: string, model: Module, config: SaveModelConfig): Promise<void> {
  checkKinds("saveModel", { folder }, { folder: "path" });
  const json = describe(model, config);
  await saveWeights(join(folder, "model.safetensors"), model.stateDict());
  await writeFileAtomic(join(folder, "config.json"), json);
}

/** Writes config.json alone, as saveModel() does. */
export async function saveConfig(folder: string, model: Module, config: SaveModelConfig): Promise<void> {
  checkKinds("saveConfig", { folder }, { folder: "path" });
  await writeFileAtomic(join(folder, "config.json"), describe(model, config));
}

function describe(model: Module, config: SaveModelConfig): string {
  if (!(model instanceof Module)) throw wrongKind("saveModel", "model", model, "a Module");
  checkFields("saveModel", "config", config, { architecture: "text" });
  const { architecture, classes, smallImages, trainedOn, ...said } = config;
  const own = preparationOf(architecture);
  const { test, fixedInputSize, ...held } = (model instanceof Classifier && model.preprocessing) || own;
  const sized = said.inputSize !== undefined || said.cropPct !== undefined; // then the held test size is of no use
  const prepared: Preprocessing = {
    ...held,
    ...(!sized && { ...(test && { test }), ...(fixedInputSize && { fixedInputSize }) }),
    ...said,
  };
  const { mean, std } = prepared;
  const channels = prepared.inputSize[2];
  const shapes = model.namedParameters().map(([name, p]) => [name, p.fileShape] as const);
  const weights = shapes.filter(([name, shape]) => name.endsWith(".weight") && shape.length > 1);
  const [first, last] = [weights.at(0), weights.at(-1)];
  if (!first || !last) throw new DataError(`saveModel: ${architecture} has no layer with weights`);
  const numClasses = last[1][0]!;
  const differ = (what: string, got: number, expected: number): void => {
    if (got !== expected) throw new DataError(`saveModel: ${what}; got ${got}, expected ${expected}`);
  };
  differ("classes and the model's outputs differ in number", classes?.length ?? numClasses, numClasses);
  differ("mean has another length than the channels", mean.length, channels);
  differ("std has another length than the channels", std.length, channels);
  const layer = (name: string): string => name.slice(0, -".weight".length);
  const json = {
    architecture,
    num_classes: numClasses,
    num_features: last[1][1],
    ...(classes && { label_names: classes }),
    ...(smallImages && { model_args: { smallImages: true } }),
    ...(trainedOn && { trained_on: trainedOn }),
    pretrained_cfg: {
      ...preprocessingToJSON(prepared),
      num_classes: numClasses,
      first_conv: layer(first[0]),
      classifier: layer(last[0]),
    },
  };
  return `${JSON.stringify(json, null, 2)}\n`;
}

/**
 * The model that a folder holds, in evaluation mode, and what its config.json says.
 * @throws DataError naming the file and the field that is missing or wrong; see also loadWeights()
 */
export async function loadModel(folder: string): Promise<{ model: Classifier; config: ModelConfig }> {
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
