// Arguments that a training run chooses by its data if they are not given: the model, image size, batch size and loss.

import { checkKinds } from "../errors/options.js";
import { imageInfo, SMALL, type Dataset } from "../data/index.js";
import { DataError, short } from "../errors.js";
import { modelInfo } from "../models/index.js";
import { headOf } from "./datasets/depth.js";
import { loadDataset, type LoadedDataset } from "./datasets/index.js";
import { useDecoder } from "./decoder.js";
import { fetchWeights } from "./hub.js";
import { readConfig } from "./model-config.js";
import { architectureOf, isLocal, locateWeights } from "./open-model.js";
import { imageShape } from "./preprocessing.js";
import { publishedOf } from "./published.js";
import {
  flagOf,
  recipeOf,
  resolveArguments,
  stepOf,
  trainDefaults,
  withDefaults,
  type TrainFlags,
} from "./resolve-arguments.js";
import { taskOf } from "../train/index.js";
import type { TrainArguments } from "./train-arguments.js";
import { UsageError } from "./usage-error.js";

/** Arguments that follow from the data too. */
export interface ChosenArguments {
  /** The arguments, including those chosen by the data. */
  readonly args: TrainArguments;
  /** The data, for runTraining(); undefined for a resumed run. */
  readonly data?: LoadedDataset;
  /** The choices and their reasons, a sentence each. */
  readonly notes: readonly string[];
}

type Values = Readonly<Record<string, unknown>>;

/** Most pictures inspected, evenly spread, and most bytes read from each. */
const LOOKED_AT = 100;
const WHOLE = 2 ** 25;
/** Modes of pictures without colour. */
const GREY = ["1", "L", "LA", "I;16"];
/** LeNet-5's, ResNet's for CIFAR and ImageNet's sizes. */
const [DIGITS, TINY, PHOTOS] = [28, 32, 224];

/**
 * resolveArguments(), with the arguments that flags and recipe leave open chosen by the data: a model and the side of its images,
 * or the model of the initial weights, and a batch size that suits small datasets.
 * @throws UsageError as resolveArguments(), and for flags that have no effect on these data; DataError as loadDataset()
 */
export async function argumentsByData(flags: TrainFlags, recipe?: Values): Promise<ChosenArguments> {
  checkKinds("argumentsByData", { flags }, { flags: "object" });
  if (typeof flags.resume === "string") return { args: resolveArguments(flags), notes: [] };
  const start = typeof flags.recipe === "string" ? recipeOf(flags.recipe, recipe) : {};
  const settled = withDefaults({ ...start, ...flags });
  if (settled.data === undefined) return { args: resolveArguments(flags, recipe), notes: [] }; // which reports it
  if (settled.model !== undefined) resolveArguments(flags, recipe); // report errors before data are read
  await useDecoder(settled.decoder);
  const data = await loadTrainingData(settled);
  const useless = uselessBeside(data, flags);
  const [model, why] = settled.model === undefined ? await modelFor(data.train, settled) : [{}, []];
  const [batch, whyBatch] = flags.batchSize === undefined ? batchFor(data.train, settled) : [{}, []];
  const [loss, whyLoss] = flags.loss === undefined ? lossFor(data.train, settled) : [{}, []];
  const args = resolveArguments(flags, recipe, { ...model, ...batch, ...loss, ...useless });
  return { args, data, notes: [...why, ...whyBatch, ...whyLoss, ...rateOf(start, args, flags)] };
}

/** Flags that have no effect on some data, and a description of these data. */
const USELESS: readonly [flag: keyof TrainFlags, of: (data: LoadedDataset) => boolean, why: string][] = [
  ["valFraction", ({ val, split }) => val !== undefined && !split, "has a part to evaluate on"],
  ["valInterval", ({ val }) => val === undefined, "has no part to evaluate on"],
  ["decoder", ({ train }) => imageShape(train) !== undefined, "has no files of pictures"],
  ["sampler", ({ train }) => !taskOf(train).balanced, "has several classes a picture"],
];

/**
 * The defaults of options that have no effect on the data, instead of a recipe's values.
 * @throws UsageError for a flag among them with another value
 */
function uselessBeside(data: LoadedDataset, flags: TrainFlags): TrainFlags {
  const defaults = trainDefaults();
  const useless = USELESS.filter(([, of]) => of(data));
  for (const [flag, , why] of useless) {
    if (!flags[flag] || flags[flag] === defaults[flag]) continue;
    throw new UsageError(`${flagOf(flag)}: of no use; ${short(data.train.name)} ${why}`);
  }
  return Object.fromEntries(useless.map(([flag]) => [flag, flags[flag] ?? defaults[flag]]));
}

/** The data that the arguments name. @throws DataError as loadDataset() */
export function loadTrainingData({
  data,
  dataDir,
  download,
  valFraction,
  seed,
}: TrainArguments): Promise<LoadedDataset> {
  const root = dataDir !== null && { root: dataDir };
  return loadDataset(data, { ...root, download, valFraction, seed });
}

/** A note that a recipe's rate has changed with the number of images per step. */
function rateOf(start: TrainFlags, args: TrainArguments, flags: TrainFlags): string[] {
  if (start.lr === undefined || flags.lr !== undefined || args.lr === start.lr) return [];
  const [own, images] = [withDefaults(start), args].map(stepOf);
  return [
    `learning rate ${args.lr} for ${images} images per step; the recipe's is ${start.lr} for ${own} (--lr)`,
  ];
}

type Choice = [values: TrainFlags, why: string[]];

/** A batch size that leaves at least two steps in an epoch. */
function batchFor({ length, name }: Dataset, { batchSize }: TrainArguments): Choice {
  const most = Math.max(2, 2 ** Math.floor(Math.log2(Math.max(2, length / 2))));
  if (batchSize <= most) return [{}, []];
  return [{ batchSize: most }, [`${name}: ${length} images to train on: batches of ${most} (--batch-size)`]];
}

/** The given loss, unless it does not fit the data's labels. */
function lossFor(train: Dataset, args: TrainArguments): Choice {
  const { losses, defaultLoss: loss, about } = taskOf(train);
  return losses[args.loss] ? [{}, []] : [{ loss }, [`${train.name}: ${about}: loss ${loss} (--loss)`]];
}

/** The weights' model, or one for images of this size. */
async function modelFor(train: Dataset, args: TrainArguments): Promise<Choice> {
  if (args.weights !== null || args.pretrained !== null) return modelOfWeights(args);
  const { side, grey, about } = await sizeOf(train, args);
  const what = `${grey ? "grey images" : "images"} of ${about}${side} pixels`;
  const chosen = modelOfSize(side, grey, args);
  const size = chosen.imgSize ?? args.imgSize ?? modelInfo(chosen.model!).inputSize[0];
  const form = chosen.smallImages || args.smallImages ? ", in its form for small images," : "";
  const three =
    grey && chosen.inChans === undefined && args.inChans === null ? ", for colours too (--in-chans)" : "";
  return [
    chosen,
    [`${train.name}: ${what}: model ${chosen.model}${form} at ${size}×${size} (--model, --img-size)${three}`],
  ];
}

/**
 * Digits: LeNet-5. Images like CIFAR's: ResNet-20, which learns them in minutes. Up to 64 pixels: ResNet-18 with first layers that
 * keep the size. Photos: ResNet-18, at most at ImageNet's size; smaller ones are not enlarged to it.
 */
function modelOfSize(side: number, grey: boolean, args: TrainArguments): TrainFlags {
  const channels = grey && args.inChans === null ? { inChans: 1 } : {};
  if (side <= TINY && !args.smallImages) {
    const digits = grey && side <= DIGITS && (args.imgSize ?? DIGITS) === DIGITS;
    return { model: digits ? "lenet5" : "resnet20_cifar", ...channels };
  }
  const own = Math.min(PHOTOS, side <= SMALL ? side : Math.ceil(side / 32) * 32);
  const size = args.imgSize === null && own < PHOTOS ? { imgSize: own } : {};
  const small = side <= SMALL && !args.smallImages ? { smallImages: true } : {};
  return { model: "resnet18", ...size, ...small, ...(side <= SMALL && channels) };
}

/** The median short side of the images, and whether all are grey. */
async function sizeOf(
  train: Dataset,
  { imgSize, inChans }: TrainArguments,
): Promise<{ side: number; grey: boolean; about: string }> {
  const shape = imageShape(train);
  if (shape) {
    const side = imgSize ?? Math.min(shape[0], shape[1]);
    return { side, grey: (inChans ?? shape[2]) === 1, about: "" };
  }
  const looked = Math.min(train.length, LOOKED_AT);
  const found: Seen[] = [];
  for (let k = 0; k < looked; k++)
    found.push(...(await seen(train, Math.floor((k * train.length) / looked))));
  if (found.length === 0) {
    throw new DataError(`${train.name}: no picture has a known size; expected --model and --img-size`);
  }
  const sides = found.map(({ side }) => side).sort((a, b) => a - b);
  const side = imgSize ?? sides[Math.floor(sides.length / 2)]!;
  const grey = inChans === null ? found.every((one) => one.grey) : inChans === 1;
  return { side, grey, about: sides[0] === sides.at(-1) || imgSize !== null ? "" : "about " };
}

interface Seen {
  /** The shorter one. */
  side: number;
  grey: boolean;
}

/** A picture's size from its header, or from the decoded picture if another decoder reads its format; undefined if it is broken. */
async function seen(dataset: Dataset, i: number): Promise<Seen[]> {
  const head = headOf(dataset, i, WHOLE);
  try {
    const { width, height, mode } = head
      ? imageInfo(head, dataset.name)
      : { ...(await dataset.image(i)), mode: "" };
    return [{ side: Math.min(width, height), grey: GREY.includes(mode) }];
  } catch {
    return [];
  }
}

/** The model of the initial weights. @throws UsageError if it is unknown */
async function modelOfWeights({ weights, pretrained }: TrainArguments): Promise<Choice> {
  const name = (pretrained ?? weights)!;
  const { file, config } = locateWeights(
    isLocal(name) || pretrained === null ? name : await fetchWeights(name),
  );
  const published = await publishedOf(file);
  if (published) return chosen({ model: published.model });
  if (config !== undefined && architectureOf(config) !== undefined) {
    const { architecture, smallImages } = (await readConfig(config)).config;
    return chosen({ model: architecture, ...(smallImages && { smallImages }) });
  }
  throw new UsageError(`--model: missing; no config.json beside ${file} names its model`);

  function chosen(values: TrainFlags): Choice {
    return [values, [`${short(name)}: weights of ${values.model}: model ${values.model} (--model)`]];
  }
}
