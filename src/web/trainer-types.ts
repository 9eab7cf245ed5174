// What a trainer is asked for and reports.

import type { EpochReport, StepReport } from "../train/index.js";
import type { ClassifierInfo } from "./protocol.js";

/** What a trainer is and has. */
export interface TrainerInfo extends ClassifierInfo {
  /** How many pictures there are of each class. */
  readonly counts: readonly number[];
  /** Epochs that the weights were trained for, in all calls of fit(). */
  readonly epochs: number;
  /** A call of fit() that the end of the page broke off: how far it came. fit({ resume: true }) resumes. */
  readonly interrupted?: {
    /** Epochs that are done. */
    readonly epoch: number;
    /** How many there would be. */
    readonly epochs: number;
  };
}

/** A picture that was added. */
export interface ExampleInfo {
  /** By which remove() and picture() know it. */
  readonly id: number;
  /** Its class. */
  readonly index: number;
}

/** A picture that has been added. */
export interface Added extends ExampleInfo {
  /** How many pictures there are of each class now. */
  readonly counts: readonly number[];
}

/** A file that could not be added. */
export interface Refused {
  /** Its name. */
  readonly file: string;
  /** What is wrong with it. */
  readonly reason: string;
}

/** How far addZip() is. */
export interface ZipProgress {
  /** Files that have been looked at. */
  readonly done: number;
  /** How many files there are. */
  readonly total: number;
}

/** Many pictures of one size: MNIST. */
export interface Dataset8 {
  /** All pixels, picture after picture, each [height, width, channels], 0…255. */
  readonly images: Uint8Array;
  /** The class of each picture. */
  readonly labels: ArrayLike<number>;
  /** Height, width and channels of a picture. */
  readonly shape: readonly [height: number, width: number, channels: number];
}

/** What training changes: the last layer, the last stage (what works at the smallest size) with it, or everything. */
export type Trained = "head" | "lastStage" | "all";

/** What fit() is asked for. */
export interface FitRequest {
  /** Times that every picture is learnt from. Default 10; of a few pictures as many as make enough steps, at most 100. */
  readonly epochs?: number;
  /** Pictures of a step. Default 32; 16 if there are fewer than 1,000 pictures; all if there are fewer still. */
  readonly batchSize?: number;
  /**
   * The learning rate, which falls to 0 along a cosine. Default: 0.005 for the head, 0.001 for the last stage, 0.002 for all; 0.0003
   * for all of a network that has weights from elsewhere.
   */
  readonly lr?: number;
  /** Default "head" for a network that has weights from elsewhere, "all" otherwise. */
  readonly train?: Trained;
  /** Whether pictures are cut and mirrored at random. Default: where more than the head is trained, on pictures in colour. */
  readonly augment?: boolean;
  /** Share of the pictures that is kept to evaluate on, 0 to 0.5. Default 0.2, or 0 if there are fewer than 10. */
  readonly validation?: number;
  /** Decides the order of the pictures, which are kept, and how they are changed. Default 0. */
  readonly seed?: number;
  /**
   * How many workers read and prepare pictures ahead of training, up to 64; what is learnt does not depend on it. Default: one for four
   * cores, at most 4; 0 outside Chromium, and for datasets that were added whole.
   */
  readonly workers?: number;
  /**
   * Keeps pictures and network in the browser under this name, and what is needed to go on after each epoch: should the page be closed,
   * loadTrainer() and fit({ resume: true }) go on from there to the same bits.
   */
  readonly checkpoint?: string;
  /** Goes on with the call that was broken off, whose options count. Default false. */
  readonly resume?: boolean;
}

/** fit() has made a step: means of the epoch so far, pictures a second, seconds left. */
export interface FitStep extends StepReport {
  /** Which event it is. */
  readonly kind: "step";
}

/** fit() has finished an epoch. */
export interface FitEpoch extends EpochReport {
  /** Which event it is. */
  readonly kind: "epoch";
}

/** What the frozen part of the network makes of the pictures is being computed, once for all epochs. */
export interface FitFeatures {
  /** Which event it is. */
  readonly kind: "features";
  /** Pictures that are done. */
  readonly done: number;
  /** How many there are. */
  readonly total: number;
}

/** What fit() reports on the way. */
export type FitProgress = FitStep | FitEpoch | FitFeatures;

/** How well a network does on pictures. */
export interface EvaluationReport {
  /** Mean cross-entropy. */
  readonly loss: number;
  /** Share of pictures whose class is the first guess. */
  readonly accuracy: number;
  /** How many pictures. */
  readonly count: number;
  /** Counts: rows are the pictures' classes, columns the guesses. */
  readonly confusion: readonly (readonly number[])[];
}

/** What fit() did. */
export interface FitReport {
  /** A row for each epoch. */
  readonly history: readonly EpochReport[];
  /** Of the pictures that were kept, or of all if none were; missing if fit() was cancelled. */
  readonly evaluation?: EvaluationReport;
  /** Whether it was cancelled. What was learnt until then stays. */
  readonly cancelled: boolean;
  /** How long it took. */
  readonly seconds: number;
}

/** Formats that a trainer exports. */
export type ExportFormat = "safetensors" | "onnx";

/** A trained network as files. */
export interface ExportedModel {
  /** What to call the file: "model.safetensors" or "model.onnx". */
  readonly file: string;
  /** What is in it. */
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** config.json, by which fovea and timm know the model, its classes, and how pictures are prepared. */
  readonly config: string;
}
