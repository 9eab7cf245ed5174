// A training run's folder: args.json, results.csv, metrics.json, weights/best.safetensors, weights/last.safetensors,
// checkpoint/training.safetensors.

import { mkdir, readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { DataError } from "../errors.js";
import type { Module } from "../nn/index.js";
import { bestEpoch, type EpochReport } from "../train/index.js";
import { ASIDE, writeFileAtomic } from "./files.js";
import { saveWeights } from "./weights.js";

/** The final numbers; accuracies are fractions. Those of an evaluation are null where there was nothing to evaluate on. */
export interface Metrics {
  /** Of the last epoch, as loss. */
  top1: number | null;
  top5: number | null;
  loss: number | null;
  /** The epoch whose weights are weights/best.safetensors. */
  bestEpoch: number;
  bestTop1: number | null;
  /** Mean average precisions of the last and the best epoch, where images have several classes each. */
  mAP?: number;
  bestMAP?: number;
  epochs: number;
  /** Of the whole training, evaluations included. */
  seconds: number;
  /** In training, evaluations not counted. */
  imagesPerSecond: number;
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
  "lr",
  "seconds",
  "images_per_second",
  "data_wait",
  "skipped",
] as const satisfies readonly (keyof EpochReport)[];

export class RunFolder {
  readonly path: string;

  constructor(path: string) {
    this.path = path;
  }

  /** Where the state for taking the training up again lies. */
  get checkpoint(): string {
    return join(this.path, "checkpoint", "training.safetensors");
  }

  /** The path of a file in the folder. */
  file(...names: string[]): string {
    return join(this.path, ...names);
  }

  /**
   * Makes the folder, and clears away what a process that was killed while writing left behind.
   * @throws DataError if it cannot be written to
   */
  async open(): Promise<void> {
    try {
      for (const folder of [this.path, this.file("weights"), this.file("checkpoint")]) {
        await mkdir(folder, { recursive: true });
        for (const name of await readdir(folder)) {
          if (name.endsWith(ASIDE)) await rm(join(folder, name), { force: true });
        }
      }
      await writeFileAtomic(this.file(`.writable`), "");
      await rm(this.file(".writable"));
    } catch (error) {
      throw new DataError(`${this.path}: cannot be written to: ${(error as Error).message}`);
    }
  }

  /** Everything needed to repeat the run. */
  async writeArgs(args: object): Promise<void> {
    await this.#json("args.json", args);
  }

  /** Results so far, and the model's weights: as last, and as best if no epoch before evaluated better. */
  async writeEpoch(history: readonly EpochReport[], model: Module): Promise<void> {
    const several = history.some((row) => row.eval_map !== undefined);
    const columns = COLUMNS.filter((column) => column !== "eval_map" || several);
    const rows = history.map((row) => columns.map((column) => row[column] ?? "").join(","));
    await writeFileAtomic(this.file("results.csv"), [columns.join(","), ...rows, ""].join("\n"));
    const state = model.stateDict();
    await saveWeights(this.file("weights", "last.safetensors"), state);
    if (bestEpoch(history) === history.at(-1))
      await saveWeights(this.file("weights", "best.safetensors"), state);
  }

  async writeMetrics(metrics: Metrics): Promise<void> {
    await this.#json("metrics.json", metrics);
  }

  async #json(name: string, value: unknown): Promise<void> {
    await writeFileAtomic(this.file(name), `${JSON.stringify(value, null, 2)}\n`);
  }
}
