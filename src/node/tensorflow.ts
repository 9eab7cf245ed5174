// Weights that look like ours but are not.

import { existsSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { DataError, short } from "../errors.js";
import { modelNames } from "../models/index.js";
import { readJson } from "./files.js";
import { WEIGHT_FILES } from "../pretrained/sharded.js";

const TENSORFLOW = /(^|[^a-z\d])tf_(efficientnet|mobilenet|mixnet)/i;

/** Whether timm has an architecture or a file of this name from TensorFlow. */
export const isTensorflow = (name: string): boolean => TENSORFLOW.test(name);

/**
 * Networks that timm names tf_… pad convolutions as TensorFlow does and have another eps, which their tensors do not show. `model`:
 * the name of the model to load, if it is known.
 * @throws DataError if a file has the name of another model, or its folder has, if the file's name is generic; its config.json decides
 */
export function refuseTensorflow(file: string, model?: string): void {
  const name = namesOf(file).find(isTensorflow);
  if (name === undefined) return;
  const within = (known: string): boolean => new RegExp(`(^|[^a-z\\d])${known}([^a-z\\d]|$)`, "i").test(name);
  const owner = modelNames().filter((known) => isTensorflow(known) && within(known)).sort((a, b) => b.length - a.length)[0]; // prettier-ignore
  if (owner === undefined) {
    throw new DataError(
      `${file}: weights of timm's ${short(name)}, which pads convolutions as TensorFlow does; no such model is known`,
    );
  }
  if (model === undefined || model === owner) return;
  throw new DataError(`${file}: weights of ${owner}, not of ${model}; use --model ${owner}`);
}

/** Names that identify the contents of a file of weights. */
function namesOf(file: string): string[] {
  const parts = file.split(/[/\\]/);
  if (!WEIGHT_FILES.includes(basename(file) as never)) return parts.slice(-1);
  const config = join(dirname(file), "config.json");
  if (!existsSync(config)) return parts.slice(-3);
  try {
    return [String(readJson(config)["architecture"])];
  } catch {
    return []; // opening the folder as a model reports it
  }
}
