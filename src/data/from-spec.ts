// Transforms from their specs. Only code that makes transforms by name uses the table, so that a page that makes them by
// class carries no others.

import { DataError, short } from "../errors.js";
import { checkFields } from "../errors/options.js";
import { registeredBatchTransforms, type BatchTransform } from "./augment/batch.js";
import { AutoAugment, type AutoAugmentOptions } from "./augment/auto-augment.js";
import { CutMix, type CutMixOptions } from "./augment/cutmix.js";
import { Cutout, type CutoutOptions } from "./augment/cutout.js";
import { FMix, type FMixOptions } from "./augment/fmix.js";
import { GridMask, type GridMaskOptions } from "./augment/grid-mask.js";
import { HideAndSeek, type HideAndSeekOptions } from "./augment/hide-and-seek.js";
import { Mixup, type MixupOptions } from "./augment/mixup.js";
import { RandAugment, type RandAugmentOptions } from "./augment/rand-augment.js";
import { RandomChoice, type RandomChoiceOptions } from "./augment/random-choice.js";
import { RandomErasing, type RandomErasingOptions } from "./augment/random-erasing.js";
import { TrivialAugmentWide, type TrivialAugmentWideOptions } from "./augment/trivial-augment.js";
import {
  ColorJitter,
  type ColorJitterOptions,
  Grayscale,
  RandomGrayscale,
} from "./transforms/color-jitter.js";
import { Compose } from "./transforms/compose.js";
import { Pad, type PadOptions, RandomCrop, type RandomCropOptions } from "./transforms/cropping.js";
import { RandomHorizontalFlip, RandomVerticalFlip } from "./transforms/flips.js";
import {
  type Degrees,
  RandomAffine,
  type RandomAffineOptions,
  RandomRotation,
  type RandomRotationOptions,
} from "./transforms/random-affine.js";
import {
  CenterCrop,
  RandomResizedCrop,
  type RandomResizedCropOptions,
  Resize,
  ResizeLonger,
  type ResizeTransformOptions,
} from "./transforms/resizing.js";
import { Normalize, ToTensor } from "./transforms/to-tensor.js";
import type { Fill } from "./transforms/geometry.js";
import type { Padding, Size } from "./transforms/options.js";
import { registeredTransforms, type Transform, type TransformSpec } from "./transform.js";

type Table<T> = Readonly<Record<string, (options: never) => T>>;

const TRANSFORMS: Table<Transform> = {
  AutoAugment: (options: AutoAugmentOptions) => new AutoAugment(options),
  CenterCrop: ({ size, ...options }: { size: Size; fill?: Fill }) => new CenterCrop(size, options),
  ColorJitter: (options: ColorJitterOptions) => new ColorJitter(options),
  Cutout: (options: CutoutOptions) => new Cutout(options),
  Grayscale: ({ numOutputChannels }: { numOutputChannels?: number }) => new Grayscale(numOutputChannels),
  GridMask: (options: GridMaskOptions) => new GridMask(options),
  HideAndSeek: (options: HideAndSeekOptions) => new HideAndSeek(options),
  Normalize: ({ mean, std }: { mean: readonly number[]; std: readonly number[] }) => new Normalize(mean, std),
  Pad: ({ padding, ...options }: PadOptions & { padding: Padding }) => new Pad(padding, options),
  RandAugment: (options: RandAugmentOptions) => new RandAugment(options),
  RandomAffine: ({ degrees, ...options }: RandomAffineOptions & { degrees: Degrees }) =>
    new RandomAffine(degrees, options),
  RandomCrop: ({ size, ...options }: RandomCropOptions & { size: Size }) => new RandomCrop(size, options),
  RandomErasing: (options: RandomErasingOptions) => new RandomErasing(options),
  RandomGrayscale: ({ p }: { p?: number }) => new RandomGrayscale(p),
  RandomHorizontalFlip: ({ p }: { p?: number }) => new RandomHorizontalFlip(p),
  RandomResizedCrop: ({ size, ...options }: RandomResizedCropOptions & { size: Size }) =>
    new RandomResizedCrop(size, options),
  RandomRotation: ({ degrees, ...options }: RandomRotationOptions & { degrees: Degrees }) =>
    new RandomRotation(degrees, options),
  RandomVerticalFlip: ({ p }: { p?: number }) => new RandomVerticalFlip(p),
  Resize: ({ size, ...options }: ResizeTransformOptions & { size: Size }) => new Resize(size, options),
  ResizeLonger: ({ size, ...options }: Omit<ResizeTransformOptions, "maxSize"> & { size: number }) =>
    new ResizeLonger(size, options),
  ToTensor: () => new ToTensor(),
  TrivialAugmentWide: (options: TrivialAugmentWideOptions) => new TrivialAugmentWide(options),
  Compose: ({ transforms }: { transforms: readonly TransformSpec[] }) =>
    new Compose(transforms.map(makeTransform)),
};

const BATCH_TRANSFORMS: Table<BatchTransform> = {
  CutMix: (options: CutMixOptions) => new CutMix(options),
  FMix: (options: FMixOptions) => new FMix(options),
  Mixup: (options: MixupOptions) => new Mixup(options),
  RandomChoice: ({ transforms, p }: RandomChoiceOptions) =>
    new RandomChoice(transforms.map(makeBatchTransform), p),
};

/** The transform of a spec, made by a registered function, otherwise by our own. */
function made<T>(
  op: string,
  what: string,
  spec: TransformSpec,
  registered: ReadonlyMap<string, (options: never) => T>,
  own: Table<T>,
): T {
  checkFields(op, "spec", spec, { name: "text", options: "object" });
  const { name, options } = spec;
  const make = registered.get(name) ?? (Object.hasOwn(own, name) ? own[name] : undefined);
  if (!make) {
    const known = [...new Set([...registered.keys(), ...Object.keys(own)])].sort().join(", ");
    throw new DataError(`${what}: unknown name '${short(name)}'; known: ${known}`);
  }
  return make(options as never);
}

/** The transform that a spec describes. @throws DataError listing the known names unless it is fovea's own or registered */
export function makeTransform(spec: TransformSpec): Transform {
  return made("makeTransform", "transform", spec, registeredTransforms, TRANSFORMS);
}

/** The batch transform that a spec describes. @throws DataError listing the known names unless it is fovea's own or registered */
export function makeBatchTransform(spec: TransformSpec): BatchTransform {
  return made("makeBatchTransform", "batch transform", spec, registeredBatchTransforms, BATCH_TRANSFORMS);
}
