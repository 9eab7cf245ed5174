// Resize, CenterCrop, RandomResizedCrop: torchvision's, on bytes.

import type { Random } from "../../core/random.js";
import { DataError, show } from "../../errors.js";
import { requireBytes, requireInteger, requireOneOf, requireRange, withDefaults } from "../options.js";
import type { AnyImage, RawImage } from "../image.js";
import { type Transform, type TransformSpec } from "../transform.js";
import { centerBox, crop, roundEven, type Box, type Fill } from "./geometry.js";
import { pairOf, requireFill, requireFillOf, type Size } from "./options.js";
import { RESAMPLES, type Resample } from "../preprocessing.js";
import { INTERPOLATIONS, resize, type Interpolation } from "./resize.js";

/** Options of Resize and ResizeLonger. */
export interface ResizeTransformOptions {
  /** Default "bilinear". */
  interpolation?: Interpolation;
  /** Whose order of passes. Default "pillow13"; "pillow12" for the bytes of Pillow before version 13. */
  resample?: Resample;
  /** Most pixels of the longer side, with a single size, over which it takes precedence. Default: any. */
  maxSize?: number | null;
}

/** Resizes to [height, width], or the shorter side to one number, with the longer one in proportion, rounded down. */
export class Resize implements Transform {
  readonly spec: TransformSpec;
  readonly #size: Size;
  readonly #options: Required<ResizeTransformOptions>;

  /** @throws DataError unless sizes are integers ≥ 1, the interpolation known, and maxSize, if given, more than a single size */
  constructor(size: Size, options: ResizeTransformOptions = {}) {
    this.#options = withDefaults<Required<ResizeTransformOptions>>("Resize", options, {
      interpolation: "bilinear",
      resample: RESAMPLES[0],
      maxSize: null,
    });
    const { interpolation, resample, maxSize } = this.#options;
    pairOf("Resize", size);
    requireOneOf("Resize", "interpolation", interpolation, INTERPOLATIONS);
    requireOneOf("Resize", "resample", resample, RESAMPLES);
    if (maxSize !== null) {
      if (typeof size !== "number") {
        throw new DataError(`Resize: maxSize goes with a single size; got ${show(size)}; expected a number`);
      }
      requireInteger("Resize", "maxSize", maxSize, size + 1);
    }
    this.#size = size;
    this.spec = { name: "Resize", options: { size, ...this.#options } };
  }

  /** The size that a picture gets. */
  target({ height, width }: Pick<RawImage, "height" | "width">): readonly [height: number, width: number] {
    if (typeof this.#size !== "number") return this.#size;
    const { maxSize } = this.#options;
    const long = Math.max(height, width);
    let newShort = this.#size;
    let newLong = Math.trunc((newShort * long) / Math.min(height, width));
    if (maxSize !== null && newLong > maxSize) {
      newShort = Math.max(1, Math.trunc((maxSize * newShort) / newLong));
      newLong = maxSize;
    }
    return width <= height ? [newLong, newShort] : [newShort, newLong];
  }

  /** @throws DataError unless the image is of bytes */
  apply(image: AnyImage): RawImage {
    requireBytes("Resize", image);
    const { interpolation, resample } = this.#options;
    return resize(image, ...this.target(image), { interpolation, resample });
  }

  /** CenterCrop after Resize, computing only the remaining pixels: the same result. */
  applyCropped(image: AnyImage, cropped: CenterCrop): RawImage {
    requireBytes("Resize", image);
    const [height, width] = this.target(image);
    const window = cropped.box({ height, width });
    if (window.top < 0 || window.left < 0 || window.height > height || window.width > width) {
      return cropped.apply(this.apply(image));
    }
    const { interpolation, resample } = this.#options;
    return resize(image, height, width, { interpolation, resample, window });
  }
}

type ResizeLongerOptions = Required<Pick<ResizeTransformOptions, "interpolation" | "resample">>;

/**
 * Resizes the longer side to a size, so that nothing is cut off; the shorter one is in proportion, rounded, with halves to even.
 * timm's ResizeKeepRatio with longest=1.
 */
export class ResizeLonger implements Transform {
  readonly spec: TransformSpec;
  readonly #size: number;
  readonly #options: ResizeLongerOptions;

  /** @throws DataError unless the size is an integer ≥ 1 and the interpolation known */
  constructor(size: number, options: Pick<ResizeTransformOptions, "interpolation" | "resample"> = {}) {
    this.#options = withDefaults<ResizeLongerOptions>("ResizeLonger", options, {
      interpolation: "bilinear",
      resample: RESAMPLES[0],
    });
    const { interpolation, resample } = this.#options;
    requireInteger("ResizeLonger", "size", size, 1);
    requireOneOf("ResizeLonger", "interpolation", interpolation, INTERPOLATIONS);
    requireOneOf("ResizeLonger", "resample", resample, RESAMPLES);
    this.#size = size;
    this.spec = { name: "ResizeLonger", options: { size, ...this.#options } };
  }

  /** @throws DataError unless the image is of bytes */
  apply(image: AnyImage): RawImage {
    requireBytes("ResizeLonger", image);
    const { height, width } = image;
    const ratio = Math.max(height, width) / this.#size;
    const side = (from: number): number => Math.max(1, roundEven(from / ratio));
    return resize(image, side(height), side(width), this.#options);
  }
}

/** The middle of a picture, surrounded by a colour if the picture is smaller than the size. */
export class CenterCrop implements Transform {
  readonly spec: TransformSpec;
  readonly #size: readonly [height: number, width: number];
  readonly #fill: Fill;

  /** `fill`: the colour, default 0, black. @throws DataError unless sizes are integers ≥ 1 and fill is of bytes */
  constructor(size: Size, options: { fill?: Fill } = {}) {
    const { fill } = withDefaults<{ fill: Fill }>("CenterCrop", options, { fill: 0 });
    this.#size = pairOf("CenterCrop", size);
    requireFill("CenterCrop", fill);
    this.#fill = fill;
    this.spec = { name: "CenterCrop", options: { size, fill } };
  }

  /** Position of the middle of a picture. */
  box(image: Pick<RawImage, "height" | "width">): Box {
    return centerBox(image, ...this.#size);
  }

  /** @throws DataError unless the image is of bytes and fill fits its channels */
  apply(image: AnyImage): RawImage {
    requireBytes("CenterCrop", image);
    requireFillOf("CenterCrop", this.#fill, image.channels);
    return crop(image, this.box(image), this.#fill);
  }
}

/** Options of RandomResizedCrop. */
export interface RandomResizedCropOptions {
  /** Range of the share of the picture's area. Default [0.08, 1]. */
  scale?: readonly [number, number];
  /** Range of width over height, drawn evenly in its logarithm. Default [3/4, 4/3]. */
  ratio?: readonly [number, number];
  /** Default "bilinear". */
  interpolation?: Interpolation;
  /** Whose order of passes. Default "pillow13"; "pillow12" for the bytes of Pillow before version 13. */
  resample?: Resample;
}

/** Attempts to draw a box inside the picture before the middle is used. */
const TRIES = 10;

/**
 * A random part of the picture at the given size. C. Szegedy et al., Going Deeper with Convolutions (2014,
 * https://arxiv.org/abs/1409.4842), §6; drawn as in torchvision.
 */
export class RandomResizedCrop implements Transform {
  readonly spec: TransformSpec;
  readonly #size: readonly [height: number, width: number];
  readonly #options: Required<RandomResizedCropOptions>;

  /** @throws DataError unless sizes are integers ≥ 1, scale lies in (0, 1], ratios are positive and the interpolation known */
  constructor(size: Size, options: RandomResizedCropOptions = {}) {
    this.#options = withDefaults<Required<RandomResizedCropOptions>>("RandomResizedCrop", options, {
      scale: [0.08, 1],
      ratio: [3 / 4, 4 / 3],
      interpolation: "bilinear",
      resample: RESAMPLES[0],
    });
    const { scale, ratio, interpolation, resample } = this.#options;
    this.#size = pairOf("RandomResizedCrop", size);
    requireRange("RandomResizedCrop", "scale", scale, 1e-9, 1);
    requireRange("RandomResizedCrop", "ratio", ratio, 1e-9);
    requireOneOf("RandomResizedCrop", "interpolation", interpolation, INTERPOLATIONS);
    requireOneOf("RandomResizedCrop", "resample", resample, RESAMPLES);
    this.spec = { name: "RandomResizedCrop", options: { size, ...this.#options } };
  }

  /** The part of a picture to use. */
  part({ height, width }: Pick<RawImage, "height" | "width">, random: Random): Box {
    const { scale, ratio } = this.#options;
    const [low, high] = [Math.log(ratio[0]), Math.log(ratio[1])];
    for (let i = 0; i < TRIES; i++) {
      const area = height * width * random.uniform(...scale);
      const aspect = Math.exp(random.uniform(low, high));
      const w = roundEven(Math.sqrt(area * aspect));
      const h = roundEven(Math.sqrt(area / aspect));
      if (w > 0 && w <= width && h > 0 && h <= height) {
        const top = random.integer(height - h + 1);
        return { top, left: random.integer(width - w + 1), height: h, width: w };
      }
    }
    const whole = width / height;
    const h = whole < ratio[0] ? Math.max(1, roundEven(width / ratio[0])) : height;
    const w = whole > ratio[1] ? Math.max(1, roundEven(height * ratio[1])) : width;
    return { top: Math.floor((height - h) / 2), left: Math.floor((width - w) / 2), height: h, width: w };
  }

  /** That part at the given size. */
  afterPart(part: RawImage): RawImage {
    const { interpolation, resample } = this.#options;
    return resize(part, ...this.#size, { interpolation, resample });
  }

  /** @throws DataError unless the image is of bytes */
  apply(image: AnyImage, random: Random): RawImage {
    requireBytes("RandomResizedCrop", image);
    const { interpolation, resample } = this.#options;
    return resize(image, ...this.#size, { interpolation, resample, source: this.part(image, random) });
  }
}
