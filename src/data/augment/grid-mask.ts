// P. Chen, S. Liu, H. Zhao and J. Jia, GridMask Data Augmentation (2020, https://arxiv.org/abs/2001.04086).

import type { Random } from "../../core/random.js";
import { DataError } from "../../errors.js";
import type { AnyImage, FloatImage } from "../image.js";
import { type Transform, type TransformSpec } from "../transform.js";
import { requireProbability } from "../transforms/options.js";
import { copyOf } from "./erase.js";
import { requireFloats, requireInteger, requireNumber, withDefaults } from "../options.js";

/** Options of GridMask. */
export interface GridMaskOptions {
  /** Smallest distance from one square to the next, in pixels. Default 96, for ImageNet at 224; CIFAR: 24. */
  dMin?: number;
  /** Largest distance. Default 224; CIFAR: 32. */
  dMax?: number;
  /** Share of the distance that is kept between squares: 1 − (1 − ratio)² of the area stays. Default 0.5. */
  ratio?: number;
  /** The grid is rotated by an angle in [0, rotate) degrees. Default 360. */
  rotate?: number;
  /** Probability that the picture is changed. Default 1. */
  p?: number;
}

/**
 * Squares of zeros on a regular grid, shifted and rotated at random. Belongs after Normalize, where zero is the mean
 * colour. The authors' ImageNet run has ratio 0.6 and lets p rise linearly to 0.8 over 240 of 300 epochs: for this,
 * make a GridMask for each epoch, since the transform itself does not know the epoch.
 */
export class GridMask implements Transform {
  readonly spec: TransformSpec;
  readonly #options: Required<GridMaskOptions>;

  /** @throws DataError unless 1 ≤ dMin ≤ dMax are integers, ratio and p are in [0, 1] and rotate in [0, 360] */
  constructor(options: GridMaskOptions = {}) {
    const defaults = { dMin: 96, dMax: 224, ratio: 0.5, rotate: 360, p: 1 };
    this.#options = withDefaults("GridMask", options, defaults);
    const { dMin, dMax, ratio, rotate, p } = this.#options;
    requireInteger("GridMask", "dMin", dMin, 1);
    requireInteger("GridMask", "dMax", dMax, 1);
    if (dMin > dMax) throw new DataError(`GridMask: dMin exceeds dMax; got ${dMin} and ${dMax}`);
    requireNumber("GridMask", "ratio", ratio, 0, 1);
    requireNumber("GridMask", "rotate", rotate, 0, 360);
    requireProbability("GridMask", p);
    this.spec = { name: "GridMask", options: this.#options };
  }

  /** @throws DataError unless the image is of floats */
  apply(image: AnyImage, random: Random): FloatImage {
    requireFloats("GridMask", image);
    const { dMin, dMax, ratio, rotate, p } = this.#options;
    if (random.uniform() >= p) return image;
    const d = dMin + random.integer(dMax - dMin + 1);
    const kept = Math.round(d * ratio);
    const angle = (random.uniform(0, rotate) * Math.PI) / 180;
    const [shiftX, shiftY] = [random.integer(d), random.integer(d)];
    const [cos, sin] = [Math.cos(angle), Math.sin(angle)];
    const result = copyOf(image);
    const { data, height, width, channels } = result;
    /** Whether v, along one axis of the grid, lies in a square's range and not between squares. */
    const inSquare = (v: number): boolean => v - d * Math.floor(v / d) >= kept;
    for (let y = 0; y < height; y++) {
      const fromCentreY = y + 0.5 - height / 2;
      for (let x = 0; x < width; x++) {
        const fromCentreX = x + 0.5 - width / 2;
        if (!inSquare(cos * fromCentreX + sin * fromCentreY + shiftX)) continue;
        if (!inSquare(cos * fromCentreY - sin * fromCentreX + shiftY)) continue;
        const at = (y * width + x) * channels;
        data.fill(0, at, at + channels);
      }
    }
    return result;
  }
}
