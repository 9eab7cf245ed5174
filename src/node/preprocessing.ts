// How a dataset's images are prepared for a model.

import { checkKinds } from "../errors/options.js";
import { checkDataset } from "../data/options.js";
import { availableParallelism } from "node:os";
import {
  cifarEval,
  cifarNormalization,
  Compose,
  Grayscale,
  ImageDataset,
  checkPreprocessing,
  cropPctFor,
  resizeOf,
  transformsFor,
  imagenetNormalization,
  mnistNormalization,
  SMALL,
  Subset,
  type Dataset,
  type ImageShape,
  type LoaderOptions,
  type Normalization,
  type Transform,
  type Preprocessing,
  RESAMPLES,
} from "../data/index.js";
import { DataError } from "../errors.js";
import { modelInfo } from "../models/index.js";
import { FileDataset } from "./datasets/index.js";

/** The dataset that a subset belongs to. */
function whole(dataset: Dataset): Dataset {
  return dataset instanceof Subset ? whole(dataset.dataset) : dataset;
}

/** The shape of a dataset's images, if they are all alike. */
export function imageShape(dataset: Dataset): ImageShape | undefined {
  const base = whole(dataset);
  return base instanceof ImageDataset ? base.shape : undefined;
}

/** Default number of threads that read a dataset: pictures in files are worth some. */
export function defaultWorkers(dataset: Dataset): number {
  return imageShape(dataset) ? 0 : Math.min(4, availableParallelism());
}

/** Channels of a dataset's images as they are read. */
function channelsOf(dataset: Dataset): number {
  const base = whole(dataset);
  return imageShape(base)?.[2] ?? (base instanceof FileDataset ? (base.options.channels ?? 3) : 3);
}

/** A normalisation for this many channels: the model's, or the nearest equivalent. */
function normalizationFor(channels: number, model: Normalization): Normalization {
  if (model.mean.length === channels) return { mean: model.mean, std: model.std };
  if (channels === 3) return imagenetNormalization;
  const middle = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0) / values.length;
  return {
    mean: Array<number>(channels).fill(middle(model.mean)),
    std: Array<number>(channels).fill(middle(model.std)),
  };
}

/** Normalisations of well-known small images. */
function knownNormalization(shape: ImageShape | undefined): Normalization | undefined {
  const text = shape?.join("×");
  return text === "28×28×1" ? mnistNormalization : text === "32×32×3" ? cifarNormalization : undefined;
}

/** Options of the preparation; null or missing: as for the weights or the model. */
export interface PreparationOptions {
  /** Side of the images. Default: the model's, or that of the dataset's if they are small and of one size. */
  imgSize?: number | null;
  /** Channels that the model sees: 1 or 3. Default: the weights', or the dataset's. */
  inChans?: number | null;
  /** Share of the resized picture's side that the crop keeps. */
  cropPct?: number | null;
  /** How a picture is cropped to the model's proportions; see Preprocessing. */
  cropMode?: Preprocessing["cropMode"] | null;
  /** How pictures are resized. */
  interpolation?: Preprocessing["interpolation"] | null;
  /** Whose order of passes when they are resized. */
  resample?: Preprocessing["resample"] | null;
  /** Subtracted from each channel, of values in 0…1. */
  mean?: readonly number[] | null;
  /** Divisor of each channel, for values in 0…1. */
  std?: readonly number[] | null;
  /** How images were prepared for the weights. Default: there are none yet, so the dataset's channels and statistics decide. */
  trained?: Preprocessing | undefined;
}

/**
 * How images of the dataset are prepared for a model known by name.
 * @throws DataError if the model is unknown, mean and std are not one for each channel, or the weights allow no other size
 */
export function preparationFor(
  model: string,
  dataset: Dataset | undefined,
  options: PreparationOptions = {},
): Preprocessing {
  checkKinds("preparationFor", { options }, { options: "object" });
  const { trained, ...said } = options;
  const info = trained ?? modelInfo(model);
  const { fixedInputSize, test } = info;
  const shape = dataset && imageShape(dataset);
  const given = dataset && !trained ? channelsOf(dataset) : info.inputSize[2];
  const channels = said.inChans ?? given;
  if (trained && channels !== given) {
    throw new DataError(`${model}: weights for images of ${given} channels; got ${channels}`);
  }
  const own = info.inputSize[0];
  const side = shape ? Math.min(shape[0], shape[1]) : Infinity;
  const size = said.imgSize ?? (own > SMALL && side <= SMALL && !fixedInputSize ? side : own);
  if (fixedInputSize && size !== own) {
    throw new DataError(`${model}: weights for images of ${own} pixels only; got ${size}`);
  }
  const cropMode = said.cropMode ?? info.cropMode;
  const resample = said.resample ?? info.resample;
  const known = trained ? undefined : knownNormalization(shape);
  const normalization = known?.mean.length === channels ? known : normalizationFor(channels, info);
  const chosen = { mean: said.mean ?? normalization.mean, std: said.std ?? normalization.std };
  for (const [name, { length }] of Object.entries(chosen)) {
    if (length === channels) continue;
    throw new DataError(`${name}: got ${length} numbers; expected ${channels}, one for each channel`);
  }
  const cropPct = said.cropPct ?? null;
  const asIs = size === own && cropPct === null;
  const inProportion = size <= SMALL ? size : Math.round((size * resizeOf(info)) / own);
  return {
    inputSize: [size, size, channels],
    cropPct: asIs ? info.cropPct : (cropPct ?? cropPctFor(size, inProportion)),
    ...(cropMode && { cropMode }),
    interpolation: said.interpolation ?? info.interpolation,
    ...(resample && { resample }),
    ...chosen,
    ...(asIs && test && { test }),
    ...(fixedInputSize && { fixedInputSize }),
  };
}

/** The preparation at the size that the weights' authors evaluate at, if they give one. */
export function atTestSize(prepared: Preprocessing): Preprocessing {
  checkPreprocessing("atTestSize", prepared);
  const { test, ...preparation } = prepared;
  return { ...preparation, ...test };
}

/** A preparation in a line. */
export function describePreparation(preparation: Preprocessing): string {
  checkPreprocessing("describePreparation", preparation);
  const { inputSize, cropMode = "center", interpolation, resample = RESAMPLES[0], mean, std } = preparation;
  const [height, width] = inputSize;
  const mode = cropMode === "center" ? "" : `, ${cropMode}`;
  const filter = resample === RESAMPLES[0] ? interpolation : `${interpolation} as ${resample}`;
  return `${height}×${width} of ${resizeOf(preparation)} pixels${mode}, ${filter}, mean ${mean.join()}, std ${std.join()}`;
}

/** Reports that a preparation is a guess. `assumed`: the uncertainty, as the beginning of a sentence. */
export function assumedNote(assumed: string, preparation: Preprocessing): string {
  return `${assumed}; assumed: ${describePreparation(preparation)}`;
}

export type Transforms = Pick<LoaderOptions, "transform" | "normalization">;

/** @throws DataError unless images are as high as wide */
export function sideOf({ inputSize: [height, width] }: Preprocessing): number {
  if (height === width) return height;
  throw new DataError(`preprocessing: got images of ${height}×${width}; expected as high as wide`);
}

/** Converts grey to colour or colour to grey, if the model needs it. */
export function converted(dataset: Dataset, { inputSize }: Preprocessing): Transform[] {
  const [from, to] = [channelsOf(dataset), inputSize[2]];
  if (from === to) return [];
  if (to !== 1 && to !== 3) {
    throw new DataError(`${dataset.name}: images of ${from} channels; the model expects ${to}`);
  }
  return [new Grayscale(to)];
}

/** Whether the dataset's images have the model's size already. */
export function fits(dataset: Dataset, preparation: Preprocessing): boolean {
  const { inputSize } = preparation;
  const shape = imageShape(dataset);
  return shape?.[0] === inputSize[0] && shape[1] === inputSize[1] && resizeOf(preparation) === inputSize[0];
}

/** The transforms that prepare the dataset's images as in the model's training. @throws DataError if that is impossible */
export function evalTransforms(
  dataset: Dataset,
  preparation: Preprocessing,
): Pick<LoaderOptions, "transform" | "normalization"> {
  checkDataset("evalTransforms", dataset);
  checkPreprocessing("evalTransforms", preparation);
  const { mean, std } = preparation;
  sideOf(preparation);
  const first = converted(dataset, preparation);
  if (!fits(dataset, preparation)) {
    return { transform: new Compose([...first, ...transformsFor(preparation).transforms]) };
  }
  if (first.length === 0) return { normalization: { mean, std } }; // looked up in a table: faster than transforms
  return { transform: new Compose([...first, ...cifarEval({ mean, std }).transforms]) };
}
