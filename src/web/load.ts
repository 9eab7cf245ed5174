// Models and weights from addresses and picked files, for those who compute where they are: in a worker of their own.

import type { ModelConfig } from "../pretrained/config.js";
import { loadRead, type LoadStateOptions } from "../pretrained/load.js";
import { publishedByFile } from "../data/index.js";
import { checkOptions, wrongKind } from "../errors/options.js";
import { decodeWeights } from "../io/weights.js";
import { Classifier } from "../models/index.js";
import { Module, type LoadReport } from "../nn/index.js";
import { bytesOf } from "./host/downloads.js";
import { openTrained } from "./host/models.js";
import {
  modelRequest,
  wireFile,
  type FileSource,
  type LoadProgress,
  type ModelFiles,
} from "./model-request.js";
import type { Call } from "./rpc.js";
import { browserStorage } from "./storage.js";

/** Options of what is downloaded. */
export interface DownloadSettings {
  /** Gives up. */
  readonly signal?: AbortSignal;
  /** Told of downloads. */
  readonly onProgress?: (progress: LoadProgress) => void;
}

/** Options of loadWeights(). */
export interface LoadWeightsSettings extends DownloadSettings, LoadStateOptions {}

const callOf = ({ signal, onProgress }: DownloadSettings): Call => ({
  signal: signal ?? new AbortController().signal,
  emit: (event) => onProgress?.(event as LoadProgress),
});

/**
 * Loads weights into a model: all or nothing, as loadWeights() of fovea/node. file: an address, which the browser's cache keeps, a File
 * or Blob, or bytes; safetensors, PyTorch's .pth or Paddle's .pdparams.
 * @throws DataError naming the file if it cannot be had; if something is missing, unexpected or of another shape
 */
export async function loadWeights(
  model: Module,
  file: FileSource,
  options: LoadWeightsSettings = {},
): Promise<LoadReport> {
  if (!(model instanceof Module)) throw wrongKind("loadWeights", "model", model, "a Module");
  checkOptions<LoadWeightsSettings>("loadWeights", options, {
    strict: true,
    rename: true,
    signal: true,
    onProgress: true,
  });
  const { strict = true, rename } = options;
  const { bytes, name } = await bytesOf(wireFile("loadWeights", "file", file), callOf(options));
  const report = loadRead(model, decodeWeights(bytes, name), name, { strict, ...(rename && { rename }) });
  const published = publishedByFile(name)?.preprocessing;
  if (published && model instanceof Classifier) model.preprocessing = published;
  return report;
}

/**
 * A trained model in evaluation mode, and what its config.json says: from the address of a folder, a repository of the Hugging Face hub
 * in timm's layout, or files. Downloads are kept in the browser's cache.
 * @throws DataError naming the file that cannot be had or is not what it should be
 */
export async function loadModel(
  source: string | URL | ModelFiles,
  options: DownloadSettings & { readonly hub?: string } = {},
): Promise<{
  /** In evaluation mode. */
  model: Classifier;
  /** What it is, and how its images are prepared. */
  config: ModelConfig;
}> {
  checkOptions<DownloadSettings & { hub?: string }>("loadModel", options, {
    hub: true,
    signal: true,
    onProgress: true,
  });
  const request = modelRequest("loadModel", {
    model: source,
    ...(options.hub !== undefined && { hub: options.hub }),
  });
  const { model, architecture, classes, preprocessing, smallImages } = await openTrained(
    request,
    callOf(options),
    browserStorage,
  );
  return { model, config: { architecture, ...preprocessing, classes, ...(smallImages && { smallImages }) } };
}
