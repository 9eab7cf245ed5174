// "fovea/node": what needs a file system or a terminal.

import "./node/data-workers.js";

export * from "./node/check-folder.js";
export * from "./node/checkpoint.js";
export * from "./node/datasets/index.js";
export * from "./node/decoder.js";
export * from "./node/download.js";
export { environment, type Environment } from "./node/environment.js";
export * from "./node/eval-part.js";
export { readFeatures, writeFeatures, type PictureFeatures } from "./node/feature-files.js";
export * from "./node/files.js";
export type { PartDigest, TrainedOn } from "./node/held-out.js";
export * from "./node/hub.js";
export * from "./node/model-config.js";
export * from "./node/model-folder.js";
export * from "./node/open-model.js";
export { trainTransforms, type AugmentArguments } from "./node/augmentation.js";
export { argumentsByData, type ChosenArguments } from "./node/by-data.js";
export {
  assumedNote,
  atTestSize,
  defaultWorkers,
  describePreparation,
  evalTransforms,
  imageShape,
  preparationFor,
  type PreparationOptions,
} from "./node/preprocessing.js";
export * from "./node/progress.js";
export * from "./node/relabel.js";
export * from "./node/report/index.js";
export * from "./node/run-folder.js";
export * from "./node/recipes.js";
export {
  flagOf,
  isInUse,
  MAY_DIFFER,
  MAY_EXTEND,
  optionNamed,
  resolveArguments,
  trainNames,
  type TrainFlags,
} from "./node/resolve-arguments.js";
export type * from "./node/train-arguments.js";
export * from "./node/usage-error.js";
export { EventWriter, type EventWriterOptions } from "./node/tensorboard.js";
export * from "./node/training.js";
export * from "./node/unpack.js";
export * from "./node/weights.js";
