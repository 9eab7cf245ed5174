// Which classes are taken for which.

import {
  classScores,
  readRow,
  requireLabels,
  type ClassScores,
  type Metric,
  type MetricBatch,
} from "./metric.js";

/** Images of one class that were classified as another. */
export interface ConfusedPair {
  /** Index of the images' class. */
  label: number;
  /** Index of the predicted class. */
  guess: number;
  /** Number of images. */
  count: number;
  /** Share of `label`'s images. */
  share: number;
}

/**
 * Counts of label and guess, and what follows from them; a guess is the class with the largest logit, the first of equals.
 * Zero counts take no memory, so that there may be any number of classes.
 */
export class ConfusionMatrix implements Metric {
  #classes = 0;
  /** Images by label · classes + guess. */
  readonly #counts = new Map<number, number>();

  update(batch: MetricBatch): void {
    requireLabels("ConfusionMatrix", batch);
    this.#classes = batch.classes;
    batch.labels.forEach((label, row) => {
      const cell = label * batch.classes + readRow("ConfusionMatrix", batch, row).guess;
      this.#counts.set(cell, (this.#counts.get(cell) ?? 0) + 1);
    });
  }

  *#cells(): Generator<{ label: number; guess: number; count: number }> {
    for (const [cell, count] of this.#counts) {
      yield { label: Math.floor(cell / this.#classes), guess: cell % this.#classes, count };
    }
  }

  /** Counts [classes][classes]: rows are labels, columns guesses. */
  get matrix(): number[][] {
    const rows = Array.from({ length: this.#classes }, () => new Array<number>(this.#classes).fill(0));
    for (const { label, guess, count } of this.#cells()) rows[label]![guess] = count;
    return rows;
  }

  /** Right, guessed and labelled images of each class. */
  #totals(): { right: number; guessed: number; support: number }[] {
    const totals = Array.from({ length: this.#classes }, () => ({ right: 0, guessed: 0, support: 0 }));
    for (const { label, guess, count } of this.#cells()) {
      totals[label]!.support += count;
      totals[guess]!.guessed += count;
      if (label === guess) totals[label]!.right += count;
    }
    return totals;
  }

  /** Precision, recall, F1 and support of each class. */
  perClass(): ClassScores[] {
    return this.#totals().map(({ right, guessed, support }) => classScores(right, guessed, support));
  }

  /**
   * Means of the classes' scores, all classes counting alike, and the sum of their support: of the classes that occur as
   * label or guess, as scikit-learn's "macro avg".
   */
  macro(): ClassScores {
    const occurring = this.#totals().filter(({ guessed, support }) => guessed + support > 0);
    const scores = occurring.map(({ right, guessed, support }) => classScores(right, guessed, support));
    const sum = (key: keyof ClassScores): number => scores.reduce((total, score) => total + score[key], 0);
    const n = scores.length;
    return {
      precision: sum("precision") / n,
      recall: sum("recall") / n,
      f1: sum("f1") / n,
      support: sum("support"),
    };
  }

  /** The k most frequent mistakes, most frequent first; ties go to the earlier classes. */
  mostConfused(k = 10): ConfusedPair[] {
    const totals = this.#totals();
    return [...this.#cells()]
      .filter(({ label, guess }) => label !== guess)
      .sort((a, b) => b.count - a.count || a.label - b.label || a.guess - b.guess)
      .slice(0, k)
      .map((pair) => ({ ...pair, share: pair.count / totals[pair.label]!.support }));
  }
}
