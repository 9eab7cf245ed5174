// Optimizers by name: a row for each, from which the command line, checks and types come.

import type { Tensor } from "../core/tensor.js";
import { DataError, short } from "../errors.js";
import { unknownOption } from "../errors/options.js";
import { knownNames } from "../errors/suggest.js";
import { Adagrad } from "./adagrad.js";
import { Adam, AdamW } from "./adam.js";
import { LAMB } from "./lamb.js";
import { LARS } from "./lars.js";
import { Lion } from "./lion.js";
import { NAdam } from "./nadam.js";
import type { Optimizer, ParameterGroup } from "./optimizer.js";
import { defaultsOf, type AnyOptionsOf } from "./options.js";
import { RAdam } from "./radam.js";
import { RMSprop, RMSpropTF } from "./rmsprop.js";
import { SGD } from "./sgd.js";

export { Adagrad, type AdagradOptions } from "./adagrad.js";
export { Adam, AdamW, type AdamOptions } from "./adam.js";
export { LAMB, type LAMBOptions } from "./lamb.js";
export { LARS, type LARSOptions } from "./lars.js";
export { Lion, type LionOptions } from "./lion.js";
export { NAdam, type NAdamOptions } from "./nadam.js";
export { RAdam, type RAdamOptions } from "./radam.js";
export { RMSprop, RMSpropTF, type RMSpropOptions } from "./rmsprop.js";
export { SGD, type SGDOptions } from "./sgd.js";

/** The usual settings for a network. */
export interface UsualRates {
  /** Learning rate for 256 images per step. */
  readonly lr: number;
  /** How the rate grows with the images per step. */
  readonly growth: "linear" | "sqrt";
  /** Weight decay. */
  readonly weightDecay: number;
}

const optimizers = {
  sgd: { type: SGD, usual: { lr: 0.1, growth: "linear", weightDecay: 1e-4 } },
  rmsprop: { type: RMSprop, usual: { lr: 1e-3, growth: "sqrt", weightDecay: 1e-5 } },
  rmsproptf: { type: RMSpropTF, usual: { lr: 1e-3, growth: "sqrt", weightDecay: 1e-5 } },
  adam: { type: Adam, usual: { lr: 1e-3, growth: "sqrt", weightDecay: 0 } },
  adamw: { type: AdamW, usual: { lr: 1e-3, growth: "sqrt", weightDecay: 0.05 } },
  nadam: { type: NAdam, usual: { lr: 1e-3, growth: "sqrt", weightDecay: 0 } },
  radam: { type: RAdam, usual: { lr: 1e-3, growth: "sqrt", weightDecay: 0 } },
  lion: { type: Lion, usual: { lr: 1e-4, growth: "sqrt", weightDecay: 0.5 } },
  adagrad: { type: Adagrad, usual: { lr: 0.01, growth: "sqrt", weightDecay: 1e-4 } },
  lars: { type: LARS, usual: { lr: 1, growth: "linear", weightDecay: 1e-4 } },
  lamb: { type: LAMB, usual: { lr: 5e-3, growth: "sqrt", weightDecay: 0.02 } },
} as const satisfies Record<string, { type: { options: object }; usual: UsualRates }>;

type Table = typeof optimizers;

/** Options of any optimizer. @useDeclaredType */
export type OptimizerOptions = AnyOptionsOf<Table[keyof Table]["type"]["options"]>;

/** Names that createOptimizer() knows. */
export const optimizerNames: readonly string[] = Object.keys(optimizers);

/** Facts about an optimizer. */
export interface OptimizerInfo {
  /** The name that createOptimizer() knows it by. */
  readonly name: string;
  /** The options that it takes, with their defaults. */
  readonly options: Readonly<Record<string, unknown>>;
  /** Rates that suit it. */
  readonly usual: UsualRates;
}

function find(op: string, name: string): Table[keyof Table] {
  if (Object.hasOwn(optimizers, name)) return optimizers[name as keyof Table];
  throw new DataError(`${op}: unknown optimizer '${short(name)}'; ${knownNames(name, optimizerNames)}`);
}

/** What is known about an optimizer. @throws DataError listing the known names */
export function optimizerInfo(name: string): OptimizerInfo {
  const { type, usual } = find("optimizerInfo", name);
  return { name, options: defaultsOf(type.options), usual };
}

const ALL = [...new Set(Object.values(optimizers).flatMap(({ type }) => Object.keys(type.options)))];

/**
 * An optimizer by name: one of optimizerNames. Options that are undefined, and those of other optimizers, count as not
 * given: a momentum for Adam does nothing.
 * @throws DataError for an unknown name, or an option that no optimizer has; DataError or ShapeError as its constructor
 */
export function createOptimizer(
  name: string,
  parameters: readonly (Tensor | ParameterGroup)[],
  options: OptimizerOptions = {},
): Optimizer {
  const { type: Type } = find("createOptimizer", name);
  const given = Object.entries(options).filter(([, value]) => value !== undefined);
  const unknown = given.find(([option]) => !ALL.includes(option));
  if (unknown) throw unknownOption("createOptimizer", unknown[0], ALL);
  return new Type(
    parameters,
    Object.fromEntries(given.filter(([option]) => Object.hasOwn(Type.options, option))),
  );
}
