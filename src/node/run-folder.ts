// A training run's folder: args.json, results.csv, metrics.json, weights/best.safetensors, weights/last.safetensors and, where
// weights are averaged, weights/last-ema.safetensors; checkpoint/training.safetensors.

import { checkKinds } from "../errors/options.js";
import { existsSync } from "node:fs";
import { readdir, rm, rmdir } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import { DataError, reason } from "../errors.js";
import type { Module } from "../nn/index.js";
import { bestEpoch, bestWeights, type EpochReport, type ModelEma, type WeightsKind } from "../train/index.js";
import { ASIDE, makeFolders, writeFileAtomic } from "./files.js";
import { RunLock } from "./run-lock.js";
import { saveWeights } from "./weights.js";

/** The results of an evaluation; null if there was nothing to evaluate on. Accuracies are fractions. */
export interface Scores {
  /** Share of images whose class was the best guess. */
  top1: number | null;
  /** Share of images whose class was among the five best guesses. */
  top5: number | null;
  /** Mean loss. */
  loss: number | null;
  /** Mean average precision, if images have several classes each. */
  map?: number;
}

/** The final numbers: the scores are those of weights/best.safetensors. */
export interface Metrics extends Scores {
  /** The epoch after which the model had the best weights, and their kind: as trained, or averaged (--model-ema). */
  bestEpoch: number;
  /** Whether the best weights are the trained ones or their averages. */
  bestWeights: WeightsKind;
  /** Scores of weights/last.safetensors. */
  last: Scores;
  /** Scores of weights/last-ema.safetensors, if weights are averaged. */
  lastEma?: Scores;
  /** Epochs trained. */
  epochs: number;
  /** Seconds of the whole training run, including evaluations. */
  seconds: number;
  /** Images trained on per second, without evaluations. */
  imagesPerSecond: number;
  /** Files that could not be used: the rows of skipped.csv. */
  skipped?: number;
  /** Notes about the data at the start. */
  notes?: readonly string[];
  /** Names of the classes. */
  classes: readonly string[];
}

const COLUMNS = [
  "epoch",
  "train_loss",
  "train_top1",
  "eval_loss",
  "eval_top1",
  "eval_top5",
  "eval_map",
  "ema_loss",
  "ema_top1",
  "ema_top5",
  "ema_map",
  "lr",
  "seconds",
  "images_per_second",
  "data_wait",
  "skipped",
] as const satisfies readonly (keyof EpochReport)[];

/** Columns that only some runs have. */
const OPTIONAL = /_map$|^ema_/;

/**
 * The folder that a training run writes: arguments, a row per epoch, metrics, weights, a checkpoint. Only one
 * process may write to it at a time.
 */
export class RunFolder {
  /** Path of the folder. */
  readonly path: string;
  #lock: RunLock | undefined;
  /** Folders that claim() made, the innermost first. */
  #made: string[] = [];

  constructor(path: string) {
    checkKinds("RunFolder", { path }, { path: "path" });
    this.path = path;
  }

  /**
   * Makes the folder if necessary, and keeps other processes from training into it until release().
   * @throws DataError naming the process that trains into it, or if the folder cannot be written to
   */
  async claim(): Promise<void> {
    const made = await makeFolders(this.path).catch((error: unknown) => {
      throw new DataError(`${this.path}: cannot be written to: ${reason(error)}`);
    });
    for (let folder = resolve(this.path); made !== undefined; folder = dirname(folder)) {
      this.#made.push(folder);
      if (folder === resolve(made)) break;
    }
    this.#lock = await RunLock.take(this.path);
  }

  /** Lets other processes train into it. Removes folders that claim() made if nothing was written. */
  async release(): Promise<void> {
    await this.#lock?.release();
    this.#lock = undefined;
    for (const folder of this.#made) await rmdir(folder).catch(() => {});
    this.#made = [];
  }

  /** @throws DataError if the folder was removed, moved or taken over since claim() */
  async check(): Promise<void> {
    await this.#lock?.check();
  }

  /** Path of the state for resuming training. */
  get checkpoint(): string {
    return join(this.path, "checkpoint", "training.safetensors");
  }

  /** The best weights. */
  get best(): string {
    return this.file("weights", "best.safetensors");
  }

  /** The path of a file in the folder. */
  file(...names: string[]): string {
    return join(this.path, ...names);
  }

  /**
   * Makes the folder, and removes the leftovers of a process that was killed while writing.
   * @throws DataError if it cannot be written to
   */
  async open(): Promise<void> {
    try {
      for (const folder of [this.path, this.file("weights"), this.file("checkpoint")]) {
        await makeFolders(folder);
        for (const name of await readdir(folder)) {
          if (name.endsWith(ASIDE)) await rm(join(folder, name), { force: true });
        }
      }
      await writeFileAtomic(this.file(`.writable`), "");
      await rm(this.file(".writable"));
    } catch (error) {
      throw new DataError(`${this.path}: cannot be written to: ${reason(error)}`);
    }
  }

  /** Everything needed to repeat the run. */
  async writeArgs(args: object): Promise<void> {
    await this.#json("args.json", args);
  }

  /**
   * Writes the results so far, and the model's weights: as last, their averages as last-ema, and the better of the two as best
   * if no earlier ones were better according to bestWeights(); without evaluations, the trained weights.
   */
  async writeEpoch(history: readonly EpochReport[], model: Module, ema?: ModelEma): Promise<void> {
    await this.check();
    const columns = COLUMNS.filter(
      (column) => !OPTIONAL.test(column) || history.some((row) => row[column] !== undefined),
    );
    const rows = history.map((row) => columns.map((column) => row[column] ?? "").join(","));
    await writeFileAtomic(this.file("results.csv"), [columns.join(","), ...rows, ""].join("\n"));
    const best = bestEpoch(history) === history.at(-1) && (bestWeights(history)?.weights ?? "trained");
    if (!best && !existsSync(this.best)) {
      throw new DataError(
        `${this.best}: removed since; got no file; expected the weights of epoch ${bestEpoch(history)!.epoch}`,
      );
    }
    const save = async (kind: WeightsKind, last: string): Promise<void> => {
      const state = model.stateDict();
      await saveWeights(this.file("weights", last), state);
      if (best === kind) await saveWeights(this.best, state);
    };
    await save("trained", "last.safetensors");
    await ema?.apply(() => save("ema", "last-ema.safetensors"));
  }

  /** Writes metrics.json. */
  async writeMetrics(metrics: Metrics): Promise<void> {
    await this.#json("metrics.json", metrics);
  }

  async #json(name: string, value: unknown): Promise<void> {
    await this.check();
    await writeFileAtomic(this.file(name), `${JSON.stringify(value, null, 2)}\n`);
  }
}
