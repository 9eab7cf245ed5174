// Options of a training: its batches, optimizer and learning rate.

import { optimizerNames, scheduleNames } from "../../optim/index.js";
import { choice, integer, list, number, optional } from "../kinds.js";
import { flag, on, oneOf, option, otherThan } from "./option.js";

const positive = number(0, Infinity, { above: true });

export const batchOptions = {
  epochs: option(integer(1), 30, "times that every image is seen"),
  batchSize: option(integer(1), 64, "images whose gradient is computed at once", { short: "b" }),
  gradAccumSteps: option(integer(1), 1, "batches that make one step"),
  dropLast: flag("keep an epoch's last batch even if it is smaller", true),
  sampler: option(
    choice(() => ["random", "balanced"]),
    "random",
    "draw images evenly, or classes: random or balanced",
  ),
};

export const optimizerOptions = {
  opt: option(
    choice(() => optimizerNames),
    "sgd",
    `optimizer: ${optimizerNames.join(", ")}`,
  ),
  lr: option(positive, undefined, "the highest learning rate (default: by optimizer and batch size)"),
  headLr: option(optional(positive), null, "the classifier's own learning rate, beside --lr for the rest"),
  /** A layer's rate in parts of the next one's; the classifier has --lr, or --head-lr. */
  layerDecay: option(
    optional(number(0, 1, { above: true })),
    null,
    "learning rate of a layer, in parts of the next layer's",
  ),
  momentum: option(number(0, 0.9999), 0.9, "of sgd, lars, rmsprop, rmsproptf", {
    needs: { opt: oneOf("sgd", "lars", "rmsprop", "rmsproptf") },
  }),
  nesterov: flag("plain momentum instead of Nesterov's, in sgd and lars", true, {
    needs: { opt: oneOf("sgd", "lars"), momentum: on },
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
const oneCycle = { sched: oneOf("onecycle") };

export const scheduleOptions = {
  sched: option(
    choice(() => scheduleNames),
    "cosine",
    `schedule: ${scheduleNames.join(", ")}`,
  ),
  schedOnUpdates: flag("change the rate at every epoch, not every step", true, {
    needs: { sched: oneOf("cosine", "onecycle", "poly", "exponential", "step", "multistep") },
  }),
  warmupEpochs: option(
    number(0),
    undefined,
    "epochs in which the rate rises (default: 1, or 0 of fewer than 3)",
    { needs: warm },
  ),
  warmupLr: option(number(0), undefined, "the rate that the warm-up begins with (default: 1e-5, or --lr)", {
    needs: { ...warm, warmupEpochs: on },
  }),
  minLr: option(number(0), 0, "the lowest rate of cosine, poly, plateau", {
    needs: { sched: oneOf("cosine", "poly", "plateau") },
  }),
  /** Of cosine: null for one cycle. */
  decayEpochs: option(optional(positive), null, "epochs between steps; cosine: of the first cycle", {
    needs: { sched: oneOf("step", "cosine") },
  }),
  decayMilestones: option(list(positive), [], "epochs of multistep's steps: 30,60,90", {
    needs: { sched: oneOf("multistep") },
  }),
  decayRate: option(
    positive,
    undefined,
    "factor of a step; of exponential's epoch (0.9); poly's power (1); default: 0.1",
    { needs: { sched: oneOf("step", "multistep", "exponential", "poly", "plateau") } },
  ),
  patienceEpochs: option(integer(0), 10, "evaluations without a lower loss before plateau steps", {
    needs: { sched: oneOf("plateau") },
  }),
  pctStart: option(number(0, 0.99), 0.3, "of onecycle: share of the steps in which the rate rises", {
    needs: oneCycle,
  }),
  divFactor: option(number(1), 25, "of onecycle: highest rate / first", { needs: oneCycle }),
  finalDivFactor: option(number(1), 1e4, "of onecycle: first rate / last", { needs: oneCycle }),
};
