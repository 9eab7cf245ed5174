// config.json beside weights: src/pretrained/config.ts says what is in it.

import { checkKinds } from "../errors/options.js";
import { configFromJSON, type ModelConfig } from "../pretrained/config.js";
import { readJson } from "./files.js";

/** What a config.json says. @throws DataError naming it and the field that is missing, wrong, or asks for what cannot be done */
export async function readConfig(path: string): Promise<{
  /** What it says about the model and its images. */
  config: ModelConfig;
  /** Number of classes. */
  numClasses: number;
}> {
  checkKinds("readConfig", { path }, { path: "path" });
  return configFromJSON(readJson(path), path);
}
