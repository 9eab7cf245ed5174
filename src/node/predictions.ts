// What a model said of every image of an evaluation, as a table.

import type { Dataset } from "../data/index.js";
import { readRow, type Metric, type MetricBatch } from "../train/index.js";
import { csvText } from "./csv.js";

interface Row {
  index: number;
  label: string;
  predicted: string;
  probability: number;
  correct: boolean;
  /** Of the label; where images have several classes, none. */
  labelProbability: number;
}

const sigmoid = (x: number): number => 1 / (1 + Math.exp(-x));

/** Keeps a row for each image: a metric of evaluate(). */
export class Predictions implements Metric {
  readonly #dataset: Dataset;
  readonly #rows: Row[] = [];

  constructor(dataset: Dataset) {
    this.#dataset = dataset;
  }

  update(batch: MetricBatch): void {
    batch.indices.forEach((index, row) => {
      const one = batch.targets ? this.#several(batch, row) : this.#single(batch, row);
      this.#rows.push({ index, ...one });
    });
  }

  #single(batch: MetricBatch, row: number): Omit<Row, "index"> {
    const { classes } = this.#dataset;
    const { guess, probability, logSumExp } = readRow("predictions", batch, row);
    const label = batch.labels[row]!;
    return {
      label: classes[label]!,
      predicted: classes[guess]!,
      probability,
      correct: guess === label,
      labelProbability: Math.exp(batch.logits[row * batch.classes + label]! - logSumExp),
    };
  }

  /** The classes with a probability above ½; that of the likeliest class. */
  #several(batch: MetricBatch, row: number): Omit<Row, "index"> {
    const begin = row * batch.classes;
    const named = (is: (j: number) => boolean): string =>
      this.#dataset.classes.filter((_, j) => is(begin + j)).join("|");
    const { guess } = readRow("predictions", batch, row);
    const [label, predicted] = [
      named((at) => batch.targets![at]! > 0.5),
      named((at) => batch.logits[at]! > 0),
    ];
    const probability = sigmoid(batch.logits[begin + guess]!);
    return { label, predicted, probability, correct: label === predicted, labelProbability: NaN };
  }

  /** file,label,predicted,probability,correct,label_probability: in the dataset's order; several classes with | between. */
  get csv(): string {
    const rows = [...this.#rows].sort((a, b) => a.index - b.index);
    return csvText([
      ["file", "label", "predicted", "probability", "correct", "label_probability"],
      ...rows.map(({ index, label, predicted, probability, correct, labelProbability }) => {
        const file = this.#dataset.path?.(index) ?? `image ${index}`;
        const [said, own] = [probability, labelProbability].map((p) => Number(p.toPrecision(7)));
        return [file, label, predicted, said, String(correct), own];
      }),
    ]);
  }
}
