// The parts of a dataset by the names of their folders, lists and shards: one list for all that read datasets.

import { join } from "node:path";
import { DataError } from "../../errors.js";
import { hasFolders } from "./scan.js";

/** What a part is for. */
export type Part = "train" | "val";

/** Names in any case, alone or before "set", "data", "images"; of several for evaluation the first is taken. */
const NAMES: Record<Part, readonly string[]> = {
  train: ["train", "training"],
  val: ["val", "valid", "validation", "dev", "eval", "evaluation", "test", "testing"],
};

const SUFFIX = /[ _-]?(set|split|data|images|imgs|\d{4})$/;

/** Where a name stands in the list: its part and its rank in it. */
function standing(name: string): { part: Part; rank: number } | undefined {
  const plain = name.toLowerCase();
  for (const part of ["train", "val"] as const) {
    for (const word of [plain, plain.replace(SUFFIX, "")]) {
      const rank = NAMES[part].indexOf(word);
      if (rank >= 0) return { part, rank };
    }
  }
  return undefined;
}

/** The part that a name stands for: "Training" and "train_set" are "train"; undefined for other names. */
export const partOf = (name: string): Part | undefined => standing(name)?.part;

/** The word of a file's name that tells its part: of "imagenet-train-0001.tar" it is "train". */
export const partWord = (file: string): string | undefined =>
  file
    .toLowerCase()
    .split(/[^a-z]+/)
    .find(partOf);

/** Names of parts for evaluation, the one to be taken first. */
export const byRank = (a: string, b: string): number => standing(a)!.rank - standing(b)!.rank;

/** Names of those parts, for messages: "val/, valid/ … or test/". */
export const evalNames = `${NAMES.val.slice(0, -2).join("/, ")}/ or test/`;

export interface Layout {
  /** Folders with class folders in them. */
  train?: string;
  val?: string;
  /** Other folders of parts, with class folders in them: those for evaluation that come later in the list. */
  more: string[];
  /** Folders beside them that are no parts. */
  others: string[];
}

/**
 * The parts that folders in `root` are: those with a part's name that hold folders themselves, as soon as one is for training
 * or all of them are parts. A class may be called "train" where pictures travel.
 * @throws DataError if two folders are for training
 */
export function layoutOf(root: string, folders: readonly string[]): Layout | undefined {
  const parts = folders.filter((name) => partOf(name) && hasFolders(join(root, name)));
  const others = folders.filter((name) => !parts.includes(name));
  const train = parts.filter((name) => partOf(name) === "train");
  if (parts.length === 0 || (train.length === 0 && others.length > 0)) return undefined;
  if (train.length > 1) {
    throw new DataError(
      `${root}: ${train.length} folders for training; got ${train.join(", ")}; expected one`,
    );
  }
  const [val, ...more] = parts.filter((name) => partOf(name) === "val").sort(byRank);
  return {
    ...(train[0] !== undefined && { train: train[0] }),
    ...(val !== undefined && { val }),
    more,
    others,
  };
}
