// T. DeVries and G. W. Taylor, Improved Regularization of Convolutional Neural Networks with Cutout (2017,
// https://arxiv.org/abs/1708.04552).

import type { Random } from "../../core/random.js";
import { type Transform, type TransformSpec } from "../transform.js";
import type { AnyImage, FloatImage } from "../image.js";
import { boxAround, copyOf, fillBox } from "./erase.js";
import { requireFloats, requireInteger, withDefaults } from "../options.js";

/** Options of Cutout. */
export interface CutoutOptions {
  /** Default 1. */
  numHoles?: number;
  /** Side of the squares in pixels. Default 112, for ImageNet at 224; the paper's for CIFAR-10 is 16. */
  length?: number;
}

/**
 * Squares of zeros with their centres anywhere in the picture, cut off at the border. Belongs after Normalize, where zero is
 * the mean colour.
 */
export class Cutout implements Transform {
  readonly spec: TransformSpec;
  readonly #options: Required<CutoutOptions>;

  /** @throws DataError unless numHoles and length are integers ≥ 1 */
  constructor(options: CutoutOptions = {}) {
    this.#options = withDefaults("Cutout", options, { numHoles: 1, length: 112 });
    requireInteger("Cutout", "numHoles", this.#options.numHoles, 1);
    requireInteger("Cutout", "length", this.#options.length, 1);
    this.spec = { name: "Cutout", options: this.#options };
  }

  /** @throws DataError unless the image is of floats */
  apply(image: AnyImage, random: Random): FloatImage {
    requireFloats("Cutout", image);
    const { numHoles, length } = this.#options;
    const result = copyOf(image);
    for (let hole = 0; hole < numHoles; hole++) {
      const [y, x] = [random.integer(image.height), random.integer(image.width)];
      fillBox(result, boxAround(y, x, length, length, image), () => 0);
    }
    return result;
  }
}
