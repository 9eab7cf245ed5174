// Options of a training: its data.

import { decoderNames } from "../decoder.js";
import { choice, number, optional, word } from "../kinds.js";
import { flag, option } from "./option.js";

export const dataOptions = {
  data: option(word("data"), undefined, "a dataset's name, or a folder"),
  dataDir: option(optional(word("folder")), null, "folder that holds datasets by name; imagenet's own folder"), // prettier-ignore
  download: flag("download the dataset if it is not there"),
  decoder: option(
    choice(() => decoderNames),
    "jpeg-js",
    "reads JPEG files: jpeg-js (built in), or sharp or jsquash if installed",
  ),
  valFraction: option(
    number(0, 0.9),
    0,
    "share of each class kept for evaluation where there is no val part",
  ),
};
