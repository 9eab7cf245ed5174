// The parts of a dataset by the names of their folders, lists and shards: one list for all that read datasets.

import { join } from "node:path";
import { DataError } from "../../errors.js";
import { entriesIn, hasFolders, looksLikePicture } from "./scan.js";

/** Most folders nested in one another with nothing else. */
const MOST_WRAPPERS = 8;
/** Names for a folder of class folders within a part's folder. */
const WRAPPER = /^(images?|imgs?|data|dataset|photos|pictures)$/i;

/** The purpose of a part. */
export type Part = "train" | "val";

/** Words in any case, alone or before "set", "data", "images"; if there are several for evaluation, the first is used. */
const NAMES: Record<Part, readonly string[]> = {
  train: ["train", "training", "trainval", "trn"],
  val: [
    "val",
    "valid",
    "validation",
    "dev",
    "eval",
    "evaluation",
    "holdout",
    "tst",
    "test",
    "tests",
    "testing",
  ],
};

const SUFFIX = /[ _-]?(sets?|splits?|data|images?|imgs?|photos|pictures|folder|dir|lists?|\d{4})$/;

interface Standing {
  part: Part;
  /** Its place in the list. */
  rank: number;
}

/** The part of a name that is only a part's word. */
function standing(name: string): Standing | undefined {
  const plain = name.toLowerCase();
  for (const part of ["train", "val"] as const) {
    for (const word of [plain, plain.replace(SUFFIX, "")]) {
      const rank = NAMES[part].indexOf(word);
      if (rank >= 0) return { part, rank };
    }
  }
  return undefined;
}

/** The word in a name that shows its part: "train" in "imagenet-train-0001.tar" and "seg_train", "val" in "ValSplit1". */
export const partWord = (name: string): string | undefined =>
  name
    .replace(/(\p{Ll})(?=\p{Lu})/gu, "$1 ")
    .toLowerCase()
    .split(/[^\p{L}]+/u)
    .find(standing);

const standingOf = (name: string): Standing | undefined => standing(name) ?? standing(partWord(name) ?? "");

/** The part that a name stands for: "Training", "train_set", "seg_train" are "train"; undefined for other names. */
export const partOf = (name: string): Part | undefined => standingOf(name)?.part;

/** Names of parts for evaluation, the preferred one first. */
export const byRank = (a: string, b: string): number => standingOf(a)!.rank - standingOf(b)!.rank;

/** Names of those parts, for messages: "val/, valid/ … or test/". */
export const evalNames = `${NAMES.val.slice(0, 6).join("/, ")}/ or test/`;

export interface Layout {
  /** Folders with class folders in them. */
  train?: string;
  val?: string;
  /** Other folders of parts, with class folders in them: those for evaluation that come later in the list. */
  more: string[];
  /** Folders of parts without class folders, beside those with: unsorted pictures. */
  flat: string[];
  /** Folders beside them that are not parts. */
  others: string[];
}

/**
 * The parts that folders in `root` are, as soon as one of these holds folders itself and is plainly for training ("train"), or
 * there are parts of both kinds in any spelling ("seg_train", "seg_test"), or nothing else is there. A class may be called
 * "train" (the vehicle), and classes "blood_test" and "skin_test".
 * @throws DataError if two folders are for training
 */
export function layoutOf(root: string, folders: readonly string[]): Layout | undefined {
  const named = folders.filter(partOf);
  const others = folders.filter((name) => !partOf(name));
  const deep = named.filter((name) => hasFolders(join(root, name)));
  const both = (names: readonly string[]): boolean => new Set(names.map(partOf)).size === 2;
  const plain = (names: readonly string[]): boolean => names.some((name) => standing(name));
  const alone = others.length === 0 && (both(named) || named.every((name) => standing(name)));
  const training = (names: readonly string[]): string[] => names.filter((name) => partOf(name) === "train");
  if (named.length === 0) return undefined;
  if (!alone && !(deep.length > 0 && (plain(training(named)) || both(deep)))) return undefined;
  const parts = deep.length > 0 ? deep : named;
  const train = training(parts).length > 0 ? training(parts) : training(named).slice(0, 1);
  if (train.length > 1) {
    throw new DataError(
      `${root}: ${train.length} folders for training; got ${train.join(", ")}; expected one`,
    );
  }
  const [val, ...more] = parts.filter((name) => partOf(name) === "val").sort(byRank);
  return {
    ...(train[0] !== undefined && { train: insideOf(root, train[0]) }),
    ...(val !== undefined && { val: insideOf(root, val) }),
    more: more.map((name) => insideOf(root, name)),
    flat: named.filter((name) => !parts.includes(name) && name !== train[0]),
    others,
  };
}

/** The folder in a part's that holds the classes: "seg_train/seg_train", "train/images". */
function insideOf(root: string, part: string): string {
  const { folders } = entriesIn(join(root, part));
  const [only] = folders;
  if (folders.length !== 1 || !(partOf(only!) || WRAPPER.test(only!)) || !hasFolders(join(root, part, only!)))
    return part;
  return insideOf(root, `${part}/${only}`);
}

/**
 * The actual folder of a dataset: archives often unpack to one folder inside another, with nothing beside it. It contains no
 * pictures itself, only folders.
 */
export function innermost(root: string): string {
  let folder = root;
  for (let depth = 0; depth < MOST_WRAPPERS; depth++) {
    const { folders, files } = entriesIn(folder);
    const [only] = folders;
    if (folders.length !== 1 || partOf(only!) || files.some(looksLikePicture)) return folder;
    const inside = entriesIn(join(folder, only!));
    if (inside.folders.length === 0 || inside.files.some(looksLikePicture)) return folder;
    folder = join(folder, only!);
  }
  return folder;
}
