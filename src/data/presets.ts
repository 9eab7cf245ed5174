// The usual chains of transforms, ready to use.

import { checkFields, checkOptions, type Names } from "../errors/options.js";
import type { Normalization } from "./normalization.js";
import { requireOneOf } from "./options.js";
import {
  cifarNormalization,
  CROP_MODES,
  imagenet,
  imagenetNormalization,
  resizeFor,
  checkPreprocessing,
  RESAMPLES,
  resizeOf,
  type Preprocessing,
  type Resample,
} from "./preprocessing.js";
import type { Transform } from "./transform.js";
import { Compose } from "./transforms/compose.js";
import { RandomCrop } from "./transforms/cropping.js";
import { RandomHorizontalFlip } from "./transforms/flips.js";
import { roundEven } from "./transforms/geometry.js";
import type { Interpolation } from "./transforms/resize.js";
import { CenterCrop, RandomResizedCrop, Resize, ResizeLonger } from "./transforms/resizing.js";
import { Normalize, ToTensor } from "./transforms/to-tensor.js";

const IMAGENET = imagenet();

/** Transforms at their places in a training chain. */
interface TrainOptions extends Partial<Normalization> {
  /** Transforms of bytes, between the flip and ToTensor: AutoAugment, ColorJitter, … */
  augment?: readonly Transform[];
  /** Transforms of floats, after Normalize: RandomErasing, Cutout, … */
  erase?: readonly Transform[];
}

const TRAIN: Names<TrainOptions> = { mean: true, std: true, augment: true, erase: true };

function training(first: Transform, normalization: Normalization, options: TrainOptions): Compose {
  const { mean, std } = { ...normalization, ...options };
  return new Compose([
    first,
    new RandomHorizontalFlip(),
    ...(options.augment ?? []),
    new ToTensor(),
    new Normalize(mean, std),
    ...(options.erase ?? []),
  ]);
}

/** Options of imagenetTrain(). */
export interface ImagenetTrainOptions extends TrainOptions {
  /** Default 224. */
  size?: number;
  /** Range of the crop's share of the picture's area. Default [0.08, 1]. */
  scale?: readonly [number, number];
  /** Default [3/4, 4/3]. */
  ratio?: readonly [number, number];
  /** Default "bilinear". */
  interpolation?: Interpolation;
  /** Whose order of passes. Default "pillow13". */
  resample?: Resample;
}

/** RandomResizedCrop, RandomHorizontalFlip, ToTensor, Normalize. @throws DataError on an option out of its range */
export function imagenetTrain(options: ImagenetTrainOptions = {}): Compose {
  checkOptions<ImagenetTrainOptions>("imagenetTrain", options, {
    ...TRAIN,
    size: true,
    scale: true,
    ratio: true,
    interpolation: true,
    resample: true,
  });
  const { inputSize, interpolation: usual } = IMAGENET;
  const { size = inputSize[0], scale = [0.08, 1], ratio = [3 / 4, 4 / 3] } = options;
  const { interpolation = usual, resample = RESAMPLES[0] } = options;
  const first = new RandomResizedCrop(size, { scale, ratio, interpolation, resample });
  return training(first, imagenetNormalization, options);
}

/** Options of imagenetEval(). */
export interface ImagenetEvalOptions extends Partial<Normalization> {
  /** Default 224. */
  size?: number;
  /** Length of a side before cropping the middle; cropMode determines the side. Default 256, or size/0.875 if a size is given. */
  resize?: number;
  /**
   * "center": resizes the short side. "squash": resizes both sides, ignoring proportions. "border": resizes the long side, and
   * surrounds the picture with the mean colour. timm's crop_mode. Default "center".
   */
  cropMode?: "center" | "squash" | "border";
  /** Default "bilinear". */
  interpolation?: Interpolation;
  /** Whose order of passes. Default "pillow13". */
  resample?: Resample;
}

/** Resize, CenterCrop, ToTensor, Normalize. @throws DataError on an option out of its range */
export function imagenetEval(options: ImagenetEvalOptions = {}): Compose {
  checkOptions<ImagenetEvalOptions>("imagenetEval", options, {
    mean: true,
    std: true,
    size: true,
    resize: true,
    cropMode: true,
    interpolation: true,
    resample: true,
  });
  const { size = IMAGENET.inputSize[0], resize = resizeFor(size, IMAGENET.cropPct) } = options;
  const prepared = { ...IMAGENET, ...options };
  const { mean, std, interpolation, resample = RESAMPLES[0], cropMode = "center" } = prepared;
  requireOneOf("imagenetEval", "cropMode", cropMode, CROP_MODES);
  return evaluation(size, { resize, cropMode, interpolation, resample, mean, std });
}

function evaluation(
  size: number | readonly [height: number, width: number],
  options: Required<Omit<ImagenetEvalOptions, "size">>,
): Compose {
  const { resize, cropMode, interpolation, resample, mean, std } = options;
  const border = cropMode === "border";
  return new Compose([
    border
      ? new ResizeLonger(resize, { interpolation, resample })
      : new Resize(cropMode === "squash" ? [resize, resize] : resize, { interpolation, resample }),
    new CenterCrop(
      size,
      border ? { fill: mean.map((v) => Math.min(255, Math.max(0, roundEven(255 * v)))) } : {},
    ),
    new ToTensor(),
    new Normalize(mean, std),
  ]);
}

/**
 * The transforms that prepare an image for weights: from `modelInfo(name)`, `publishedByName(name).preprocessing`, the result of
 * preprocessingFromJSON(), or a `model.preprocessing`. Images must have the weights' channels (see Grayscale).
 * @throws DataError for an invalid description
 */
export function transformsFor(preprocessing: Preprocessing): Compose {
  checkPreprocessing("transformsFor", preprocessing);
  const { inputSize, cropMode = "center", interpolation, resample = RESAMPLES[0], mean, std } = preprocessing;
  const resize = resizeOf(preprocessing);
  const [height, width] = inputSize;
  return evaluation(height === width ? height : [height, width], {
    resize,
    cropMode,
    interpolation,
    resample,
    mean,
    std,
  });
}

/** Options of cifarTrain(). */
export interface CifarTrainOptions extends TrainOptions {
  /** Default 32. */
  size?: number;
  /** Black pixels added on every side before the crop. Default 4. */
  padding?: number;
}

/**
 * RandomCrop of the padded picture, RandomHorizontalFlip, ToTensor, Normalize. K. He et al., Deep Residual Learning for Image
 * Recognition (2015, https://arxiv.org/abs/1512.03385), §4.2. @throws DataError on an option out of its range
 */
export function cifarTrain(options: CifarTrainOptions = {}): Compose {
  checkOptions<CifarTrainOptions>("cifarTrain", options, { ...TRAIN, size: true, padding: true });
  const { size = 32, padding = 4 } = options;
  return training(new RandomCrop(size, { padding }), cifarNormalization, options);
}

/** ToTensor, Normalize. */
export function cifarEval(options: Partial<Normalization> = {}): Compose {
  checkOptions<Partial<Normalization>>("cifarEval", options, { mean: true, std: true });
  const { mean, std } = { ...cifarNormalization, ...options };
  return new Compose([new ToTensor(), new Normalize(mean, std)]);
}

/**
 * The part of a picture that transformsFor() shows a network, as shares of its width and height: [0, 0, 1, 1] is all of it. Larger
 * if a border is added.
 * @throws DataError for an incomplete description or picture size
 */
export function seenBox(
  preprocessing: Preprocessing,
  picture: { readonly width: number; readonly height: number },
): [left: number, top: number, right: number, bottom: number] {
  checkPreprocessing("seenBox", preprocessing);
  checkFields("seenBox", "picture", picture, { width: "number", height: "number" });
  const { width, height } = picture;
  const { inputSize, cropMode = "center" } = preprocessing;
  const resize = resizeOf(preprocessing);
  const side = cropMode === "border" ? Math.max(width, height) : Math.min(width, height);
  const share = (cut: number, whole: number): number =>
    cut / (cropMode === "squash" ? resize : (whole * resize) / side);
  const [x, y] = [share(inputSize[1], width), share(inputSize[0], height)];
  return [(1 - x) / 2, (1 - y) / 2, (1 + x) / 2, (1 + y) / 2];
}
