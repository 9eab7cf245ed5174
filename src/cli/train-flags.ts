// The options of a training run as flags of a command.

import { Option, type Command } from "commander";
import { argumentsByData, type ChosenArguments } from "../node/by-data.js";
import { flagOf, isInUse, recipeOf, trainNames, type TrainFlags } from "../node/resolve-arguments.js";
import type { TrainArguments } from "../node/train-arguments.js";
import { optionGroups, trainOptions, type TrainOption } from "../node/train-options.js";
import { UsageError } from "../node/usage-error.js";
import { parser, requireDataName, eitherOf } from "./options.js";
import { recipeFile } from "./recipe-file.js";

type Name = keyof TrainArguments;

/** --pretrained without a name: the model's own weights, or the default model's. */
const OWN = "own";
const DEFAULT_PRETRAINED = "resnet18";

/** "--no-aug", whose positive form is the default; its name begins with the no. */
const negative = (name: Name): boolean => /^no[A-Z]/.test(name);

/** A given value; commander treats null differently. */
class Said {
  readonly value: unknown;

  constructor(value: unknown) {
    this.value = value;
  }
}

/** Adds the flags of these options; commander gets no defaults, so that opts() holds only given values. */
export function addTrainOptions(command: Command, names: readonly Name[] = trainNames): Command {
  for (const name of trainNames.filter((name) => names.includes(name))) {
    const { kind, default: value, help, short, alias } = trainOptions[name] as TrainOption<unknown>;
    const [group] = optionGroups.find(([, options]) => name in options)!;
    const add = (flags: string, text = help): Option => {
      const option = new Option(flags, text).helpGroup(group);
      command.addOption(option);
      return option;
    };
    if (typeof value === "boolean") {
      if (!negative(name)) add(flagOf(name)).hideHelp(value);
      add(negative(name) ? flagOf(name) : `--no-${flagOf(name).slice(2)}`, help).hideHelp(
        !value && !negative(name),
      );
      continue;
    }
    const plain =
      typeof value === "number" || typeof value === "string" || (Array.isArray(value) && value.length > 0);
    const text = plain ? `${help} (default: ${String(value)})` : help;
    const metavar = name === "pretrained" ? "[name]" : kind.metavar;
    const parse = parser(kind);
    const letter = short === undefined ? "" : `-${short}, `;
    add(`${letter}${flagOf(name)} ${metavar}`, text).argParser((value) => new Said(parse(value)));
    if (alias === undefined) continue;
    const same = add(`${flagOf(alias)} ${metavar}`).hideHelp();
    same.argParser((value) => new Said(parse(value)));
  }
  return command;
}

/** The given values, under the names of the arguments; `data` as an argument. */
export function trainFlags(opts: Record<string, unknown>, data?: string): TrainFlags {
  const flags: Record<string, unknown> = {};
  for (const name of trainNames) {
    const own = negative(name) ? name.charAt(2).toLowerCase() + name.slice(3) : name;
    // commander sets a flag with only a negative form to true by default.
    const { alias = own } = trainOptions[name] as TrainOption<unknown>;
    if (alias !== own && opts[own] !== undefined && opts[alias] !== undefined) {
      throw new UsageError(`${flagOf(name)} and ${flagOf(alias)} are the same; expected one of them`);
    }
    const value = opts[own] ?? opts[alias];
    if (value === undefined || (negative(name) && value === true)) continue;
    flags[name] = negative(name) ? true : value instanceof Said ? value.value : value;
  }
  if (flags["pretrained"] === true) flags["pretrained"] = flags["model"] ?? OWN;
  const all = eitherOf(data, "--data", flags["data"]);
  return { ...flags, ...(all !== undefined && { data: all }) } as TrainFlags;
}

/** Resolved arguments, one per line, without those not in use or not turned on. */
export function describeArguments(args: TrainArguments): string {
  const off = (name: Name, value: unknown): boolean => value === 0 && trainOptions[name].default === 0;
  const used = trainNames
    .filter((name) => isInUse(args, name))
    .map((name) => [name, args[name]] as const)
    .filter(
      ([name, value]) => value !== null && value !== false && String(value) !== "" && !off(name, value),
    );
  const width = Math.max(...used.map(([name]) => name.length));
  return used.map(([name, value]) => `  ${name.padEnd(width)}  ${String(value)}`).join("\n");
}

/**
 * Flags with --pretrained's model named, and the values of a recipe that is a file. @throws as recipeFile() and recipeOf() */
export function withRecipe(
  flags: TrainFlags,
): [flags: TrainFlags, recipe?: Readonly<Record<string, unknown>>] {
  const { recipe, pretrained } = flags;
  if (typeof recipe !== "string" || typeof flags.resume === "string") return [withOwn(flags, flags.model)];
  const own = recipeFile(recipe);
  const { model } = pretrained === OWN ? recipeOf(recipe, own) : {};
  const named = withOwn(flags, flags.model ?? model);
  return own ? [named, own] : [named];
}

const withOwn = (flags: TrainFlags, model = DEFAULT_PRETRAINED): TrainFlags =>
  flags.pretrained === OWN ? { ...flags, pretrained: model } : flags;

/**
 * All arguments of a training run from flags and data; reports on stderr what the data decided.
 * @throws as argumentsByData() and withRecipe()
 */
export async function argumentsFrom(flags: TrainFlags): Promise<ChosenArguments> {
  if (flags.data !== undefined && typeof flags.resume !== "string") requireDataName(flags.data);
  const chosen = await argumentsByData(...withRecipe(flags));
  for (const note of chosen.notes) console.error(`fovea: ${note}`);
  return chosen;
}
