// The options of a training: what values each takes, its default, and what is said about it.

import { augmentByName } from "../data/index.js";
import { modelNames } from "../models/index.js";
import { optimizerNames, scheduleNames } from "../optim/index.js";
import { decoderNames } from "./decoder.js";
import { bool, choice, either, integer, list, number, optional, text, type Kind } from "./kinds.js";
import type { TrainArguments } from "./train-arguments.js";

export interface TrainOption<T> {
  readonly kind: Kind<T>;
  /** undefined: it must be given. */
  readonly default: T | undefined;
  /** A line for --help. */
  readonly help: string;
}

/** Options that stand together in --help. */
export type TrainOptions = { readonly [Name in keyof TrainArguments]: TrainOption<TrainArguments[Name]> };

const policy: Kind<string> = {
  expected: "imagenet, cifar10, svhn, ra, ta_wide, or as rand-m9-n2",
  accepts: (v): v is string => typeof v === "string" && policy.parse(v) !== undefined,
  parse(name) {
    try {
      augmentByName(name);
      return name;
    } catch {
      return undefined;
    }
  },
};

const pattern: Kind<string> = {
  expected: "body, or a regular expression",
  accepts: (v): v is string => typeof v === "string" && pattern.parse(v) !== undefined,
  parse(source) {
    try {
      new RegExp(source);
      return source || undefined;
    } catch {
      return undefined;
    }
  },
};

const share = number(0, 1);
const option = <T>(kind: Kind<T>, value: NoInfer<T> | undefined, help: string): TrainOption<T> => ({
  kind,
  default: value,
  help,
});
/** help: of the form that changes the default: --no-… if it is true. */
const flag = (help: string, value = false): TrainOption<boolean> => option(bool, value, help);

export const trainOptions: TrainOptions = {
  recipe: option(optional(text), null, "start from a recipe's values"),

  data: option(text, undefined, "a dataset's name, or a folder"),
  dataDir: option(optional(text), null, "folder that holds datasets by name; imagenet's own folder"),
  download: flag("download the dataset if it is not there"),
  decoder: option(
    choice(() => decoderNames),
    "jpeg-js",
    "reads JPEG files: jpeg-js (built in), or sharp or jsquash if installed",
  ),
  valFraction: option(
    number(0, 0.9),
    0,
    "share of each class kept for evaluation where there is no val part",
  ),

  model: option(choice(modelNames), undefined, "a model's name (fovea models lists them)"),
  smallImages: flag("keep the size of the first layers, for images of about 32 pixels"),
  weights: option(optional(text), null, "weights to begin with: a file, a saved model, a run"),
  pretrained: option(
    optional(text),
    null,
    "begin with published weights: torchvision's, or owner/repository; or a file or folder",
  ),
  freeze: option(
    optional(pattern),
    null,
    "parameters not to train: body (all but the classifier), or a pattern",
  ),
  freezeEpochs: option(optional(integer(1)), null, "epochs after which everything is trained"),

  imgSize: option(optional(integer(8, 4096)), null, "side of the images in pixels"),
  scale: option(list(number(0, 1, { above: true }), 2) as Kind<readonly [number, number]>, [0.08, 1], "share of a photo that a training crop shows, from,to"), // prettier-ignore
  mean: option(optional(list(number(-Infinity))), null, "mean of each channel, of values in 0…1"),
  std: option(optional(list(number(0, Infinity, { above: true }))), null, "deviation of each channel"),
  noAug: flag("train on images as they are evaluated"),
  aa: option(optional(policy), null, "AutoAugment policy: imagenet, cifar10, svhn, ra, rand-m9-n2, ta_wide"),
  colorJitter: option(share, 0, "deviation of brightness, contrast, saturation"),
  reprob: option(share, 0, "probability that a box is erased"),
  cutout: option(integer(0), 0, "side of a square that is cut out, in pixels"),
  mixup: option(number(0), 0, "mixup's alpha"),
  cutmix: option(number(0), 0, "CutMix's alpha; with --mixup each batch draws one"),

  epochs: option(integer(1), 30, "times that every image is seen"),
  batchSize: option(integer(1), 64, "images whose gradient is computed at once"),
  gradAccumSteps: option(integer(1), 1, "batches that make one step"),
  dropLast: flag("keep an epoch's last batch even if it is smaller", true),
  sampler: option(
    choice(() => ["random", "balanced"] as const),
    "random",
    "draw images evenly, or classes",
  ),

  opt: option(
    choice(() => optimizerNames),
    "sgd",
    `optimizer: ${optimizerNames.join(", ")}`,
  ),
  lr: option(number(0, Infinity, { above: true }), undefined, "the highest learning rate (default: by optimizer and batch size)"), // prettier-ignore
  momentum: option(number(0, 0.9999), 0.9, "of sgd, lars, rmsprop, rmsproptf"),
  nesterov: flag("plain momentum instead of Nesterov's, in sgd and lars", true),
  weightDecay: option(number(0), undefined, "weight decay (default: by optimizer)"),
  decayAll: flag("weight decay also on biases and batch norms"),
  clipGrad: option(
    optional(number(0, Infinity, { above: true })),
    null,
    "largest norm, or value, of gradients",
  ),
  clipMode: option(
    choice(() => ["norm", "value"] as const),
    "norm",
    "what --clip-grad limits: norm or value",
  ),

  sched: option(
    choice(() => scheduleNames),
    "cosine",
    `schedule: ${scheduleNames.join(", ")}`,
  ),
  schedOnUpdates: flag("change the rate at every epoch, not every step", true),
  warmupEpochs: option(number(0), 1, "epochs in which the rate rises"),
  warmupLr: option(number(0), 1e-5, "the rate that the warm-up begins with"),
  minLr: option(number(0), 0, "the lowest rate of cosine, poly, plateau"),
  decayEpochs: option(optional(number(0, Infinity, { above: true })), null, "epochs between steps; cosine: of the first cycle"), // prettier-ignore
  decayMilestones: option(
    list(number(0, Infinity, { above: true })),
    [],
    "epochs of multistep's steps: 30,60,90",
  ),
  decayRate: option(
    number(0, Infinity, { above: true }),
    undefined,
    "factor of a step; of exponential's epoch (0.9); poly's power (1); default: 0.1",
  ),
  patienceEpochs: option(integer(0), 10, "evaluations without a lower loss before plateau steps"),
  pctStart: option(number(0, 0.99), 0.3, "of onecycle: share of the steps in which the rate rises"),
  divFactor: option(number(1), 25, "of onecycle: highest rate / first"),
  finalDivFactor: option(number(1), 1e4, "of onecycle: first rate / last"),

  loss: option(
    choice(() => ["ce", "bce", "focal"] as const),
    "ce",
    "loss: ce, bce, focal",
  ),
  smoothing: option(number(0, 0.99), 0, "label smoothing"),
  focalGamma: option(number(0), 2, "of focal loss"),
  classWeights: option(optional(either(choice(() => ["balanced"] as const), list(number(0)))), null, "weights of the classes in the loss: balanced, or one each"), // prettier-ignore
  teacher: option(
    optional(text),
    null,
    "learn from a trained model too: a file of weights, a saved model, a run",
  ),
  teacherModel: option(
    optional(choice(modelNames)),
    null,
    "name of a teacher that is a file of weights alone",
  ),
  distillAlpha: option(share, 0.9, "share of the teacher's part in the loss"),
  distillTemperature: option(
    number(0, Infinity, { above: true }),
    4,
    "divides the teacher's and the model's logits",
  ),

  modelEma: flag("average the weights over the steps, and evaluate and keep these"),
  modelEmaDecay: option(number(0, 0.999999), 0.9998, "how slowly the average moves"),

  patience: option(
    optional(integer(1)),
    null,
    "stop after so many evaluations without a better top-1 (mAP where images have several classes)",
  ),
  valInterval: option(integer(1), 1, "epochs between evaluations"),
  checkpointInterval: option(
    number(0),
    300,
    "seconds between checkpoints within an epoch; 0: at its end alone",
  ),

  seed: option(integer(0, 2 ** 32 - 1), 0, "seed of everything that is drawn"),
  threads: option(optional(integer(1, 64)), null, "threads that compute (default: all processors)"),
  workers: option(optional(integer(0, 64)), null, "threads that read and transform images"),
  out: option(optional(text), null, "run folder (default: runs/<model>-<data>)"),
  resume: option(optional(text), null, "run folder whose training goes on"),
};
