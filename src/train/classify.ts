// Classifies one picture.

import { CompiledModel } from "../compile/compile.js";
import { noGrad } from "../core/grad-mode.js";
import { Random } from "../core/random.js";
import { tidy } from "../core/scope.js";
import { tensor, type Tensor } from "../core/tensor.js";
import { rawImageOf, type PixelSource } from "../data/pixels.js";
import { decodeActive, transformsFor, type FloatImage, type Preprocessing } from "../data/index.js";
import { DataError } from "../errors.js";
import { checkOptions, wrongKind } from "../errors/options.js";
import { inEvaluation } from "../nn/evaluation.js";
import { Module } from "../nn/index.js";
import { topClasses } from "./top-classes.js";

/** A class that a model predicts for a picture. */
export interface Label {
  /** The class's name; its number as text if names are not known. */
  label: string;
  /** Its index among the model's outputs. */
  index: number;
  /** From 0 to 1; the probabilities of all classes sum to 1. */
  probability: number;
}

/** Options of classify(). */
export interface ClassifyOptions {
  /** How many classes, the likeliest first. Default 5, or all if there are fewer. */
  topK?: number;
  /** Names of the classes, in the order of the model's outputs. Default: their numbers. */
  classes?: readonly string[];
  /** How pictures are prepared. Default: the model's `preprocessing`, which comes with its weights, otherwise the architecture's. */
  preprocessing?: Preprocessing;
}

/** A picture: the bytes of a file, or pixels (see fromPixels()). */
export type AnyPicture = Uint8Array | PixelSource;

/** The pixels of a picture as a model takes them. @throws DataError if it cannot be decoded, or is not a picture */
export async function preparePicture(
  picture: AnyPicture,
  preprocessing: Preprocessing,
  file = "picture",
): Promise<FloatImage> {
  const channels = preprocessing.inputSize[2] === 1 ? 1 : 3;
  const raw =
    picture instanceof Uint8Array
      ? await decodeActive(picture, { file, channels })
      : rawImageOf(picture, channels);
  return transformsFor(preprocessing).apply(raw, new Random(0)) as FloatImage;
}

/** Prepared pictures of one size as a batch [n, height, width, channels]. */
export function batchOf(images: readonly FloatImage[]): Tensor {
  const { height, width, channels } = images[0]!;
  const size = height * width * channels;
  const data = new Float32Array(images.length * size);
  images.forEach((image, i) => data.set(image.data, i * size));
  return tensor(data, [images.length, height, width, channels]);
}

/** The likeliest classes of each row of logits, with their names. */
export function labelsOf(logits: Tensor, topK: number, classes?: readonly string[]): Label[][] {
  const count = logits.shape[1]!;
  if (classes && classes.length !== count) {
    throw new DataError(
      `classify: ${classes.length} names of classes; expected ${count}, one for each output`,
    );
  }
  return topClasses(logits, topK).map((guesses) =>
    guesses.map(({ label, probability }) => ({
      label: classes?.[label] ?? String(label),
      index: label,
      probability,
    })),
  );
}

/**
 * Classifies a picture: returns the likeliest classes, the likeliest first. picture: the bytes of a JPEG, PNG, … file, or pixels.
 * model: a network, or a compiled one, which needs `preprocessing`.
 * @throws DataError if it is not a picture, or the preprocessing is unknown
 */
export async function classify(
  model: Module | CompiledModel,
  picture: AnyPicture,
  options: ClassifyOptions = {},
): Promise<Label[]> {
  if (!(model instanceof Module || model instanceof CompiledModel)) {
    throw wrongKind("classify", "model", model, "a Module or the result of compile()");
  }
  checkOptions<ClassifyOptions>("classify", options, { topK: true, classes: true, preprocessing: true });
  const known = model as { preprocessing?: Preprocessing; info?: Preprocessing };
  const preprocessing = options.preprocessing ?? known.preprocessing ?? known.info;
  if (!preprocessing) {
    throw new DataError("classify: how pictures are prepared is unknown; expected preprocessing");
  }
  const image = await preparePicture(picture, preprocessing);
  return tidy(() => {
    const x = batchOf([image]);
    const logits =
      model instanceof Module ? noGrad(() => inEvaluation(model, () => model.forward(x))) : model.run(x);
    return labelsOf(logits, options.topK ?? 5, options.classes)[0]!;
  });
}
