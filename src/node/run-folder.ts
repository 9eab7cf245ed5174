// A training run's folder: args.json, results.csv, metrics.json, weights/best.safetensors, weights/last.safetensors.

import { join } from "node:path";
import type { Module } from "../nn/index.js";
import type { EpochReport } from "../train/index.js";
import { writeFileAtomic } from "./files.js";
import { saveWeights } from "./weights.js";

/** The final numbers; accuracies are fractions. */
export interface Metrics {
  top1: number;
  top5: number;
  loss: number;
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
  "lr",
  "seconds",
  "images_per_second",
  "data_wait",
  "skipped",
] as const satisfies readonly (keyof EpochReport)[];

export class RunFolder {
  readonly path: string;
  #best = -Infinity;

  constructor(path: string) {
    this.path = path;
  }

  /** Everything needed to repeat the run. */
  async writeArgs(args: Record<string, unknown>): Promise<void> {
    await this.#json("args.json", args);
  }

  /** Results so far, and the model's weights: as last, and as best if no epoch before evaluated better. */
  async writeEpoch(history: readonly EpochReport[], model: Module): Promise<void> {
    const rows = history.map((row) => COLUMNS.map((column) => row[column]).join(","));
    await writeFileAtomic(join(this.path, "results.csv"), [COLUMNS.join(","), ...rows, ""].join("\n"));
    const state = model.stateDict();
    await saveWeights(join(this.path, "weights", "last.safetensors"), state);
    const top1 = history.at(-1)?.eval_top1 ?? -Infinity;
    if (top1 > this.#best) {
      this.#best = top1;
      await saveWeights(join(this.path, "weights", "best.safetensors"), state);
    }
  }

  async writeMetrics(metrics: Metrics): Promise<void> {
    await this.#json("metrics.json", metrics);
  }

  async #json(name: string, value: unknown): Promise<void> {
    await writeFileAtomic(join(this.path, name), `${JSON.stringify(value, null, 2)}\n`);
  }
}
