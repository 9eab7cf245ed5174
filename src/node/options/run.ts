// Options of a training run: when it ends, what it writes, how it computes.

import { integer, number, optional, word } from "../../errors/kinds.js";
import { flag, option } from "./option.js";

export const generalOptions = {
  recipe: option(
    optional(word("name|file")),
    null,
    "start from a recipe's values: one of fovea's, a JSON or YAML file, or a run's args.json; --config is the same",
    { alias: "config" },
  ),
};

export const runOptions = {
  patience: option(
    optional(integer(1)),
    null,
    "stop after this many evaluations without a better top-1 (mAP if images have several classes)",
  ),
  /** The last epoch is always evaluated. */
  valInterval: option(integer(1), 1, "epochs between evaluations"),
  checkpointInterval: option(
    number(0),
    300,
    "seconds between checkpoints within an epoch; 0: only at its end",
  ),

  syncBn: flag("of several processes: batch norm takes the statistics of all their images"),
  seed: option(integer(0, 2 ** 32 - 1), 0, "seed of all random numbers"),
  threads: option(optional(integer(1, 64)), null, "threads that compute (default: all processors)"),
  /** null: none for images in memory, otherwise a few. */
  workers: option(optional(integer(0, 64)), null, "threads that read and transform images", { short: "j" }),
  out: option(optional(word("folder")), null, "run folder (default: runs/<model>-<data>)"),
  resume: option(optional(word("run")), null, "run folder to resume"),
};
