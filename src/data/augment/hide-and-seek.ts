// K. K. Singh, H. Yu, A. Sarmasi, G. Pradeep and Y. J. Lee, Hide-and-Seek: A Data Augmentation Technique for
// Weakly-Supervised Localization and Beyond (2018, https://arxiv.org/abs/1811.02545).

import type { Random } from "../../core/random.js";
import { DataError } from "../../errors.js";
import type { AnyImage, FloatImage } from "../image.js";
import { type Transform, type TransformSpec } from "../transform.js";
import { requireProbability } from "../transforms/options.js";
import { copyOf, fillBox } from "./erase.js";
import { requireFloats, requireInteger, withDefaults } from "../options.js";

/** Options of HideAndSeek. */
export interface HideAndSeekOptions {
  /** Sides of the patches in pixels, one drawn for each picture; 0 hides nothing. Default [0, 16, 32, 44, 56]. */
  gridSizes?: readonly number[];
  /** Probability that a patch is hidden. Default 0.5. */
  p?: number;
}

/**
 * Divides the picture into a grid of square patches, each of which is hidden (zero) or not. Belongs after Normalize, where
 * zero is the mean colour: the paper shows that the mean keeps the first layer's activations as in testing.
 */
export class HideAndSeek implements Transform {
  readonly spec: TransformSpec;
  readonly #options: Required<HideAndSeekOptions>;

  /** @throws DataError unless gridSizes are integers ≥ 0, one at least, and p is in [0, 1] */
  constructor(options: HideAndSeekOptions = {}) {
    this.#options = withDefaults<Required<HideAndSeekOptions>>("HideAndSeek", options, {
      gridSizes: [0, 16, 32, 44, 56],
      p: 0.5,
    });
    const { gridSizes, p } = this.#options;
    if (!Array.isArray(gridSizes) || gridSizes.length === 0) {
      throw new DataError(
        `HideAndSeek: bad gridSizes; got ${String(gridSizes) || "none"}; expected one at least`,
      );
    }
    for (const size of gridSizes) requireInteger("HideAndSeek", "gridSizes", size, 0);
    requireProbability("HideAndSeek", p);
    this.spec = { name: "HideAndSeek", options: this.#options };
  }

  /** @throws DataError unless the image is of floats */
  apply(image: AnyImage, random: Random): FloatImage {
    requireFloats("HideAndSeek", image);
    const { gridSizes, p } = this.#options;
    const { height, width } = image;
    const size = gridSizes[random.integer(gridSizes.length)]!;
    if (size === 0) return image;
    const result = copyOf(image);
    for (let top = 0; top < height; top += size) {
      for (let left = 0; left < width; left += size) {
        if (random.uniform() >= p) continue;
        const box = { top, left, bottom: Math.min(top + size, height), right: Math.min(left + size, width) };
        fillBox(result, box, () => 0);
      }
    }
    return result;
  }
}
