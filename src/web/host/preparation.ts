// How a trainer's pictures become batches.

import {
  Compose,
  Grayscale,
  ImageDataset,
  Normalize,
  RandomCrop,
  RandomHorizontalFlip,
  RandomResizedCrop,
  resizeOf,
  ToTensor,
  transformsFor,
  type AnyImage,
  type Dataset,
  type LoaderOptions,
  type Preprocessing,
  type Transform,
  type TransformSpec,
} from "../../data/index.js";
import { RESAMPLES, SMALL } from "../../data/preprocessing.js";
import { DataError, short } from "../../errors.js";

/** What a loader is given of how pictures become batches; workers: how many read them. */
type Transforms = Pick<LoaderOptions, "transform" | "normalization" | "workers">;

/** Grey to colours or colours to grey, for pictures that are not as the model wants them. */
function toChannels(channels: number): Transform {
  const convert = new Grayscale(channels);
  return {
    apply: (image: AnyImage) => (image.channels === channels ? image : convert.apply(image)),
  };
}

/** What is done with a picture. */
interface Preparing {
  readonly preprocessing: Preprocessing;
  /** Whether it is cut and mirrored at random. */
  readonly random: boolean;
}

/** Pictures cut and mirrored at random: small ones of the network's size within a border, others anywhere; digits are not mirrored. */
function randomSteps({
  inputSize,
  interpolation,
  resample = RESAMPLES[0],
  mean,
  std,
}: Preprocessing): Transform[] {
  const [height, width, channels] = inputSize;
  const size = Math.min(height, width);
  const anywhere = new RandomResizedCrop(size, { scale: [0.35, 1], interpolation, resample });
  const shifted = new RandomCrop(size, { padding: Math.round(size / 8) });
  const isSmall = (image: AnyImage): boolean =>
    size <= SMALL && image.height === size && image.width === size;
  const cut: Transform = {
    apply: (image, random) => (isSmall(image) ? shifted : anywhere).apply(image, random),
  };
  return [
    cut,
    ...(channels === 1 ? [] : [new RandomHorizontalFlip()]),
    new ToTensor(),
    new Normalize(mean, std),
  ];
}

/** All that is done with a picture, by a name and options from which data workers make the same. */
class Prepare extends Compose {
  static readonly NAME = "fovea/web: Prepare";
  override readonly spec: TransformSpec;

  constructor(options: Preparing) {
    const { preprocessing, random } = options;
    super([
      toChannels(preprocessing.inputSize[2]),
      ...(random ? randomSteps(preprocessing) : [transformsFor(preprocessing)]),
    ]);
    this.spec = { name: Prepare.NAME, options };
  }
}

/** Makes what a spec of these describes. @throws DataError for others */
export function makePrepared({ name, options }: TransformSpec): Transform {
  if (name === Prepare.NAME) return new Prepare(options as Preparing);
  throw new DataError(`fovea/web: a data worker cannot make '${short(name)}'; known: ${Prepare.NAME}`);
}

/** Whether all pictures have the size that the model wants. */
function fits(dataset: Dataset, { inputSize, ...rest }: Preprocessing): boolean {
  return (
    dataset instanceof ImageDataset &&
    dataset.shape.join() === inputSize.join() &&
    resizeOf({ inputSize, ...rest }) === inputSize[0]
  );
}

/** Pictures as the model is to see them. whole: the dataset that they are part of. */
export function plainTransforms(whole: Dataset, preprocessing: Preprocessing, workers = 0): Transforms {
  const { mean, std } = preprocessing;
  if (fits(whole, preprocessing)) return { normalization: { mean, std } }; // looked up in a table
  return { transform: new Prepare({ preprocessing, random: false }), workers };
}

/** Pictures changed at random, each time in another way. */
export function randomTransforms(preprocessing: Preprocessing, workers = 0): Transforms {
  return { transform: new Prepare({ preprocessing, random: true }), workers };
}

/** Most workers that read pictures unless another number is given, and the cores for each: on two cores the network needs both. */
const [MOST_WORKERS, CORES_EACH] = [4, 4];

/**
 * How many workers read the pictures: files are worth one for four cores; for pixels in memory there are none. Nor are there outside
 * Chromium: in Firefox 153 a second run that started workers stood still, for a reason that has not been found.
 */
export function workersFor(dataset: Dataset): number {
  if (!globalThis.navigator || !("userAgentData" in navigator)) return 0;
  if (typeof Worker !== "function" || dataset instanceof ImageDataset) return 0;
  return Math.min(Math.floor(navigator.hardwareConcurrency / CORES_EACH), MOST_WORKERS);
}
