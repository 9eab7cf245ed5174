// S. Yun, D. Han, S. J. Oh, S. Chun, J. Choe and Y. Yoo, CutMix: Regularization Strategy to Train Strong Classifiers with
// Localizable Features (2019, https://arxiv.org/abs/1905.04899).

import type { Random } from "../../core/random.js";
import type { Shape } from "../../core/shape.js";
import type { TransformSpec } from "../transform.js";
import { blendRows, mixAlong, requireBatch, type BatchTransform } from "./batch.js";
import { boxAround } from "./erase.js";
import { requireNumber, withDefaults } from "../options.js";

/** Options of CutMix. */
export interface CutMixOptions {
  /** lambda ~ Beta(alpha, alpha), once for the batch: the share that a picture keeps. Default 1: evenly. */
  alpha?: number;
}

/**
 * Replaces a rectangle of every picture by that of another one: the same for the whole batch, with sides √(1 − lambda) of the
 * picture's and its centre anywhere, cut off at the border. The targets are mixed by the share of the remaining pixels.
 */
export class CutMix implements BatchTransform {
  readonly spec: TransformSpec;
  readonly #alpha: number;

  /** @throws DataError unless alpha > 0 */
  constructor(options: CutMixOptions = {}) {
    const { alpha } = withDefaults("CutMix", options, { alpha: 1 });
    requireNumber("CutMix", "alpha", alpha, Number.MIN_VALUE);
    this.#alpha = alpha;
    this.spec = { name: "CutMix", options: { alpha } };
  }

  apply(images: Float32Array, shape: Shape, targets: Float32Array, random: Random): void {
    requireBatch("CutMix", images, shape, targets);
    const [n, height, width, channels] = shape as [number, number, number, number];
    const ring = random.permutation(n);
    const side = Math.sqrt(1 - random.beta(this.#alpha, this.#alpha));
    const [y, x] = [random.integer(height), random.integer(width)];
    const box = boxAround(y, x, Math.trunc(height * side), Math.trunc(width * side), { height, width });
    mixAlong(ring, images, (image, other) => {
      for (let row = box.top; row < box.bottom; row++) {
        const from = (row * width + box.left) * channels;
        image.set(other.subarray(from, (row * width + box.right) * channels), from);
      }
    });
    const area = (box.bottom - box.top) * (box.right - box.left);
    mixAlong(ring, targets, blendRows(1 - area / (height * width)));
  }
}
