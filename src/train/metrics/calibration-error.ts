// How reliable a model's confidence is.

import { DataError } from "../../errors.js";
import { checkOptions } from "../../errors/options.js";
import { readRow, requireLabels, type Metric, type MetricBatch } from "./metric.js";

/** Images with a confidence in (low, high]. */
export interface CalibrationBin {
  /** Lower bound, not included. */
  low: number;
  /** Upper bound, included. */
  high: number;
  /** Number of images. */
  count: number;
  /** Share of correctly classified images; 0 if there are none. */
  accuracy: number;
  /** Mean probability of the guess; 0 if there are none. */
  confidence: number;
}

/** Options of CalibrationError. */
export interface CalibrationOptions {
  /** Default 15. */
  bins?: number;
}

/**
 * Expected calibration error: images are put into bins of equal width by the probability of the guess, and the distances
 * between accuracy and mean confidence of the bins are averaged, each weighted by its images. (TorchMetrics' bins are [low, high),
 * and images of confidence 1 have an extra bin, so its numbers differ if there are such images.)
 * C. Guo, G. Pleiss, Y. Sun and K. Q. Weinberger, On Calibration of Modern Neural Networks (2017,
 * https://arxiv.org/abs/1706.04599), equation 3.
 */
export class CalibrationError implements Metric {
  readonly #counts: number[];
  readonly #right: number[];
  readonly #confidence: number[];

  /** @throws DataError unless bins is an integer ≥ 1 */
  constructor(options: CalibrationOptions = {}) {
    checkOptions<CalibrationOptions>("CalibrationError", options, { bins: true });
    const { bins = 15 } = options;
    if (!Number.isInteger(bins) || bins < 1) {
      throw new DataError(`CalibrationError: bins must be an integer ≥ 1; got ${bins}`);
    }
    const zeros = (): number[] => new Array<number>(bins).fill(0);
    [this.#counts, this.#right, this.#confidence] = [zeros(), zeros(), zeros()];
  }

  update(batch: MetricBatch): void {
    requireLabels("CalibrationError", batch);
    const bins = this.#counts.length;
    batch.labels.forEach((label, row) => {
      const { guess, probability } = readRow("CalibrationError", batch, row);
      let bin = Math.max(0, Math.ceil(probability * bins) - 1);
      if (bin > 0 && probability <= bin / bins) bin--; // rounding moved it above the edge
      this.#counts[bin]!++;
      this.#confidence[bin]! += probability;
      if (guess === label) this.#right[bin]!++;
    });
  }

  /** The data of a reliability diagram. */
  get bins(): CalibrationBin[] {
    const n = this.#counts.length;
    return this.#counts.map((count, bin) => ({
      low: bin / n,
      high: (bin + 1) / n,
      count,
      accuracy: count && this.#right[bin]! / count,
      confidence: count && this.#confidence[bin]! / count,
    }));
  }

  /** The expected calibration error, a fraction; NaN before the first image. */
  get ece(): number {
    const images = this.#counts.reduce((a, b) => a + b, 0);
    return this.bins.reduce((sum, b) => sum + b.count * Math.abs(b.accuracy - b.confidence), 0) / images;
  }
}
