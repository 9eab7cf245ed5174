// A dataset by name or by folder.

import { existsSync, readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { knownNames } from "../../core/suggest.js";
import { imagenetClasses, imagenetWnids, stratifiedSplit, type Dataset } from "../../data/index.js";
import { DataError } from "../../errors.js";
import { readBytes } from "../files.js";
import { catalog } from "./catalog.js";
import { datasetFolder, fetchDataset, licenceLine, type FetchOptions } from "./fetch.js";
import type { PictureOptions } from "./file-dataset.js";
import { foldersIn, ImageFolder, type FolderOptions } from "./folder.js";
import { loadCifar10, loadCifar100, loadMnist } from "./formats.js";
import { ImageList } from "./list.js";
import { byCodePoint } from "./names.js";
import { TarDataset } from "./tar.js";

/** Names that loadDataset() knows, sorted. */
export const datasetNames = (): string[] => [...Object.keys(catalog), "imagenet"].sort();

export interface LoadOptions extends PictureOptions, FetchOptions {
  /** Download a known dataset that is not there. Default false: an error that says how large it is. */
  download?: boolean;
  /** CIFAR-100's labels. Default "fine". */
  labels?: "fine" | "coarse";
  /** Where there is no val part: the fraction of each class that becomes one. Default 0: none. */
  valFraction?: number;
  /** Seed of that split. Default 0. */
  seed?: number;
}

export interface LoadedDataset {
  readonly train: Dataset;
  /** The part to evaluate on, if there is one: val/ or test/, or what valFraction says. */
  readonly val?: Dataset;
}

const pair = ({ train, test }: { train: Dataset; test: Dataset }): LoadedDataset => ({ train, val: test });

/**
 * A dataset by name (mnist, fashion_mnist, cifar10, cifar100, imagenette, imagenette_320, imagenette_160, from root or
 * the cache; imagenet, from root) or from a folder: MNIST's or CIFAR's files, train/ and val/ or test/ of class folders or
 * tar shards, or class folders alone.
 * @throws DataError if there is nothing such, or what there is is damaged
 */
export async function loadDataset(nameOrFolder: string, options: LoadOptions = {}): Promise<LoadedDataset> {
  if (nameOrFolder === "imagenet") return loadImageNet(options);
  if (!Object.hasOwn(catalog, nameOrFolder)) return loadFolder(nameOrFolder, options);
  const folder = datasetFolder(nameOrFolder, options);
  if (options.download) await fetchDataset(nameOrFolder, options);
  else if (!existsSync(folder)) {
    throw new DataError(
      `${nameOrFolder}: not in ${folder}; download: true (--download) fetches it (${licenceLine(nameOrFolder)})`,
    );
  }
  const { classes } = catalog[nameOrFolder]!;
  if (nameOrFolder.startsWith("imagenette")) return folders(folder, { ...pictureOptions(options), classes });
  return loadFolder(folder, options, classes);
}

function pictureOptions({ channels, exif, maxPixels }: PictureOptions): PictureOptions {
  return { ...(channels && { channels }), ...(exif && { exif }), ...(maxPixels && { maxPixels }) };
}

const VALS = ["val", "validation", "valid", "test"];

/** Class folders below train/ and, if there is one, val/ or test/; both with train's classes. */
function folders(root: string, options: FolderOptions): LoadedDataset {
  const train = new ImageFolder(join(root, "train"), options);
  const val = VALS.find((name) => existsSync(join(root, name)));
  if (!val) return { train };
  const known = options.folders ?? foldersIn(join(root, "train"));
  return { train, val: new ImageFolder(join(root, val), { ...options, folders: known }) };
}

/** Shards by the start of their names, in the folder itself or below one of that name. */
function shardsOf(root: string, part: string): string[] {
  const below = join(root, part);
  const [folder, start] = existsSync(below) ? [below, ""] : [root, part];
  return readdirSync(folder)
    .filter((name) => name.startsWith(start) && name.endsWith(".tar"))
    .sort(byCodePoint)
    .map((name) => join(folder, name));
}

/** Names of the classes, a line each, if the folder has them. */
function classesFile(root: string): { classes?: readonly string[] } {
  const path = join(root, "classes.txt");
  if (!existsSync(path)) return {};
  return { classes: new TextDecoder().decode(readBytes(path)).trim().split(/\r?\n/) };
}

function tars(root: string, options: PictureOptions): LoadedDataset | undefined {
  const train = shardsOf(root, "train");
  if (train.length === 0) return undefined;
  const val = VALS.map((part) => shardsOf(root, part)).find((shards) => shards.length > 0);
  const opened = TarDataset.open(train, { ...options, ...classesFile(root) });
  return val
    ? { train: opened, val: TarDataset.open(val, { ...options, classes: opened.classes }) }
    : { train: opened };
}

async function loadFolder(
  root: string,
  options: LoadOptions,
  classes?: readonly string[],
): Promise<LoadedDataset> {
  if (!existsSync(root)) {
    throw new DataError(`${root}: no such folder or dataset; ${knownNames(root, datasetNames())}`);
  }
  if (!statSync(root).isDirectory()) throw new DataError(`${root}: not a folder; expected a dataset's`);
  const has = (name: string): boolean => existsSync(join(root, name)) || existsSync(join(root, `${name}.gz`));
  if (has("train-images-idx3-ubyte")) return pair(await loadMnist(root, classes));
  if (has("data_batch_1.bin")) return pair(await loadCifar10(root));
  if (has("train.bin") && has("test.bin")) return pair(await loadCifar100(root, options.labels));
  const inner = ["cifar-10-batches-bin", "cifar-100-binary"].find((name) => existsSync(join(root, name)));
  if (inner) return loadFolder(join(root, inner), options);
  const decode = pictureOptions(options);
  const shards = tars(root, decode);
  if (shards) return withVal(shards, options);
  if (existsSync(join(root, "train"))) return withVal(folders(root, decode), options);
  return withVal({ train: new ImageFolder(root, decode) }, options);
}

/** Splits a val part off where there is none and one is wanted. */
function withVal(loaded: LoadedDataset, { valFraction = 0, seed = 0 }: LoadOptions): LoadedDataset {
  if (loaded.val || valFraction === 0) return loaded;
  const [train, val] = stratifiedSplit(loaded.train, [1 - valFraction, valFraction], seed);
  return { train: train!, val: val! };
}

/**
 * ImageNet-1k from root: train/<wnid>/ and val/<wnid>/, or PaddleClas' train_list.txt and val_list.txt; labels as
 * everybody's, whichever classes are there. `train` is `val` where there is no train/.
 */
function loadImageNet(options: LoadOptions): LoadedDataset {
  const { root } = options;
  if (root === undefined) {
    throw new DataError(
      "imagenet: no root; expected root, the folder with train/ and val/ (image-net.org, by registration)",
    );
  }
  const named = { ...pictureOptions(options), folders: imagenetWnids, classes: imagenetClasses };
  const part = (name: string): Dataset | undefined => {
    const listFile = join(root, `${name}_list.txt`);
    if (existsSync(listFile)) return new ImageList(root, listFile, named);
    return existsSync(join(root, name)) ? new ImageFolder(join(root, name), named) : undefined;
  };
  const [train, val] = [part("train"), part("val")];
  if (!train && !val)
    throw new DataError(`${root}: no train/ or val/; expected train/<wnid>/*.JPEG, or train_list.txt`);
  return { train: train ?? val!, ...(val && { val }) };
}
