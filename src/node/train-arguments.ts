// Everything that decides a training: what `fovea train` makes of recipe and options, what args.json holds.

import type { InstalledDecoder } from "./decoder.js";

/** Plain JSON; null where something is left out. Names and meanings are timm's wherever it has them. */
export interface TrainArguments {
  /** The recipe that other values than the defaults came from. */
  recipe: string | null;

  /** A dataset's name or a folder, as loadDataset() takes it. */
  data: string;
  /** Folder that holds the dataset of that name. Default: the cache. */
  dataDir: string | null;
  /** Download the dataset if it is not there. */
  download: boolean;
  /** What reads JPEG files, as useDecoder() takes it. */
  decoder: InstalledDecoder;
  /** Share of each class that is kept for evaluation where the dataset has no part for it. */
  valFraction: number;

  /** A registered model's name. */
  model: string;
  /** The first layers keep their size, for images of about 32 pixels. */
  smallImages: boolean;
  /** Weights to begin with: a file, a folder with config.json, a run folder. A head for other classes is left out. */
  weights: string | null;
  /** Published weights to begin with, downloaded: what fetchWeights() takes. */
  pretrained: string | null;
  /** Names of parameters that are not trained, as a regular expression; "body": all but the classifier. */
  freeze: string | null;
  /** Epochs after which everything is trained nevertheless; null: never. */
  freezeEpochs: number | null;

  /** Side of the images in pixels; null: the dataset's if its images are of one size, else the model's. */
  imgSize: number | null;
  /** Share of a photo's area that a training crop shows, from and to. */
  scale: readonly [number, number];
  /** Mean and deviation of each channel; null: the weights' own, else the dataset's if known, else the model's. */
  mean: readonly number[] | null;
  std: readonly number[] | null;
  /** Train on images as they are evaluated: no random crops and flips. */
  noAug: boolean;
  /** AutoAugment policy: what augmentByName() takes. */
  aa: string | null;
  /** Deviation of brightness, contrast and saturation in training. */
  colorJitter: number;
  /** Probability that a box of a training image is erased. */
  reprob: number;
  /** Side in pixels of the square that is cut out of every training image; 0: none. */
  cutout: number;
  /** Beta distribution's parameter for mixing images; 0: none. With both, each batch draws one. */
  mixup: number;
  cutmix: number;

  epochs: number;
  /** Images whose gradient is computed at once. */
  batchSize: number;
  /** Batches whose gradients make one step. */
  gradAccumSteps: number;
  /** Leave out an epoch's last batch if it is smaller. */
  dropLast: boolean;
  /** Draw images evenly, or classes. */
  sampler: "random" | "balanced";

  /** Of createOptimizer(). */
  opt: string;
  /** The highest learning rate. */
  lr: number;
  /** Of sgd, lars, rmsprop, rmsproptf. */
  momentum: number;
  /** Of sgd and lars. */
  nesterov: boolean;
  weightDecay: number;
  /** Weight decay also for what has one axis: biases, batch norm. */
  decayAll: boolean;
  /** Largest norm of the gradient, or value of its elements; null: no clipping. */
  clipGrad: number | null;
  clipMode: "norm" | "value";

  /** Of createSchedule(). */
  sched: string;
  /** The rate changes at every step; else at every epoch. */
  schedOnUpdates: boolean;
  warmupEpochs: number;
  /** The rate that the warm-up begins with. */
  warmupLr: number;
  /** The lowest rate of cosine, poly and plateau. */
  minLr: number;
  /** Epochs between the steps of step; of a first cycle of cosine with restarts: null for one cycle. */
  decayEpochs: number | null;
  /** Epochs of multistep's steps. */
  decayMilestones: readonly number[];
  /** What a step of step, multistep or plateau, or an epoch of exponential, multiplies the rate by; poly's power. */
  decayRate: number;
  /** Evaluations without a lower loss before plateau takes a step. */
  patienceEpochs: number;
  /** Of onecycle: share of the steps in which the rate rises, lr / the first rate, the first rate / the last. */
  pctStart: number;
  divFactor: number;
  finalDivFactor: number;

  loss: "ce" | "bce" | "focal";
  /** Label smoothing. */
  smoothing: number;
  focalGamma: number;
  /** The classes' weights in the loss: "balanced": inverse to their numbers, mean 1; else one for each class. */
  classWeights: "balanced" | readonly number[] | null;
  /** A trained model to learn from: a file of weights, a folder with config.json, a run folder. See DistillationLoss. */
  teacher: string | null;
  /** The registered name of a teacher whose file has no config.json. */
  teacherModel: string | null;
  /** The teacher's share in the loss, and the temperature by which both logits are divided. */
  distillAlpha: number;
  distillTemperature: number;

  /** Average the weights over the steps, and evaluate and keep these. */
  modelEma: boolean;
  modelEmaDecay: number;

  /** Evaluations without a better top-1 (mAP where images have several classes each) after which training stops; null: never. */
  patience: number | null;
  /** Epochs between evaluations; the last epoch is always evaluated. */
  valInterval: number;
  /** Seconds between checkpoints within an epoch; 0: at the ends of epochs alone. */
  checkpointInterval: number;

  seed: number;
  /** Threads that compute; null: all processors. */
  threads: number | null;
  /** Threads that read and transform images; null: none for images in memory, else a few. */
  workers: number | null;
  /** Run folder; null: runs/<model>-<data>, with a number if there is one of that name. */
  out: string | null;
  /** Run folder whose training goes on. */
  resume: string | null;
}
