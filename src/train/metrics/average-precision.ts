// Mean average precision, for images that have several classes each.

import { DataError } from "../../errors.js";
import { classScores, type ClassScores, type Metric, type MetricBatch } from "./metric.js";

export interface LabelScores extends ClassScores {
  /** Average precision; NaN for a class without images. */
  ap: number;
}

/**
 * The mean of the classes' average precisions, Σ (Rₙ − Rₙ₋₁)·Pₙ over the thresholds n at which a class's scores differ, as
 * scikit-learn defines it: without interpolation, unlike PASCAL VOC's "all points", which is never smaller. Images of equal
 * score are counted together. A class without images counts 0 in the mean, as in TorchMetrics 1.9's multilabel_average_precision
 * and scikit-learn; COCO and PASCAL VOC leave it out, like the mean of perClass()'s numbers.
 * https://scikit-learn.org/stable/modules/generated/sklearn.metrics.average_precision_score.html
 */
export class MeanAveragePrecision implements Metric {
  #classes = 0;
  readonly #batches: { logits: Float32Array; targets: Float32Array }[] = [];

  update({ logits, targets, indices, classes }: MetricBatch): void {
    if (!targets)
      throw new DataError("MeanAveragePrecision: needs targets of several classes; got labels alone");
    const nan = logits.findIndex(Number.isNaN);
    if (nan >= 0) {
      const [image, j] = [indices[Math.floor(nan / classes)], nan % classes];
      throw new DataError(`MeanAveragePrecision: a logit is NaN; got it for image ${image}, class ${j}`);
    }
    this.#classes = classes;
    this.#batches.push({ logits, targets });
  }

  /** Logit and truth of one class for every image. */
  #column(j: number): { score: number; is: boolean }[] {
    return this.#batches.flatMap(({ logits, targets }) =>
      Array.from({ length: logits.length / this.#classes }, (_, row) => {
        const at = row * this.#classes + j;
        return { score: logits[at]!, is: targets[at]! > 0.5 };
      }),
    );
  }

  /** Average precision of each class; precision, recall and F1 of the guesses with a probability above ½. */
  perClass(): LabelScores[] {
    return Array.from({ length: this.#classes }, (_, j) => {
      const column = this.#column(j);
      const count = (which: (image: { score: number; is: boolean }) => boolean): number =>
        column.reduce((n, image) => n + (which(image) ? 1 : 0), 0);
      const right = count(({ score, is }) => is && score > 0);
      const scores = classScores(
        right,
        count(({ score }) => score > 0),
        count(({ is }) => is),
      );
      return { ap: averagePrecision(column, scores.support), ...scores };
    });
  }

  /** The mean over all classes, a fraction; NaN if none has images. */
  get value(): number {
    const scores = this.perClass().map(({ ap }) => ap);
    if (scores.every(Number.isNaN)) return NaN;
    return scores.reduce((sum, ap) => sum + (ap || 0), 0) / scores.length;
  }
}

function averagePrecision(column: { score: number; is: boolean }[], support: number): number {
  if (support === 0) return NaN;
  column.sort((a, b) => b.score - a.score || 0); // || 0: equal infinities
  let [right, before, sum] = [0, 0, 0];
  column.forEach(({ score, is }, i) => {
    if (is) right++;
    if (column[i + 1]?.score === score) return;
    sum += ((right - before) / support) * (right / (i + 1));
    before = right;
  });
  return sum;
}
