// S. G. Müller and F. Hutter, TrivialAugment: Tuning-free Yet State-of-the-Art Data Augmentation (2021,
// https://arxiv.org/abs/2103.10158).

import type { Random } from "../../core/random.js";
import type { AnyImage, RawImage } from "../image.js";
import { type Transform, type TransformSpec } from "../transform.js";
import { drawMagnitude, wideSpace } from "./magnitudes.js";
import { applyOp, requireOpOptions, type OpOptions } from "./ops.js";
import { requireBytes, requireInteger, withDefaults } from "../options.js";

export interface TrivialAugmentWideOptions extends OpOptions {
  /** Levels to draw from. Default 31. */
  numMagnitudeBins?: number;
}

/**
 * One operation at one level, both drawn evenly, from the wide ranges. Belongs after crop and flip, on bytes, before
 * ToTensor.
 */
export class TrivialAugmentWide implements Transform {
  readonly spec: TransformSpec;
  readonly #options: Required<TrivialAugmentWideOptions>;

  /** @throws DataError unless numMagnitudeBins is an integer ≥ 2 and interpolation and fill are as described */
  constructor(options: TrivialAugmentWideOptions = {}) {
    this.#options = withDefaults<Required<TrivialAugmentWideOptions>>("TrivialAugmentWide", options, {
      numMagnitudeBins: 31,
      interpolation: "nearest",
      fill: 0,
    });
    requireInteger("TrivialAugmentWide", "numMagnitudeBins", this.#options.numMagnitudeBins, 2);
    requireOpOptions("TrivialAugmentWide", this.#options);
    this.spec = { name: "TrivialAugmentWide", options: this.#options };
  }

  /** @throws DataError unless the image is of bytes, grey or RGB */
  apply(image: AnyImage, random: Random): RawImage {
    requireBytes("TrivialAugmentWide", image);
    const bins = this.#options.numMagnitudeBins;
    const [op, range] = [...wideSpace][random.integer(wideSpace.size)]!;
    const level = range ? random.integer(bins) : 0;
    return applyOp(image, op, drawMagnitude(range, level, bins, random), this.#options);
  }
}
