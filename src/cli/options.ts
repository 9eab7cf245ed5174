// Options that several commands share.

import { existsSync } from "node:fs";
import { InvalidArgumentError, type Command } from "commander";
import type { Dataset } from "../data/index.js";
import { modelNames } from "../models/index.js";
import { loadDataset, type LoadedDataset } from "../node/datasets/index.js";
import { fetchWeights } from "../node/hub.js";
import { choice, integer, text, type Kind } from "../node/kinds.js";
import { openModel, type TrainedModel } from "../node/open-model.js";
import { UsageError } from "../node/usage-error.js";

/** Checks an option's text as commander wants it. */
export function parser<T>(kind: Kind<T>): (text: string) => T {
  return (value) => {
    const parsed = kind.parse(value);
    if (parsed === undefined) throw new InvalidArgumentError(`expected ${kind.expected}.`);
    return parsed;
  };
}

export interface ModelFlags {
  model?: string;
  weights?: string;
  pretrained?: true | string;
  smallImages?: true;
}

/** --model, --weights, --pretrained: which trained model. */
export function addModelOptions(command: Command): Command {
  return command
    .option("--model <name>", "a model's name, or a folder: a saved model or a run")
    .option("--weights <file>", "a file of weights, a saved model or a run")
    .option("--pretrained [name]", "published weights, downloaded: torchvision's, or owner/repository")
    .option("--small-images", "weights of a model made for images of about 32 pixels");
}

/** The model that the options name. @throws UsageError if they do not name one */
export async function modelFrom({
  model,
  weights,
  pretrained,
  smallImages,
}: ModelFlags): Promise<TrainedModel> {
  const named = model !== undefined && modelNames().includes(model);
  if (model !== undefined && !named && !existsSync(model)) {
    throw new UsageError(
      `--model: unknown model or folder '${model}'; known models: ${modelNames().join(", ")}`,
    );
  }
  if (model !== undefined && !named && weights !== undefined) {
    throw new UsageError(
      `--model: '${model}' is a folder, which has weights; expected a name beside --weights`,
    );
  }
  if (weights !== undefined && pretrained !== undefined) {
    throw new UsageError("--weights and --pretrained contradict each other; expected one of them");
  }
  if (pretrained === true && !named) {
    throw new UsageError("--pretrained: of which model? expected --model NAME, or --pretrained NAME");
  }
  const path =
    pretrained !== undefined
      ? await fetchWeights(pretrained === true ? model! : pretrained)
      : (weights ?? (named ? undefined : model));
  if (path === undefined)
    throw new UsageError("--weights: missing; expected a file or folder, or --pretrained");
  return openModel({ ...(named && { model: model! }), weights: path, ...(smallImages && { smallImages }) });
}

export interface DataFlags {
  data: string;
  dataDir?: string;
  download?: true;
  split?: "train" | "val";
}

/** --data and what says where it is. */
export function addDataOptions(command: Command): Command {
  return command
    .requiredOption("--data <data>", "a dataset's name, or a folder", parser(text))
    .option("--data-dir <dir>", "folder that holds datasets by name; imagenet's own folder")
    .option("--download", "download the dataset if it is not there")
    .option(
      "--split <part>",
      "train or val (default: val if there is one)",
      parser(choice(() => ["train", "val"])),
    );
}

/** The part of a dataset to evaluate on. */
export async function evalDataFrom({ data, dataDir, download, split }: DataFlags): Promise<Dataset> {
  const loaded: LoadedDataset = await loadDataset(data, {
    ...(dataDir !== undefined && { root: dataDir }),
    ...(download && { download }),
  });
  if (split === "train") return loaded.train;
  if (split === "val" && !loaded.val) throw new UsageError(`--split: ${data} has no val part; known: train`);
  return loaded.val ?? loaded.train;
}

export interface LoadFlags {
  batchSize?: number;
  threads?: number;
  workers?: number;
}

/** --batch-size, --threads, --workers. */
export function addLoadOptions(command: Command): Command {
  return command
    .option(
      "-b, --batch-size <n>",
      "images at once (default: 256, or 32 if larger than 64 pixels)",
      parser(integer(1)),
    )
    .option("--threads <n>", "threads that compute (default: all processors)", parser(integer(1, 64)))
    .option(
      "--workers <n>",
      "threads that read images (default: none for images in memory)",
      parser(integer(0, 64)),
    );
}

/** Images at once in evaluation: fewer of large ones. */
export const evalBatchSize = (size: number): number => (size <= 64 ? 256 : 32);
