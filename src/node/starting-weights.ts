// The weights that a training begins with.

import { listed } from "../core/state.js";
import { DataError } from "../errors.js";
import { modelInfo, type Classifier, type Preprocessing } from "../models/index.js";
import { fetchWeights } from "./hub.js";
import { preprocessingOf, readConfig } from "./model-folder.js";
import { architectureOf, isLocal, locateWeights } from "./open-model.js";
import type { TrainArguments } from "./train-arguments.js";
import { loadWeights } from "./weights.js";

export interface StartingWeights {
  readonly file: string;
  /** How images were prepared for them: what their config.json says, else the model's. */
  readonly preparation: Preprocessing;
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
  // A repository's config.json may be for other software, and then names no architecture.
  const foreign = local === undefined && configPath !== undefined && !architectureOf(configPath);
  if (configPath === undefined || foreign) return { file, preparation: modelInfo(model) };
  const { config } = await readConfig(configPath);
  if (config.architecture !== model || (config.smallImages ?? false) !== smallImages) {
    const got = `${config.architecture}${config.smallImages ? " for small images" : ""}`;
    throw new DataError(
      `${configPath}: weights of ${got}; expected ${model}${smallImages ? " for small images" : ""}`,
    );
  }
  return { file, preparation: preprocessingOf(config) };
}

/**
 * Loads a file of weights, but for a classifier of other classes.
 * @throws DataError if anything else does not fit; see also loadWeights()
 */
export async function loadStartingWeights(model: Classifier, file: string): Promise<void> {
  const { missing, mismatched } = await loadWeights(model, file, { strict: false });
  const lacking = [...missing, ...mismatched.map(({ name }) => name)].filter((name) => !model.isHead(name));
  if (lacking.length === 0) return;
  throw new DataError(
    `${file}: weights of another model; got none that fit ${listed(lacking)}; expected all but the classifier's`,
  );
}
