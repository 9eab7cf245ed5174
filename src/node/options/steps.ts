// Options of a training run: its batches, optimizer and learning rate.

import { optimizerInfo, optimizerNames, scheduleInfo, scheduleNames } from "../../optim/index.js";
import { choice, integer, list, number, optional } from "../../errors/kinds.js";
import { flag, on, oneOf, option, otherThan } from "./option.js";

const positive = number(0, Infinity, { above: true });

/** Optimizers that take the option. */
const optimizersWith = (option: string): string[] =>
  optimizerNames.filter((name) => Object.hasOwn(optimizerInfo(name).options, option));

/** Schedules that take one of the options. */
const schedulesWith = (...options: string[]): string[] =>
  scheduleNames.filter((name) => options.some((option) => Object.hasOwn(scheduleInfo(name).options, option)));

const moving = optimizersWith("momentum");
const nesterov = optimizersWith("nesterov");
const falling = schedulesWith("minLr");

export const batchOptions = {
  epochs: option(integer(1), 30, "passes over the images"),
  batchSize: option(integer(1), 64, "images per batch", { short: "b" }),
  gradAccumSteps: option(integer(1), 1, "batches per step"),
  dropLast: flag("keep an epoch's last batch even if it is smaller", true),
  sampler: option(
    choice(() => ["random", "balanced"]),
    "random",
    "random: draw images evenly; balanced: draw classes evenly",
  ),
};

export const optimizerOptions = {
  opt: option(
    choice(() => optimizerNames),
    "sgd",
    `optimizer: ${optimizerNames.join(", ")}`,
  ),
  lr: option(positive, undefined, "the highest learning rate (default: by optimizer and batch size)"),
  scaleLr: option(
    optional(choice(() => ["linear", "sqrt"])),
    null,
    "of several processes: rates times their number, or its square root (default: by optimizer, with --lr neither)",
  ),
  headLr: option(optional(positive), null, "the classifier's own learning rate; --lr is for the rest"),
  /** A layer's rate relative to the next one's; the classifier has --lr, or --head-lr. */
  layerDecay: option(
    optional(number(0, 1, { above: true })),
    null,
    "learning rate of a layer relative to the next layer's",
  ),
  momentum: option(number(0, 0.9999), 0.9, `of ${moving.join(", ")}`, {
    needs: { opt: oneOf(...moving) },
  }),
  nesterov: flag(`plain momentum instead of Nesterov's, in ${nesterov.join(" and ")}`, true, {
    needs: { opt: oneOf(...nesterov), momentum: on },
  }),
  weightDecay: option(number(0), undefined, "weight decay (default: by optimizer)"),
  decayAll: flag("weight decay also on biases and batch norms", false, { needs: { weightDecay: on } }),
  /** Largest norm of the gradient, or value of its elements. */
  clipGrad: option(optional(positive), null, "largest norm, or value, of gradients"),
  clipMode: option(
    choice(() => ["norm", "value"]),
    "norm",
    "what --clip-grad limits: norm or value",
    { needs: { clipGrad: on } },
  ),
};

const warm = { sched: otherThan("onecycle") };
const oneCycle = { sched: oneOf(...schedulesWith("pctStart")) };

/** The schedules' names for --decay-rate. */
export const DECAY_RATE = ["gamma", "power", "factor"];

export const scheduleOptions = {
  sched: option(
    choice(() => scheduleNames),
    "cosine",
    `schedule: ${scheduleNames.join(", ")}`,
  ),
  schedOnUpdates: flag("change the rate at every epoch, not every step", true, {
    needs: { sched: oneOf(...scheduleNames.filter((name) => scheduleInfo(name).follows === "steps")) },
  }),
  warmupEpochs: option(
    number(0),
    undefined,
    "epochs in which the rate rises (default: 1; 0 if there are fewer than 3)",
    { needs: warm },
  ),
  warmupLr: option(number(0), undefined, "the first rate of the warm-up (default: 1e-5, or --lr)", {
    needs: { ...warm, warmupEpochs: on },
  }),
  minLr: option(number(0), 0, `the lowest rate of ${falling.join(", ")}`, {
    needs: { sched: oneOf(...falling) },
  }),
  /** For cosine: null for one cycle. */
  decayEpochs: option(optional(positive), null, "epochs between steps; cosine: epochs of the first cycle", {
    needs: { sched: oneOf(...schedulesWith("stepSize", "cycleSteps")) },
  }),
  decayMilestones: option(list(positive), [], "epochs of multistep's steps: 30,60,90", {
    needs: { sched: oneOf(...schedulesWith("milestones")) },
  }),
  decayRate: option(
    positive,
    undefined,
    "factor of a step; of exponential's epoch (0.9); poly's power (1); default: 0.1",
    { needs: { sched: oneOf(...schedulesWith(...DECAY_RATE)) } },
  ),
  patienceEpochs: option(integer(0), 10, "evaluations without a lower loss before plateau steps", {
    needs: { sched: oneOf(...schedulesWith("patience")) },
  }),
  pctStart: option(number(0, 0.99), 0.3, "onecycle: share of the steps in which the rate rises", {
    needs: oneCycle,
  }),
  divFactor: option(number(1), 25, "onecycle: highest rate / first", { needs: oneCycle }),
  finalDivFactor: option(number(1), 1e4, "onecycle: first rate / last", { needs: oneCycle }),
};
