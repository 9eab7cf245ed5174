// Models by name.

import { checkKinds } from "../errors/options.js";
import { shapesOnly } from "../core/op.js";
import { tidy } from "../core/scope.js";
import { knownNames } from "../errors/suggest.js";
import { DataError, short } from "../errors.js";
import type { Preprocessing } from "../data/preprocessing.js";
import { summary } from "../nn/index.js";
import * as init from "../nn/init.js";
import type { Classifier } from "./classifier.js";

export interface ModelOptions {
  /** Number of classes that the model tells apart. */
  numClasses?: number;
  /** Channels of the input images. */
  inChannels?: number;
  /** For images of about 32 pixels, as in CIFAR: the first layers keep their size. Default false. */
  smallImages?: boolean;
  /** Probability of the dropout before the classifier, or in it. Default: the paper's, mostly none. */
  dropout?: number;
  /**
   * Probability that the last residual branch is left out in training, for each image; those before it less, on a straight line
   * from 0 (StochasticDepth). Default: the paper's, mostly none.
   */
  dropPath?: number;
  /**
   * false leaves the weights undefined and takes no numbers from the stream. Default true: weights are drawn when they are read,
   * so that those of a file cost no more.
   */
  initialise?: boolean;
}

export interface ModelInfo extends Preprocessing {
  readonly name: string;
  /** Options that mean nothing to it, and why. */
  readonly limits: ModelLimits;
  /** Number of trainable parameters. */
  readonly parameters: number;
  /** Multiply-accumulates for one image of inputSize. */
  readonly macs: number;
  create(options?: ModelOptions): Classifier;
}

/** Options that mean nothing to a model. */
export interface ModelLimits {
  /** Why it has no form for small images. */
  readonly smallImages?: string;
  /** Why dropPath means nothing to it. */
  readonly dropPath?: string;
  /** Whether it is made for small images as it is, with or without smallImages. */
  readonly small?: true;
}

/** Of networks without residual branches. */
export const PLAIN: ModelLimits = { dropPath: "has no residual branches" };
/** Of networks that are made for small images as they are. */
export const SMALL: ModelLimits = { small: true };

const registry = new Map<string, ModelInfo>();

/** Makes a model known by name. Returns its constructor, which throws DataError for an option beyond its limits. */
export function registerModel<T extends Classifier, O extends ModelOptions = ModelOptions>(
  name: string,
  preprocessing: Preprocessing,
  make: (options?: O) => T,
  limits: ModelLimits = {},
): (options?: O) => T {
  if (registry.has(name)) throw new DataError(`registerModel: '${short(name)}' is registered twice`);
  const create = (options?: O): T => {
    for (const option of ["smallImages", "dropPath"] as const) {
      if (!options?.[option] || limits[option] === undefined) continue;
      throw new DataError(`createModel: ${name} ${limits[option]}; got ${option} ${options[option]}`);
    }
    return options?.initialise === false ? init.withoutInit(() => make(options)) : make(options);
  };
  const { inputSize } = preprocessing;
  let size: { parameters: number; macs: number } | undefined;
  const measure = (): { parameters: number; macs: number } =>
    shapesOnly(() =>
      tidy(() => {
        const model = make();
        const { parameters, macs } = summary(model, [1, ...inputSize]);
        model.dispose();
        return { parameters, macs };
      }),
    );
  registry.set(name, {
    name,
    limits,
    ...preprocessing,
    get parameters() {
      return (size ??= measure()).parameters;
    },
    get macs() {
      return (size ??= measure()).macs;
    },
    create: create as ModelInfo["create"],
  });
  return create;
}

/** An architecture's preparation alone: what new weights are trained with unless something else is said. */
export function preparationOf(model: string | ModelInfo): Preprocessing {
  const info = typeof model === "string" ? modelInfo(model) : model;
  checkKinds("preparationOf", { model: info }, { model: "object" });
  const { inputSize, cropPct, interpolation, mean, std } = info;
  return { inputSize, cropPct, interpolation, mean, std };
}

/** What is known about a model. @throws DataError listing the known names */
export function modelInfo(name: string): ModelInfo {
  const info = registry.get(name);
  if (!info)
    throw new DataError(`createModel: unknown model '${short(name)}'; ${knownNames(name, modelNames())}`);
  return info;
}

/** A new model with fresh weights of the stream that manualSeed() starts, drawn when they are read. @throws DataError listing the known names */
export function createModel(name: string, options?: ModelOptions): Classifier {
  return modelInfo(name).create(options);
}

/** Every registered name, sorted. */
export function modelNames(): string[] {
  return [...registry.keys()].sort();
}
