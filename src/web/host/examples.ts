// The pictures that a trainer has collected.

import {
  ConcatDataset,
  ImageDataset,
  Resize,
  resizeOf,
  type Dataset,
  type Preprocessing,
  type RawImage,
} from "../../data/index.js";
import { DataError, short } from "../../errors.js";
import type { Dataset8 } from "../trainer-types.js";

interface Example {
  readonly id: number;
  readonly index: number;
  readonly image: RawImage;
}

export class Examples {
  classes: readonly string[];
  readonly #preprocessing: Preprocessing;
  #examples: Example[] = [];
  #arrays: ImageDataset[] = [];
  #ids = 0;

  constructor(classes: readonly string[], preprocessing: Preprocessing) {
    this.classes = classes;
    this.#preprocessing = preprocessing;
  }

  /** The place of a class, which is new if its name is. @throws DataError for a number that is no class's */
  indexOf(label: string | number): number {
    if (typeof label === "string") {
      const known = this.classes.indexOf(label);
      if (known >= 0) return known;
      this.classes = [...this.classes, label];
      return this.classes.length - 1;
    }
    if (Number.isInteger(label) && label >= 0 && label < this.classes.length) return label;
    throw new DataError(`add: no class ${short(label)}; expected 0…${this.classes.length - 1}, or a name`);
  }

  /** Keeps a picture, no larger than the network needs it. */
  add(image: RawImage, label: string | number): { id: number; index: number } {
    const index = this.indexOf(label);
    const id = this.#ids++;
    this.#examples.push({ id, index, image: this.#reduced(image) });
    return { id, index };
  }

  /** Names the classes anew. @throws DataError if that would leave pictures without a class */
  setClasses(classes: readonly string[]): void {
    const used = this.counts.findLastIndex((count) => count > 0) + 1;
    if (classes.length < used) {
      throw new DataError(`setClasses: ${classes.length} names; there are pictures of ${used} classes`);
    }
    const twice = classes.find((name, i) => classes.indexOf(name) < i);
    if (twice !== undefined) throw new DataError(`setClasses: two classes are called '${short(twice)}'`);
    this.classes = [...classes];
  }

  addDataset({ images, labels, shape }: Dataset8): void {
    this.#arrays.push(new ImageDataset({ images, labels, shape, classes: this.classes, name: "dataset" }));
  }

  remove(ids: readonly number[]): void {
    const gone = new Set(ids);
    this.#examples = this.#examples.filter(({ id }) => !gone.has(id));
  }

  get counts(): number[] {
    const counts = new Array<number>(this.classes.length).fill(0);
    for (const { index } of this.#examples) counts[index]!++;
    for (const { labels } of this.#arrays) for (const label of labels) counts[label]!++;
    return counts;
  }

  /** All pictures as they are now. @throws DataError if there are none */
  dataset(): Dataset {
    const examples = [...this.#examples];
    const { classes } = this;
    const parts: Dataset[] = this.#arrays.map(
      ({ images, labels, shape }) => new ImageDataset({ images, labels, shape, classes }),
    );
    if (examples.length > 0) {
      parts.push({
        name: "examples",
        length: examples.length,
        classes,
        labels: Int32Array.from(examples, ({ index }) => index),
        image: (i) => examples[i]!.image,
      });
    }
    if (parts.length === 0) throw new DataError("fit: no pictures; add() some of two classes or more");
    return parts.length === 1 ? parts[0]! : new ConcatDataset(parts);
  }

  #reduced(image: RawImage): RawImage {
    const side = resizeOf(this.#preprocessing);
    if (Math.min(image.width, image.height) <= side) return image;
    const { interpolation } = this.#preprocessing;
    return new Resize(side, { interpolation }).apply(image);
  }
}
