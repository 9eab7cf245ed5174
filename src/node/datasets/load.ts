// A dataset by name or by folder.

import { existsSync } from "node:fs";
import { join } from "node:path";
import { knownNames } from "../../errors/suggest.js";
import {
  classCounts,
  imagenetClasses,
  imagenetWnids,
  stratifiedSplit,
  type Dataset,
  type LeftOut,
  type Subset,
} from "../../data/index.js";
import { DataError } from "../../errors.js";
import { readText, statOf } from "../files.js";
import { catalog } from "./catalog.js";
import { datasetFolder, FETCH_OPTIONS, fetchDataset, licenceLine, type FetchOptions } from "./fetch.js";
import { PICTURE_OPTIONS, type PictureOptions } from "./file-dataset.js";
import { ImageFolder, type FolderOptions } from "./folder.js";
import { loadCifar10, loadCifar100, loadMnist } from "./formats.js";
import { ImageList } from "./list.js";
import { listAt, listsIn, openLists } from "./lists.js";
import { count, leftOutNotes, some } from "./notes.js";
import { entriesIn, hasFolders, looksLikePicture } from "./scan.js";
import {
  byRank,
  evalNames,
  innermost,
  layoutOf,
  partOf,
  partWord,
  type Layout,
  type Part,
} from "./splits.js";
import { TarDataset } from "./tar.js";
import { checkOptions, wrongKind } from "../../errors/options.js";

/** Names that loadDataset() knows, sorted. */
export const datasetNames = (): string[] => [...Object.keys(catalog), "imagenet"].sort();

export interface LoadOptions extends PictureOptions, FetchOptions {
  /** Download a known dataset if it is missing. Default false: an error that states its size. */
  download?: boolean;
  /** CIFAR-100's labels. Default "fine". */
  labels?: "fine" | "coarse";
  /** If there is no val part: the fraction of each class to split off. Default 0: none. */
  valFraction?: number;
  /** Seed of that split. Default 0. */
  seed?: number;
}

/** What loadDataset() returns. */
export interface LoadedDataset {
  /** The part to train on. */
  readonly train: Dataset;
  /**
   * The part to evaluate on, if there is one: val/, test/ or the like, or the part that valFraction splits off. If there is nothing
   * to train on, `train` is the same.
   */
  readonly val?: Dataset;
  /** Whether val was split off by valFraction. Default false. */
  readonly split?: true;
  /** Pictures that were found but are in neither part. */
  readonly leftOut: readonly LeftOut[];
  /** Notes before the dataset is used, a sentence each: what it leaves out, which parts are missing. */
  readonly notes: readonly string[];
}

/** Parts, and notes about them. */
function loaded(train: Dataset, val: Dataset | undefined, notes: readonly string[] = []): LoadedDataset {
  const parts = [...new Set([train, ...(val ? [val] : [])])];
  const leftOut = parts.flatMap((part) => part.leftOut ?? []);
  const partNotes = parts.flatMap((part) => part.notes ?? []);
  return { train, ...(val && { val }), leftOut, notes: [...notes, ...partNotes, ...leftOutNotes(leftOut)] };
}

const pair = ({ train, test }: { train: Dataset; test: Dataset }): LoadedDataset => loaded(train, test);

/**
 * A dataset by name (mnist, fashion_mnist, cifar10, cifar100, imagenette, imagenette_320, imagenette_160, from root or
 * the cache; imagenet, from root) or from a folder: MNIST's or CIFAR's files, lists (train_list.txt, val.csv), train/ and val/
 * or test/ of class folders or tar shards, or class folders alone. Or from a list file; val lists beside it are used.
 * @throws DataError if there is no such dataset, or it is damaged
 */
export async function loadDataset(nameOrFolder: string, options: LoadOptions = {}): Promise<LoadedDataset> {
  if (typeof nameOrFolder !== "string") {
    throw wrongKind("loadDataset", "nameOrFolder", nameOrFolder, "a dataset's name or a folder");
  }
  checkOptions<LoadOptions>("loadDataset", options, {
    ...PICTURE_OPTIONS,
    ...FETCH_OPTIONS,
    download: true,
    labels: true,
    valFraction: true,
    seed: true,
  });
  if (nameOrFolder === "imagenet") return loadImageNet(options);
  if (!Object.hasOwn(catalog, nameOrFolder)) return loadFolder(nameOrFolder, options);
  const folder = datasetFolder(nameOrFolder, options);
  const fetching = Object.entries(options).filter(([name]) => Object.hasOwn(FETCH_OPTIONS, name));
  if (options.download) await fetchDataset(nameOrFolder, Object.fromEntries(fetching));
  else if (!existsSync(folder)) {
    throw new DataError(
      `${nameOrFolder}: not in ${folder}; download: true (--download) fetches it (${licenceLine(nameOrFolder)})`,
    );
  }
  const { classes } = catalog[nameOrFolder]!;
  if (nameOrFolder.startsWith("imagenette")) {
    return folders(
      folder,
      layoutOf(folder, entriesIn(folder).folders) ?? { train: "train", more: [], flat: [], others: [] },
      {
        ...pictureOptions(options),
        classes,
      },
    );
  }
  return loadFolder(folder, options, classes);
}

function pictureOptions({ channels, exif, maxPixels }: PictureOptions): PictureOptions {
  return { ...(channels && { channels }), ...(exif && { exif }), ...(maxPixels && { maxPixels }) };
}

/** Class folders below folders of parts: train/ and val/ or the like, both with train's classes. */
function folders(root: string, layout: Layout, options: FolderOptions): LoadedDataset {
  const { train, val, more, flat, others } = layout;
  const notRead = (why: string, names: readonly string[]): string[] =>
    names.length ? [`${root}: not read, as ${why}: ${some(names.map((name) => `${name}/`))}`] : [];
  const loose = entriesIn(root).files.filter(looksLikePicture);
  const notes = [
    ...notRead("no part's name", others),
    ...notRead(`${val}/ is there`, more),
    ...notRead("there are no class folders in it", flat),
    ...leftOutNotes(loose.map((file) => ({ file: join(root, file), reason: "is in no class folder" }))),
  ];
  if (train === undefined) {
    const only = new ImageFolder(join(root, val!), options);
    return loaded(only, only, [...notes, `${root}: nothing to train on: there is ${val}/, and no train/`]);
  }
  const set = new ImageFolder(join(root, train), options);
  if (val === undefined) return loaded(set, undefined, notes);
  const known = options.folders ?? entriesIn(join(root, train)).folders;
  return loaded(set, new ImageFolder(join(root, val), { ...options, folders: known }), notes);
}

/** Tar shards by part: the part's word in the shards' names or folders, and "" for the others. */
function shardsIn(root: string): Map<string, string[]> {
  const { files, folders } = entriesIn(root);
  const shards = new Map<string, string[]>();
  const add = (word: string, path: string): void =>
    void shards.set(word, [...(shards.get(word) ?? []), path]);
  for (const name of files.filter(isTar)) add(partWord(name) ?? "", join(root, name));
  for (const folder of folders.filter(partOf)) {
    for (const name of entriesIn(join(root, folder)).files.filter(isTar))
      add(folder, join(root, folder, name));
  }
  return shards;
}

const isTar = (name: string): boolean => /\.tar$/i.test(name);
const isPacked = (name: string): boolean => /\.(tar\.(gz|bz2|xz|zst)|tgz)$/i.test(name);

/** Names of the classes, one per line, if the folder has them. */
function classesFile(root: string): { classes?: readonly string[] } {
  const path = join(root, "classes.txt");
  return existsSync(path) ? { classes: readText(path).trim().split(/\r?\n/) } : {};
}

/** Shards for training and, if there are, for evaluation. Shards without a part are for training if no shards are named for it. */
function tars(root: string, options: PictureOptions): LoadedDataset | undefined {
  const { files, folders } = entriesIn(root);
  const packed = files.filter(isPacked).map((name) => join(root, name));
  if (packed.length > 0 && folders.length === 0 && !files.some(isTar)) TarDataset.open(packed); // which reports what to do
  const shards = shardsIn(root);
  const words = [...shards.keys()].filter((word) => word !== "");
  const training = words.filter((word) => partOf(word) === "train");
  const [val, ...more] = words.filter((word) => partOf(word) === "val").sort(byRank);
  const train = training.length ? training.flatMap((word) => shards.get(word)!) : shards.get("");
  if (!train && val === undefined) return undefined;
  const rest = [
    ...more.flatMap((word) => shards.get(word)!),
    ...(training.length ? (shards.get("") ?? []) : []),
    ...packed,
  ];
  const beside = folders.filter((name) => !partOf(name)).map((name) => `${name}/`);
  const notes = [
    ...(rest.length ? [`${root}: shards that are not read: ${some(rest)}`] : []),
    ...(beside.length ? [`${root}: not read, as there are shards: ${some(beside)}`] : []),
  ];
  const named = { ...options, ...classesFile(root) };
  const [first, second] = [train, val === undefined ? undefined : shards.get(val)];
  if (!first) {
    const only = TarDataset.open(second!, named);
    return loaded(only, only, [
      ...notes,
      `${root}: nothing to train on: there are only shards for evaluation`,
    ]);
  }
  const opened = TarDataset.open(first, named);
  return loaded(opened, second && TarDataset.open(second, { ...named, classes: opened.classes }), notes);
}

async function loadFolder(
  root: string,
  options: LoadOptions,
  classes?: readonly string[],
): Promise<LoadedDataset> {
  const stat = statOf(root);
  if (!stat) {
    throw new DataError(`${root}: no such folder or dataset; ${knownNames(root, datasetNames())}`);
  }
  if (!stat.isDirectory()) {
    const list = listAt(root);
    if (list) return withVal(lists(list, pictureOptions(options)), options);
    throw new DataError(`${root}: not a folder; expected a dataset's, or a list (.txt, .csv, .tsv)`);
  }
  const has = (name: string): boolean => existsSync(join(root, name)) || existsSync(join(root, `${name}.gz`));
  if (has("train-images-idx3-ubyte")) return pair(await loadMnist(root, classes));
  if (has("data_batch_1.bin")) return pair(await loadCifar10(root));
  if (has("train.bin") && has("test.bin")) return pair(await loadCifar100(root, options.labels));
  const inner = ["cifar-10-batches-bin", "cifar-100-binary"].find((name) => existsSync(join(root, name)));
  if (inner) return loadFolder(join(root, inner), options);
  return withVal(loadPictures(root, pictureOptions(options)), options);
}

/** Parts of class folders or of shards; otherwise class folders alone. */
function loadPictures(root: string, options: PictureOptions): LoadedDataset {
  const found = listsIn(root);
  if (found?.train !== undefined) return lists(found, options);
  const entries = entriesIn(root);
  const layout = layoutOf(root, entries.folders);
  const sorted = layout && hasFolders(join(root, (layout.train ?? layout.val)!));
  const shards = sorted ? undefined : tars(root, options);
  if (shards) return shards;
  if (layout) return folders(root, layout, options);
  const inner = innermost(root);
  if (inner !== root) {
    const inside = loadPictures(inner, options);
    return {
      ...inside,
      notes: [`${root}: holds one folder and nothing else; read ${inner}`, ...inside.notes],
    };
  }
  return loaded(new ImageFolder(root, options), undefined, sameFolders(root, entries.folders));
}

/** A note if every class holds only folders with the same names, like parts with unknown names. */
function sameFolders(root: string, classes: readonly string[]): string[] {
  const inside = classes.map((name) => entriesIn(join(root, name)));
  const [first] = inside;
  const same = first!.folders.filter((name) => inside.every(({ folders }) => folders.includes(name)));
  if (classes.length < 2 || same.length < 2 || inside.some(({ files }) => files.some(looksLikePicture)))
    return [];
  return [
    `${root}: the classes are ${some(classes)}, and in each there are ${some(same)}; if these are the classes, call the others train and val`,
  ];
}

/** Lists for training and, if there is one, for evaluation. */
function lists(found: NonNullable<ReturnType<typeof listsIn>>, options: PictureOptions): LoadedDataset {
  const { train, val, notes } = openLists(found, options);
  return loaded((train ?? val)!, val, notes);
}

/** Splits off a part for evaluation if there is none and one is requested. */
function withVal(whole: LoadedDataset, { valFraction = 0, seed = 0 }: LoadOptions): LoadedDataset {
  if (whole.val) return whole;
  const { name } = whole.train;
  if (valFraction === 0) {
    const why = `${name}: no part to evaluate on (${evalNames}); --val-fraction 0.2 keeps a fifth of it`;
    return { ...whole, notes: [...whole.notes, why] };
  }
  const [train, val] = stratifiedSplit(whole.train, [1 - valFraction, valFraction], seed) as [Subset, Subset];
  if (val.length === 0) {
    const why = `${name}: no part to evaluate on, and too few images to keep any of them`;
    return { ...whole, notes: [...whole.notes, why] };
  }
  const [all, kept] = [classCounts(whole.train), classCounts(val)];
  const small = val.classes.filter((_, i) => all[i]! > 0 && kept[i] === 0);
  const notes = small.length
    ? [
        `${name}: ${count(small.length, "class", "classes")} with too few images to evaluate any of: ${some(small)}`,
      ]
    : [];
  return { ...whole, train, val, split: true, notes: [...whole.notes, ...notes] };
}

/**
 * ImageNet-1k from root: train/<wnid>/ and val/<wnid>/, or PaddleClas's train_list.txt and val_list.txt; labels
 * have the usual order, whichever classes exist. `train` is `val` if there is no train/.
 */
function loadImageNet(options: LoadOptions): LoadedDataset {
  const { root } = options;
  if (root === undefined) {
    throw new DataError(
      "imagenet: no root; expected root, the folder with train/ and val/ (image-net.org, by registration)",
    );
  }
  const named = { ...pictureOptions(options), folders: imagenetWnids, classes: imagenetClasses };
  const layout = existsSync(root) ? layoutOf(root, entriesIn(root).folders) : undefined;
  const part = (name: Part): Dataset | undefined => {
    const listFile = join(root, `${name}_list.txt`);
    if (existsSync(listFile)) return new ImageList(root, listFile, named);
    const folder = layout?.[name];
    return folder === undefined ? undefined : new ImageFolder(join(root, folder), named);
  };
  const [train, val] = [part("train"), part("val")];
  if (!train && !val)
    throw new DataError(`${root}: no train/ or val/; expected train/<wnid>/*.JPEG, or train_list.txt`);
  return loaded(train ?? val!, val);
}
