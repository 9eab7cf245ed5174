// RandomHorizontalFlip and RandomVerticalFlip: torchvision's, on bytes.

import type { Random } from "../../core/random.js";
import { requireBytes } from "../options.js";
import type { AnyImage, RawImage } from "../image.js";
import { type Transform, type TransformSpec } from "../transform.js";
import { hflip, vflip } from "./geometry.js";
import { requireProbability } from "./options.js";

/** Left becomes right with probability p. */
export class RandomHorizontalFlip implements Transform {
  readonly spec: TransformSpec;
  readonly #p: number;

  /** @throws DataError unless 0 ≤ p ≤ 1 */
  constructor(p = 0.5) {
    requireProbability("RandomHorizontalFlip", p);
    this.#p = p;
    this.spec = { name: "RandomHorizontalFlip", options: { p } };
  }

  /** @throws DataError unless the image is of bytes */
  apply(image: AnyImage, random: Random): RawImage {
    requireBytes("RandomHorizontalFlip", image);
    return random.uniform() < this.#p ? hflip(image) : image;
  }
}

/** Upside down with probability p. */
export class RandomVerticalFlip implements Transform {
  readonly spec: TransformSpec;
  readonly #p: number;

  /** @throws DataError unless 0 ≤ p ≤ 1 */
  constructor(p = 0.5) {
    requireProbability("RandomVerticalFlip", p);
    this.#p = p;
    this.spec = { name: "RandomVerticalFlip", options: { p } };
  }

  /** @throws DataError unless the image is of bytes */
  apply(image: AnyImage, random: Random): RawImage {
    requireBytes("RandomVerticalFlip", image);
    return random.uniform() < this.#p ? vflip(image) : image;
  }
}
