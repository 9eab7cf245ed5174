// config.json beside weights, in timm's layout: what a model is and how its images are prepared.
// https://github.com/huggingface/pytorch-image-models/blob/v1.0.11/timm/models/_pretrained.py

import { checkFields, checkKinds } from "../errors/options.js";
import { imagenetClasses } from "../data/index.js";
import { DataError, show } from "../errors.js";
import { CROP_MODES, FILTERS, type Preprocessing } from "../models/index.js";
import { cropPctFor, resizeFor } from "./crop-pct.js";
import { readJson } from "./files.js";
import { isTrainedOn, type TrainedOn } from "./held-out.js";

/** timm's names of architectures that createModel() knows by others. */
const TIMM_ARCHITECTURES: Record<string, string> = {
  mobilenetv2_100: "mobilenet_v2",
  mobilenetv3_small_100: "mobilenet_v3_small",
  mobilenetv3_large_100: "mobilenet_v3_large",
  ...Object.fromEntries([18, 34, 50, 101, 152].map((n) => [`resnet${n}d`, `resnet${n}_vd`])),
};

/** The name that createModel() knows an architecture of config.json by. */
export function ownArchitecture(named: string): string {
  return Object.hasOwn(TIMM_ARCHITECTURES, named) ? TIMM_ARCHITECTURES[named]! : named;
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
  /** Default "center". */
  readonly cropMode?: Preprocessing["cropMode"];
  readonly interpolation: Preprocessing["interpolation"];
  /** Size and share that evaluation may use instead: timm's test_input_size and test_crop_pct. */
  readonly testInputSize?: ModelConfig["inputSize"];
  readonly testCropPct?: number;
  /** Whether the network takes no other size. Default false. */
  readonly fixedInputSize?: boolean;
  /** Whether it was made with smallImages. Default false. */
  readonly smallImages?: boolean;
  /** What it was trained on, if fovea trained it. */
  readonly trainedOn?: TrainedOn;
}

/**
 * How images are prepared, where nothing is said, is as for the weights that the model holds (its `preprocessing`), or else the
 * architecture's way (modelInfo()).
 */
export type SaveModelConfig = Pick<ModelConfig, "architecture"> & Partial<ModelConfig>;

const sideOf = ([height, width]: ModelConfig["inputSize"]): number => Math.min(height, width);

/** How images are prepared for the model of a config. */
export function preprocessingOf(config: ModelConfig): Preprocessing {
  checkFields("preprocessingOf", "config", config, {
    inputSize: "list",
    cropPct: "number",
    mean: "list",
    std: "list",
  });
  const { mean, std, inputSize, cropPct, cropMode, interpolation, testInputSize, testCropPct } = config;
  const testSize = testInputSize ?? inputSize;
  const test = { inputSize: testSize, resize: resizeFor(sideOf(testSize), testCropPct ?? cropPct) };
  return {
    inputSize,
    resize: resizeFor(sideOf(inputSize), cropPct),
    ...(cropMode && { cropMode }),
    interpolation,
    mean,
    std,
    ...((testInputSize || testCropPct) && { test }),
    ...(config.fixedInputSize && { fixedInputSize: true }),
  };
}

/** The config of a model whose images are prepared so. */
export function configOf(
  architecture: string,
  prepared: Preprocessing,
  more: Pick<ModelConfig, "classes" | "smallImages" | "trainedOn"> = {},
): ModelConfig {
  checkFields("configOf", "preparation", prepared, {
    inputSize: "list",
    resize: "number",
    mean: "list",
    std: "list",
  });
  const { resize, test, ...preparation } = prepared;
  const cropPct = cropPctFor(sideOf(preparation.inputSize), resize);
  const tested = test && {
    testInputSize: test.inputSize,
    testCropPct: cropPctFor(sideOf(test.inputSize), test.resize),
  };
  return { architecture, ...preparation, cropPct, ...tested, ...more };
}

type Json = Readonly<Record<string, unknown>>;

const isObject = (v: unknown): v is Json => typeof v === "object" && v !== null && !Array.isArray(v);
const isText = (v: unknown): v is string => typeof v === "string";
const isPositive = (v: unknown): v is number => Number.isFinite(v) && (v as number) > 0;
const isCount = (v: unknown): v is number => isPositive(v) && Number.isSafeInteger(v);
const listOf =
  <T>(is: (v: unknown) => v is T) =>
  (v: unknown): v is T[] =>
    Array.isArray(v) && v.every(is);
const oneOf =
  <T extends string>(names: readonly T[]) =>
  (v: unknown): v is T =>
    names.includes(v as T);

/** Arguments of timm's models that change nothing in evaluation, or that the weights' shapes show. */
const HARMLESS =
  /^(smallImages|num_classes|in_chans|img_size|pretrained|drop_\w+|proj_drop_rate|\w+_drop_rate)$/;
/** Averaging, which every network here does. */
const AVERAGES = ["avg", "fast", "fastavg"];

/** What a config.json says. @throws DataError naming it and the field that is missing, wrong, or asks for what cannot be done */
export async function readConfig(path: string): Promise<{ config: ModelConfig; numClasses: number }> {
  checkKinds("readConfig", { path }, { path: "path" });
  return parseConfig(readJson(path), path);
}

function parseConfig(json: Json, path: string): { config: ModelConfig; numClasses: number } {
  const fail = (name: string, expected: string, got: unknown): never => {
    throw new DataError(`${path}: ${name} is not ${expected}; got ${show(got)}`);
  };
  const get = <T>(from: Json, name: string, expected: string, is: (value: unknown) => value is T): T => {
    const value = Object.hasOwn(from, name) ? from[name] : undefined;
    return is(value) ? value : fail(name, expected, value);
  };
  /** What may be missing, or null. */
  const optional = <T>(from: Json, name: string, expected: string, is: (value: unknown) => value is T) =>
    (from[name] ?? undefined) === undefined ? undefined : get(from, name, expected, is);

  const architecture = ownArchitecture(get(json, "architecture", "a name", isText));
  const given = get({ pretrained_cfg: json, ...json }, "pretrained_cfg", "an object", isObject); // in old files, all in one
  const args = optional(json, "model_args", "an object", isObject) ?? {};
  for (const [name, value] of Object.entries(args)) {
    if (HARMLESS.test(name) || name === "global_pool" || value === null || value === false) continue;
    fail(`model_args.${name}`, "known: it may be another network", value);
  }
  const pooling = args["global_pool"] ?? json["global_pool"] ?? "avg";
  if (!AVERAGES.includes(pooling as string)) fail("global_pool", "avg", pooling);
  const counted = "num_classes" in json ? json : given;
  const numClasses = get(counted, "num_classes", "a count", isCount);

  const isSize = (v: unknown): v is [number, number, number] => listOf(isCount)(v) && v.length === 3;
  const layout = "[channels, height, width]";
  const sizeOf = ([channels, height, width]: [number, number, number]): ModelConfig["inputSize"] => [
    height,
    width,
    isCount(args["in_chans"]) ? args["in_chans"] : channels,
  ];
  const inputSize = sizeOf(get(given, "input_size", layout, isSize));
  const channels = inputSize[2];
  const testInputSize = optional(given, "test_input_size", layout, isSize);
  const testCropPct = optional(given, "test_crop_pct", "a share", isPositive);
  const eachChannel = (name: string, is: (v: unknown) => v is number): number[] => {
    const isEach = (v: unknown): v is number[] => listOf(is)(v) && (v.length === channels || v.length === 1);
    const numbers = get(given, name, `${channels} numbers`, isEach);
    return numbers.length === channels ? numbers : Array<number>(channels).fill(numbers[0]!);
  };
  const cropMode = optional(given, "crop_mode", `one of ${CROP_MODES.join(", ")}`, oneOf(CROP_MODES));

  const names = json["label_names"] ?? given["label_names"] ?? undefined;
  if (names !== undefined && !(listOf(isText)(names) && names.length === numClasses)) {
    throw new DataError(`${path}: label_names are not ${numClasses} names`);
  }
  const ofImagenet = numClasses === imagenetClasses.length && /in1k$/.test(String(given["tag"]));
  const classes = names ?? (ofImagenet ? imagenetClasses : undefined);
  const config: ModelConfig = {
    architecture,
    ...(classes !== undefined && { classes: classes as string[] }),
    mean: eachChannel("mean", (v): v is number => Number.isFinite(v)),
    std: eachChannel("std", isPositive),
    inputSize,
    cropPct: get(given, "crop_pct", "a number", isPositive),
    ...(cropMode && cropMode !== "center" && { cropMode }),
    interpolation: get(given, "interpolation", `one of ${FILTERS.join(", ")}`, oneOf(FILTERS)),
    ...(testInputSize && { testInputSize: sizeOf(testInputSize) }),
    ...(testCropPct !== undefined && { testCropPct }),
    ...(given["fixed_input_size"] === true && { fixedInputSize: true }),
    ...(args["smallImages"] === true && { smallImages: true }),
    ...(isTrainedOn(json["trained_on"]) && { trainedOn: json["trained_on"] }),
  };
  return { config, numClasses };
}
