// E. D. Cubuk, B. Zoph, J. Shlens and Q. V. Le, RandAugment: Practical automated data augmentation with a reduced search
// space (2019, https://arxiv.org/abs/1909.13719).

import type { Random } from "../../core/random.js";
import type { AnyImage, RawImage } from "../image.js";
import { type Transform, type TransformSpec } from "../transform.js";
import { drawMagnitude, standardSpace } from "./magnitudes.js";
import { applyOp, requireOpOptions, type OpOptions } from "./ops.js";
import { requireBytes, requireInteger, withDefaults } from "../options.js";

export interface RandAugmentOptions extends OpOptions {
  /** Operations in a row. Default 2. */
  numOps?: number;
  /** Level of all of them, 0 … numMagnitudeBins − 1. Default 9. */
  magnitude?: number;
  /** Default 31. */
  numMagnitudeBins?: number;
}

/**
 * Operations drawn evenly, with replacement, all at one level; the higher, the stronger, for every operation. Belongs
 * after crop and flip, on bytes, before ToTensor.
 */
export class RandAugment implements Transform {
  readonly spec: TransformSpec;
  readonly #options: Required<RandAugmentOptions>;

  /** @throws DataError unless numOps ≥ 0, numMagnitudeBins ≥ 2 and 0 ≤ magnitude < numMagnitudeBins are integers */
  constructor(options: RandAugmentOptions = {}) {
    this.#options = withDefaults<Required<RandAugmentOptions>>("RandAugment", options, {
      numOps: 2,
      magnitude: 9,
      numMagnitudeBins: 31,
      interpolation: "nearest",
      fill: 0,
    });
    const { numOps, magnitude, numMagnitudeBins } = this.#options;
    requireInteger("RandAugment", "numOps", numOps, 0);
    requireInteger("RandAugment", "numMagnitudeBins", numMagnitudeBins, 2);
    requireInteger("RandAugment", "magnitude", magnitude, 0, numMagnitudeBins - 1);
    requireOpOptions("RandAugment", this.#options);
    this.spec = { name: "RandAugment", options: this.#options };
  }

  /** @throws DataError unless the image is of bytes, grey or RGB */
  apply(image: AnyImage, random: Random): RawImage {
    requireBytes("RandAugment", image);
    const { numOps, magnitude, numMagnitudeBins } = this.#options;
    const space = [...standardSpace(image)];
    let result = image;
    for (let i = 0; i < numOps; i++) {
      const [op, range] = space[random.integer(space.length)]!;
      result = applyOp(result, op, drawMagnitude(range, magnitude, numMagnitudeBins, random), this.#options);
    }
    return result;
  }
}
