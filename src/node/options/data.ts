// Options of a training run: its data.

import { datasetNames } from "../datasets/index.js";
import { decoderNames } from "../decoder.js";
import { choice, number, optional, word } from "../../errors/kinds.js";
import { flag, option } from "./option.js";

/** A folder is already located, so the flags apply only to names. */
const isName = (value: unknown): boolean => datasetNames().includes(value as string);
const named = { data: { holds: isName, says: () => "a dataset's name" } };
const fetched = {
  data: { holds: (value: unknown) => isName(value) && value !== "imagenet", says: () => "the name of a dataset that can be downloaded" }, // prettier-ignore
};

export const dataOptions = {
  data: option(word("data"), undefined, "a dataset's name, or a folder"),
  dataDir: option(optional(word("folder")), null, "folder that holds datasets by name; imagenet's own folder", { needs: named }), // prettier-ignore
  download: flag("download the dataset if it is missing", false, { needs: fetched }),
  decoder: option(
    choice(() => decoderNames),
    "fovea",
    "reads JPEG and more formats: fovea or jpeg-js (built in), or sharp or jsquash if installed",
  ),
  valFraction: option(
    number(0, 0.9),
    0.2,
    "share of each class kept for evaluation if there is no val part; 0: train on all",
  ),
};
