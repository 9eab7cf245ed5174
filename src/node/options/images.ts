// Options of a training run: how its images are prepared and changed.

import { augmentations, type AugmentationValues, FILTERS, RESAMPLES } from "../../data/index.js";

import { choice, integer, list, number, optional, type Kind } from "../../errors/kinds.js";
import { flag, off, option, type TrainOption } from "./option.js";

type Augmentations = typeof augmentations;

/** Options of the augmentations, each with the value that it takes. */
type AugmentationOptions = {
  readonly [Name in keyof Augmentations]: TrainOption<AugmentationValues[Name]>;
};

const share = number(0, 1);
const needs = { noAug: off };

const augmentationOptions = Object.fromEntries(
  Object.entries(augmentations).map(([name, { on, kind, default: value, help }]) => [
    name,
    option<unknown>(kind as Kind<unknown>, value, help, on === "batches" ? {} : { needs }),
  ]),
) as unknown as AugmentationOptions;

export const imageOptions = {
  /** null: the dataset's if its images are of one size, otherwise the model's. */
  imgSize: option(optional(integer(8, 4096)), null, "side of the images in pixels"),
  /** null: the weights', or the model's. */
  cropPct: option(optional(number(0, 1, { above: true })), null, "share of the resized image's side that evaluation keeps"), // prettier-ignore
  /** null: the weights', or the model's. */
  interpolation: option(optional(choice(() => FILTERS)), null, `how images are resized: ${FILTERS.join(", ")}`), // prettier-ignore
  /** null: the weights', otherwise the newest. */
  resample: option(optional(choice(() => RESAMPLES)), null, `order of a resize's passes: ${RESAMPLES.join(", ")}`), // prettier-ignore
  /** null: the weights' own, otherwise the dataset's if known, otherwise the model's. */
  mean: option(optional(list(number(-Infinity))), null, "mean of each channel, of values in 0…1"),
  std: option(optional(list(number(0, Infinity, { above: true }))), null, "deviation of each channel"),
  noAug: flag("train on images as they are evaluated"),
  /** null: [0.08, 1] for images above 64 pixels; smaller ones are padded and cropped. */
  scale: option(optional(list(number(0, 1, { above: true }), 2) as Kind<readonly [number, number]>), null, "share of an image that a training crop shows, from,to (default: 0.08,1 above 64 pixels)", { needs }), // prettier-ignore
  /** null: 0.5, or 0 for grey images up to 64 pixels, which may be digits. */
  hflip: option(optional(share), null, "probability of a horizontal flip (default: 0.5; 0 for small grey images)", { needs }), // prettier-ignore
  ...augmentationOptions,
};
