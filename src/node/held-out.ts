// Which images a model was trained on, and which were kept from it: the record that a run writes into config.json, by which a
// later evaluation checks whether its part is the same.

import { createHash } from "node:crypto";
import { realpathSync } from "node:fs";
import { Subset, type Dataset } from "../data/index.js";
import type { PartDigest, TrainedOn } from "../pretrained/trained-on.js";

export type { PartDigest, TrainedOn };

const sha256 = (text: string): string => createHash("sha256").update(text).digest("hex");

/** A folder's normalised path; a dataset's name unchanged. */
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

/** Names of a part's images, in its order: their paths or, for images in memory, their numbers in the whole dataset. */
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

/** Digests of the parts of one dataset. They do not depend on its location. */
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

/** The record of the parts that a model is trained and evaluated on. */
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

/** A warning if the initial weights were trained on images that are now evaluated on, as far as is known. */
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
