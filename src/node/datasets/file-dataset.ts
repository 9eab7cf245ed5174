// Pictures in separate files, opened when needed.

import { DataError } from "../../errors.js";
import { checkFields, checkOptions } from "../../errors/options.js";
import { join } from "node:path";
import {
  decodeActive,
  decodePart,
  type Box,
  type PictureSize,
  type DecodeOptions,
  type Dataset,
  type DatasetSource,
  type RawImage,
  type LeftOut,
} from "../../data/index.js";
import { decoderChoice } from "../decoder.js";
import { firstBytes, readBytes } from "../files.js";
import type { Names } from "./names.js";
import type { Names as OptionNames } from "../../errors/options.js";

/** How pictures are decoded. Default: 3 channels, rotated according to EXIF. */
export type PictureOptions = Omit<DecodeOptions, "file">;

export const PICTURE_OPTIONS: OptionNames<PictureOptions> = { channels: true, exif: true, maxPixels: true };

/** The fields of a FileDataset. */
export interface FileDatasetFields {
  /** The dataset's name in errors. */
  name: string;
  /** Folder that the paths start from. */
  root: string;
  /** Paths from the root. */
  files: Names;
  /** The class of each picture: an index into `classes`. */
  labels: Int32Array;
  /** If pictures have several classes each: 0 or 1 [pictures, classes], row after row. */
  targets?: Float32Array | undefined;
  /** Names of the classes. */
  classes: readonly string[];
  /** How pictures are decoded. */
  options: PictureOptions;
  /** Files that are not in the dataset, with the reasons. */
  leftOut?: readonly LeftOut[] | undefined;
  /** Notes about the data, a sentence each. */
  notes?: readonly string[] | undefined;
}

/** Pictures in files, decoded when needed. ImageFolder and ImageList extend it. */
export class FileDataset implements Dataset {
  readonly name: string;
  /** Folder that the paths start from. */
  readonly root: string;
  /** Paths from the root, by index. */
  readonly files: Names;
  readonly labels: Int32Array;
  readonly targets: Float32Array | undefined;
  readonly classes: readonly string[];
  /** How pictures are decoded. */
  readonly options: PictureOptions;
  readonly leftOut: readonly LeftOut[];
  readonly notes: readonly string[];

  constructor(fields: FileDatasetFields) {
    const kind = new.target.name;
    checkFields(kind, "fields", fields, {
      name: "text",
      root: "path",
      files: "object",
      labels: "numbers",
      classes: "list",
      options: "object",
    });
    checkOptions<PictureOptions>(kind, fields.options, PICTURE_OPTIONS);
    if (fields.files.length !== fields.labels.length)
      throw new DataError(
        `${kind}: ${fields.labels.length} labels for ${fields.files.length} files; expected one each`,
      );
    const { name, root, files, labels, targets, classes, options, leftOut = [], notes = [] } = fields;
    this.name = name;
    this.root = root;
    this.files = files;
    this.labels = labels;
    this.targets = targets;
    this.classes = classes;
    this.options = options;
    this.leftOut = leftOut;
    this.notes = notes;
  }

  /** Number of pictures. */
  get length(): number {
    return this.files.length;
  }

  get source(): DatasetSource {
    const { name, root, files, labels, targets, classes, options } = this;
    return {
      kind: "files",
      name,
      root,
      files: { ...files },
      labels,
      targets,
      classes,
      options,
      decoder: decoderChoice(),
    };
  }

  /** Path of picture i. */
  path(i: number): string {
    return join(this.root, this.files.at(i));
  }

  /** The first bytes of picture i; none if it cannot be read. */
  head(i: number, length: number): Uint8Array {
    return firstBytes(this.path(i), length);
  }

  /** Read synchronously, since decoding follows at once. @throws DataError naming the file */
  image(i: number): RawImage | Promise<RawImage> {
    const file = this.path(i);
    return decodeActive(readBytes(file), { ...this.options, file });
  }

  /** A part of picture i; of a JPEG no pixels outside it are computed. @throws DataError naming the file */
  imagePart(i: number, choose: (size: PictureSize) => Box): RawImage | Promise<RawImage> {
    const file = this.path(i);
    return decodePart(readBytes(file), { ...this.options, file }, choose);
  }
}
