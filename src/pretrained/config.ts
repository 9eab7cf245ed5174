// config.json beside weights, in timm's layout: the model, and how its images are prepared.
// https://github.com/huggingface/pytorch-image-models/blob/v1.0.11/timm/models/_pretrained.py

import {
  checkPreprocessing,
  imagenetClasses,
  preprocessingFromJSON,
  preprocessingToJSON,
  type Preprocessing,
} from "../data/index.js";
import { FieldReader, isCount, isObject, listOf, type Json } from "../data/preprocessing-json.js";
import { DataError } from "../errors.js";
import { checkFields, wrongKind } from "../errors/options.js";
import { Classifier, findModel, preparationOf } from "../models/index.js";
import { Module } from "../nn/index.js";
import { isTrainedOn, type TrainedOn } from "./trained-on.js";

/** fovea's name of an architecture in config.json, which may be timm's. */
export function ownArchitecture(named: string): string {
  return findModel(named)?.name ?? named;
}

/** The contents of config.json: the model, and how its images are prepared. */
export interface ModelConfig extends Preprocessing {
  /** The name that createModel() knows it by. */
  readonly architecture: string;
  /** Names of the classes, in the order of the outputs. */
  readonly classes?: readonly string[];
  /** Whether the model was made with smallImages. Default false. */
  readonly smallImages?: boolean;
  /** The data it was trained on, if fovea trained it. */
  readonly trainedOn?: TrainedOn;
}

/**
 * How images are prepared. Missing fields are taken from the model's weights (its `preprocessing`), otherwise from the
 * architecture (modelInfo()).
 */
export type SaveModelConfig = Pick<ModelConfig, "architecture"> & Partial<ModelConfig>;

/** How images are prepared for the model of a config. */
export function preprocessingOf(config: ModelConfig): Preprocessing {
  checkPreprocessing("preprocessingOf", config);
  const { architecture, classes, smallImages, trainedOn, ...preprocessing } = config;
  return preprocessing;
}

/** The config of a model whose images are prepared this way. */
export function configOf(
  architecture: string,
  prepared: Preprocessing,
  more: Pick<ModelConfig, "classes" | "smallImages" | "trainedOn"> = {},
): ModelConfig {
  checkPreprocessing("configOf", prepared);
  return { architecture, ...prepared, ...more };
}

const isText = (v: unknown): v is string => typeof v === "string";

/** Arguments of timm's models that change nothing in evaluation, or that the weights' shapes show. */
const HARMLESS =
  /^(smallImages|num_classes|in_chans|img_size|pretrained|drop_\w+|proj_drop_rate|\w+_drop_rate)$/;
/** Average pooling, which every network here uses. */
const AVERAGES = ["avg", "fast", "fastavg"];

/** Reads a config.json. @throws DataError naming it and the field that is missing, wrong, or not supported */
export function configFromJSON(json: Json, path: string): { config: ModelConfig; numClasses: number } {
  const fields = new FieldReader(path);
  const architecture = ownArchitecture(fields.get(json, "architecture", "a name", isText));
  const given = fields.get({ pretrained_cfg: json, ...json }, "pretrained_cfg", "an object", isObject); // in old files, all in one
  const args = fields.optional(json, "model_args", "an object", isObject) ?? {};
  for (const [name, value] of Object.entries(args)) {
    if (HARMLESS.test(name) || name === "global_pool" || value === null || value === false) continue;
    fields.fail(`model_args.${name}`, "known: it may be another network", value);
  }
  const pooling = args["global_pool"] ?? json["global_pool"] ?? "avg";
  if (!AVERAGES.includes(pooling as string)) fields.fail("global_pool", "avg", pooling);
  const counted = "num_classes" in json ? json : given;
  const numClasses = fields.get(counted, "num_classes", "a count", isCount);
  const names = json["label_names"] ?? given["label_names"] ?? undefined;
  if (names !== undefined && !(listOf(isText)(names) && names.length === numClasses)) {
    throw new DataError(`${path}: label_names are not ${numClasses} names`);
  }
  const ofImagenet = numClasses === imagenetClasses.length && /in1k$/.test(String(given["tag"]));
  const classes = names ?? (ofImagenet ? imagenetClasses : undefined);
  const inChans = args["in_chans"];
  const config: ModelConfig = {
    architecture,
    ...preprocessingFromJSON(given, path, isCount(inChans) ? inChans : undefined),
    ...(classes !== undefined && { classes: classes as string[] }),
    ...(args["smallImages"] === true && { smallImages: true }),
    ...(isTrainedOn(json["trained_on"]) && { trainedOn: json["trained_on"] }),
  };
  return { config, numClasses };
}

/** The text of the config.json of a model. @throws DataError if classes or channels differ in number from the model's */
export function configToJSON(model: Module, config: SaveModelConfig): string {
  if (!(model instanceof Module)) throw wrongKind("saveModel", "model", model, "a Module");
  checkFields("saveModel", "config", config, { architecture: "text" });
  const { architecture, classes, smallImages, trainedOn, ...said } = config;
  const own = preparationOf(architecture);
  const { test, fixedInputSize, ...held } = (model instanceof Classifier && model.preprocessing) || own;
  const sized = said.inputSize !== undefined || said.cropPct !== undefined; // then the stored test size does not apply
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
