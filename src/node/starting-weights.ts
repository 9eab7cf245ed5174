// The initial weights of a training run.

import type { Preprocessing } from "../data/index.js";
import { DataError } from "../errors.js";
import { preparationOf, type Classifier } from "../models/index.js";
import { preprocessingOf } from "../pretrained/config.js";
import { loadStarting } from "../pretrained/load.js";
import type { TrainedOn } from "../pretrained/trained-on.js";
import { fetchWeights } from "./hub.js";
import { readConfig } from "./model-config.js";
import { architectureOf, isLocal, locateWeights, requireModel } from "./open-model.js";
import { publishedOf } from "./published.js";
import { refuseTensorflow } from "./tensorflow.js";
import type { TrainArguments } from "./train-arguments.js";
import { readWeights } from "./weights.js";

export interface StartingWeights {
  readonly file: string;
  /** How images were prepared for them: according to torchvision or their config.json, otherwise as usual for the model. */
  readonly preparation: Preprocessing;
  /** The data they were trained on, if their config.json has it. */
  readonly trainedOn?: TrainedOn;
  /** What is uncertain, if anything: the beginning of a sentence. */
  readonly assumed?: string;
  /** Whether the classifier in the file was never trained. */
  readonly featuresOnly?: boolean;
}

/**
 * The weights that the arguments name, if any.
 * @throws DataError if they do not exist, or belong to another model
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
  refuseTensorflow(file, model);
  const published = await publishedOf(file);
  if (published) {
    requireModel(file, published, model);
    return { file, preparation: published.preprocessing, featuresOnly: published.featuresOnly };
  }
  // A repository's config.json may be for other software, and then names no architecture.
  const foreign = local === undefined && configPath !== undefined && !architectureOf(configPath);
  if (configPath === undefined || foreign) {
    const assumed = `${file}: it is unknown how images were prepared for it`;
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
 * Loads initial weights, except for a classifier of other classes, or one that was never trained. Weights of the first
 * convolution are adapted to other numbers of channels.
 * @throws DataError if anything else does not fit; see also readWeights()
 */
export async function loadStartingWeights(
  model: Classifier,
  file: string,
  options: Pick<StartingWeights, "featuresOnly"> = {},
): Promise<void> {
  refuseTensorflow(file, model.info?.name);
  loadStarting(model, await readWeights(file), file, options);
}
