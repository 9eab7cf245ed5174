// Options that several commands share.

import { existsSync } from "node:fs";
import type { Command } from "commander";
import { knownNames } from "../errors/suggest.js";
import { DataError, short } from "../errors.js";
import { findModel, likeModel, modelInfo } from "../models/index.js";
import { datasetNames } from "../node/datasets/index.js";
import { decoderNames, useDecoder, type InstalledDecoder } from "../node/decoder.js";
import { evalPart, type EvalPart, type Split } from "../node/eval-part.js";
import { readText } from "../node/files.js";
import type { TrainedOn } from "../node/held-out.js";
import { fetchWeights } from "../node/hub.js";
import { choice, integer, number, text } from "../errors/kinds.js";
import { isLocal, openModel, type TrainedModel } from "../node/open-model.js";
import { imageShape } from "../node/preprocessing.js";
import { UsageError } from "../node/usage-error.js";
import { init } from "../wasm/runtime.js";
import { parser, refuseUseless } from "./parser.js";
import { addPreparationOptions, preparedAs, type PreparationFlags } from "./preparation.js";

/** The value of an argument or of the equivalent flag. @throws UsageError if both are given */
export function eitherOf<T>(argument: T | undefined, name: string, flag: T | undefined): T | undefined {
  if (argument === undefined || flag === undefined) return argument ?? flag;
  throw new UsageError(
    `'${short(String(argument))}' and ${name} contradict each other; expected one of them`,
  );
}

export { parser };

export interface ModelFlags extends PreparationFlags {
  model?: string;
  weights?: string;
  pretrained?: true | string;
  smallImages?: true;
  classMap?: string;
}

/**
 * --model, --weights, --pretrained select a trained model; --class-map is for commands that name classes, --img-size and others for
 * those that prepare images.
 */
export function addModelOptions(command: Command, { classes = true, preparation = true } = {}): Command {
  command
    .option("--model <name>", "a model's name, or a folder: a saved model or a run")
    .option("--weights <file>", "a file of weights, a saved model or a run")
    .option(
      "--pretrained [name]",
      "published weights, downloaded: torchvision's, or owner/repository; or a file or folder",
    )
    .option("--small-images", "weights of a model made for images of about 32 pixels");
  if (classes) {
    command.option(
      "--class-map <file>",
      "names of the classes, one per line, if the weights have none or others",
    );
  }
  return preparation ? addPreparationOptions(command) : command;
}

/** The model that the options name. @throws UsageError if they do not name one */
export async function modelFrom({
  model,
  weights,
  pretrained,
  smallImages,
  classMap,
  ...preparation
}: ModelFlags): Promise<TrainedModel> {
  const own = model === undefined ? undefined : findModel(model)?.name;
  const named = own !== undefined;
  if (model !== undefined && !named && !existsSync(model)) {
    throw new UsageError(`--model: unknown model or folder '${short(model)}'; ${likeModel(model)}`);
  }
  if (model !== undefined && !named && weights !== undefined) {
    throw new UsageError(
      `--model: '${short(model)}' is a folder, which has weights; expected a name beside --weights`,
    );
  }
  if (model !== undefined && !named && pretrained !== undefined) {
    throw new UsageError(
      `--model: '${short(model)}' is a folder, which has weights; expected a name beside --pretrained`,
    );
  }
  if (weights !== undefined && pretrained !== undefined) {
    throw new UsageError("--weights and --pretrained contradict each other; expected one of them");
  }
  if (pretrained === true && !named) {
    throw new UsageError("--pretrained: model missing; expected --model NAME, or --pretrained NAME");
  }
  const path =
    pretrained !== undefined
      ? await publishedWeights(pretrained === true ? own! : pretrained)
      : (weights ?? (named ? undefined : model));
  if (path === undefined)
    throw new UsageError("--weights: missing; expected a file or folder, or --pretrained");
  const opened = await openModel({
    ...(named && { model: own }),
    weights: path,
    ...(smallImages && { smallImages }),
  });
  if (smallImages && (!opened.smallImages || modelInfo(opened.architecture).limits.small)) {
    const which = `${opened.architecture} has only one form here`;
    opened.model.dispose();
    throw new UsageError(`--small-images: of no use; ${which}`);
  }
  const trained = preparedAs(opened, preparation);
  return classMap === undefined ? trained : { ...trained, classes: classNames(classMap, trained) };
}

const publishedWeights = async (name: string): Promise<string> => (isLocal(name) ? name : fetchWeights(name));

/** The names in a file, one per line. @throws DataError naming the file unless there is one for each of the model's classes */
function classNames(path: string, { model }: TrainedModel): string[] {
  const lines = readText(path).trimEnd().split(/\r?\n/);
  const names = lines.map((line) => line.trim());
  const { numClasses } = model;
  if (names.length !== numClasses) {
    throw new DataError(`${path}: ${names.length} names; expected ${numClasses}, one for each class`);
  }
  const bad = names.findIndex((name, i) => name === "" || names.indexOf(name) < i);
  if (bad < 0) return names;
  throw new DataError(
    `${path}:${bad + 1}: ${names[bad] === "" ? "no name" : `'${short(names[bad])}' once more`}`,
  );
}

const DATA = "a dataset's name, or a folder";

/**
 * The value of [data] or --data.
 * @throws UsageError if neither or both are given, or the name is neither a dataset's nor a folder's; for flags that locate a folder
 */
export function dataFrom(argument: string | undefined, flags: DataFlags): string {
  const data = eitherOf(argument, "--data", flags.data);
  if (data === undefined) throw new UsageError("--data: missing; expected a dataset's name, or a folder");
  requireDataName(data);
  if (!datasetNames().includes(data)) {
    refuseUseless(flags, ["dataDir", "download"], `it needs a dataset's name; ${short(data)} is a folder`);
  }
  if (data === "imagenet") refuseUseless(flags, ["download"], "imagenet needs a registration");
  return data;
}

/** @throws UsageError for a word that is neither a dataset nor a folder; a path is checked when it is opened */
export function requireDataName(data: string): void {
  const known = datasetNames();
  if (known.includes(data) || /[/\\]/.test(data) || existsSync(data)) return;
  throw new UsageError(`${data}: no such folder or dataset; ${knownNames(data, known)}`);
}

export interface DataFlags {
  data?: string;
  dataDir?: string;
  download?: true;
  split?: Split;
  valFraction?: number;
  seed?: number;
}

/** [data] or --data, and the flags that locate it. */
export function addDataOptions(command: Command): Command {
  return command
    .argument("[data]", DATA)
    .option("--data <data>", DATA, parser(text))
    .option("--data-dir <dir>", "folder that holds datasets by name; imagenet's own folder")
    .option("--download", "download the dataset if it is missing")
    .option(
      "--split <part>",
      "train, val or all (default: the dataset's part for evaluation, or the part kept from the run's training; otherwise all)",
      parser(choice(() => ["train", "val", "all"])),
    )
    .option(
      "--val-fraction <0…1>",
      "if there is no val part: the share to split off (default: the run's)",
      parser(number(0, 0.9)),
    )
    .option("--seed <n>", "seed of that split (default: the run's, or 0)", parser(integer(0, 2 ** 32 - 1)));
}

/** The part of a dataset to evaluate a model on. @throws UsageError for --decoder without files; see also evalPart() */
export async function evalPartFrom(
  data: string,
  flags: DataFlags & LoadFlags,
  trainedOn?: TrainedOn,
): Promise<EvalPart> {
  const { dataDir, download, split, valFraction, seed } = flags;
  const part = await evalPart(data, {
    ...(dataDir !== undefined && { root: dataDir }),
    ...(download && { download }),
    ...(split && { split }),
    ...(valFraction !== undefined && { valFraction }),
    ...(seed !== undefined && { seed }),
    ...(trainedOn && { trainedOn }),
  });
  if (imageShape(part.data)) refuseUseless(flags, ["decoder"], `${short(data)} has no files of pictures`);
  return part;
}

export interface LoadFlags {
  batchSize?: number;
  threads?: number;
  workers?: number;
  decoder?: InstalledDecoder;
}

/** --batch-size, --threads, --workers, --decoder. */
export function addLoadOptions(command: Command): Command {
  return command
    .option(
      "-b, --batch-size <n>",
      "images per batch (default: 256, or 32 if larger than 64 pixels)",
      parser(integer(1)),
    )
    .option("--threads <n>", "threads that compute (default: all processors)", parser(integer(1, 64)))
    .option(
      "--workers <n>",
      "threads that read images (default: none for images in memory)",
      parser(integer(0, 64)),
    )
    .option(
      "--decoder <name>",
      "reads JPEG and more formats: fovea or jpeg-js (built in), or sharp or jsquash if installed",
      parser(choice(() => decoderNames)),
    );
}

/** Applies the options for threads and decoder. */
export async function useLoadOptions({ threads, decoder }: LoadFlags): Promise<void> {
  init({ ...(threads && { threads }) });
  if (decoder) await useDecoder(decoder);
}

/** Batch size in evaluation: smaller for large images. */
export const evalBatchSize = (size: number): number => (size <= 64 ? 256 : 32);
