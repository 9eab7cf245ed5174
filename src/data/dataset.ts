// Labelled images in memory.

import { sizeOf } from "../core/shape.js";
import { DataError } from "../errors.js";

export type ImageShape = readonly [height: number, width: number, channels: number];

export interface ImageDatasetFields {
  /** All pixels, image after image, each [height, width, channels], 0…255. */
  images: Uint8Array;
  /** The class of each image: an index into `classes`. */
  labels: ArrayLike<number>;
  shape: ImageShape;
  /** Names of the classes. */
  classes: readonly string[];
  /** What errors call the dataset. */
  name?: string;
}

/** Images of one size with a class each. @throws DataError if counts differ or a label is out of range */
export class ImageDataset {
  readonly name: string;
  readonly images: Uint8Array;
  readonly labels: Int32Array;
  readonly shape: ImageShape;
  readonly classes: readonly string[];

  constructor({ images, labels, shape, classes, name = "dataset" }: ImageDatasetFields) {
    this.name = name;
    this.images = images;
    this.labels = Int32Array.from(labels);
    this.shape = shape;
    this.classes = classes;
    const expected = this.labels.length * sizeOf(shape);
    if (images.length !== expected) {
      throw new DataError(
        `${name}: ${images.length} bytes of images; expected ${expected} ` +
          `for ${this.labels.length} labels of [${shape.join(",")}]`,
      );
    }
    const bad = this.labels.findIndex((label) => label < 0 || label >= classes.length);
    if (bad >= 0) {
      throw new DataError(
        `${name}: label out of range; got ${this.labels[bad]} at index ${bad}; expected 0…${classes.length - 1}`,
      );
    }
  }

  /** Number of images. */
  get length(): number {
    return this.labels.length;
  }

  /** The pixels of image i. */
  image(i: number): Uint8Array {
    const size = sizeOf(this.shape);
    return this.images.subarray(i * size, (i + 1) * size);
  }

  /** The images first ≤ i < end as a dataset of their own, sharing the pixels. */
  slice(first: number, end: number): ImageDataset {
    const size = sizeOf(this.shape);
    return new ImageDataset({
      ...this,
      images: this.images.subarray(first * size, end * size),
      labels: this.labels.slice(first, end),
    });
  }
}
