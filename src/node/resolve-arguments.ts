// From a recipe and what a user says to all arguments of a training.

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { DataError } from "../errors.js";
import { recipes } from "./recipes.js";
import type { TrainArguments } from "./train-arguments.js";
import { trainOptions, type TrainOption } from "./train-options.js";
import { UsageError } from "./usage-error.js";

type Name = keyof TrainArguments;
export type TrainFlags = Partial<TrainArguments>;

export const trainNames = Object.keys(trainOptions) as Name[];

const optionOf = (name: Name): TrainOption<unknown> => trainOptions[name];

/** "batchSize" as it is typed: "--batch-size". */
export const flagOf = (name: string): string => `--${name.replace(/[A-Z]/g, (c) => `-${c.toLowerCase()}`)}`;

/** Values of a recipe or of code, each checked. @throws UsageError naming the option, the value and what is expected */
function checked(values: Readonly<Record<string, unknown>>, where: string): TrainFlags {
  for (const [name, value] of Object.entries(values)) {
    if (!(name in trainOptions)) {
      throw new UsageError(`${where}: unknown option '${name}'; known: ${[...trainNames].sort().join(", ")}`);
    }
    const { kind } = optionOf(name as Name);
    if (kind.accepts(value)) continue;
    throw new UsageError(`${where}: bad ${name}; got ${JSON.stringify(value)}; expected ${kind.expected}`);
  }
  return values;
}

function recipeOf(name: string): TrainFlags {
  const recipe = recipes[name];
  if (recipe) return checked(recipe, `recipe ${name}`);
  throw new UsageError(
    `--recipe: unknown recipe '${name}'; known: ${Object.keys(recipes).sort().join(", ")}`,
  );
}

/** Learning rates for 256 images a step, and weight decays. */
const BY_OPTIMIZER: Record<string, { lr: number; root?: true; weightDecay: number }> = {
  sgd: { lr: 0.1, weightDecay: 1e-4 },
  lars: { lr: 1, weightDecay: 1e-4 },
  rmsprop: { lr: 1e-3, root: true, weightDecay: 1e-5 },
  rmsproptf: { lr: 1e-3, root: true, weightDecay: 1e-5 },
  adam: { lr: 1e-3, root: true, weightDecay: 0 },
  adamw: { lr: 1e-3, root: true, weightDecay: 0.05 },
  lamb: { lr: 5e-3, root: true, weightDecay: 0.02 },
};

/**
 * The optimizer's usual rate and decay. Rates grow with the images of a step: linearly (P. Goyal et al., 2017,
 * https://arxiv.org/abs/1706.02677), or for adaptive optimizers by the square root, as in timm.
 */
function byOptimizer({ opt, batchSize, gradAccumSteps }: TrainArguments): {
  lr: number;
  weightDecay: number;
} {
  const { lr, root, weightDecay } = BY_OPTIMIZER[opt]!;
  const ratio = (batchSize * gradAccumSteps) / 256;
  return { lr: Number((lr * (root ? Math.sqrt(ratio) : ratio)).toPrecision(6)), weightDecay };
}

/**
 * All arguments of a training: the defaults, over them the recipe that flags.recipe names, over that the flags. With
 * flags.resume: those of that run.
 * @throws UsageError for an unknown recipe or option, a value that is none, options that are missing or contradict each
 * other; DataError if a run to resume cannot be read
 */
export function resolveArguments(flags: TrainFlags): TrainArguments {
  const given = checked(flags, "train");
  if (typeof given.resume === "string") return resumed(given.resume, given);
  const recipe = typeof given.recipe === "string" ? recipeOf(given.recipe) : {};
  const defaults = Object.fromEntries(trainNames.map((name) => [name, optionOf(name).default]));
  const said = { ...recipe, ...given };
  const args = { ...defaults, ...said } as unknown as TrainArguments;
  for (const name of ["model", "data"] as const) {
    if (args[name] === undefined) throw new UsageError(`${flagOf(name)}: missing; or --recipe`);
  }
  if (said.warmupEpochs === undefined && (args.epochs < 3 || args.sched === "onecycle"))
    args.warmupEpochs = 0;
  if (given.freezeEpochs === undefined && (args.freezeEpochs ?? 0) >= args.epochs) {
    args.freezeEpochs = args.epochs > 1 ? args.epochs - 1 : null; // the recipe's is for more epochs
  }
  const usual = byOptimizer(args);
  args.lr ??= usual.lr;
  args.weightDecay ??= usual.weightDecay;
  args.decayRate ??= ({ poly: 1, exponential: 0.9 } as Record<string, number>)[args.sched] ?? 0.1;
  // A recipe's or default's value that the flags leave no use for is no contradiction; two flags are.
  requireUse(args, new Set(Object.keys(given) as Name[]));
  requireTogether(args);
  return args;
}

/** Options that are of use only if another has a certain value: a flag without it is a mistake. */
const USES: readonly [names: readonly Name[], when: (args: TrainArguments) => boolean, needs: string][] = [
  [["momentum"], ({ opt }) => /^(sgd|lars|rmsprop)/.test(opt), "--opt sgd, lars, rmsprop or rmsproptf"],
  [["nesterov"], ({ opt }) => /^(sgd|lars)$/.test(opt), "--opt sgd or lars"],
  [["decayMilestones"], ({ sched }) => sched === "multistep", "--sched multistep"],
  [["decayEpochs"], ({ sched }) => /^(step|cosine)$/.test(sched), "--sched step or cosine"],
  [["decayRate"], ({ sched }) => /step|exponential|poly|plateau/.test(sched), "--sched step, multistep, exponential, poly or plateau"], // prettier-ignore
  [["patienceEpochs"], ({ sched }) => sched === "plateau", "--sched plateau"],
  [["minLr"], ({ sched }) => /^(cosine|poly|plateau)$/.test(sched), "--sched cosine, poly or plateau"],
  [["pctStart", "divFactor", "finalDivFactor"], ({ sched }) => sched === "onecycle", "--sched onecycle"],
  [["warmupEpochs", "warmupLr"], ({ sched }) => sched !== "onecycle", "another schedule than onecycle, which rises by itself"], // prettier-ignore
  [["focalGamma"], ({ loss }) => loss === "focal", "--loss focal"],
  [["smoothing"], ({ loss }) => loss !== "focal", "--loss ce or bce"],
  [["modelEmaDecay"], ({ modelEma }) => modelEma, "--model-ema"],
  [["clipMode"], ({ clipGrad }) => clipGrad !== null, "--clip-grad"],
  [["teacherModel", "distillAlpha", "distillTemperature"], ({ teacher }) => teacher !== null, "--teacher"],
  [["freezeEpochs"], ({ freeze }) => freeze !== null, "--freeze"],
  [["aa", "colorJitter", "reprob", "cutout", "scale"], ({ noAug }) => !noAug, "no --no-aug"],
];

/** Whether an argument's value makes a difference beside the others'. */
export function isInUse(args: TrainArguments, name: Name): boolean {
  return USES.every(([names, when]) => !names.includes(name) || when(args));
}

function requireUse(args: TrainArguments, given: ReadonlySet<Name>): void {
  for (const [names, when, needs] of USES) {
    const useless = names.find((name) => given.has(name) && args[name] !== optionOf(name).default);
    if (useless && !when(args)) throw new UsageError(`${flagOf(useless)}: of no use; it needs ${needs}`);
  }
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
  if (args.scale[0] > args.scale[1]) refuse("scale", `falls; got ${args.scale.join(",")}`);
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
  if (args.nesterov && args.momentum === 0) args.nesterov = false;
}

/** What may differ from the run that is resumed: it changes no bit of the training. */
export const MAY_DIFFER: readonly string[] = ["resume", "out", "threads", "workers", "checkpointInterval"];

/** The arguments that a run's args.json holds. */
function resumed(folder: string, given: TrainFlags): TrainArguments {
  const path = join(folder, "args.json");
  let json: Record<string, unknown>;
  try {
    json = JSON.parse(readFileSync(path, "utf8")) as Record<string, unknown>;
  } catch (error) {
    throw new DataError(
      `${path}: cannot be read: ${(error as Error).message}; expected a run folder's args.json`,
    );
  }
  const entries = trainNames.map((name) => [name, name in json ? json[name] : optionOf(name).default]);
  const args = Object.fromEntries(entries) as Record<Name, unknown>;
  for (const name of trainNames) {
    if (optionOf(name).kind.accepts(args[name])) continue;
    throw new DataError(
      `${path}: bad ${name}; got ${JSON.stringify(args[name])}; expected ${optionOf(name).kind.expected}`,
    );
  }
  for (const [name, value] of Object.entries(given) as [Name, unknown][]) {
    if (JSON.stringify(args[name]) === JSON.stringify(value)) continue;
    if (name === "out" && value !== folder) throw new UsageError(`--out: contradicts --resume ${folder}`);
    if (!MAY_DIFFER.includes(name)) {
      const was = JSON.stringify(args[name]);
      throw new UsageError(`${flagOf(name)}: contradicts --resume; ${path} says ${was}`);
    }
    args[name] = value;
  }
  return { ...(args as unknown as TrainArguments), resume: folder, out: folder };
}
