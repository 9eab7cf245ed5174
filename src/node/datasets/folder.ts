// A folder for each class, as torchvision's ImageFolder reads them.

import { join, relative, sep } from "node:path";
import { builtInFormats, imageFormats, type LeftOut } from "../../data/index.js";
import { DataError, short } from "../../errors.js";
import { FileDataset, PICTURE_OPTIONS, type PictureOptions } from "./file-dataset.js";
import { Names, sharedLabels } from "./names.js";
import { count, noPictures, some } from "./notes.js";
import { entriesIn, filesBelow, looksLikePicture, type Found } from "./scan.js";
import { checkOptions, wrongKind, type Names as OptionNames } from "../../errors/options.js";

export interface FolderOptions extends PictureOptions {
  /** The dataset's name in errors. Default: the root. */
  name?: string;
  /** Names of the class folders in label order; some may be missing, but no others may exist. Default: the existing ones, sorted. */
  folders?: readonly string[];
  /** Names of the classes, if they differ from the folders'. */
  classes?: readonly string[];
  /** Allow empty class folders. Default false. */
  allowEmpty?: boolean;
}

/** Files beside the class folders that may hold pictures. */
const ARCHIVE = /\.(zip|7z|rar|tar|tgz|gz|bz2|xz|zst|lmdb|h5|hdf5|parquet|tfrecords?|rec|beton)$/i;

const OPTIONS: OptionNames<FolderOptions> = {
  ...PICTURE_OPTIONS,
  name: true,
  folders: true,
  classes: true,
  allowEmpty: true,
};

/**
 * Pictures in root/<class>/**: files with the extensions of built-in formats, and files that are readable pictures by their first
 * bytes. Classes are the folders in code-point order. Other files are listed in `leftOut` and `notes`.
 * @throws DataError if there are no class folders, if one is empty or not among `folders`
 */
export class ImageFolder extends FileDataset {
  constructor(root: string, given: FolderOptions = {}) {
    if (typeof root !== "string") throw wrongKind("ImageFolder", "root", root, "a path");
    checkOptions<FolderOptions>("ImageFolder", given, OPTIONS);
    const { name = root, folders, classes, allowEmpty, ...options } = given;
    const top = entriesIn(root);
    if (top.folders.length === 0)
      throw new DataError(`${root}: no class folders; expected ${root}${sep}<class>${sep}*.jpg`);
    const known = folders ?? top.folders;
    const stranger = top.folders.find((folder) => folders && !folders.includes(folder));
    if (stranger !== undefined) {
      throw new DataError(
        `${root}: unknown class folder '${short(stranger)}'; expected the ${known.length} given`,
      );
    }
    if (classes && classes.length !== known.length) {
      throw new DataError(
        `${root}: ${classes.length} names of classes; expected ${known.length}, one a folder`,
      );
    }
    const files: string[] = [];
    const labels: number[] = [];
    const rest: Found = {
      pictures: [],
      leftOut: top.files
        .filter(looksLikePicture)
        .map((file) => ({ file: join(root, file), reason: "is in no class folder" })),
      ignored: top.ignored.map((hidden) => join(root, hidden)),
      special: [],
      others: top.files.filter((file) => ARCHIVE.test(file)).map((file) => join(root, file)),
      again: [],
    };
    const there = new Set(top.folders);
    known.forEach((folder, label) => {
      if (!there.has(folder)) return;
      const found = filesBelow(join(root, folder));
      if (found.pictures.length === 0 && !allowEmpty) throw emptyClass(root, folder, found.leftOut);
      for (const picture of found.pictures) {
        files.push(relative(root, picture));
        labels.push(label);
      }
      for (const kind of ["leftOut", "ignored", "special", "others", "again"] as const) {
        for (const one of found[kind]) (rest[kind] as unknown[]).push(one);
      }
    });
    super({
      name,
      root,
      files: Names.from(files),
      labels: sharedLabels(labels),
      classes: classes ?? known,
      options,
      leftOut: rest.leftOut,
      notes: notesOf(root, rest),
    });
  }
}

function emptyClass(root: string, folder: string, leftOut: readonly LeftOut[]): DataError {
  const known = builtInFormats.map((format) => imageFormats[format].name).join(", ");
  const why = leftOut[0]
    ? `got ${count(leftOut.length, "picture")} as ${relative(root, leftOut[0].file)}: ${leftOut[0].reason}`
    : `expected files of ${known}`;
  return new DataError(`${root}: class '${short(folder)}' has no pictures that can be read; ${why}`);
}

/** Notes about files in the folder that are not pictures of a class. */
function notesOf(root: string, { others, special, ignored, again }: Found): string[] {
  const below = (paths: readonly string[]): string[] =>
    paths.map((path) => relative(root, path) + (path.endsWith("/") ? "/" : ""));
  return [
    ...(others.length ? [`${root}: ${noPictures(below(others))}`] : []),
    ...(special.length ? [`${root}: not read: pipes, sockets or devices: ${some(below(special))}`] : []),
    ...(again.length
      ? [`${root}: not read: links to folders that are read elsewhere: ${some(below(again))}`]
      : []),
    ...(ignored.length ? [`${root}: ignored: hidden or the system's own: ${some(below(ignored))}`] : []),
  ];
}
