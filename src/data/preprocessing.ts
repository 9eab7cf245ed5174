// How images are prepared for weights: one description for the registry, files of weights, loaders and browsers.

import { checkFields } from "../errors/options.js";
import type { Normalization } from "./normalization.js";

/** Filters that a description may name: Pillow's. */
export const FILTERS = ["nearest", "box", "bilinear", "bicubic", "lanczos"] as const;

/**
 * Whose filters, the newest first: they round to bytes between the passes over rows and over columns, and Pillow 13 resizes columns first
 * if the height shrinks by more than twice as many pixels as the width; "pillow12" stands for Pillow 3 to 12, which never do. Bilinear
 * pictures differ by one level there, bicubic ones by up to 25.
 */
export const RESAMPLES = ["pillow13", "pillow12"] as const;
/** One of RESAMPLES. */
export type Resample = (typeof RESAMPLES)[number];

/** How to crop a picture that is not square: timm's names. */
export const CROP_MODES = ["center", "squash", "border"] as const;

/**
 * How images are prepared for weights: resized, cropped in the middle, scaled to 0…1, normalised. Plain JSON. It belongs to
 * weights: those of one architecture may need different ones (publishedWeights); an architecture's own is for new weights.
 * Names are timm's; transformsFor() makes the transforms.
 */
export interface Preprocessing extends Readonly<Normalization> {
  /** Height, width and channels of the prepared images. */
  readonly inputSize: readonly [height: number, width: number, channels: number];
  /** Share of the resized image's side that the crop keeps; cropMode determines the side. resizeOf() returns it in pixels. */
  readonly cropPct: number;
  /**
   * "center": resizes the short side, and crops the long one. "squash": resizes both sides, ignoring proportions. "border": resizes
   * the long side, and fills the rest with the mean colour. Default "center".
   */
  readonly cropMode?: (typeof CROP_MODES)[number];
  /** How pictures are resized. */
  readonly interpolation: (typeof FILTERS)[number];
  /** Whose order of passes: see RESAMPLES. Default "pillow13". */
  readonly resample?: Resample;
  /** Mean of each channel, of values in 0…1. */
  readonly mean: readonly number[];
  /** Standard deviation of each channel, of values in 0…1. */
  readonly std: readonly number[];
  /** An alternative for evaluation: timm's test_input_size and test_crop_pct (atTestSize()). */
  readonly test?: Pick<Preprocessing, "inputSize" | "cropPct">;
  /** Whether the network accepts only this size. Default false. */
  readonly fixedInputSize?: boolean;
}

/** Images up to this side are trained on like CIFAR's: padded crops instead of crops of any size. */
export const SMALL = 64;

/** Mean and standard deviation of ImageNet's channels, red, green, blue, scaled to [0, 1]. */
export const imagenetNormalization: Normalization = {
  mean: [0.485, 0.456, 0.406],
  std: [0.229, 0.224, 0.225],
};

/** Mean and standard deviation of the training pictures of CIFAR-10. */
export const cifarNormalization: Normalization = {
  mean: [0.4914, 0.4822, 0.4465],
  std: [0.247, 0.2435, 0.2616],
};

/** Mean and standard deviation of the training pictures of MNIST. */
export const mnistNormalization: Normalization = { mean: [0.1307], std: [0.3081] };

/** The pixels of a side before the crop: timm's floor(size / crop_pct). A share that equals size / n to the last bit means n. */
export function resizeFor(size: number, cropPct: number): number {
  const near = Math.round(size / cropPct); // floating point may give near − 1
  return size / near === cropPct ? near : Math.floor(size / cropPct);
}

/** The share for a side before the crop in pixels: timm also computes that side from it. */
export function cropPctFor(size: number, resize: number): number {
  const share = size / resize;
  return Math.floor(size / share) === resize ? share : share * (1 - Number.EPSILON);
}

/** The pixels of a side before the crop. @throws DataError unless the size and the share are given */
export function resizeOf(preprocessing: Pick<Preprocessing, "inputSize" | "cropPct">): number {
  checkFields("resizeOf", "preparation", preprocessing, { inputSize: "list", cropPct: "number" });
  const { inputSize, cropPct } = preprocessing;
  return resizeFor(Math.min(inputSize[0], inputSize[1]), cropPct);
}

/** The preparation for most published weights: torchvision's for ImageNet. `resize`: pixels of a side before the crop. */
export function imagenet(
  size = 224,
  resize = 256,
  interpolation: Preprocessing["interpolation"] = "bilinear",
): Preprocessing {
  return {
    inputSize: [size, size, 3],
    cropPct: cropPctFor(size, resize),
    interpolation,
    ...imagenetNormalization,
  };
}

/** @throws DataError unless it has all fields of a preparation */
export function checkPreprocessing(op: string, preprocessing: Preprocessing): void {
  checkFields(op, "preparation", preprocessing, {
    inputSize: "list",
    cropPct: "number",
    interpolation: "text",
    mean: "list",
    std: "list",
  });
}
