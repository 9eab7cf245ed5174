// A trained model in a folder, as timm and the Hugging Face hub lay it out: model.safetensors with torchvision's names, and
// config.json, which says what it is and how its images are prepared.
// https://github.com/huggingface/pytorch-image-models/blob/v1.0.11/timm/models/_hub.py

import { existsSync } from "node:fs";
import { join } from "node:path";
import { DataError, show } from "../errors.js";
import { createModel, modelInfo, type Classifier, type Preprocessing } from "../models/index.js";
import type { Module } from "../nn/index.js";
import { readJson, writeFileAtomic } from "./files.js";
import { INDEX_FILE } from "./sharded.js";
import { loadWeights, saveWeights } from "./weights.js";

/** Files of weights as the hub names them, the preferred one first; an index names further ones. */
export const WEIGHT_FILES = ["model.safetensors", "pytorch_model.bin", INDEX_FILE] as const;

/** timm's names of architectures that createModel() knows by others. */
const TIMM_ARCHITECTURES: Record<string, string> = {
  mobilenetv2_100: "mobilenet_v2",
  mobilenetv3_small_100: "mobilenet_v3_small",
  mobilenetv3_large_100: "mobilenet_v3_large",
  ...Object.fromEntries([18, 34, 50, 101, 152].map((n) => [`resnet${n}d`, `resnet${n}_vd`])),
};

/** The first of WEIGHT_FILES that a folder has. */
export function weightsIn(folder: string): string | undefined {
  return WEIGHT_FILES.map((name) => join(folder, name)).find(existsSync);
}

/** What config.json says of a model. */
export interface ModelConfig {
  /** The name that createModel() knows it by. */
  readonly architecture: string;
  /** Names of the classes, in the order of the outputs. */
  readonly classes?: readonly string[];
  /** Mean and standard deviation of each channel of the images, whose values are in [0, 1]. */
  readonly mean: readonly number[];
  readonly std: readonly number[];
  readonly inputSize: readonly [height: number, width: number, channels: number];
  /** Share of the resized image's side that the centre crop keeps. */
  readonly cropPct: number;
  readonly interpolation: Preprocessing["interpolation"];
  /** Whether it was made with smallImages. Default false. */
  readonly smallImages?: boolean;
}

/** How images are prepared is the architecture's way (modelInfo()) where nothing is said. */
export type SaveModelConfig = Pick<ModelConfig, "architecture"> & Partial<ModelConfig>;

/** How images are prepared for the model of a config. */
export function preprocessingOf(config: ModelConfig): Preprocessing {
  const { mean, std, inputSize, cropPct, interpolation } = config;
  const resize = Math.floor(Math.min(inputSize[0], inputSize[1]) / cropPct + 1e-6);
  return { inputSize, resize, interpolation, mean, std };
}

/** The config of a model whose images are prepared so. */
export function configOf(
  architecture: string,
  { resize, ...preparation }: Preprocessing,
  more: Pick<ModelConfig, "classes" | "smallImages"> = {},
): ModelConfig {
  return { architecture, ...preparation, cropPct: preparation.inputSize[0] / resize, ...more };
}

/**
 * Writes model.safetensors and config.json, each atomically, weights first.
 * @throws DataError if the architecture is unknown, or classes or channels are not as many as the model's
 */
export async function saveModel(folder: string, model: Module, config: SaveModelConfig): Promise<void> {
  const json = describe(model, config);
  await saveWeights(join(folder, "model.safetensors"), model.stateDict());
  await writeFileAtomic(join(folder, "config.json"), json);
}

/** Writes config.json alone, as saveModel() does. */
export async function saveConfig(folder: string, model: Module, config: SaveModelConfig): Promise<void> {
  await writeFileAtomic(join(folder, "config.json"), describe(model, config));
}

function describe(model: Module, config: SaveModelConfig): string {
  const { architecture, classes } = config;
  const info = modelInfo(architecture);
  const { mean = info.mean, std = info.std, interpolation = info.interpolation } = config;
  const { inputSize = info.inputSize, cropPct = info.inputSize[0] / info.resize } = config;
  const [height, width, channels] = inputSize;
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
    ...(config.smallImages && { model_args: { smallImages: true } }),
    pretrained_cfg: {
      input_size: [channels, height, width],
      fixed_input_size: false,
      interpolation,
      crop_pct: cropPct,
      crop_mode: "center",
      mean,
      std,
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
  return { model: model.eval(), config };
}

/** What a config.json says. @throws DataError naming it and the field that is missing or wrong */
export async function readConfig(path: string): Promise<{ config: ModelConfig; numClasses: number }> {
  const json = readJson(path);
  const get = <T>(from: unknown, name: string, what: string, is: (value: unknown) => boolean): T => {
    const value = (from as Record<string, unknown> | null)?.[name];
    if (!is(value)) throw new DataError(`${path}: ${name} is not ${what}; got ${show(value)}`);
    return value as T;
  };
  const isText = (v: unknown): boolean => typeof v === "string";
  const isNumber = (v: unknown): boolean => typeof v === "number" && v > 0;
  const isCount = (v: unknown): boolean => Number.isSafeInteger(v) && isNumber(v);
  const listOf = (is: (v: unknown) => boolean) => (v: unknown) => Array.isArray(v) && v.every(is);
  const named = get<string>(json, "architecture", "a name", isText);
  const architecture = Object.hasOwn(TIMM_ARCHITECTURES, named) ? TIMM_ARCHITECTURES[named]! : named;
  const numClasses = get<number>(json, "num_classes", "a count", isCount);
  const preparation = get<object>(json, "pretrained_cfg", "an object", (v) => typeof v === "object" && !!v);
  const isSize = (v: unknown): boolean => listOf(isCount)(v) && (v as number[]).length === 3;
  const size = get<number[]>(preparation, "input_size", "[channels, height, width]", isSize);
  const [channels, height, width] = size as [number, number, number];
  const isChannels = (is: (v: unknown) => boolean) => (v: unknown) =>
    listOf(is)(v) && (v as number[]).length === channels;
  const names = json["label_names"];
  if (names !== undefined && !(listOf(isText)(names) && (names as string[]).length === numClasses)) {
    throw new DataError(`${path}: label_names are not ${numClasses} names`);
  }
  const small = (json["model_args"] as { smallImages?: unknown } | undefined)?.smallImages === true;
  const config: ModelConfig = {
    architecture,
    ...(names !== undefined && { classes: names as string[] }),
    mean: get(preparation, "mean", `${channels} numbers`, isChannels(Number.isFinite)),
    std: get(preparation, "std", `${channels} numbers`, isChannels(isNumber)),
    inputSize: [height, width, channels],
    cropPct: get(preparation, "crop_pct", "a number", isNumber),
    interpolation: get(preparation, "interpolation", "a filter's name", (v) =>
      ["bilinear", "bicubic", "nearest"].includes(v as string),
    ),
    ...(small && { smallImages: true }),
  };
  return { config, numClasses };
}
