// config.json beside weights: src/pretrained/config.ts says what is in it.

import { checkKinds } from "../errors/options.js";
import { configFromJSON, type ModelConfig } from "../pretrained/config.js";
import { readJson } from "./files.js";

/** Reads a config.json. @throws DataError naming it and the field that is missing, wrong, or not supported */
export async function readConfig(path: string): Promise<{
  /** Its description of the model and its images. */
  config: ModelConfig;
  /** Number of classes. */
  numClasses: number;
}> {
  checkKinds("readConfig", { path }, { path: "path" });
  return configFromJSON(readJson(path), path);
}
