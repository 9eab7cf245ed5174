// Z. Zhong, L. Zheng, G. Kang, S. Li and Y. Yang, Random Erasing Data Augmentation (2017,
// https://arxiv.org/abs/1708.04896), as torchvision draws it.

import type { Random } from "../../core/random.js";
import { DataError } from "../../errors.js";
import type { AnyImage, FloatImage } from "../image.js";
import { type Transform, type TransformSpec } from "../transform.js";
import { requireProbability } from "../transforms/options.js";
import { copyOf, fillBox, type Box } from "./erase.js";
import { requireFloats, requireRange, withDefaults } from "../options.js";

/** Options of RandomErasing. */
export interface RandomErasingOptions {
  /** Probability that the picture is changed. Default 0.5. */
  p?: number;
  /** Range of the erased share of the area. Default [0.02, 0.33]. */
  scale?: readonly [number, number];
  /** Range of the erased box's height over width; drawn evenly in its logarithm. Default [0.3, 3.3]. */
  ratio?: readonly [number, number];
  /** Value to write: one number, one for each channel, or "random": normal numbers, mean 0, deviation 1. Default 0. */
  value?: number | readonly number[] | "random";
}

/** Attempts to draw a box before the picture is left unchanged. */
const ATTEMPTS = 10;

/** Erases a rectangle. Belongs after Normalize, where 0 is the mean colour and "random" is distributed like the pixels. */
export class RandomErasing implements Transform {
  readonly spec: TransformSpec;
  readonly #options: Required<RandomErasingOptions>;

  /** @throws DataError unless p is in [0, 1], scale rises within [0, 1], ratio rises above 0 and value is as described */
  constructor(options: RandomErasingOptions = {}) {
    this.#options = withDefaults<Required<RandomErasingOptions>>("RandomErasing", options, {
      p: 0.5,
      scale: [0.02, 0.33],
      ratio: [0.3, 3.3],
      value: 0,
    });
    const { p, scale, ratio, value } = this.#options;
    requireProbability("RandomErasing", p);
    requireRange("RandomErasing", "scale", scale, 0, 1);
    requireRange("RandomErasing", "ratio", ratio, Number.MIN_VALUE);
    if (value !== "random" && ![value].flat().every(Number.isFinite)) {
      throw new DataError(
        `RandomErasing: bad value; got ${String(value)}; expected a number, one for each channel, or "random"`,
      );
    }
    this.spec = { name: "RandomErasing", options: this.#options };
  }

  /** @throws DataError unless the image is of floats and has as many channels as there are values */
  apply(image: AnyImage, random: Random): FloatImage {
    requireFloats("RandomErasing", image);
    const { p, value } = this.#options;
    if (Array.isArray(value) && value.length !== image.channels) {
      throw new DataError(
        `RandomErasing: value does not fit the image; got ${value.length} numbers; expected ${image.channels}`,
      );
    }
    if (random.uniform() >= p) return image;
    const box = this.#box(image, random);
    if (!box) return image;
    const result = copyOf(image);
    if (value === "random") fillBox(result, box, () => random.normal());
    else if (typeof value === "number") fillBox(result, box, () => value);
    else fillBox(result, box, (c) => value[c]!);
    return result;
  }

  #box({ height, width }: FloatImage, random: Random): Box | undefined {
    const { scale, ratio } = this.#options;
    for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
      const area = height * width * random.uniform(...scale);
      const aspect = Math.exp(random.uniform(Math.log(ratio[0]), Math.log(ratio[1])));
      const h = Math.round(Math.sqrt(area * aspect));
      const w = Math.round(Math.sqrt(area / aspect));
      if (h >= height || w >= width) continue;
      const top = random.integer(height - h + 1);
      const left = random.integer(width - w + 1);
      return { top, left, bottom: top + h, right: left + w };
    }
    return undefined;
  }
}
