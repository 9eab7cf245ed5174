// Batches: a dataset's images in order or shuffled, normalised, as tensors.

import { Random } from "../core/random.js";
import { sizeOf } from "../core/shape.js";
import { empty, tensor, type Tensor } from "../core/tensor.js";
import { DataError } from "../errors.js";
import type { ImageDataset } from "./dataset.js";

/** Per channel: y = (pixel/255 − mean)/std. */
export interface Normalization {
  mean: readonly number[];
  std: readonly number[];
}

export interface LoaderOptions {
  batchSize: number;
  /** Draw the images in a new random order every epoch. Default false. */
  shuffle?: boolean;
  /** Seed of the order; the same seed and epoch give the same batches. Default 0. */
  seed?: number;
  /** Leave out the last batch if it is smaller than the others. Default false. */
  dropLast?: boolean;
  /** Default: pixels scaled to [0, 1]. */
  normalization?: Normalization;
}

export interface Batch {
  /** f32 [n, height, width, channels]. */
  images: Tensor;
  /** i32 [n]. */
  labels: Tensor;
  /** Where the images stand in the dataset. */
  indices: Uint32Array;
}

/** Seeds of successive epochs are far apart, so that no two loaders share an epoch by seeds that differ by one. */
const EPOCH_STRIDE = 1_000_003;

export class DataLoader {
  readonly dataset: ImageDataset;
  readonly batchSize: number;
  readonly #shuffle: boolean;
  readonly #seed: number;
  readonly #dropLast: boolean;
  /** Normalised value of each byte, channel after channel. */
  readonly #table: Float32Array;

  /** @throws DataError unless batchSize is an integer ≥ 1, the dataset has images, and the channels' counts agree */
  constructor(dataset: ImageDataset, options: LoaderOptions) {
    const { batchSize, shuffle = false, seed = 0, dropLast = false, normalization } = options;
    if (!Number.isInteger(batchSize) || batchSize < 1) {
      throw new DataError(`DataLoader: batchSize must be an integer ≥ 1; got ${batchSize}`);
    }
    if (dataset.length === 0) throw new DataError(`DataLoader: ${dataset.name} has no images`);
    const channels = dataset.shape[2];
    const { mean, std } = normalization ?? {
      mean: new Array<number>(channels).fill(0),
      std: new Array<number>(channels).fill(1),
    };
    if (mean.length !== channels || std.length !== channels) {
      throw new DataError(
        `DataLoader: ${dataset.name} has ${channels} channels; got ${mean.length} means and ${std.length} deviations`,
      );
    }
    this.dataset = dataset;
    this.batchSize = batchSize;
    this.#shuffle = shuffle;
    this.#seed = seed;
    this.#dropLast = dropLast;
    this.#table = Float32Array.from({ length: channels * 256 }, (_, i) => {
      const c = i >> 8;
      return ((i & 255) / 255 - mean[c]!) / std[c]!;
    });
  }

  /** Images in one epoch. */
  get images(): number {
    return this.#dropLast ? this.batches * this.batchSize : this.dataset.length;
  }

  /** Batches in one epoch. */
  get batches(): number {
    const n = this.dataset.length / this.batchSize;
    return this.#dropLast ? Math.floor(n) : Math.ceil(n);
  }

  /** The batches of one epoch, in order. Each belongs to the caller (or to the tidy() around). */
  *epoch(epoch = 0): Generator<Batch> {
    const n = this.dataset.length;
    const order = this.#shuffle
      ? new Random(this.#seed * EPOCH_STRIDE + epoch).permutation(n)
      : Uint32Array.from({ length: n }, (_, i) => i);
    for (let b = 0; b < this.batches; b++) {
      yield this.batch(order.slice(b * this.batchSize, (b + 1) * this.batchSize));
    }
  }

  /** The images at these places as one batch. */
  batch(indices: Uint32Array): Batch {
    const { dataset } = this;
    const channels = dataset.shape[2];
    const images = empty([indices.length, ...dataset.shape], "f32", "DataLoader");
    const labels = tensor(Int32Array.from(indices, (i) => dataset.labels[i]!));
    const out = images.view;
    const table = this.#table;
    const size = sizeOf(dataset.shape);
    indices.forEach((index, n) => {
      const pixels = dataset.image(index).data;
      const at = n * size;
      if (channels === 1) for (let p = 0; p < size; p++) out[at + p] = table[pixels[p]!]!;
      else for (let p = 0; p < size; p++) out[at + p] = table[((p % channels) << 8) | pixels[p]!]!;
    });
    return { images, labels, indices };
  }
}
