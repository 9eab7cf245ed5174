// ToTensor and Normalize: torchvision's. Pictures stay HWC, as in batches.

import { DataError, show } from "../../errors.js";
import { requireBytes, requireFloats } from "../options.js";
import type { AnyImage, FloatImage } from "../image.js";
import { type Transform, type TransformSpec } from "../transform.js";
import { normalize, toTensor } from "./tensor.js";

/** Bytes 0…255 to floats 0…1. */
export class ToTensor implements Transform {
  readonly spec: TransformSpec = { name: "ToTensor", options: {} };

  /** @throws DataError unless the image is of bytes */
  apply(image: AnyImage): FloatImage {
    requireBytes("ToTensor", image);
    return toTensor(image);
  }

  /** Normalize after ToTensor in one pass: the same floats. */
  applyNormalized(image: AnyImage, normalization: Normalize): FloatImage {
    requireBytes("ToTensor", image);
    normalization.requireChannels(image.channels);
    return toTensor(image, normalization.mean, normalization.std);
  }
}

/** (x − mean)/std of each channel. */
export class Normalize implements Transform {
  readonly spec: TransformSpec;
  /** Subtracted from each channel. */
  readonly mean: readonly number[];
  /** Divisor of each channel after that. */
  readonly std: readonly number[];

  /** @throws DataError unless the numbers of means and deviations are equal, all are finite, and no deviation is 0 */
  constructor(mean: readonly number[], std: readonly number[]) {
    const fine =
      Array.isArray(mean) &&
      Array.isArray(std) &&
      mean.length > 0 &&
      mean.length === std.length &&
      [...mean, ...std].every(Number.isFinite) &&
      !std.includes(0);
    if (!fine) {
      throw new DataError(
        `Normalize: bad mean or std; got ${show(mean)} and ${show(std)}; ` +
          `expected one number for each channel, deviations not 0`,
      );
    }
    this.mean = mean;
    this.std = std;
    this.spec = { name: "Normalize", options: { mean, std } };
  }

  /** @throws DataError unless there is a mean for each channel */
  requireChannels(channels: number): void {
    if (this.mean.length !== channels) {
      throw new DataError(
        `Normalize: does not fit the picture; got ${channels} channels; expected ${this.mean.length}, the number of means`,
      );
    }
  }

  /** @throws DataError unless the image is of floats and has a channel for each mean */
  apply(image: AnyImage): FloatImage {
    requireFloats("Normalize", image);
    this.requireChannels(image.channels);
    return normalize(image, this.mean, this.std);
  }
}
