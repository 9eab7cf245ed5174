// "fovea/node": code that needs a file system or a terminal.

import "./node/data-workers.js";

export {
  checkFolder,
  type CheckOptions,
  type Finding,
  type FolderReport,
  type Problem,
  type ProblemKind,
  type Remark,
  type RemarkKind,
  type SplitReport,
} from "./node/check-folder.js";
export { readCheckpoint, saveCheckpoint } from "./node/checkpoint.js";
export {
  catalog,
  type CatalogEntry,
  type CatalogFile,
  datasetNames,
  fetchDataset,
  type FetchOptions,
  FileDataset,
  type FileDatasetFields,
  type FolderOptions,
  foveaHome,
  ImageFolder,
  ImageList,
  imagenetteClasses,
  type ListOptions,
  loadCifar10,
  loadCifar100,
  loadDataset,
  type LoadedDataset,
  loadMnist,
  type Names,
  type LoadOptions,
  type PictureOptions,
  TarDataset,
  type TarOptions,
  type TrainAndTest,
} from "./node/datasets/index.js";
export { type DecoderChoice, decoderNames, type InstalledDecoder, useDecoder } from "./node/decoder.js";
export { batchTransformFromModule, datasetFromModule, transformFromModule } from "./node/from-module.js";
export { download, type DownloadOptions, type DownloadProgress } from "./node/download.js";
export { environment, type Environment } from "./node/environment.js";
export { evalPart, type EvalPart, type EvalPartOptions, type Split } from "./node/eval-part.js";
export { readFeatures, writeFeatures, type PictureFeatures } from "./node/feature-files.js";
export type { PartDigest, TrainedOn } from "./node/held-out.js";
export { fetchWeights, type FetchWeightsOptions } from "./node/hub.js";
export { readConfig } from "./node/model-config.js";
export { loadModel, saveConfig, saveModel } from "./node/model-folder.js";
export { type LocatedWeights, type ModelSource, openModel, type TrainedModel } from "./node/open-model.js";
export { trainTransforms, type AugmentArguments } from "./node/augmentation.js";
export { argumentsByData, type ChosenArguments } from "./node/by-data.js";
export {
  atTestSize,
  describePreparation,
  evalTransforms,
  imageShape,
  preparationFor,
  type PreparationOptions,
} from "./node/preprocessing.js";
export { Progress } from "./node/progress.js";
export type { StatusStream } from "./node/status-line.js";
export {
  type CalibrationRow,
  type ClassRow,
  type CollectOptions,
  collectReport,
  type ConfusedRow,
  type HistoryRow,
  type Judged,
  type JudgedModel,
  type JudgedPicture,
  type Judgement,
  type LookedPicture,
  type Picture,
  renderReport,
  type ReportData,
  type Summary,
  writeReport,
} from "./node/report/index.js";
export { type Metrics, RunFolder, type Scores } from "./node/run-folder.js";
export { recipes } from "./node/recipes.js";
export { resolveArguments, type TrainFlags } from "./node/resolve-arguments.js";
export type { TrainArguments } from "./node/train-arguments.js";
export { UsageError } from "./node/usage-error.js";
export { EventWriter, type EventWriterOptions } from "./node/tensorboard.js";
export { runTraining, type Training, type TrainingHooks } from "./node/training.js";
export type { Setup as TrainingSetup } from "./node/training-setup.js";
export { loadWeights, type LoadWeightsOptions, readWeights, saveWeights } from "./node/weights.js";
export { configOf, type ModelConfig, preprocessingOf, type SaveModelConfig } from "./pretrained/config.js";
