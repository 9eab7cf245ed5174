// A training run's augmentations: its arguments as transforms, each at its place in the chain.

import { checkKinds } from "../errors/options.js";
import { checkDataset } from "../data/options.js";
import {
  augmentations,
  CenterCrop,
  checkPreprocessing,
  Compose,
  Normalize,
  RandomChoice,
  RandomCrop,
  RandomHorizontalFlip,
  RandomResizedCrop,
  RESAMPLES,
  Resize,
  SMALL,
  ToTensor,
  type AugmentationValues,
  type Augmentation,
  type BatchTransform,
  type Dataset,
  type LoaderOptions,
  type Transform,
  type Preprocessing,
} from "../data/index.js";

import { converted, evalTransforms, fits, sideOf, type Transforms } from "./preprocessing.js";
import type { TrainArguments } from "./train-arguments.js";

/** The arguments for a training run's augmentations. */
export type AugmentArguments = Pick<TrainArguments, "noAug" | "scale" | "hflip"> & AugmentationValues;

/** The requested augmentations, in the order of the table. */
interface Augmenting {
  bytes: Transform[];
  floats: Transform[];
  batches: BatchTransform[];
}

/** The transforms that the arguments request, for images of this side. */
function augmentationsFor(values: AugmentArguments, side: number): Augmenting {
  const made: Augmenting = { bytes: [], floats: [], batches: [] };
  for (const [name, row] of Object.entries(augmentations)) {
    const value = values[name as keyof AugmentationValues] ?? row.default;
    if (value === row.default) continue;
    const { on, make } = row as Augmentation<unknown, Transform | BatchTransform>;
    (made[on] as (Transform | BatchTransform)[]).push(make(value, side));
  }
  return made;
}

/**
 * How the images of a training run are prepared: those above 64 pixels by crops of any size and flips, smaller ones by padded
 * crops and flips, small grey ones unchanged; then the arguments' augmentations.
 * @throws DataError for an unknown policy or an invalid option of an augmentation
 */
export function trainTransforms(
  dataset: Dataset,
  preparation: Preprocessing,
  args: AugmentArguments,
): Pick<LoaderOptions, "transform" | "normalization" | "batchTransform"> {
  checkDataset("trainTransforms", dataset);
  checkPreprocessing("trainTransforms", preparation);
  checkKinds("trainTransforms", { args }, { args: "object" });
  const requested = augmentationsFor(args, sideOf(preparation));
  const { batches } = requested;
  const mixed = batches.length > 1 ? new RandomChoice(batches) : batches[0];
  return {
    ...sampleTransforms(dataset, preparation, args, requested),
    ...(mixed && { batchTransform: mixed }),
  };
}

function sampleTransforms(
  dataset: Dataset,
  preparation: Preprocessing,
  args: AugmentArguments,
  { bytes, floats }: Augmenting,
): Transforms {
  const { interpolation, resample = RESAMPLES[0], mean, std } = preparation;
  const size = sideOf(preparation);
  const small = size <= SMALL;
  const digits = small && preparation.inputSize[2] === 1;
  const hflip = args.hflip ?? (digits ? 0 : 0.5);
  const seen = args.scale ?? (small ? null : ([0.08, 1] as const));
  const changes = [
    ...(seen ? [new RandomResizedCrop(size, { scale: seen, interpolation, resample })] : []),
    ...(!seen && !digits ? [new RandomCrop(size, { padding: Math.round(size / 8) })] : []),
    ...(hflip > 0 ? [new RandomHorizontalFlip(hflip)] : []),
    ...bytes,
  ];
  if (args.noAug || changes.length + floats.length === 0) return evalTransforms(dataset, preparation);
  const whole = seen || fits(dataset, preparation) ? [] : [new Resize(size, { interpolation, resample }), new CenterCrop(size)]; // prettier-ignore
  return {
    transform: new Compose([
      ...converted(dataset, preparation),
      ...whole,
      ...changes,
      new ToTensor(),
      new Normalize(mean, std),
      ...floats,
    ]),
  };
}
