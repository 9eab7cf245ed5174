// Everything that determines a training run: the arguments that `fovea train` derives from recipe and options, stored in args.json.

import type { TrainOption } from "./options/option.js";
import type { trainOptions } from "./train-options.js";

type Table = typeof trainOptions;

/** Plain JSON; null for a value that is not given. Names and meanings are timm's wherever it has them. @useDeclaredType */
export type TrainArguments = {
  [Name in keyof Table]: Table[Name] extends TrainOption<infer Value> ? Value : never;
};
