// Pictures in tar shards (WebDataset's layout), read in place: any picture at any time.

import { closeSync, fstatSync, openSync, readSync } from "node:fs";
import {
  decodeActive,
  decodePart,
  type Box,
  type PictureSize,
  tarSamples,
  type Dataset,
  type DatasetSource,
  type RawImage,
  type LeftOut,
  type ReadAt,
} from "../../data/index.js";
import { sharedBytes } from "../../data/shared.js";
import { DataError, reason } from "../../errors.js";
import { decoderChoice } from "../decoder.js";
import { PICTURE_OPTIONS, type PictureOptions } from "./file-dataset.js";
import { MOST_CLASSES, Names, shared32, sharedLabels } from "./names.js";
import { count, some } from "./notes.js";
import { checkFields, checkOptions, wrongKind } from "../../errors/options.js";

const WINDOW = 2 ** 16;

/** Runs `use` on an open file. @throws DataError naming it if it cannot be read */
function withFile<T>(path: string, use: (fd: number) => T): T {
  let fd: number;
  try {
    fd = openSync(path, "r");
  } catch (error) {
    throw new DataError(`${path}: cannot be read: ${reason(error)}`);
  }
  try {
    return use(fd);
  } finally {
    closeSync(fd);
  }
}

function readAt(fd: number, offset: number, length: number): Uint8Array {
  const bytes = new Uint8Array(length);
  let filled = 0;
  while (filled < length) {
    const n = readSync(fd, bytes, filled, length - filled, offset + filled);
    if (n === 0) break;
    filled += n;
  }
  return bytes.subarray(0, filled);
}

/** Reads ahead, so that headers and labels close together cost one call. */
function windowed(fd: number): ReadAt {
  let start = 0;
  let bytes: Uint8Array = new Uint8Array(0);
  return (offset, length) => {
    if (offset < start || offset + length > start + bytes.length) {
      bytes = readAt(fd, offset, Math.max(length, WINDOW));
      start = offset;
    }
    return bytes.subarray(offset - start, offset - start + length);
  };
}

export interface TarOptions extends PictureOptions {
  /** The dataset's name in errors. Default: the first shard. */
  name?: string;
  /** Names of the classes in label order. Default: "0", "1" … up to the largest label. */
  classes?: readonly string[];
  /** The field with the class in .json files. Default "label". */
  labelField?: string;
  /** Whether pictures need no class, as for predictions: none is read, and every label is 0. Default false. */
  unlabelled?: boolean;
}

/** Positions of the samples, in memory that threads share. */
interface Index {
  names: Names;
  shard: Uint32Array;
  offset: Float64Array;
  size: Uint32Array;
}

export interface TarDatasetFields extends Index {
  name: string;
  shards: readonly string[];
  labels: Int32Array;
  classes: readonly string[];
  options: PictureOptions;
}

/** Files in the shards that are not in the dataset; not passed to other threads. */
interface Remains {
  leftOut?: readonly LeftOut[];
  notes?: readonly string[];
}

/** Pictures in tar files (WebDataset's shards), read in place, without unpacking. */
export class TarDataset implements Dataset {
  readonly name: string;
  /** Paths of the tar files. */
  readonly shards: readonly string[];
  readonly labels: Int32Array;
  readonly classes: readonly string[];
  /** How pictures are decoded. */
  readonly options: PictureOptions;
  readonly leftOut: readonly LeftOut[];
  readonly notes: readonly string[];
  readonly #index: Index;

  /** Made by open(). @hidden */
  constructor(fields: TarDatasetFields & Remains) {
    const known = {
      name: "text",
      shards: "list",
      labels: "numbers",
      classes: "list",
      options: "object",
    } as const;
    checkFields("TarDataset", "fields", fields, known);
    const { name, shards, labels, classes, options, leftOut = [], notes = [], ...index } = fields;
    this.name = name;
    this.shards = shards;
    this.labels = labels;
    this.classes = classes;
    this.options = options;
    this.leftOut = leftOut;
    this.notes = notes;
    this.#index = index;
  }

  /**
   * Reads the headers of the shards, not the pictures. Samples without a readable picture or a class are left out.
   * @throws DataError naming the shard that is damaged, and the sample whose class is not a number or out of range; if no sample is left
   */
  static open(shards: readonly string[], options: TarOptions = {}): TarDataset {
    if (!Array.isArray(shards)) throw wrongKind("TarDataset", "shards", shards, "an array of paths");
    checkOptions<TarOptions>("TarDataset", options, {
      ...PICTURE_OPTIONS,
      name: true,
      classes: true,
      labelField: true,
      unlabelled: true,
    });
    const { name = shards[0] as string | undefined, classes, labelField, unlabelled, ...rest } = options;
    if (name === undefined)
      throw new DataError("TarDataset: no shards; got []; expected paths of .tar files");
    const names: string[] = [];
    const labels: number[] = [];
    const at: { shard: number; offset: number; size: number }[] = [];
    const leftOut: LeftOut[] = [];
    const passed: string[] = [];
    shards.forEach((path, shard) => {
      withFile(path, (fd) => {
        const options = {
          field: labelField,
          unlabelled,
          leave: (file: string, reason: string) => void leftOut.push({ file: `${path}: ${file}`, reason }),
          pass: (file: string) => void passed.push(file),
        };
        for (const { picture, label } of tarSamples(windowed(fd), fstatSync(fd).size, path, options)) {
          const most = (classes?.length ?? MOST_CLASSES) - 1;
          if (label > most) {
            const expected = `expected 0…${most}`;
            throw new DataError(`${path}: label out of range; got ${label} for ${picture.name}; ${expected}`);
          }
          names.push(picture.name);
          labels.push(label);
          at.push({ shard, offset: picture.offset, size: picture.size });
        }
      });
    });
    if (at.length === 0) {
      const why = leftOut[0]
        ? `got ${leftOut[0].file}: ${leftOut[0].reason}`
        : "expected key.jpg and key.cls";
      throw new DataError(`${name}: no samples in ${count(shards.length, "tar")}; ${why}`);
    }
    const most = labels.reduce((a, b) => Math.max(a, b), 0);
    const [shard, size] = [shared32(Uint32Array, at.length), shared32(Uint32Array, at.length)];
    const offset = new Float64Array(sharedBytes(8 * at.length).buffer);
    at.forEach((sample, i) => {
      shard[i] = sample.shard;
      offset[i] = sample.offset;
      size[i] = sample.size;
    });
    return new TarDataset({
      name,
      shards,
      labels: sharedLabels(labels),
      classes: classes ?? Array.from({ length: most + 1 }, (_, label) => String(label)),
      options: rest,
      names: Names.from(names),
      shard,
      offset,
      size,
      leftOut,
      notes: passed.length
        ? [
            `${name}: ${count(passed.length, "file")} of no sample in ${count(shards.length, "tar")}: ${some(passed)}`,
          ]
        : [],
    });
  }

  /** Number of pictures. */
  get length(): number {
    return this.labels.length;
  }

  get source(): DatasetSource {
    const { name, shards, labels, classes, options } = this;
    const { names, ...index } = this.#index;
    const plain = { ...index, names: { ...names } };
    return { kind: "tar", name, shards, labels, classes, options, ...plain, decoder: decoderChoice() };
  }

  /** "shard.tar: name". */
  path(i: number): string {
    return `${this.shards[this.#index.shard[i]!]!}: ${this.#index.names.at(i)}`;
  }

  /** The first bytes of picture i. @throws DataError naming the shard */
  head(i: number, length: number): Uint8Array {
    const { shard, offset, size } = this.#index;
    const path = this.shards[shard[i]!]!;
    return withFile(path, (fd) => readAt(fd, offset[i]!, Math.min(length, size[i]!)));
  }

  /** @throws DataError naming shard and picture */
  image(i: number): RawImage | Promise<RawImage> {
    return decodeActive(this.#bytes(i), { ...this.options, file: this.path(i) });
  }

  /** As FileDataset's. @throws DataError naming shard and picture */
  imagePart(i: number, choose: (size: PictureSize) => Box): RawImage | Promise<RawImage> {
    return decodePart(this.#bytes(i), { ...this.options, file: this.path(i) }, choose);
  }

  #bytes(i: number): Uint8Array {
    const { shard, offset, size } = this.#index;
    return withFile(this.shards[shard[i]!]!, (fd) => readAt(fd, offset[i]!, size[i]!));
  }
}
