// "fovea/web": networks for pages, which compute in a worker so that the page never waits.

export {
  createClassifier,
  type PageClassifier,
  type PageNetwork,
  type CallSettings,
  type ClassifierOptions,
  type ClassifyManyOptions,
  type PageClassifyOptions,
} from "./classifier.js";
export { loadModel, loadWeights, type DownloadSettings, type LoadWeightsSettings } from "./load.js";
export type {
  FileSource,
  LoadProgress,
  ModelFiles,
  ModelOptions as PageModelOptions,
} from "./model-request.js";
export type { PagePicture } from "./pictures.js";
export type { ClassifierInfo, Explanation, ThreadsInfo } from "./protocol.js";
export {
  type AddZipOptions,
  createTrainer,
  type DatasetOptions,
  deleteTrainer,
  loadTrainer,
  type LoadTrainerOptions,
  type PageFitOptions,
  type PageTrainer,
  savedTrainers,
  type SetModelOptions,
  type TrainerOptions,
} from "./trainer.js";
export type {
  Added,
  Dataset8,
  EvaluationReport,
  ExampleInfo,
  ExportedModel,
  ExportFormat,
  FitEpoch,
  FitFeatures,
  FitProgress,
  FitReport,
  FitRequest,
  FitStep,
  Refused,
  Trained,
  TrainerInfo,
  ZipProgress,
} from "./trainer-types.js";
