// The contents of a report, as plain data. Missing parts are not shown.

import type { EpochReport } from "../../train/index.js";

/** A row of results.csv. Values that were not measured are missing or NaN. */
export type HistoryRow = Partial<EpochReport> & {
  /** From 1. */
  epoch: number;
};

/** The numbers at the top; fractions and seconds. */
export interface Summary {
  /** Share of images whose class was the best guess. */
  top1?: number;
  /** Share of images whose class was among the five best guesses. */
  top5?: number;
  /** Mean average precision, in multi-label runs. */
  map?: number;
  /** Mean loss of the evaluation. */
  loss?: number;
  /** Epochs trained. */
  epochs: number;
  /** Seconds of the whole training run, including evaluations. */
  seconds: number;
  /** Images trained on per second, without evaluations. */
  imagesPerSecond?: number;
  /** Share of the training time spent waiting for data. */
  dataWait?: number;
  /** Images evaluated. */
  images?: number;
  /** The epoch after which the model had the evaluated weights, and their kind. */
  epoch?: number;
  /** Which weights were evaluated: as trained, or averaged. */
  weights?: "trained" | "ema";
}

/** Scores of one class; fractions. */
export interface ClassRow {
  /** Share of the images classified as the class that belong to it. */
  precision: number;
  /** Share of the class's images that were classified as it. */
  recall: number;
  /** Harmonic mean of precision and recall. */
  f1: number;
  /** Images of the class. */
  support: number;
  /** Average precision, in multi-label runs; NaN for a class without images. */
  ap?: number;
}

/** Images of one class that were classified as another. */
export interface ConfusedRow {
  /** Index of the images' class. */
  label: number;
  /** Index of the predicted class. */
  guess: number;
  /** Number of images. */
  count: number;
  /** Share of `label`'s images. */
  share: number;
}

/** Images with a confidence in (low, high]. */
export interface CalibrationRow {
  /** Lower bound of the confidence, not included. */
  low: number;
  /** Upper bound, included. */
  high: number;
  /** Number of images. */
  count: number;
  /** Share of correctly classified images. */
  accuracy: number;
  /** Mean probability of the guess. */
  confidence: number;
}

/** A picture and the line below it. */
export interface Picture {
  /** A data: URI. */
  src: string;
  /** Pixels. */
  width: number;
  /** Pixels. */
  height: number;
  /** The line below the picture. */
  caption: string;
  /** Path of the file, if the picture is in one. */
  file?: string;
}

/** A classified picture. */
export interface JudgedPicture extends Picture {
  /** Name of its class; several, with commas, in multi-label runs. */
  truth: string;
  /** Name of the predicted class. */
  guess: string;
  /** Probability of the guess. */
  probability: number;
}

/** Where the model looked: the picture as the network saw it, and the same under the map of the guess. */
export interface LookedPicture extends JudgedPicture {
  /** A data: URI, of the same size. */
  overlay: string;
}

/** The data of renderReport(). */
export interface ReportData {
  /** The run's. */
  name: string;
  /** The model's name. */
  model: string;
  /** The dataset's name. */
  dataset: string;
  /** When the run ended, in ISO 8601. */
  date: string;
  /** The numbers at the top. */
  summary: Summary;
  /** A row for each epoch. */
  history: readonly HistoryRow[];
  /** Learning rates at points of the run, finer than per epoch; `at` counts epochs. Default: those of the history. */
  learningRates?: readonly {
    /** Epochs since the start; not only whole ones. */
    at: number;
    /** Learning rate. */
    lr: number;
  }[];
  /** Names, which may be any text; labels index them. */
  classes: readonly string[];
  /** Counts [classes][classes]: rows are labels, columns guesses. */
  confusion?: readonly (readonly number[])[];
  /** Most frequent first. */
  confused?: readonly ConfusedRow[];
  /** One for each class. */
  perClass?: readonly ClassRow[];
  /** Largest loss first. */
  mistakes?: readonly JudgedPicture[];
  /** Expected calibration error, and its bins. */
  calibration?: {
    /** Expected calibration error, in 0…1. */
    ece: number;
    /** A row for each range of confidence. */
    bins: readonly CalibrationRow[];
  };
  /** Pictures with the regions that support the guess. */
  gradCam?: readonly LookedPicture[];
  /** Training inputs as the network sees them. */
  samples?: readonly Picture[];
  /** Notes about the data at the start. */
  notes?: readonly string[];
  /** Files that could not be used. */
  skipped?: readonly {
    /** Path of the file. */
    file: string;
    /** The problem with it. */
    reason: string;
  }[];
  /** The run's environment: machine, versions, threads. */
  environment: Readonly<Record<string, unknown>>;
  /** The run's arguments. */
  args: Readonly<Record<string, unknown>>;
  /** The arguments' defaults: arguments that differ are shown first. */
  defaults?: Readonly<Record<string, unknown>>;
  /** The command line, if the run came from one. */
  command?: string;
}
