// Pad and RandomCrop: torchvision's, on bytes.

import type { Random } from "../../core/random.js";
import { DataError } from "../../errors.js";
import { requireBytes, requireOneOf, withDefaults } from "../options.js";
import type { AnyImage, RawImage } from "../image.js";
import { type Transform, type TransformSpec } from "../transform.js";
import { crop, pad, PADDING_MODES, type Fill, type PaddingMode, type Sides } from "./geometry.js";
import { pairOf, requireFill, requireFillOf, sidesOf, type Padding, type Size } from "./options.js";

/** Options of Pad. */
export interface PadOptions {
  /** Value of constant padding. Default 0. */
  fill?: Fill;
  /** Default "constant". */
  paddingMode?: PaddingMode;
}

/** Pixels added around a picture. */
export class Pad implements Transform {
  readonly spec: TransformSpec;
  readonly #sides: Sides;
  readonly #options: Required<PadOptions>;

  /** @throws DataError unless paddings are integers ≥ 0, fill is of bytes and the mode known */
  constructor(padding: Padding, options: PadOptions = {}) {
    this.#options = withDefaults<Required<PadOptions>>("Pad", options, { fill: 0, paddingMode: "constant" });
    this.#sides = sidesOf("Pad", padding);
    requireFill("Pad", this.#options.fill);
    requireOneOf("Pad", "paddingMode", this.#options.paddingMode, PADDING_MODES);
    this.spec = { name: "Pad", options: { padding, ...this.#options } };
  }

  /** @throws DataError unless the image is of bytes and fill fits its channels */
  apply(image: AnyImage): RawImage {
    const { fill, paddingMode } = this.#options;
    requireBytes("Pad", image);
    requireFillOf("Pad", fill, image.channels);
    return pad(image, this.#sides, paddingMode, fill);
  }
}

/** Options of RandomCrop. */
export interface RandomCropOptions extends PadOptions {
  /** Pixels added before. Default 0. */
  padding?: Padding;
  /** Whether pictures smaller than the size are padded on both sides rather than refused. Default false. */
  padIfNeeded?: boolean;
}

/** A random part of the given size of the picture, padded or not. */
export class RandomCrop implements Transform {
  readonly spec: TransformSpec;
  readonly #size: readonly [height: number, width: number];
  readonly #sides: Sides;
  readonly #options: Required<RandomCropOptions>;

  /** @throws DataError unless sizes are integers ≥ 1, paddings ≥ 0, fill is of bytes and the mode known */
  constructor(size: Size, options: RandomCropOptions = {}) {
    this.#options = withDefaults<Required<RandomCropOptions>>("RandomCrop", options, {
      padding: 0,
      padIfNeeded: false,
      fill: 0,
      paddingMode: "constant",
    });
    this.#size = pairOf("RandomCrop", size);
    this.#sides = sidesOf("RandomCrop", this.#options.padding);
    requireFill("RandomCrop", this.#options.fill);
    requireOneOf("RandomCrop", "paddingMode", this.#options.paddingMode, PADDING_MODES);
    this.spec = { name: "RandomCrop", options: { size, ...this.#options } };
  }

  /** @throws DataError unless the image is of bytes, large enough or to be padded, and fill fits its channels */
  apply(image: AnyImage, random: Random): RawImage {
    requireBytes("RandomCrop", image);
    const { fill, paddingMode, padIfNeeded } = this.#options;
    requireFillOf("RandomCrop", fill, image.channels);
    const [height, width] = this.#size;
    let padded = image;
    if (Object.values(this.#sides).some((n) => n > 0)) padded = pad(padded, this.#sides, paddingMode, fill);
    const x = padIfNeeded ? Math.max(0, width - padded.width) : 0;
    const y = padIfNeeded ? Math.max(0, height - padded.height) : 0;
    if (x > 0) padded = pad(padded, { left: x, top: 0, right: x, bottom: 0 }, paddingMode, fill);
    if (y > 0) padded = pad(padded, { left: 0, top: y, right: 0, bottom: y }, paddingMode, fill);
    if (padded.height < height || padded.width < width) {
      throw new DataError(
        `RandomCrop: picture too small; got ${padded.height}×${padded.width} with its padding; ` +
          `expected at least ${height}×${width}, or padIfNeeded`,
      );
    }
    const top = random.integer(padded.height - height + 1);
    return crop(padded, { top, left: random.integer(padded.width - width + 1), height, width });
  }
}
