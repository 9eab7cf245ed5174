// How images are prepared for a trained model: as for its weights, unless flags change it. Reports it if it is a guess.

import { Option, type Command } from "commander";
import { type Dataset, CROP_MODES, FILTERS, RESAMPLES, type Preprocessing } from "../data/index.js";

import { choice, integer, list, number, type Kind } from "../errors/kinds.js";
import type { TrainedModel } from "../node/open-model.js";
import {
  assumedNote,
  atTestSize,
  preparationFor as changed,
  type PreparationOptions,
} from "../node/preprocessing.js";
import { UsageError } from "../node/usage-error.js";
import { parser, refuseUseless } from "./parser.js";

/** Flags of the preparation. */
export type PreparationFlags = Omit<PreparationOptions, "trained"> & { useTestSize?: true };

export const PREPARATION = [
  "imgSize",
  "cropPct",
  "cropMode",
  "interpolation",
  "resample",
  "mean",
  "std",
] as const;

/** --img-size, --crop-pct, …: named as timm's. Defaults are the weights' own. */
export function addPreparationOptions(command: Command): Command {
  const add = (flags: string, help: string, kind?: Kind<unknown>): void => {
    const option = new Option(flags, help).helpGroup("Images (default: as for the weights):");
    command.addOption(kind ? option.argParser(parser(kind)) : option);
  };
  add("--img-size <n>", "side of the images in pixels", integer(8, 4096));
  add("--crop-pct <0…1>", "share of the resized image's side that is kept", number(0, 1, { above: true }));
  add("--crop-mode <name>", CROP_MODES.join(", "), choice(() => CROP_MODES)); // prettier-ignore
  add("--interpolation <name>", FILTERS.join(", "), choice(() => FILTERS)); // prettier-ignore
  add(
    "--resample <name>",
    `order of a resize's passes: ${RESAMPLES.join(", ")}`,
    choice(() => RESAMPLES),
  );
  add("--mean <x,…>", "mean of each channel, of values in 0…1", list(number(-Infinity)));
  add("--std <x,…>", "deviation of each channel", list(number(0, Infinity, { above: true })));
  add("--use-test-size", "config.json's test size");
  return command;
}

/** The model with its images prepared according to the flags. @throws UsageError for --use-test-size if the weights have no test size */
export function preparedAs(trained: TrainedModel, flags: PreparationFlags): TrainedModel {
  const said = Object.fromEntries(PREPARATION.map((name) => [name, flags[name]]));
  if (!flags.useTestSize && PREPARATION.every((name) => flags[name] === undefined)) return trained;
  if (flags.useTestSize && !trained.preparation().test) {
    throw new UsageError("--use-test-size: the weights have no test size");
  }
  const preparation = (data?: Dataset): Preprocessing => {
    const own = trained.preparation(data);
    const chosen = flags.useTestSize ? atTestSize(own) : own;
    return changed(trained.architecture, undefined, { ...said, trained: chosen });
  };
  if (flags.useTestSize) refuseUseless(flags, ["imgSize", "cropPct"], "--use-test-size sets it");
  preparation(); // reports at once what does not fit
  return { ...trained, preparation };
}

/** How the dataset's images are prepared for the model; a line on stderr if that is a guess. */
export function preparationFor(trained: TrainedModel, data: Dataset): Preprocessing {
  const preparation = trained.preparation(data);
  if (trained.assumed !== undefined) tellAssumed(trained.assumed, preparation);
  return preparation;
}

/** Reports on stderr that a preparation is a guess. */
export function tellAssumed(assumed: string, preparation: Preprocessing): void {
  console.error(`fovea: ${assumedNote(assumed, preparation)}`);
}
