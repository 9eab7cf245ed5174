// Options of a training: how its images are prepared and changed.

import { augmentByName, augmentNames } from "../../data/index.js";
import { integer, list, number, optional, type Kind } from "../kinds.js";
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
  scale: option(list(number(0, 1, { above: true }), 2) as Kind<readonly [number, number]>, [0.08, 1], "share of a photo that a training crop shows, from,to", { needs }), // prettier-ignore
  /** null: the weights' own, otherwise the dataset's if known, otherwise the model's. */
  mean: option(optional(list(number(-Infinity))), null, "mean of each channel, of values in 0…1"),
  std: option(optional(list(number(0, Infinity, { above: true }))), null, "deviation of each channel"),
  noAug: flag("train on images as they are evaluated"),
  aa: option(optional(policy), null, "AutoAugment policy: imagenet, cifar10, svhn, ra, rand-m9-n2, ta_wide", { needs }), // prettier-ignore
  colorJitter: option(share, 0, "deviation of brightness, contrast, saturation", { needs }),
  reprob: option(share, 0, "probability that a box is erased", { needs }),
  cutout: option(integer(0), 0, "side of a square that is cut out, in pixels", { needs }),
  mixup: option(number(0), 0, "mixup's alpha"),
  cutmix: option(number(0), 0, "CutMix's alpha; with --mixup each batch draws one"),
};
