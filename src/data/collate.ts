// Puts a batch together: reads its samples, transforms each, and writes them side by side as floats. The main thread
// and worker threads run the same code.

import { sizeOf } from "../core/shape.js";
import { DataError } from "../errors.js";
import type { BatchTransform } from "./augment/batch.js";
import type { Random } from "../core/random.js";
import { partOf, type Dataset, type ImageShape } from "./dataset.js";
import { isImage, notAnImage, type AnyImage, type RawImage } from "./image.js";
import { PixelWriter, type Normalization } from "./normalization.js";
import { batchRandom, sampleRandom } from "./streams.js";
import { targetsOf } from "./targets.js";
import type { Transform } from "./transform.js";

/** What to do with a sample that cannot be read, decoded or transformed. */
export type OnError = "throw" | "skip";

/** How samples become batches. */
export interface Recipe {
  readonly dataset: Dataset;
  readonly transforms: readonly Transform[];
  readonly batchTransform: BatchTransform | undefined;
  readonly normalization: Normalization | undefined;
  readonly onError: OnError;
}

/** A request for a batch; plain data. */
export interface BatchJob {
  /** Seed of the epoch. */
  readonly seed: number;
  /** Number in the epoch, from 0. */
  readonly number: number;
  /** Of its random numbers: its number or, in a group, that of this process's part among the parts of all batches. */
  readonly stream: number;
  /** Its samples, and how often the epoch has drawn each of them before. */
  readonly indices: Uint32Array;
  readonly draws: Uint32Array;
}

/** A sample left out, and why. */
export interface Skipped {
  /** Index of the sample in the dataset. */
  readonly index: number;
  /** The error's message. */
  readonly reason: string;
}

/** A batch except for its pixels; plain data. */
export interface MadeBatch {
  readonly shape: ImageShape;
  /** Its samples: the job's, without the skipped ones. */
  readonly indices: Uint32Array;
  /** [n, classes]: the dataset's targets, or one-hot ones after a batch transform, if there are any. */
  readonly targets: Float32Array | undefined;
  readonly skipped: readonly Skipped[];
}

/** Returns the memory for a batch's pixels, once its images' shape is known: a live view, requested before each write. */
export type Room = (shape: ImageShape) => () => Float32Array;

type Step = Transform["apply"];

export class Collator {
  readonly #recipe: Recipe;
  readonly #writer: PixelWriter;

  constructor(recipe: Recipe) {
    this.#recipe = recipe;
    this.#writer = new PixelWriter(recipe.normalization);
  }

  /**
   * Makes a batch. A batch with only skipped samples has the shape [0, 0, 0] and requests no memory.
   * @throws DataError for a sample that cannot be read, decoded or transformed (unless onError is "skip"), and for samples
   * of different sizes; also when the first element of `cancel` becomes other than 0
   */
  async makeBatch(job: BatchJob, room: Room, cancel: Int32Array): Promise<MadeBatch> {
    const { dataset, batchTransform, onError } = this.#recipe;
    const kept: number[] = [];
    const skipped: Skipped[] = [];
    let shape: ImageShape = [0, 0, 0];
    let view: (() => Float32Array) | undefined;
    for (let i = 0; i < job.indices.length; i++) {
      if (Atomics.load(cancel, 0) !== 0) throw new DataError("DataLoader: the epoch was left");
      const index = job.indices[i]!;
      let image;
      try {
        image = this.#sample(index, job.seed, job.draws[i]!);
        if (image instanceof Promise) image = await image;
      } catch (error) {
        if (onError === "throw" || !(error instanceof DataError)) throw error;
        skipped.push({ index, reason: error.message });
        continue;
      }
      if (!view) {
        shape = [image.height, image.width, image.channels];
        view = room(shape);
      }
      this.#checkSize(index, image, shape);
      this.#writer.write(image, view(), kept.length * sizeOf(shape));
      kept.push(index);
    }
    const indices = Uint32Array.from(kept);
    const targets = batchTransform || dataset.targets ? targetsOf(dataset, indices) : undefined;
    if (batchTransform && targets && view) {
      const images = view().subarray(0, kept.length * sizeOf(shape));
      batchTransform.apply(images, [kept.length, ...shape], targets, batchRandom(job.seed, job.stream));
    }
    return { shape, indices, targets, skipped };
  }

  /** The sample after its transforms; a promise only if the dataset returns one. */
  #sample(index: number, seed: number, draw: number): AnyImage | Promise<AnyImage> {
    const { dataset, transforms } = this.#recipe;
    const random = sampleRandom(seed, index, draw);
    const [first, ...others] = transforms;
    const isCut = first?.part && first.afterPart && dataset.imagePart;
    const image = isCut ? partOf(dataset, index, (size) => first.part!(size, random)) : dataset.image(index);
    const steps = (isCut ? others : transforms).map(
      (transform): Step =>
        (x, r) =>
          transform.apply(x, r),
    );
    if (isCut) steps.unshift((part) => first.afterPart!(part as RawImage, random));
    const apply = (found: RawImage): AnyImage => this.#changed(found, steps, random, index);
    return image instanceof Promise ? image.then(apply) : apply(image);
  }

  /** A picture of the dataset after these steps. */
  #changed(image: RawImage, steps: readonly Step[], random: Random, index: number): AnyImage {
    const { name } = this.#recipe.dataset;
    if (!isImage(image, false)) throw notAnImage("DataLoader", `image ${index} of ${name}`, image, false);
    if (steps.length === 0) return image;
    try {
      const made = steps.reduce((x, step) => step(x, random), image as AnyImage);
      if (isImage(made, true)) return made;
      throw notAnImage("DataLoader", "what transforms give", made, true);
    } catch (error) {
      if (!(error instanceof DataError)) throw error;
      const which = `${error.message} (sample ${index} of ${name})`;
      throw Object.assign(new DataError(which), { cause: error.cause ?? error });
    }
  }

  #checkSize(index: number, { height, width, channels }: AnyImage, [h, w, c]: ImageShape): void {
    if (height === h && width === w && channels === c) return;
    throw new DataError(
      `DataLoader: sample ${index} of ${this.#recipe.dataset.name} is [${height},${width},${channels}]; ` +
        `expected [${h},${w},${c}] as the first of its batch (Resize, crops and Grayscale bring samples to one size)`,
    );
  }
}
