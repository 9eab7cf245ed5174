// Models by name.

import type { Preprocessing } from "../data/preprocessing.js";
import { DataError, short } from "../errors.js";
import { checkKinds } from "../errors/options.js";
import { nearest } from "../errors/suggest.js";
import type { Classifier } from "./classifier.js";
import * as families from "./families.js";
import {
  defineModel,
  type ModelFunction,
  type ModelInfo,
  type ModelOptions,
  type ModelTraits,
} from "./model.js";

/** Models by their own names, and by their names elsewhere. */
interface Registry {
  readonly own: Map<string, ModelInfo>;
  readonly elsewhere: Map<string, ModelInfo>;
}

let made: Registry | undefined;

/** Made when first needed: code that builds models without names carries no list of them. */
function registry(): Registry {
  if (made) return made;
  made = { own: new Map(), elsewhere: new Map() };
  for (const each of Object.values(families) as { info?: ModelInfo }[]) if (each.info) add(made, each.info);
  return made;
}

function add({ own, elsewhere }: Registry, info: ModelInfo): void {
  for (const name of [info.name, ...info.aliases]) {
    if (!own.has(name) && !elsewhere.has(name)) continue;
    throw new DataError(`registerModel: '${short(name)}' is registered twice`);
  }
  own.set(info.name, info);
  for (const alias of info.aliases) elsewhere.set(alias, info);
}

/** Makes a model known by name. Returns its constructor, which throws DataError for an option beyond its limits. */
export function registerModel<T extends Classifier, O extends ModelOptions = ModelOptions>(
  name: string,
  preprocessing: Preprocessing,
  make: (options?: O) => T,
  traits: ModelTraits = {},
): ModelFunction<T, O> {
  const model = defineModel(name, preprocessing, make, traits);
  add(registry(), model.info);
  return model;
}

/** Only an architecture's preparation: the default for training new weights. */
export function preparationOf(model: string | ModelInfo): Preprocessing {
  const info = typeof model === "string" ? modelInfo(model) : model;
  checkKinds("preparationOf", { model: info }, { model: "object" });
  const { inputSize, cropPct, interpolation, mean, std } = info;
  return { inputSize, cropPct, interpolation, mean, std };
}

/** Facts about a model, by its name here, in timm or in PaddleClas. @throws DataError with the nearest name */
export function modelInfo(name: string): ModelInfo {
  const info = findModel(name);
  if (info) return info;
  throw new DataError(`createModel: unknown model '${short(name)}'; ${likeModel(name)}`);
}

/** modelInfo(), or undefined for an unknown name. */
export function findModel(name: string): ModelInfo | undefined {
  const { own, elsewhere } = registry();
  return own.get(name) ?? elsewhere.get(name);
}

/** For the end of a message about an unknown model's name. */
export function likeModel(name: string): string {
  const { own, elsewhere } = registry();
  const meant = nearest(name, [...own.keys(), ...elsewhere.keys()]);
  const hint = meant === undefined ? "" : `did you mean ${meant}? `;
  return `${hint}modelNames() and 'fovea models' list all ${own.size}`;
}

type Families = typeof families;

/** The functions of this library that build networks, by their names. */
type ModelFunctions = {
  [K in keyof Families as Families[K] extends { readonly info: ModelInfo } ? K : never]: Families[K];
};

/** Names of the networks here: "resnet18". createModel() takes those of timm, PaddleClas and registerModel() too. @useDeclaredType */
export type ModelName = keyof ModelFunctions;

/** The class of the network of that name. */
export type ModelOf<N extends ModelName> = ReturnType<ModelFunctions[N]>;

/**
 * A new model with fresh weights from the stream that manualSeed() starts, drawn when they are read. Takes images
 * [n, height, width, channels], returns logits [n, classes]. @throws DataError with the nearest name
 */
export function createModel<N extends ModelName>(
  name: N,
  options?: Parameters<ModelFunctions[N]>[0],
): ModelOf<N>;
export function createModel(name: string, options?: ModelOptions): Classifier;
export function createModel(name: string, options?: unknown): unknown {
  return modelInfo(name).create(options as ModelOptions);
}

/** Every registered name, sorted. */
export function modelNames(): string[] {
  return [...registry().own.keys()].sort();
}
