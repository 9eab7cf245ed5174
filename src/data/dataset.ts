// The interface of datasets, and labelled images in memory.

import { checkNumbers } from "../core/numbers.js";
import { sizeOf } from "../core/shape.js";
import { DataError } from "../errors.js";
import { checkOptions, wrongKind, type Names } from "../errors/options.js";
import type { RawImage } from "./image.js";
import { asShared } from "./shared.js";
import { checkTargets, firstClasses } from "./targets.js";
import type { PictureSize } from "./transform.js";
import { crop, type Box } from "./transforms/geometry.js";

/**
 * Labelled pictures, of one size or of many. Datasets with pictures in files open and decode them when needed (src/node/);
 * their label and file lists are read once.
 */
export interface Dataset {
  /** The dataset's name in errors. */
  readonly name: string;
  /** Number of pictures. */
  readonly length: number;
  /** Names of the classes; labels index them. */
  readonly classes: readonly string[];
  /** The class of each picture; in a dataset with targets the first of its classes, or −1. */
  readonly labels: Int32Array;
  /** If pictures have several classes each: 0 or 1 [length, classes], row after row. */
  readonly targets?: Float32Array | undefined;
  /** Picture i. @throws DataError naming the file if it cannot be read or decoded */
  image(i: number): RawImage | Promise<RawImage>;
  /**
   * The part of picture i that `choose` picks, given its size, if the dataset can read a part for less than the whole.
   * @throws DataError as image()
   */
  readonly imagePart?:
    ((i: number, choose: (size: PictureSize) => Box) => RawImage | Promise<RawImage>) | undefined;
  /** Place of picture i, for people to find it: a path, or a shard's path and the name in it. Missing if it has no file of its own. */
  path?(i: number): string | undefined;
  /** Pictures found with the dataset but not in it. */
  readonly leftOut?: readonly LeftOut[] | undefined;
  /** Further notes about the data, a sentence each. */
  readonly notes?: readonly string[] | undefined;
  /** Source from which a worker thread opens the same dataset; missing if only the thread that made it can read it. */
  readonly source?: DatasetSource | undefined;
}

/** The part of picture i of a dataset that `choose` picks, however the dataset gets it. */
export function partOf(
  dataset: Dataset,
  i: number,
  choose: (size: PictureSize) => Box,
): RawImage | Promise<RawImage> {
  if (dataset.imagePart) return dataset.imagePart(i, choose);
  const cut = (image: RawImage): RawImage => crop(image, choose(image));
  const image = dataset.image(i);
  return image instanceof Promise ? image.then(cut) : cut(image);
}

/** A picture that is not in a dataset, or could not be read, with the reason. */
export interface LeftOut {
  /** Path of the picture. */
  readonly file: string;
  /** Why it was left out, in a few words. */
  readonly reason: string;
}

/** Plain data, suitable for structured clone. `kind` selects the code that opens it (src/node/). */
export interface DatasetSource {
  /** Name of the kind of dataset, such as "folder". */
  readonly kind: string;
  readonly [key: string]: unknown;
}

/** Size of an image: height and width in pixels, and the number of channels. */
export type ImageShape = readonly [height: number, width: number, channels: number];

/** The fields of an ImageDataset. */
export interface ImageDatasetFields {
  /** All pixels, image after image, each [height, width, channels], 0…255. */
  images: Uint8Array;
  /** The class of each image: an index into `classes`. */
  labels?: ArrayLike<number>;
  /** Instead of labels, if images have several classes each: 0 or 1 [images, classes], row after row. */
  targets?: ArrayLike<number> | undefined;
  /** Height, width and channels of every image. */
  shape: ImageShape;
  /** Names of the classes. */
  classes: readonly string[];
  /** The dataset's name in errors. */
  name?: string;
}

const FIELDS: Names<ImageDatasetFields> = {
  images: true,
  labels: true,
  targets: true,
  shape: true,
  classes: true,
  name: true,
};

/**
 * Images of one size with a class each, or with several.
 * @throws DataError if counts differ, a label is out of range, or a target is neither 0 nor 1
 */
export class ImageDataset implements Dataset {
  readonly name: string;
  readonly labels: Int32Array;
  readonly targets: Float32Array | undefined;
  /** Height, width and channels of every image. */
  readonly shape: ImageShape;
  readonly classes: readonly string[];
  #images: Uint8Array;

  constructor(fields: ImageDatasetFields) {
    checkOptions<ImageDatasetFields>("ImageDataset", fields, FIELDS);
    const { images, labels, targets, shape, classes, name = "dataset" } = fields;
    if (!(images instanceof Uint8Array)) throw wrongKind(name, "images", images, "a Uint8Array");
    if (!Array.isArray(shape) || shape.length !== 3 || !shape.every((n) => Number.isInteger(n) && n >= 0)) {
      throw wrongKind(name, "shape", shape, "[height, width, channels]");
    }
    if (!Array.isArray(classes)) throw wrongKind(name, "classes", classes, "an array of names");
    for (const [field, list] of Object.entries({ labels, targets })) {
      if (list !== undefined) checkNumbers(`${name}: ${field}`, list);
    }
    this.name = name;
    this.#images = images;
    if (!labels === !targets) throw new DataError(`${name}: expected labels or targets, one of the two`);
    if (targets) {
      const own = targets instanceof Float32Array ? targets : Float32Array.from(targets);
      checkTargets(name, own, images.length / sizeOf(shape), classes.length);
      this.targets = own;
    }
    this.labels = labels ? Int32Array.from(labels) : firstClasses(this.targets!, classes.length);
    this.shape = shape;
    this.classes = classes;
    const expected = this.labels.length * sizeOf(shape);
    if (images.length !== expected) {
      throw new DataError(
        `${name}: ${images.length} bytes of images; expected ${expected} ` +
          `for ${this.labels.length} labels of [${shape.join(",")}]`,
      );
    }
    if (targets) return;
    const bad = this.labels.findIndex((label) => label < 0 || label >= classes.length);
    if (bad >= 0) {
      throw new DataError(
        `${name}: label out of range; got ${this.labels[bad]} at index ${bad}; expected 0…${classes.length - 1}`,
      );
    }
  }

  /** All pixels. */
  get images(): Uint8Array {
    return this.#images;
  }

  /** The pixels themselves, moved to shared memory on first use. */
  get source(): DatasetSource {
    this.#images = asShared(this.#images);
    const { images, labels, targets, shape, classes, name } = this;
    return { kind: "memory", images, ...(targets ? { targets } : { labels }), shape, classes, name };
  }

  /** Number of images. */
  get length(): number {
    return this.labels.length;
  }

  /** Image i; shares the pixels. */
  image(i: number): RawImage {
    const [height, width, channels] = this.shape;
    const size = sizeOf(this.shape);
    return { data: this.images.subarray(i * size, (i + 1) * size), height, width, channels };
  }

  /** The images first ≤ i < end as a separate dataset that shares the pixels. */
  slice(first: number, end: number): ImageDataset {
    const size = sizeOf(this.shape);
    return new ImageDataset({
      name: this.name,
      shape: this.shape,
      classes: this.classes,
      images: this.images.subarray(first * size, end * size),
      ...(this.targets
        ? { targets: this.targets.slice(first * this.classes.length, end * this.classes.length) }
        : { labels: this.labels.slice(first, end) }),
    });
  }
}
