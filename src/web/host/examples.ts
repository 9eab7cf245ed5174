// The pictures that a trainer has collected: in memory, and in the browser's files where it keeps them.

import {
  ConcatDataset,
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
import { RESAMPLES, SMALL } from "../../data/preprocessing.js";
import { DataError, short } from "../../errors.js";
import type { WirePicture } from "../pictures.js";
import type { Dataset8, ExampleInfo, Refused } from "../trainer-types.js";
import { zipOf, type Filed } from "./archive.js";
import { decoded } from "./decode.js";
import { newKey, type KeptClass, type KeptPictures } from "./kept-pictures.js";
import { DecodedPictures, pictureSource } from "./picture-files.js";

interface Example extends ExampleInfo {
  /** The picture as a file: JPEG or PNG. */
  readonly blob: Blob;
  /** Its name where it is kept. */
  file?: string;
}

/** Most bytes of decoded pictures that are kept. */
const MOST_DECODED = 128 * 2 ** 20;
const QUALITY = 0.95;
/** The short side of pictures that are kept, at least: the next network may see more than this one. */
const KEPT_SIDE = 480;

const fileOf = (bytes: Uint8Array<ArrayBuffer>, type: "jpeg" | "png"): Blob =>
  new Blob([bytes], { type: `image/${type}` });

/** A file of a picture: JPEG, which is a tenth of its pixels, where the browser writes it; small ones, and elsewhere, PNG. */
async function encoded(image: RawImage): Promise<Blob> {
  const { data, width, height, channels } = image;
  if (typeof OffscreenCanvas !== "function" || Math.max(width, height) <= SMALL)
    return fileOf(Uint8Array.from(encodePng(image)), "png");
  const rgba = new Uint8ClampedArray(4 * width * height);
  for (let i = 0; i < width * height; i++) {
    for (let c = 0; c < 3; c++) rgba[4 * i + c] = data[i * channels + (c % channels)]!;
    rgba[4 * i + 3] = 255;
  }
  const canvas = new OffscreenCanvas(width, height);
  canvas.getContext("2d")!.putImageData(new ImageData(rgba, width, height), 0, 0);
  return canvas.convertToBlob({ type: "image/jpeg", quality: QUALITY });
}

async function bytesOf(picture: WirePicture): Promise<Uint8Array<ArrayBuffer> | undefined> {
  if (picture instanceof Blob) return new Uint8Array(await picture.arrayBuffer());
  return picture instanceof Uint8Array ? Uint8Array.from(picture) : undefined;
}

const byClass = (a: Example, b: Example): number => a.index - b.index || a.id - b.id;

export class Examples {
  #classes: readonly KeptClass[];
  readonly #preprocessing: () => Preprocessing;
  #examples: Example[] = [];
  #arrays: ImageDataset[] = [];
  #ids = 0;
  #kept: KeptPictures | undefined;
  readonly #decoded = new DecodedPictures(MOST_DECODED);

  /** preprocessing: what the network asks for now. */
  constructor(classes: readonly string[], preprocessing: () => Preprocessing) {
    this.#classes = classes.map((name) => ({ key: newKey(), name }));
    this.#preprocessing = preprocessing;
  }

  get classes(): readonly string[] {
    return this.#classes.map(({ name }) => name);
  }

  /** Under which name they are kept. */
  get keptAs(): string | undefined {
    return this.#kept?.name;
  }

  /** Takes in the pictures that are kept somewhere, and keeps there from now on what changes. Only for a trainer without pictures. */
  async open(kept: KeptPictures): Promise<void> {
    const { classes, pictures } = await kept.load();
    this.#kept = kept;
    if (classes.length === 0) return this.#setClasses(this.#classes);
    this.#classes = classes;
    this.#examples = pictures.map(({ key, id, file, blob }) => {
      return { id, index: classes.findIndex((each) => each.key === key), blob, file };
    });
    this.#ids = Math.max(-1, ...pictures.map(({ id }) => id)) + 1;
  }

  /** Writes all pictures elsewhere, in place of those that are there. They are kept there from now on if they were nowhere. */
  async copyTo(kept: KeptPictures): Promise<void> {
    if (kept.name === this.keptAs) return;
    await kept.clear();
    await kept.writeClasses(this.#classes);
    const first = this.#kept === undefined;
    for (const each of [...this.#examples]) {
      const file = await kept.add(this.#classes[each.index]!.key, each.id, each.blob);
      if (first) each.file = file;
    }
    this.#kept ??= kept;
  }

  /** The place of a class, which is new if its name is. @throws DataError for a number that is no class's */
  async #indexOf(label: string | number): Promise<number> {
    if (typeof label === "string") {
      const known = this.#classes.findIndex(({ name }) => name === label);
      if (known >= 0) return known;
      const index = this.#classes.length;
      await this.#setClasses([...this.#classes, { key: newKey(), name: label }]);
      return index;
    }
    if (Number.isInteger(label) && label >= 0 && label < this.#classes.length) return label;
    throw new DataError(`add: no class ${short(label)}; expected 0…${this.#classes.length - 1}, or a name`);
  }

  async #setClasses(classes: readonly KeptClass[]): Promise<void> {
    this.#classes = classes;
    await this.#kept?.writeClasses(classes);
  }

  /**
   * Keeps a picture as a file, not much larger than networks need it: the picture's own file if that is about as small.
   * @throws DataError if it is no picture, or there is no room for it
   */
  async add(picture: WirePicture, label: string | number): Promise<ExampleInfo> {
    if (typeof label === "number") await this.#indexOf(label); // refused before anything is done
    const bytes = await bytesOf(picture);
    const image = await decoded(picture, this.#channels);
    const { interpolation, resample = RESAMPLES[0] } = this.#preprocessing();
    const most = Math.max(2 * resizeOf(this.#preprocessing()), KEPT_SIDE);
    const format = bytes && imageFormat(bytes);
    const small = Math.min(image.width, image.height) <= most;
    const unchanged = small && (format === "jpeg" || format === "png");
    const reduced = small ? image : new Resize(most, { interpolation, resample }).apply(image);
    const blob = unchanged ? fileOf(bytes!, format) : await encoded(reduced);
    const index = await this.#indexOf(label);
    const id = this.#ids++;
    const file = await this.#kept?.add(this.#classes[index]!.key, id, blob);
    this.#examples.push({ id, index, blob, ...(file !== undefined && { file }) });
    return { id, index };
  }

  /** Adds files; gives back those that are not pictures. */
  async addFiles(files: readonly Filed[], added: (done: number) => void): Promise<Refused[]> {
    const refused: Refused[] = [];
    for (const [i, { bytes, label, path = label }] of files.entries()) {
      await this.add(bytes, label).catch((error: unknown) => {
        if (!(error instanceof DataError)) throw error;
        refused.push({ file: path, reason: error.message });
      });
      added(i + 1);
    }
    return refused;
  }

  addDataset({ images, labels, shape }: Dataset8): void {
    this.#arrays.push(new ImageDataset({ images, labels, shape, classes: this.classes, name: "dataset" }));
  }

  /** Names the classes anew. @throws DataError if that would leave pictures without a class */
  async setClasses(names: readonly string[]): Promise<void> {
    const used = this.counts.findLastIndex((count) => count > 0) + 1;
    if (names.length < used) {
      throw new DataError(`setClasses: ${names.length} names; there are pictures of ${used} classes`);
    }
    const twice = names.find((name, i) => names.indexOf(name) < i);
    if (twice !== undefined) throw new DataError(`setClasses: two classes are called '${short(twice)}'`);
    await this.#setClasses(names.map((name, i) => ({ key: this.#classes[i]?.key ?? newKey(), name })));
  }

  /** Takes a class out with its pictures; those after it move up. @throws DataError if there is no such class, or a whole dataset has pictures of it */
  async removeClass(label: string | number): Promise<void> {
    const index = typeof label === "number" ? label : this.classes.indexOf(label);
    if (!this.#classes[index]) {
      throw new DataError(`removeClass: no class ${short(label)}; known: ${this.classes.join(", ")}`);
    }
    if (this.#arrays.some(({ labels }) => labels.includes(index))) {
      throw new DataError(`removeClass: a dataset that was added whole has pictures of class ${index}`);
    }
    await this.remove(this.#examples.filter((each) => each.index === index).map(({ id }) => id));
    const up = (i: number): number => (i > index ? i - 1 : i);
    this.#examples = this.#examples.map((each) => ({ ...each, index: up(each.index) }));
    await this.#setClasses(this.#classes.filter((_, i) => i !== index));
    const { classes } = this;
    this.#arrays = this.#arrays.map(
      ({ images, labels, shape }) => new ImageDataset({ images, labels: labels.map(up), shape, classes, name: "dataset" }), // prettier-ignore
    );
  }

  async remove(ids: readonly number[]): Promise<void> {
    const gone = new Set(ids);
    const files = this.#examples.filter(({ id }) => gone.has(id)).map(({ file }) => file);
    this.#examples = this.#examples.filter(({ id }) => !gone.has(id));
    for (const id of gone) this.#decoded.forget(id);
    for (const file of files) if (file !== undefined) await this.#kept?.remove(file);
  }

  /** The pictures that were added one by one. */
  get list(): ExampleInfo[] {
    return this.#examples.map(({ id, index }) => ({ id, index }));
  }

  /** The file of one of them. @throws DataError if there is no picture of that number */
  file(id: number): Blob {
    const example = this.#examples.find((one) => one.id === id);
    if (!example) throw new DataError(`picture: no picture ${id}; examples() lists those there are`);
    return example.blob;
  }

  get counts(): number[] {
    const counts = new Array<number>(this.#classes.length).fill(0);
    for (const { index } of this.#examples) counts[index]!++;
    for (const { labels } of this.#arrays) for (const label of labels) counts[label]!++;
    return counts;
  }

  get #channels(): 1 | 3 {
    return this.#preprocessing().inputSize[2] === 1 ? 1 : 3;
  }

  /** Datasets that were added whole. */
  get arrays(): readonly ImageDataset[] {
    return this.#arrays;
  }

  /** All pictures in a zip file. */
  async zip(): Promise<Uint8Array<ArrayBuffer>> {
    const { classes } = this;
    const files: Filed[] = [];
    for (const { index, blob } of [...this.#examples].sort(byClass)) {
      files.push({ label: classes[index]!, bytes: new Uint8Array(await blob.arrayBuffer()) });
    }
    for (const dataset of this.#arrays) {
      dataset.labels.forEach((label, i) =>
        files.push({ label: classes[label]!, bytes: encodePng(dataset.image(i)) }),
      );
    }
    return zipOf(classes, files);
  }

  /** All pictures as they are now. @throws DataError if there are no pictures */
  dataset(): Dataset {
    const examples = [...this.#examples].sort(byClass); // the same after a reload
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
        // Always the pixels of its file, so that they are the same after it has been stored.
        image: (i) => this.#decoded.pixelsOf(examples[i]!, this.#channels),
        get source() {
          return (source ??= pictureSource(fields));
        },
      });
    }
    if (parts.length === 0) throw new DataError("fit: no pictures; add() some of two classes or more");
    return parts.length === 1 ? parts[0]! : new ConcatDataset(parts);
  }
}
