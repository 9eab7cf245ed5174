// The part of a dataset that a model is evaluated on: the part kept from its training, if known.

import { checkKinds } from "../errors/options.js";
import { ConcatDataset, type Dataset } from "../data/index.js";
import { DataError } from "../errors.js";
import { loadDataset, type LoadedDataset, type LoadOptions } from "./datasets/index.js";
import { digestsOf, folderDigest, type TrainedOn } from "./held-out.js";
import { UsageError } from "./usage-error.js";

/** Part of a dataset. */
export type Split = "train" | "val" | "all";

/** Options of evalPart(). */
export interface EvalPartOptions extends LoadOptions {
  /** Which part. Default: the one to evaluate on, if there is one; otherwise all. */
  split?: Split;
  /** If there is no part to evaluate on: the share to split off. Default: as in the model's training. */
  valFraction?: number;
  /** Seed of that split. Default: the training's, or 0. */
  seed?: number;
  /** What is known about the model's training. */
  trainedOn?: TrainedOn;
}

/** The part of a dataset that a model is evaluated on. */
export interface EvalPart {
  /** Its pictures. */
  data: Dataset;
  /** Which part that is. */
  split: Split;
  /** How the dataset was split, if necessary. */
  valFraction?: number;
  /** Seed of that split. */
  seed?: number;
  /** A sentence about what is evaluated, unless it is obvious. */
  note?: string;
  /** The dataset's own notes. */
  notes: readonly string[];
}

const same = (a: readonly string[], b: readonly string[]): boolean => a.join() === b.join();
const sums = (parts: readonly Dataset[]): string[] => digestsOf(parts).map(({ sha256 }) => sha256);
const splitFlags = ({ valFraction, seed }: { valFraction: number; seed: number }): string =>
  `--val-fraction ${valFraction} --seed ${seed}`;
const NOT_SURE = "the model may have been trained on some of them";

/**
 * The part of a dataset to evaluate a model on. If the dataset has no such part, the split of the model's training is repeated
 * and checked to be the same.
 * @throws UsageError for a missing part; DataError if the dataset has changed since training, so that the part kept from training
 * is unknown
 */
export async function evalPart(name: string, options: EvalPartOptions = {}): Promise<EvalPart> {
  checkKinds("evalPart", { name, options }, { name: "text", options: "object" });
  const { split, valFraction, seed, trainedOn, ...load } = options;
  const whole = await loadDataset(name, { ...load, valFraction: 0 });
  if (whole.val) {
    const useless = valFraction !== undefined ? "--val-fraction" : seed !== undefined ? "--seed" : undefined;
    if (useless) throw new UsageError(`${useless}: of no use; ${name} has a part to evaluate on`);
    return ownPart(name, whole, split);
  }
  if (split === "all" && valFraction)
    throw new UsageError("--val-fraction: of no use; --split all takes everything");
  const known = trainedOn?.split ?? undefined;
  if (seed !== undefined && valFraction === undefined && !known) {
    throw new UsageError("--seed: of no use; it needs --val-fraction");
  }
  const fraction = valFraction ?? known?.valFraction ?? 0;
  if (fraction === 0) return everything(name, whole, options);
  const how = { valFraction: fraction, seed: seed ?? known?.seed ?? 0 };
  const parts = await loadDataset(name, { ...load, ...how });
  if (!parts.val) return everything(name, parts, options); // too few images for one
  const { train, val } = parts;
  const kept = trainedOn?.val && same(sums([train, val]), [trainedOn.train.sha256, trainedOn.val.sha256]);
  const splitGiven = valFraction !== undefined || seed !== undefined;
  if (!kept && !splitGiven) {
    if (split !== "all" && trainedOn!.folder === folderDigest(name)) throw changed(name, whole, trainedOn!);
    return everything(name, whole, options);
  }
  if (split === "all") return everything(name, whole, options);
  const data = split === "train" ? train : val;
  const what = split === "train" ? "the part that was trained on" : "the part that was kept from training";
  const of = `${name}: ${data.length} of ${whole.train.length} images`;
  const note = kept ? `${of}, ${what} (${splitFlags(how)})` : `${of} (${splitFlags(how)}); ${NOT_SURE}`;
  return { data, split: split ?? "val", ...how, note, notes: parts.notes };
}

/** For a dataset with parts. */
function ownPart(name: string, { train, val, notes }: LoadedDataset, split: Split = "val"): EvalPart {
  if (split === "val" || (split === "all" && train === val)) return { data: val!, split, notes };
  if (train === val) throw new UsageError(`--split: ${name} has no train part; known: val`);
  const data = split === "train" ? train : new ConcatDataset([train, val!]);
  const which = split === "train" ? "the train part" : "the train and the val part";
  return { data, split, note: `${name}: ${data.length} images, ${which}`, notes };
}

/** For a dataset without parts. */
function everything(
  name: string,
  { train: data, notes }: LoadedDataset,
  { split, trainedOn }: EvalPartOptions,
): EvalPart {
  if (split === "val") {
    throw new UsageError(`--split: ${name} has no val part; --val-fraction F splits one off`);
  }
  const trained =
    trainedOn && sums([data])[0] === trainedOn.train.sha256 ? "the model was trained on them" : NOT_SURE;
  const why = split === undefined ? ", as it has no part to evaluate on" : "";
  return {
    data,
    split: split ?? "all",
    note: `${name}: all ${data.length} images${why}; ${trained}`,
    notes: notes.filter((note) => !note.includes("--val-fraction")), // the note reports it
  };
}

function changed(name: string, { train }: LoadedDataset, { train: then, val }: TrainedOn): DataError {
  const [before, now] = [then.images + (val?.images ?? 0), train.length];
  const how = before === now ? "names or classes are others" : `${before} images then, ${now} now`;
  return new DataError(
    `${name}: has changed since the model was trained on it (${how}): what was kept from training is unknown; ` +
      `--split all evaluates on everything`,
  );
}
