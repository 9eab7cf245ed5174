// How images are prepared for a trained model, said aloud where it is a guess.

import type { Dataset } from "../data/index.js";
import type { Preprocessing } from "../models/index.js";
import type { TrainedModel } from "../node/open-model.js";
import { assumedNote } from "../node/preprocessing.js";

/** How the dataset's images are prepared for the model; a line on stderr where nothing says it for sure. */
export function preparationFor(trained: TrainedModel, data: Dataset): Preprocessing {
  const preparation = trained.preparation(data);
  if (trained.assumed !== undefined) tellAssumed(trained.assumed, preparation);
  return preparation;
}

/** @param assumed what is not known: a sentence's beginning */
export function tellAssumed(assumed: string, preparation: Preprocessing): void {
  console.error(`fovea: ${assumedNote(assumed, preparation)}`);
}
