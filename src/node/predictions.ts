// A model's predictions for every image of an evaluation, as a table.

import type { Dataset } from "../data/index.js";
import { taskOf, type Metric, type MetricBatch } from "../train/index.js";
import { csvText } from "./csv.js";

interface Row {
  index: number;
  label: string;
  predicted: string;
  probability: number;
  correct: boolean;
  /** Probability of the label; missing if images have several classes. */
  labelProbability: number;
}

/** Keeps a row for each image: a metric of evaluate(). */
export class Predictions implements Metric {
  readonly #dataset: Dataset;
  readonly #rows: Row[] = [];

  constructor(dataset: Dataset) {
    this.#dataset = dataset;
  }

  update(batch: MetricBatch): void {
    const task = taskOf(batch);
    const named = (classes: readonly number[]): string =>
      classes.map((j) => this.#dataset.classes[j]!).join("|");
    batch.indices.forEach((index, row) => {
      const {
        truth,
        predicted: classes,
        probability,
        labelProbability,
      } = task.judge("predictions", batch, row);
      const [label, predicted] = [named(truth), named(classes)];
      const correct = label === predicted;
      this.#rows.push({ index, label, predicted, probability, correct, labelProbability });
    });
  }

  /** file,label,predicted,probability,correct,label_probability: in the dataset's order; several classes with | between. */
  get csv(): string {
    const rows = [...this.#rows].sort((a, b) => a.index - b.index);
    return csvText([
      ["file", "label", "predicted", "probability", "correct", "label_probability"],
      ...rows.map(({ index, label, predicted, probability, correct, labelProbability }) => {
        const file = this.#dataset.path?.(index) ?? `image ${index}`;
        const [guessed, own] = [probability, labelProbability].map((p) => Number(p.toPrecision(7)));
        return [file, label, predicted, guessed, String(correct), own];
      }),
    ]);
  }
}
