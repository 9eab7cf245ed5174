// What a report shows, as plain data. What is left out is not shown.

import type { EpochReport } from "../../train/index.js";

/** A row of results.csv. What was not measured is missing or NaN. */
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
  /** Mean average precision, of multi-label runs. */
  map?: number;
  /** Mean loss of the evaluation. */
  loss?: number;
  /** Epochs trained. */
  epochs: number;
  /** Time of the whole training run, evaluations included. */
  seconds: number;
  /** In training, evaluations not counted. */
  imagesPerSecond?: number;
  /** Share of the training time spent waiting for data. */
  dataWait?: number;
  /** Images evaluated. */
  images?: number;
  /** After which epoch the model had the weights that were evaluated, and which they are. */
  epoch?: number;
  /** Which weights were evaluated: as trained, or averaged. */
  weights?: "trained" | "ema";
}

/** Scores of one class; fractions. */
export interface ClassRow {
  /** Share of the images taken for the class that are of it. */
  precision: number;
  /** Share of the class's images that were taken for it. */
  recall: number;
  /** Harmonic mean of precision and recall. */
  f1: number;
  /** Images of the class. */
  support: number;
  /** Average precision, of multi-label runs; NaN for a class without images. */
  ap?: number;
}

/** Images of one class that were taken for another. */
export interface ConfusedRow {
  /** Index of the class that the images are of. */
  label: number;
  /** Index of the class that they were taken for. */
  guess: number;
  /** Number of images. */
  count: number;
  /** Share of the images of `label`. */
  share: number;
}

/** Images whose confidence lies in (low, high]. */
export interface CalibrationRow {
  /** Lower bound of the confidence, not included. */
  low: number;
  /** Upper bound, included. */
  high: number;
  /** Number of images. */
  count: number;
  /** Share of them that the model was right about. */
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
  /** Where it lies, of pictures in files. */
  file?: string;
}

/** A picture that the model judged. */
export interface JudgedPicture extends Picture {
  /** Name of the class it is of; several, with commas, in multi-label runs. */
  truth: string;
  /** Name of the class that it was taken for. */
  guess: string;
  /** Probability of the guess. */
  probability: number;
}

/** Where the model looked: the picture as the network saw it, and the same under the map of the guess. */
export interface LookedPicture extends JudgedPicture {
  /** A data: URI, of the same size. */
  overlay: string;
}

/** What renderReport() makes a page of. */
export interface ReportData {
  /** The run's. */
  name: string;
  /** The model's name. */
  model: string;
  /** The dataset's name. */
  dataset: string;
  /** When the run ended, as ISO 8601 has it. */
  date: string;
  /** The numbers at the top. */
  summary: Summary;
  /** A row for each epoch. */
  history: readonly HistoryRow[];
  /** Learning rates at points of the run, finer than by epoch; `at` counts epochs. Default: those of the history. */
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
  /** Expected calibration error, and the bins that it is computed from. */
  calibration?: {
    /** Expected calibration error, in 0…1. */
    ece: number;
    /** A row for each range of confidence. */
    bins: readonly CalibrationRow[];
  };
  /** Pictures with the regions that spoke for the guess. */
  gradCam?: readonly LookedPicture[];
  /** Training inputs as the network sees them. */
  samples?: readonly Picture[];
  /** What was noted about the data at the start. */
  notes?: readonly string[];
  /** Files that could not be used. */
  skipped?: readonly {
    /** Path of the file. */
    file: string;
    /** What was wrong with it. */
    reason: string;
  }[];
  /** Machine, versions, threads: what the run ran on. */
  environment: Readonly<Record<string, unknown>>;
  /** What was asked. */
  args: Readonly<Record<string, unknown>>;
  /** What is asked if nothing is said: arguments that differ are shown first. */
  defaults?: Readonly<Record<string, unknown>>;
  /** The command line, if the run came from one. */
  command?: string;
}
