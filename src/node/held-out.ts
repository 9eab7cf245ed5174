// Which images a model was trained on, and which were kept from it: what a run writes into config.json, and what tells later
// whether a part for evaluation is the same.

import { createHash } from "node:crypto";
import { realpathSync } from "node:fs";
import { Subset, type Dataset } from "../data/index.js";

/** The images of a part of a dataset. */
export interface PartDigest {
  /** How many there are. */
  readonly images: number;
  /** SHA-256 of their names and classes. What is in the files is not read. */
  readonly sha256: string;
}

/** What config.json says of the data that a model was trained on. */
export interface TrainedOn {
  /** SHA-256 of the folder's path: it is known again, and the file does not tell where it was. */
  readonly folder: string;
  /** By what the part for evaluation was split off; null where the data had one, or none was wanted. */
  readonly split: { readonly valFraction: number; readonly seed: number } | null;
  /** What was trained on. */
  readonly train: PartDigest;
  /** What was kept for evaluation; null if there was nothing. */
  readonly val: PartDigest | null;
}

const sha256 = (text: string): string => createHash("sha256").update(text).digest("hex");

/** A folder whatever way its path is written; a dataset's name as it is. */
export function folderDigest(data: string): string {
  try {
    return sha256(realpathSync(data));
  } catch {
    return sha256(data);
  }
}

/** The folder that all paths share, with its last slash. */
function commonFolder(paths: readonly string[]): string {
  let common = paths[0] ?? "";
  for (const path of paths) {
    while (!path.startsWith(common)) common = common.slice(0, -1);
  }
  return common.slice(0, Math.max(common.lastIndexOf("/"), common.lastIndexOf("\\")) + 1);
}

/** Names of a part's images, in its order: their paths or, of images in no files, their numbers in the whole. */
function namesOf(part: Dataset): string[] {
  return Array.from({ length: part.length }, (_, i) => {
    return part.path?.(i) ?? String(part instanceof Subset ? part.indices[i] : i);
  });
}

/** The classes of a part's image. */
function classesOf({ labels, targets, classes }: Dataset, i: number): string {
  if (!targets) return classes[labels[i]!]!;
  const row = targets.subarray(i * classes.length, (i + 1) * classes.length);
  return classes.filter((_, j) => row[j]! > 0).join("|");
}

/** Digests of the parts of one dataset. They do not depend on where it lies. */
export function digestsOf(parts: readonly Dataset[]): PartDigest[] {
  const names = parts.map(namesOf);
  const skip = commonFolder(names.flat()).length;
  return parts.map((part, p) => {
    const lines = names[p]!.map(
      (name, i) => `${name.slice(skip).replaceAll("\\", "/")}\t${classesOf(part, i)}\n`,
    );
    return { images: part.length, sha256: sha256(lines.join("")) };
  });
}

/** What is written down of the parts that a model is trained and evaluated on. */
export function trainedOn(
  data: string,
  { train, val }: { train: Dataset; val?: Dataset },
  split: { valFraction: number; seed: number },
): TrainedOn {
  const [first, second] = digestsOf(val ? [train, val] : [train]);
  const { valFraction, seed } = split;
  return {
    folder: folderDigest(data),
    split: val instanceof Subset ? { valFraction, seed } : null,
    train: first!,
    val: second ?? null,
  };
}

/** What is to be said where earlier weights have seen images that are evaluated on now, if it can be told. */
export function seenNote(
  weights: string,
  earlier: TrainedOn | undefined,
  now: TrainedOn,
): string | undefined {
  if (!earlier || !now.split || earlier.folder !== now.folder) return undefined;
  if (earlier.train.sha256 === now.train.sha256) return undefined;
  const { split } = earlier;
  const how = split
    ? `; their split was --val-fraction ${split.valFraction} --seed ${split.seed}`
    : ": all of them";
  return `${weights}: weights that were trained on images which are evaluated on here${how}`;
}

const isObject = (v: unknown): v is Record<string, unknown> => typeof v === "object" && v !== null;
const isDigest = (v: unknown): v is PartDigest =>
  isObject(v) && Number.isSafeInteger(v["images"]) && typeof v["sha256"] === "string";
const isSplit = (v: unknown): boolean =>
  v === null || (isObject(v) && Number.isFinite(v["valFraction"]) && Number.isSafeInteger(v["seed"]));

/** Whether a value of config.json is what trainedOn() gives. */
export function isTrainedOn(v: unknown): v is TrainedOn {
  if (!isObject(v) || typeof v["folder"] !== "string") return false;
  return isSplit(v["split"]) && isDigest(v["train"]) && (v["val"] === null || isDigest(v["val"]));
}
