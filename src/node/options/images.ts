// Options of a training: how its images are prepared and changed.

import { augmentByName, augmentNames } from "../../data/index.js";
import { FILTERS } from "../../models/index.js";
import { choice, integer, list, number, optional, type Kind } from "../kinds.js";
import { flag, off, option } from "./option.js";

const policy: Kind<string> = {
  expected: "imagenet, cifar10, svhn, ra, ta_wide, or as rand-m9-n2",
  metavar: "<policy>",
  names: () => augmentNames,
  accepts: (v): v is string => typeof v === "string" && policy.parse(v) !== undefined,
  parse(name) {
    try {
      augmentByName(name);
      return name;
    } catch {
      return undefined;
    }
  },
};

const share = number(0, 1);
const needs = { noAug: off };

export const imageOptions = {
  /** null: the dataset's if its images are of one size, otherwise the model's. */
  imgSize: option(optional(integer(8, 4096)), null, "side of the images in pixels"),
  /** null: the weights', or the model's. */
  cropPct: option(optional(number(0, 1, { above: true })), null, "share of the resized image's side that evaluation keeps"), // prettier-ignore
  /** null: the weights', or the model's. */
  interpolation: option(optional(choice(() => FILTERS)), null, `how images are resized: ${FILTERS.join(", ")}`), // prettier-ignore
  /** null: the weights' own, otherwise the dataset's if known, otherwise the model's. */
  mean: option(optional(list(number(-Infinity))), null, "mean of each channel, of values in 0…1"),
  std: option(optional(list(number(0, Infinity, { above: true }))), null, "deviation of each channel"),
  noAug: flag("train on images as they are evaluated"),
  /** null: [0.08, 1] of images of more than 64 pixels; smaller ones are padded and cut. */
  scale: option(optional(list(number(0, 1, { above: true }), 2) as Kind<readonly [number, number]>), null, "share of an image that a training crop shows, from,to (default: 0.08,1 beyond 64 pixels)", { needs }), // prettier-ignore
  /** null: 0.5, or 0 of grey images up to 64 pixels, which may be digits. */
  hflip: option(optional(share), null, "probability of left for right (default: 0.5; 0 of small grey images)", { needs }), // prettier-ignore
  vflip: option(share, 0, "probability of top for bottom", { needs }),
  aa: option(optional(policy), null, "AutoAugment policy: imagenet, cifar10, svhn, ra, ta_wide, rand-m9-n2", { needs }), // prettier-ignore
  colorJitter: option(share, 0, "deviation of brightness, contrast, saturation", { needs }),
  reprob: option(share, 0, "probability that a box is erased", { needs }),
  cutout: option(integer(0), 0, "side of a square that is cut out, in pixels", { needs }),
  hideAndSeek: option(share, 0, "probability that a patch of a grid over the image is hidden", { needs }),
  gridmask: option(share, 0, "probability that squares of a grid are cut out of the image", { needs }),
  mixup: option(number(0), 0, "mixup's alpha"),
  cutmix: option(number(0), 0, "CutMix's alpha"),
  fmix: option(number(0), 0, "FMix's alpha; of --mixup, --cutmix, --fmix each batch draws one"),
};
