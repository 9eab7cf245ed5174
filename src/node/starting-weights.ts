// The weights that a training begins with.

import { listed } from "../core/state.js";
import { DataError } from "../errors.js";
import { preparationOf, type Classifier, type Preprocessing } from "../models/index.js";
import type { TrainedOn } from "./held-out.js";
import { fetchWeights } from "./hub.js";
import { preprocessingOf, readConfig } from "./model-config.js";
import { architectureOf, isLocal, locateWeights, requireModel } from "./open-model.js";
import { publishedOf } from "./published.js";
import { refuseTensorflow } from "./tensorflow.js";
import type { TrainArguments } from "./train-arguments.js";
import { loadWeights } from "./weights.js";

export interface StartingWeights {
  readonly file: string;
  /** How images were prepared for them: what torchvision or their config.json says, else as usual for the model. */
  readonly preparation: Preprocessing;
  /** What they were trained on, if their config.json says. */
  readonly trainedOn?: TrainedOn;
  /** What is not known for sure, if anything: a sentence's beginning. */
  readonly assumed?: string;
  /** Whether the classifier in the file was never trained. */
  readonly featuresOnly?: boolean;
}

/**
 * The weights that the arguments name, if any.
 * @throws DataError if there are none such, or they are of another model
 */
export async function startingWeights({
  model,
  smallImages,
  weights,
  pretrained,
}: TrainArguments): Promise<StartingWeights | undefined> {
  const local = pretrained === null ? weights : isLocal(pretrained) ? pretrained : undefined;
  if (local === null) return undefined;
  const { file, config: configPath } = locateWeights(local ?? (await fetchWeights(pretrained!)));
  refuseTensorflow(file);
  const published = await publishedOf(file);
  if (published) {
    requireModel(file, published, model);
    return { file, preparation: published.preprocessing, featuresOnly: published.featuresOnly };
  }
  // A repository's config.json may be for other software, and then names no architecture.
  const foreign = local === undefined && configPath !== undefined && !architectureOf(configPath);
  if (configPath === undefined || foreign) {
    const assumed = `${file}: nothing says how images were prepared for it`;
    return { file, preparation: preparationOf(model), assumed };
  }
  const { config } = await readConfig(configPath);
  if (config.architecture !== model || (config.smallImages ?? false) !== smallImages) {
    const got = `${config.architecture}${config.smallImages ? " for small images" : ""}`;
    throw new DataError(
      `${configPath}: weights of ${got}; expected ${model}${smallImages ? " for small images" : ""}`,
    );
  }
  const { trainedOn } = config;
  return { file, preparation: preprocessingOf(config), ...(trainedOn && { trainedOn }) };
}

/**
 * Loads weights to begin with, but for a classifier of other classes, or one that was never trained.
 * @throws DataError if anything else does not fit; see also loadWeights()
 */
export async function loadStartingWeights(
  model: Classifier,
  file: string,
  { featuresOnly = false }: Pick<StartingWeights, "featuresOnly"> = {},
): Promise<void> {
  const isFree = (name: string): boolean =>
    model.isHead(name) || (featuresOnly && /^classifier\./.test(name));
  const rename = (name: string): string | undefined => (featuresOnly && isFree(name) ? undefined : name);
  const { missing, mismatched } = await loadWeights(model, file, { strict: false, rename });
  const lacking = [...missing, ...mismatched.map(({ name }) => name)].filter((name) => !isFree(name));
  if (lacking.length === 0) return;
  throw new DataError(
    `${file}: weights of another model; got none that fit ${listed(lacking)}; expected all but the classifier's`,
  );
}
