// The pictures that a trainer has collected.

import {
  ConcatDataset,
  decodeActive,
  encodePng,
  ImageDataset,
  imageFormat,
  Resize,
  resizeOf,
  type Dataset,
  type DatasetSource,
  type Preprocessing,
  type RawImage,
} from "../../data/index.js";
import { SMALL } from "../../data/preprocessing.js";
import { DataError, short } from "../../errors.js";
import type { WirePicture } from "../pictures.js";
import type { Dataset8, ExampleInfo } from "../trainer-types.js";
import { zipOf, type Filed } from "./archive.js";
import { decoded } from "./decode.js";
import { pictureSource } from "./picture-files.js";

interface Example extends ExampleInfo {
  /** The picture's file. */
  readonly bytes: Uint8Array<ArrayBuffer>;
}

/** Most bytes of decoded pictures that are kept. */
const MOST_DECODED = 128 * 2 ** 20;
const QUALITY = 0.95;

/** A file of a picture: JPEG, which is a tenth of its pixels, where the browser writes it; small ones, and elsewhere, PNG. */
async function encoded(image: RawImage): Promise<Uint8Array<ArrayBuffer>> {
  const { data, width, height, channels } = image;
  if (typeof OffscreenCanvas !== "function" || Math.max(width, height) <= SMALL)
    return Uint8Array.from(encodePng(image));
  const rgba = new Uint8ClampedArray(4 * width * height);
  for (let i = 0; i < width * height; i++) {
    for (let c = 0; c < 3; c++) rgba[4 * i + c] = data[i * channels + (c % channels)]!;
    rgba[4 * i + 3] = 255;
  }
  const canvas = new OffscreenCanvas(width, height);
  canvas.getContext("2d")!.putImageData(new ImageData(rgba, width, height), 0, 0);
  const blob = await canvas.convertToBlob({ type: "image/jpeg", quality: QUALITY });
  return new Uint8Array(await blob.arrayBuffer());
}

const fileOf = async (picture: WirePicture): Promise<Uint8Array<ArrayBuffer> | undefined> => {
  if (picture instanceof Blob) return new Uint8Array(await picture.arrayBuffer());
  return picture instanceof Uint8Array ? Uint8Array.from(picture) : undefined;
};

export class Examples {
  classes: readonly string[];
  /** Changes whenever the pictures or their classes do. */
  version = 0;
  readonly #preprocessing: Preprocessing;
  #examples: Example[] = [];
  #arrays: ImageDataset[] = [];
  #ids = 0;
  readonly #decoded = new Map<number, RawImage>();
  #decodedBytes = 0;

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

  /** Keeps a picture as a file, no larger than the network needs it: the picture's own file if that is about as small. */
  async add(picture: WirePicture, label: string | number): Promise<ExampleInfo> {
    if (typeof label === "number") this.indexOf(label); // refused before anything is done
    const file = await fileOf(picture);
    const image = await decoded(picture, this.#channels);
    const side = resizeOf(this.#preprocessing);
    const format = file && imageFormat(file);
    const short = Math.min(image.width, image.height);
    const asIs = file && (format === "jpeg" || format === "png") && short <= 2 * side;
    const { interpolation } = this.#preprocessing;
    const reduced = short > 2 * side ? new Resize(side, { interpolation }).apply(image) : image;
    return this.#keep(asIs ? file : await encoded(reduced), label);
  }

  /** Keeps files as they are. */
  addFiles(files: readonly Filed[]): void {
    for (const { bytes, label } of files) this.#keep(Uint8Array.from(bytes), label);
  }

  #keep(bytes: Uint8Array<ArrayBuffer>, label: string | number): ExampleInfo {
    const index = this.indexOf(label);
    const id = this.#ids++;
    this.#examples.push({ id, index, bytes });
    this.version++;
    return { id, index };
  }

  addDataset({ images, labels, shape }: Dataset8): void {
    this.#arrays.push(new ImageDataset({ images, labels, shape, classes: this.classes, name: "dataset" }));
    this.version++;
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
    this.version++;
  }

  remove(ids: readonly number[]): void {
    const gone = new Set(ids);
    this.#examples = this.#examples.filter(({ id }) => !gone.has(id));
    this.version++;
  }

  clear(): void {
    this.#examples = [];
    this.#arrays = [];
    this.version++;
  }

  /** The pictures that were added one by one. */
  get list(): ExampleInfo[] {
    return this.#examples.map(({ id, index }) => ({ id, index }));
  }

  /** The file of one of them. @throws DataError if there is none of that number */
  file(id: number): Uint8Array<ArrayBuffer> {
    const example = this.#examples.find((one) => one.id === id);
    if (!example) throw new DataError(`picture: no picture ${id}; examples() lists those there are`);
    return example.bytes;
  }

  get counts(): number[] {
    const counts = new Array<number>(this.classes.length).fill(0);
    for (const { index } of this.#examples) counts[index]!++;
    for (const { labels } of this.#arrays) for (const label of labels) counts[label]!++;
    return counts;
  }

  get #channels(): 1 | 3 {
    return this.#preprocessing.inputSize[2] === 1 ? 1 : 3;
  }

  /** Datasets that were added whole. */
  get arrays(): readonly ImageDataset[] {
    return this.#arrays;
  }

  /** All pictures in a zip file; without those of whole datasets if so asked. */
  zip(withArrays = true): Uint8Array<ArrayBuffer> {
    const { classes } = this;
    const files: Filed[] = this.#examples.map(({ index, bytes }) => ({ label: classes[index]!, bytes }));
    for (const dataset of withArrays ? this.#arrays : []) {
      dataset.labels.forEach((label, i) =>
        files.push({ label: classes[label]!, bytes: encodePng(dataset.image(i)) }),
      );
    }
    files.sort((a, b) => classes.indexOf(a.label) - classes.indexOf(b.label)); // keeps the order within a class
    return zipOf(classes, files);
  }

  /** All pictures as they are now. @throws DataError if there are none */
  dataset(): Dataset {
    const examples = [...this.#examples].sort((a, b) => a.index - b.index); // as they lie in a zip file
    const { classes } = this;
    const parts: Dataset[] = this.#arrays.map(
      ({ images, labels, shape }) => new ImageDataset({ images, labels, shape, classes }),
    );
    if (examples.length > 0) {
      const name = "examples";
      const labels = Int32Array.from(examples, ({ index }) => index);
      const fields = { name, labels, classes, channels: this.#channels, examples };
      let source: DatasetSource | undefined;
      parts.push({
        ...fields,
        length: examples.length,
        image: async (i) => this.#image(examples[i]!),
        get source() {
          return (source ??= pictureSource(fields));
        },
      });
    }
    if (parts.length === 0) throw new DataError("fit: no pictures; add() some of two classes or more");
    return parts.length === 1 ? parts[0]! : new ConcatDataset(parts);
  }

  /** A picture's pixels: always those of its file, so that they are the same after it has been stored. */
  async #image({ id, bytes }: Example): Promise<RawImage> {
    const known = this.#decoded.get(id);
    if (known) return known;
    const image = await decodeActive(bytes, { file: `picture ${id}`, channels: this.#channels });
    if (this.#decodedBytes + image.data.length <= MOST_DECODED) {
      this.#decoded.set(id, image);
      this.#decodedBytes += image.data.length;
    }
    return image;
  }
}
