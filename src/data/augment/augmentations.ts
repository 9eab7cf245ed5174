// The augmentations of a training run: a row for each, which defines flags, arguments, checks and the sheet of augmentations.
// In the order in which they are applied.

import { integer, number, optional, type Kind } from "../../errors/kinds.js";
import { SMALL } from "../preprocessing.js";
import type { Transform } from "../transform.js";
import { ColorJitter } from "../transforms/color-jitter.js";
import { RandomVerticalFlip } from "../transforms/flips.js";
import type { BatchTransform } from "./batch.js";
import { augmentByName, policy } from "./by-name.js";
import { CutMix } from "./cutmix.js";
import { Cutout } from "./cutout.js";
import { FMix } from "./fmix.js";
import { GridMask } from "./grid-mask.js";
import { HideAndSeek } from "./hide-and-seek.js";
import { Mixup } from "./mixup.js";
import { RandomErasing } from "./random-erasing.js";

export { CutMix, type CutMixOptions } from "./cutmix.js";
export { Cutout, type CutoutOptions } from "./cutout.js";
export { FMix, type FMixOptions } from "./fmix.js";
export { GridMask, type GridMaskOptions } from "./grid-mask.js";
export { HideAndSeek, type HideAndSeekOptions } from "./hide-and-seek.js";
export { Mixup, type MixupOptions } from "./mixup.js";
export { RandomErasing, type RandomErasingOptions } from "./random-erasing.js";

/** T: its value. M: what it makes. */
export interface Augmentation<T, M extends Transform | BatchTransform> {
  /** Its input: bytes between crop and ToTensor, floats after Normalize, or whole batches, each of which draws one. */
  readonly on: "bytes" | "floats" | "batches";
  /** Kind of its value. @hidden */
  readonly kind: Kind<T>;
  /** The value that turns it off. */
  readonly default: T;
  /** A line for --help. */
  readonly help: string;
  /** Values that show what it does. */
  readonly shown: readonly T[];
  /** The augmentation for a value, for images of this side. */
  make(value: T, side: number): M;
}

type Row<T, M extends Transform | BatchTransform> = Omit<
  Augmentation<T, M>,
  "on" | "kind" | "default" | "help"
>;

const row =
  <M extends Transform | BatchTransform>(on: Augmentation<unknown, M>["on"]) =>
  <T>(kind: Kind<T>, value: NoInfer<T>, help: string, more: Row<T, M>): Augmentation<T, M> => ({
    ...{ on, kind, default: value, help },
    ...more,
  });

const onBytes = row<Transform>("bytes");
const onFloats = row<Transform>("floats");
const onBatches = row<BatchTransform>("batches");

const share = number(0, 1);
const alpha = number(0);

/** By the arguments' names, which are timm's wherever it has them. */
export const augmentations = {
  /** RandomVerticalFlip: the probability of a vertical flip. */
  vflip: onBytes(share, 0, "probability of a vertical flip", {
    shown: [0.5],
    make: (p) => new RandomVerticalFlip(p),
  }),
  /** ColorJitter: how far brightness, contrast and saturation may move from 1. */
  colorJitter: onBytes(share, 0, "deviation of brightness, contrast, saturation", {
    shown: [0.4],
    make: (by) => new ColorJitter({ brightness: by, contrast: by, saturation: by }),
  }),
  /** AutoAugment, RandAugment or TrivialAugmentWide: the name of a policy, as augmentByName() takes it. */
  aa: onBytes(optional(policy), null, `AutoAugment policy: ${policy.expected}`, {
    shown: ["imagenet", "cifar10", "svhn", "ra", "ta_wide"],
    make: (name) => augmentByName(name!),
  }),
  /** RandomErasing: the probability that a box is erased. */
  reprob: onFloats(share, 0, "probability that a box is erased", {
    shown: [1],
    make: (p) => new RandomErasing({ p }),
  }),
  /** Cutout: the side of the square that is cut out, in pixels. */
  cutout: onFloats(integer(0), 0, "side of a square that is cut out, in pixels", {
    shown: [112],
    make: (length) => new Cutout({ length }),
  }),
  /** HideAndSeek: the probability that a patch is hidden. */
  hideAndSeek: onFloats(share, 0, "probability that a patch of a grid over the image is hidden", {
    shown: [0.5],
    // patches of 0, 16, 32, 44, 56 in 224 pixels, in proportion
    make: (p, side) =>
      new HideAndSeek({
        p,
        gridSizes: [0, 16, 32, 44, 56].map((patch) => patch && Math.max(2, Math.round((patch * side) / 224))),
      }),
  }),
  /** GridMask: the probability that squares are cut out. */
  gridmask: onFloats(share, 0, "probability that squares of a grid are cut out of the image", {
    shown: [1],
    // squares 96 to 224 pixels apart in 224, or 24 to 32 in CIFAR's 32
    make: (p, side) =>
      new GridMask({ p, dMin: Math.round(side * (side <= SMALL ? 24 / 32 : 96 / 224)), dMax: side }),
  }),
  /** Mixup: its alpha. */
  mixup: onBatches(alpha, 0, "mixup's alpha", { shown: [0.2], make: (alpha) => new Mixup({ alpha }) }),
  /** CutMix: its alpha. */
  cutmix: onBatches(alpha, 0, "CutMix's alpha", { shown: [1], make: (alpha) => new CutMix({ alpha }) }),
  /** FMix: its alpha. */
  fmix: onBatches(alpha, 0, "FMix's alpha; of --mixup, --cutmix, --fmix each batch draws one", {
    shown: [1],
    make: (alpha) => new FMix({ alpha }),
  }),
};

/** A value for each augmentation. */
export type AugmentationValues = {
  [Name in keyof typeof augmentations]: (typeof augmentations)[Name] extends Augmentation<
    infer T,
    Transform | BatchTransform
  >
    ? T
    : never;
};
