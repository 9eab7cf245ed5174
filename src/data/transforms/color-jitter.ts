// ColorJitter, Grayscale, RandomGrayscale: torchvision's, on bytes.

import type { Random } from "../../core/random.js";
import { DataError } from "../../errors.js";
import { requireBytes, requireNumber, requireRange, withDefaults } from "../options.js";
import type { AnyImage, RawImage } from "../image.js";
import { type Transform, type TransformSpec } from "../transform.js";
import {
  adjustBrightness,
  adjustContrast,
  adjustHue,
  adjustSaturation,
  grayscale,
  grayToRgb,
} from "./color.js";
import { requireProbability } from "./options.js";

type Jitter = number | readonly [number, number];

/** Options of ColorJitter. A number x means the range [1 − x, 1 + x], for hue [−x, x]. */
export interface ColorJitterOptions {
  /** Factors in [1 − brightness, 1 + brightness], or in the given range. Default 0: none. */
  brightness?: number | readonly [number, number];
  /** Factors, as for brightness. Default 0: none. */
  contrast?: number | readonly [number, number];
  /** Factors, as for brightness. Default 0: none. */
  saturation?: number | readonly [number, number];
  /** Turns of the colour circle in [−hue, hue], at most half a turn, or in the given range. */
  hue?: number | readonly [number, number];
}

const adjustments = [
  { name: "brightness", adjust: adjustBrightness, neutral: 1, low: 0, high: Infinity },
  { name: "contrast", adjust: adjustContrast, neutral: 1, low: 0, high: Infinity },
  { name: "saturation", adjust: adjustSaturation, neutral: 1, low: 0, high: Infinity },
  { name: "hue", adjust: adjustHue, neutral: 0, low: -0.5, high: 0.5 },
] as const;

/** Brightness, contrast, saturation and hue changed by random factors, in random order. */
export class ColorJitter implements Transform {
  readonly spec: TransformSpec;
  readonly #ranges: readonly (readonly [number, number])[];

  /** @throws DataError unless numbers are ≥ 0 (hue at most 0.5) and ranges rise, from 0 (hue: within ±0.5) */
  constructor(options: ColorJitterOptions = {}) {
    const all = withDefaults<Required<ColorJitterOptions>>("ColorJitter", options, {
      brightness: 0,
      contrast: 0,
      saturation: 0,
      hue: 0,
    });
    this.#ranges = adjustments.map(({ name, neutral, low, high }) => {
      const value: Jitter = all[name];
      if (typeof value === "number") {
        requireNumber("ColorJitter", name, value, 0, high);
        return [Math.max(low, neutral - value), neutral + value];
      }
      requireRange("ColorJitter", name, value, low, high);
      return value;
    });
    this.spec = { name: "ColorJitter", options: all };
  }

  /** @throws DataError unless the image is of bytes */
  apply(image: AnyImage, random: Random): RawImage {
    requireBytes("ColorJitter", image);
    const order = random.permutation(adjustments.length);
    const factors = this.#ranges.map(([low, high]) => random.uniform(low, high));
    let changed = image;
    for (const i of order) {
      const { adjust, neutral } = adjustments[i]!;
      const [low, high] = this.#ranges[i]!;
      if (low !== neutral || high !== neutral) changed = adjust(changed, factors[i]!);
    }
    return changed;
  }
}

/** Only brightness, in one channel or the same in three. */
export class Grayscale implements Transform {
  readonly spec: TransformSpec;
  readonly #channels: number;

  /** @throws DataError unless numOutputChannels is 1 or 3 */
  constructor(numOutputChannels = 1) {
    if (numOutputChannels !== 1 && numOutputChannels !== 3) {
      throw new DataError(
        `Grayscale: bad numOutputChannels; got ${String(numOutputChannels)}; expected 1 or 3`,
      );
    }
    this.#channels = numOutputChannels;
    this.spec = { name: "Grayscale", options: { numOutputChannels } };
  }

  /** @throws DataError unless the image is of bytes */
  apply(image: AnyImage): RawImage {
    requireBytes("Grayscale", image);
    const gray = grayscale(image);
    return this.#channels === 1 ? gray : grayToRgb(gray);
  }
}

/** Grey with probability p; as many channels as before. */
export class RandomGrayscale implements Transform {
  readonly spec: TransformSpec;
  readonly #p: number;

  /** @throws DataError unless 0 ≤ p ≤ 1 */
  constructor(p = 0.1) {
    requireProbability("RandomGrayscale", p);
    this.#p = p;
    this.spec = { name: "RandomGrayscale", options: { p } };
  }

  /** @throws DataError unless the image is of bytes */
  apply(image: AnyImage, random: Random): RawImage {
    requireBytes("RandomGrayscale", image);
    if (random.uniform() >= this.#p || image.channels === 1) return image;
    return grayToRgb(grayscale(image));
  }
}
