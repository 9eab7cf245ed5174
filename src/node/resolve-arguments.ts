// Derives all arguments of a training run from a recipe and the user's flags.

import { checkKinds } from "../errors/options.js";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { knownNames } from "../errors/suggest.js";
import { DataError, short, show } from "../errors.js";
import { readJson } from "./files.js";
import { SMALL } from "../data/index.js";
import { optimizerInfo, scheduleInfo } from "../optim/index.js";
import { DECAY_RATE } from "./options/steps.js";
import { expectation } from "../errors/kinds.js";
import { recipes } from "./recipes.js";
import type { TrainArguments } from "./train-arguments.js";
import { trainOptions, type TrainOption } from "./train-options.js";
import { UsageError } from "./usage-error.js";

type Values = Readonly<Record<string, unknown>>;
type Name = keyof TrainArguments;
/** The given arguments of a training run; the others follow from recipe, data and defaults. */
export type TrainFlags = Partial<TrainArguments>;

export const trainNames = Object.keys(trainOptions) as Name[];

const optionOf = (name: Name): TrainOption<unknown> => trainOptions[name] as TrainOption<unknown>;

/** "batchSize" as it is typed: "--batch-size". */
export const flagOf = (name: string): string => `--${name.replace(/[A-Z]/g, (c) => `-${c.toLowerCase()}`)}`;

/** The option for a name in any spelling: batchSize, batch_size, batch-size, or its other name. */
export function optionNamed(name: string): Name | undefined {
  const own = name.replace(/[-_]+([a-z])/g, (_, letter: string) => letter.toUpperCase());
  return Object.hasOwn(trainOptions, own) ? (own as Name) : trainNames.find((n) => optionOf(n).alias === own);
}

/** Values of a recipe or of code, each checked, models by their own names. @throws UsageError naming the option, the value and the expected kind */
function checked(values: Readonly<Record<string, unknown>>, where: string): TrainFlags {
  const entries = Object.entries(values).map(([name, value]): [string, unknown] => {
    if (!Object.hasOwn(trainOptions, name)) {
      throw new UsageError(
        `${where}: unknown option '${short(name)}'; ${knownNames(name, [...trainNames].sort())}`,
      );
    }
    const { kind } = optionOf(name as Name);
    if (kind.accepts(value)) return [name, typeof value === "string" ? (kind.parse(value) ?? value) : value];
    const expected = expectation(kind, typeof value === "string" ? value : "");
    throw new UsageError(`${where}: bad ${name}; got ${show(value)}; ${expected}`);
  });
  return Object.fromEntries(entries);
}

/** A recipe's values, by its name or given directly. Texts are read as on the command line; null means not given. */
export function recipeOf(name: string, own?: Readonly<Record<string, unknown>>): TrainFlags {
  if (own) {
    const values = Object.entries(own).flatMap(([option, value]): [string, unknown][] => {
      const kind = Object.hasOwn(trainOptions, option) ? optionOf(option as Name).kind : undefined;
      if (!kind || kind.accepts(value)) return [[option, value]];
      if (value === null) return [];
      const read = typeof value === "string" ? kind.parse(value) : undefined;
      return [[option, read === undefined ? value : read]];
    });
    if (own["resume"]) throw new UsageError(`${name}: resume: not possible in a recipe; expected --resume`);
    return checked(Object.fromEntries(values), name);
  }
  if (Object.hasOwn(recipes, name)) return checked(recipes[name]!, `recipe ${name}`);
  throw new UsageError(
    `--recipe: unknown recipe '${short(name)}'; ${knownNames(name, Object.keys(recipes).sort())}`,
  );
}

/** Images per step. */
export const stepOf = ({ batchSize, gradAccumSteps }: TrainArguments): number => batchSize * gradAccumSteps;

/**
 * A rate for a number of images per step, from the rate for another. Rates grow linearly (P. Goyal et al., 2017,
 * https://arxiv.org/abs/1706.02677), or for adaptive optimizers by the square root, as in timm.
 */
function scaled(lr: number, opt: string, ratio: number): number {
  const { growth } = optimizerInfo(opt).usual;
  return Number((lr * (growth === "sqrt" ? Math.sqrt(ratio) : ratio)).toPrecision(6));
}

/** The optimizer's usual rate, for the images per step, and decay. */
function byOptimizer(args: TrainArguments): { lr: number; weightDecay: number } {
  const { lr, weightDecay } = optimizerInfo(args.opt).usual;
  return { lr: scaled(lr, args.opt, stepOf(args) / 256), weightDecay };
}

/** A recipe's rates are for its own images per step: scales them to the requested number. */
function ratesFor(start: TrainFlags, said: TrainFlags): TrainFlags {
  const own = withDefaults(start);
  const args = withDefaults(said);
  const ratio = stepOf(args) / stepOf(own);
  const rates = (["lr", "headLr", "warmupLr", "minLr"] as const).filter((name) => start[name]);
  return Object.fromEntries(rates.map((name) => [name, scaled(start[name]!, own.opt, ratio)]));
}

/**
 * All arguments of a training run: the defaults, over them the recipe that flags.recipe names, over that the flags. With
 * flags.resume: those of that run. `recipe`: the values of a recipe that is not one of fovea's own. `byData`: the values that the data
 * decide (argumentsByData()) if the flags do not.
 * @throws UsageError for an unknown recipe or option, a value of the wrong kind, options that are missing or contradict each
 * other; DataError if a run to resume cannot be read
 */
export function resolveArguments(
  flags: TrainFlags,
  recipe?: Readonly<Record<string, unknown>>,
  byData: TrainFlags = {},
): TrainArguments {
  checkKinds("resolveArguments", { flags, byData }, { flags: "object", byData: "object" });
  const given = checked(flags, "train");
  if (typeof given.resume === "string") return resumed(given.resume, given);
  const start = typeof given.recipe === "string" ? recipeOf(given.recipe, recipe) : {};
  const said = { ...start, ...byData, ...given };
  const args = inUse({ ...said, ...ratesFor(start, said), ...given }, new Set(Object.keys(given)));
  for (const name of ["model", "data"] as const) {
    if (args[name] === undefined) throw new UsageError(`${flagOf(name)}: missing; or --recipe`);
  }
  if (given.freezeEpochs === undefined && (args.freezeEpochs ?? 0) >= args.epochs) {
    args.freezeEpochs = args.epochs > 1 ? args.epochs - 1 : null; // the recipe's is for more epochs
  }
  requireTogether(args);
  return args;
}

/** The schedule's own default; exponential has none. */
function usualDecayRate(sched: string): number {
  const { options } = scheduleInfo(sched);
  const own = DECAY_RATE.map((name) => options[name]).find((value) => value !== undefined);
  return (own as number | undefined) ?? (sched === "exponential" ? 0.9 : 0.1);
}

/** The default of every option; undefined if there is none. */
export const trainDefaults = (): Record<string, unknown> =>
  Object.fromEntries(trainNames.map((name) => [name, optionOf(name).default]));

/** The given values, and defaults for the rest, some of which follow from others. */
export function withDefaults(said: TrainFlags): TrainArguments {
  const args = { ...trainDefaults(), ...said } as unknown as TrainArguments;
  const usual = byOptimizer(args);
  args.lr ??= usual.lr;
  args.weightDecay ??= usual.weightDecay;
  args.warmupLr ??= Math.min(1e-5, args.lr);
  args.warmupEpochs ??= args.epochs < 3 || args.sched === "onecycle" ? 0 : 1;
  args.decayRate ??= usualDecayRate(args.sched);
  return args;
}

/** The value that an argument would have if only it were not given. */
export function defaultsBeside(args: TrainArguments): Record<string, unknown> {
  const defaults = trainDefaults();
  const free = trainNames.filter((name) => defaults[name] === undefined);
  const usual = withDefaults({ ...args, ...Object.fromEntries(free.map((name) => [name, undefined])) });
  return { ...defaults, ...Object.fromEntries(free.map((name) => [name, usual[name]])) };
}

/** The missing flags that an option needs to have an effect. */
function lacks(args: TrainArguments, name: Name): string[] {
  return Object.entries(optionOf(name).needs ?? {})
    .filter(([other, { holds }]) => !holds(args[other as Name]))
    .map(([other, { says }]) => says(flagOf(other)));
}

/** Whether an argument's value has an effect in combination with the others. */
export function isInUse(args: TrainArguments, name: Name): boolean {
  return lacks(args, name).length === 0;
}

/**
 * All arguments from the given values. A recipe's values are left out if they have no effect in combination with the rest.
 * @throws UsageError for a flag that has no effect, with a value other than the one without it
 */
function inUse(said: TrainFlags, given: ReadonlySet<string>): TrainArguments {
  const args = withDefaults(said);
  const useless = (Object.keys(said) as Name[]).find((name) => {
    const { [name]: value, ...rest } = said;
    return !isInUse(args, name) && JSON.stringify(withDefaults(rest)[name]) !== JSON.stringify(value);
  });
  if (useless === undefined) return args;
  if (given.has(useless)) {
    throw new UsageError(`${flagOf(useless)}: of no use; it needs ${lacks(args, useless).join(" and ")}`);
  }
  const { [useless]: _, ...rest } = said;
  return inUse(rest, given);
}

/** @throws UsageError for values that cannot go together */
function requireTogether(args: TrainArguments): void {
  const refuse = (name: Name, why: string): never => {
    throw new UsageError(`${flagOf(name)}: ${why}`);
  };
  const { epochs, sched, decayMilestones, freezeEpochs } = args;
  if (args.weights !== null && args.pretrained !== null) refuse("weights", "contradicts --pretrained");
  if (args.warmupEpochs >= epochs) refuse("warmupEpochs", `got ${args.warmupEpochs}; expected less than ${epochs} epochs`); // prettier-ignore
  if (freezeEpochs !== null && freezeEpochs >= epochs) {
    refuse("freezeEpochs", `got ${freezeEpochs}; expected less than ${epochs} epochs`);
  }
  if (args.freeze !== null && args.weights === null && args.pretrained === null) {
    refuse("freeze", "keeps random weights; it needs --weights or --pretrained");
  }
  if (isInUse(args, "minLr") && args.minLr > args.lr) {
    refuse("minLr", `got ${args.minLr}; expected at most the ${args.lr} of --lr`);
  }
  if (isInUse(args, "warmupLr") && args.warmupLr > args.lr) {
    refuse("warmupLr", `got ${args.warmupLr}; expected at most the ${args.lr} of --lr`);
  }
  if (args.scale !== null && args.scale[0] > args.scale[1])
    refuse("scale", `falls; got ${args.scale.join(",")}`);
  if (sched === "step" && args.decayEpochs === null) refuse("decayEpochs", "missing; --sched step needs it");
  if (sched === "multistep") {
    const rises = decayMilestones.every(
      (epoch, i) => epoch > (decayMilestones[i - 1] ?? 0) && epoch < epochs,
    );
    if (decayMilestones.length === 0 || !rises) {
      const got = `got ${decayMilestones.join(",") || "none"}`;
      refuse(
        "decayMilestones",
        `${got}; --sched multistep needs epochs that rise and are less than ${epochs}`,
      );
    }
  }
  if (Array.isArray(args.classWeights) && !args.classWeights.some((weight) => weight > 0)) {
    refuse("classWeights", "all are 0");
  }
}

/** Arguments that may differ from the resumed run: they change no bit of the training. */
export const MAY_DIFFER: readonly string[] = ["resume", "out", "threads", "workers", "checkpointInterval"];

/** Arguments that may be changed to continue a run longer; with the epochs, later learning rates change. */
export const MAY_EXTEND: readonly string[] = ["epochs", "patience"];

/** Whether saved arguments are of a version that ignored scale up to 64 pixels. */
export const ignoredScale = (saved: object): boolean => !("hflip" in saved);

/** A run of such a version continues as it began. */
function withoutIgnoredScale(json: Values, folder: string): Values {
  const config = join(folder, "config.json");
  if (!ignoredScale(json) || !existsSync(config)) return json;
  const { pretrained_cfg: prepared } = readJson(config) as { pretrained_cfg?: { input_size?: number[] } };
  return (prepared?.input_size?.[1] ?? Infinity) <= SMALL ? { ...json, scale: null } : json;
}

/** The arguments in a run's args.json. */
function resumed(folder: string, given: TrainFlags): TrainArguments {
  const path = join(folder, "args.json");
  const json = withoutIgnoredScale(readJson(path), folder);
  const entries = trainNames.map((name) => [
    name,
    Object.hasOwn(json, name) ? json[name] : optionOf(name).default,
  ]);
  const args = Object.fromEntries(entries) as Record<Name, unknown>;
  for (const name of trainNames) {
    if (optionOf(name).kind.accepts(args[name])) continue;
    throw new DataError(
      `${path}: bad ${name}; got ${show(args[name])}; expected ${optionOf(name).kind.expected}`,
    );
  }
  for (const [name, value] of Object.entries(given) as [Name, unknown][]) {
    if (JSON.stringify(args[name]) === JSON.stringify(value)) continue;
    if (name === "out" && value !== folder) throw new UsageError(`--out: contradicts --resume ${folder}`);
    if (!MAY_DIFFER.includes(name) && !MAY_EXTEND.includes(name)) {
      const was = show(args[name]);
      throw new UsageError(`${flagOf(name)}: contradicts --resume; ${path} says ${was}`);
    }
    args[name] = value;
  }
  const all = { ...(args as unknown as TrainArguments), resume: folder, out: folder };
  if (MAY_EXTEND.some((name) => name in given)) requireTogether(all);
  return all;
}
