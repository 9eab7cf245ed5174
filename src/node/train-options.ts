// All options of a training run: a row of a table for each.

import { dataOptions } from "./options/data.js";
import { imageOptions } from "./options/images.js";
import { distillOptions, emaOptions, lossOptions } from "./options/loss.js";
import { modelOptions } from "./options/model.js";
import { generalOptions, runOptions } from "./options/run.js";
import { batchOptions, optimizerOptions, scheduleOptions } from "./options/steps.js";

export type { TrainOption } from "./options/option.js";

/** In the order of --help. */
export const trainOptions = {
  ...generalOptions,
  ...dataOptions,
  ...modelOptions,
  ...imageOptions,
  ...batchOptions,
  ...optimizerOptions,
  ...scheduleOptions,
  ...lossOptions,
  ...distillOptions,
  ...emaOptions,
  ...runOptions,
};

/** The groups of --help. */
export const optionGroups: readonly (readonly [title: string, options: object])[] = [
  ["Options:", generalOptions],
  ["Data:", dataOptions],
  ["Model:", modelOptions],
  ["Images:", imageOptions],
  ["Training:", batchOptions],
  ["Optimizer:", optimizerOptions],
  ["Learning rate's schedule:", scheduleOptions],
  ["Loss:", lossOptions],
  ["Distillation:", distillOptions],
  ["Average of the weights:", emaOptions],
  ["Run:", runOptions],
];
