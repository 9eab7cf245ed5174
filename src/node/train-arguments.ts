// Everything that decides a training run: what `fovea train` makes of recipe and options, what args.json holds.

import type { TrainOption } from "./options/option.js";
import type { trainOptions } from "./train-options.js";

type Table = typeof trainOptions;

/** Plain JSON; null where something is left out. Names and meanings are timm's wherever it has them. @useDeclaredType */
export type TrainArguments = {
  [Name in keyof Table]: Table[Name] extends TrainOption<infer Value> ? Value : never;
};
