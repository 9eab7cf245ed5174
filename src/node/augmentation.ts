// What a training run changes in its images: its arguments as transforms, each at its place in the chain.

import { checkKinds } from "../errors/options.js";
import { checkDataset } from "../data/options.js";
import { checkPreparation } from "./preprocessing.js";
import {
  augmentByName,
  CenterCrop,
  ColorJitter,
  Compose,
  CutMix,
  Cutout,
  FMix,
  GridMask,
  HideAndSeek,
  Mixup,
  Normalize,
  RandomChoice,
  RandomCrop,
  RandomErasing,
  RandomHorizontalFlip,
  RandomResizedCrop,
  RandomVerticalFlip,
  Resize,
  ToTensor,
  type BatchTransform,
  type Dataset,
  type LoaderOptions,
  type Transform,
} from "../data/index.js";
import type { Preprocessing } from "../models/index.js";
import { converted, evalTransforms, fits, sideOf, SMALL, type Transforms } from "./preprocessing.js";
import type { TrainArguments } from "./train-arguments.js";

/** The arguments that say what a training run changes in its images. */
export type AugmentArguments = Pick<
  TrainArguments,
  | "noAug"
  | "scale"
  | "hflip"
  | "vflip"
  | "aa"
  | "colorJitter"
  | "reprob"
  | "cutout"
  | "hideAndSeek"
  | "gridmask"
  | "mixup"
  | "cutmix"
  | "fmix"
>;

/** A transform for images of this side, if the arguments ask for it. */
type Maker<T> = (args: AugmentArguments, size: number) => T | false;

/** Of bytes, between flips and ToTensor. */
const onBytes: readonly Maker<Transform>[] = [
  ({ colorJitter: j }) => j > 0 && new ColorJitter({ brightness: j, contrast: j, saturation: j }),
  ({ aa }) => aa !== null && augmentByName(aa),
];

/** Of floats, after Normalize. */
const onFloats: readonly Maker<Transform>[] = [
  ({ reprob }) => reprob > 0 && new RandomErasing({ p: reprob }),
  ({ cutout }) => cutout > 0 && new Cutout({ length: cutout }),
  ({ hideAndSeek: p }, size) => p > 0 && new HideAndSeek({ p, gridSizes: gridSizes(size) }),
  ({ gridmask: p }, size) => p > 0 && new GridMask({ p, dMin: Math.round(size * share(size)), dMax: size }),
];

/** Of whole batches; with several, each batch draws one. */
const onBatches: readonly Maker<BatchTransform>[] = [
  ({ mixup: alpha }) => alpha > 0 && new Mixup({ alpha }),
  ({ cutmix: alpha }) => alpha > 0 && new CutMix({ alpha }),
  ({ fmix: alpha }) => alpha > 0 && new FMix({ alpha }),
];

/** Hide-and-Seek's patches of 16, 32, 44, 56 in 224 pixels, in proportion. */
const gridSizes = (size: number): number[] =>
  [0, 16, 32, 44, 56].map((side) => (side ? Math.max(2, Math.round((side * size) / 224)) : 0));

/** GridMask's least distance between squares, in parts of the image: 96 of 224, and 24 of CIFAR's 32. */
const share = (size: number): number => (size <= SMALL ? 24 / 32 : 96 / 224);

function made<T>(makers: readonly Maker<T>[], args: AugmentArguments, size: number): T[] {
  return makers.flatMap((make) => make(args, size) || []);
}

/**
 * How the images of a training run are prepared: those of more than 64 pixels by crops of any size and flips, smaller ones by
 * padded crops and flips, grey ones as they are; then what the arguments add.
 * @throws DataError for an unknown policy, or what augmentations say of their options
 */
export function trainTransforms(
  dataset: Dataset,
  preparation: Preprocessing,
  args: AugmentArguments,
): Transforms & Pick<LoaderOptions, "batchTransform"> {
  checkDataset("trainTransforms", dataset);
  checkPreparation("trainTransforms", preparation);
  checkKinds("trainTransforms", { args }, { args: "object" });
  const batches = made(onBatches, args, sideOf(preparation));
  const mixed = batches.length > 1 ? new RandomChoice(batches) : batches[0];
  return { ...sampleTransforms(dataset, preparation, args), ...(mixed && { batchTransform: mixed }) };
}

function sampleTransforms(dataset: Dataset, preparation: Preprocessing, args: AugmentArguments): Transforms {
  const { interpolation, mean, std } = preparation;
  const size = sideOf(preparation);
  const small = size <= SMALL;
  const digits = small && preparation.inputSize[2] === 1;
  const hflip = args.hflip ?? (digits ? 0 : 0.5);
  const seen = args.scale ?? (small ? null : ([0.08, 1] as const));
  const [bytes, floats] = [made(onBytes, args, size), made(onFloats, args, size)];
  const changes = [
    ...(seen ? [new RandomResizedCrop(size, { scale: seen, interpolation })] : []),
    ...(!seen && !digits ? [new RandomCrop(size, { padding: Math.round(size / 8) })] : []),
    ...(hflip > 0 ? [new RandomHorizontalFlip(hflip)] : []),
    ...(args.vflip > 0 ? [new RandomVerticalFlip(args.vflip)] : []),
    ...bytes,
  ];
  if (args.noAug || changes.length + floats.length === 0) return evalTransforms(dataset, preparation);
  const whole = seen || fits(dataset, preparation) ? [] : [new Resize(size, { interpolation }), new CenterCrop(size)]; // prettier-ignore
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
