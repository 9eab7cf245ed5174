// Facts about a model besides its layers, and the function that builds it. The list of models is in registry.ts.

import { shapesOnly } from "../core/op.js";
import { tidy } from "../core/scope.js";
import type { Preprocessing } from "../data/preprocessing.js";
import { DataError } from "../errors.js";
import * as nn from "../nn/index.js";
import * as init from "../nn/init.js";
import type { Classifier } from "./classifier.js";

/** Options that all models take. */
export interface ModelOptions {
  /** Number of classes. */
  numClasses?: number;
  /** Channels of the input images. */
  inChannels?: number;
  /** For images of about 32 pixels, as in CIFAR: the first layers keep their size. Default false. */
  smallImages?: boolean;
  /** Probability of the dropout before or in the classifier. Default: the paper's, mostly none. */
  dropout?: number;
  /**
   * Probability of leaving out the last residual branch in training, for each image; for earlier ones it rises linearly from 0
   * (StochasticDepth). Default: the paper's, mostly none.
   */
  dropPath?: number;
  /**
   * false leaves the weights undefined and takes no numbers from the stream. Default true: weights are drawn when they are read,
   * so loading them from a file instead costs nothing extra.
   */
  initialise?: boolean;
}

/** Options without a meaning for a model. */
export interface ModelLimits {
  /** The reason why it has no form for small images. */
  readonly smallImages?: string;
  /** The reason why dropPath has no meaning. */
  readonly dropPath?: string;
  /** Whether it is made for small images anyway, with or without smallImages. */
  readonly small?: true;
}

/** Facts about a model at its definition. */
export interface ModelTraits extends ModelLimits {
  /** The series it belongs to, as PaddleClas names series: "ResNeXt". */
  readonly series?: string;
  /** Its names in timm and PaddleClas. createModel() accepts them too. */
  readonly aliases?: readonly string[];
}

/** Facts about a model, known without building it. */
export interface ModelInfo extends Preprocessing {
  /** The name that createModel() knows it by. */
  readonly name: string;
  /** The series it belongs to, as PaddleClas names series; "" for models of your own. */
  readonly series: string;
  /** Its names in timm and PaddleClas. */
  readonly aliases: readonly string[];
  /** Options without a meaning for it, with the reasons. */
  readonly limits: ModelLimits;
  /** Number of trainable parameters. */
  readonly parameters: number;
  /** Multiply-accumulates for one image of inputSize. */
  readonly macs: number;
  /** A new model with fresh weights. Throws DataError for an option that the model does not have. */
  create(options?: ModelOptions): Classifier;
}

/** A function that builds a model, with facts about the model. */
export interface ModelFunction<T extends Classifier, O extends ModelOptions = ModelOptions> {
  (options?: O): T;
  /** Facts about the model. */
  readonly info: ModelInfo;
}

/** Limits of networks without residual branches. */
export const PLAIN: ModelLimits = { dropPath: "has no residual branches" };
/** Limits of networks made for small images. */
export const SMALL: ModelLimits = { small: true };

/** The function that builds a model, which throws DataError for an option beyond its limits. */
export function defineModel<T extends Classifier, O extends ModelOptions = ModelOptions>(
  name: string,
  preprocessing: Preprocessing,
  make: (options?: O) => T,
  { series = "", aliases = [], ...limits }: ModelTraits = {},
): ModelFunction<T, O> {
  const create = (options?: O): T => {
    for (const option of ["smallImages", "dropPath"] as const) {
      if (!options?.[option] || limits[option] === undefined) continue;
      throw new DataError(`createModel: ${name} ${limits[option]}; got ${option} ${options[option]}`);
    }
    const model = options?.initialise === false ? init.withoutInit(() => make(options)) : make(options);
    model.info = info;
    return model;
  };
  let size: { parameters: number; macs: number } | undefined;
  const measure = (): { parameters: number; macs: number } =>
    shapesOnly(() =>
      tidy(() => {
        const model = make();
        const { parameters, macs } = nn.summary(model, [1, ...preprocessing.inputSize]);
        model.dispose();
        return { parameters, macs };
      }),
    );
  const info: ModelInfo = {
    ...preprocessing,
    name,
    series,
    aliases,
    limits,
    get parameters() {
      return (size ??= measure()).parameters;
    },
    get macs() {
      return (size ??= measure()).macs;
    },
    create: create as ModelInfo["create"],
  };
  return Object.assign(create, { info });
}
