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
} from "../../data/index.js";
import { SMALL } from "../../data/preprocessing.js";

type Transforms = Pick<LoaderOptions, "transform" | "normalization">;

/** Grey to colours or colours to grey, for pictures that are not as the model wants them. */
function toChannels(channels: number): Transform {
  const convert = new Grayscale(channels);
  return {
    apply: (image: AnyImage) => (image.channels === channels ? image : convert.apply(image)),
  };
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
export function plainTransforms(whole: Dataset, preprocessing: Preprocessing): Transforms {
  const { inputSize, mean, std } = preprocessing;
  if (fits(whole, preprocessing)) return { normalization: { mean, std } }; // looked up in a table
  return { transform: [toChannels(inputSize[2]), transformsFor(preprocessing)] };
}

/** Pictures cut and mirrored at random: small ones within a border, others anywhere; digits are not mirrored. */
export function randomTransforms({ inputSize, interpolation, mean, std }: Preprocessing): Transforms {
  const [height, width, channels] = inputSize;
  const size = Math.min(height, width);
  const cut =
    size <= SMALL
      ? new RandomCrop(size, { padding: Math.round(size / 8) })
      : new RandomResizedCrop(size, { scale: [0.35, 1], interpolation });
  return {
    transform: new Compose([
      toChannels(channels),
      cut,
      ...(channels === 1 ? [] : [new RandomHorizontalFlip()]),
      new ToTensor(),
      new Normalize(mean, std),
    ]),
  };
}
