// RandomRotation and RandomAffine: torchvision's, on bytes.

import type { Random } from "../../core/random.js";
import { DataError, show } from "../../errors.js";
import { requireBytes, requireNumber, requireOneOf, requireRange, withDefaults } from "../options.js";
import type { AnyImage, RawImage } from "../image.js";
import { type Transform, type TransformSpec } from "../transform.js";
import { affine, AFFINE_INTERPOLATIONS, rotate, type AffineInterpolation } from "./affine.js";
import { roundEven, type Fill } from "./geometry.js";
import { requireFill, requireFillOf } from "./options.js";

/** One number n for [−n, n], or [from, to]. */
export type Degrees = number | readonly [number, number];

function rangeOf(op: string, name: string, value: Degrees): readonly [number, number] {
  if (typeof value === "number") {
    requireNumber(op, name, value, 0);
    return [-value, value];
  }
  requireRange(op, name, value, -Infinity);
  return value;
}

function requireCenter(op: string, center: readonly [number, number] | null): void {
  if (center === null) return;
  if (!Array.isArray(center) || center.length !== 2 || !center.every(Number.isFinite)) {
    throw new DataError(`${op}: bad center; got ${show(center)}; expected [x, y]`);
  }
}

/** Options of RandomRotation. */
export interface RandomRotationOptions {
  /** Default "nearest". */
  interpolation?: AffineInterpolation;
  /** Whether the result grows to hold the whole rotated picture. Default false. */
  expand?: boolean;
  /** Centre of rotation, [x, y] in pixels. Default: the middle. */
  center?: readonly [x: number, y: number] | null;
  /** Default 0. */
  fill?: Fill;
}

/** Rotates by a random angle, in degrees counter-clockwise. */
export class RandomRotation implements Transform {
  readonly spec: TransformSpec;
  readonly #degrees: readonly [number, number];
  readonly #options: Required<RandomRotationOptions>;

  /** @throws DataError unless degrees are a number ≥ 0 or a rising range, and the options known */
  constructor(degrees: Degrees, options: RandomRotationOptions = {}) {
    const op = "RandomRotation";
    this.#options = withDefaults<Required<RandomRotationOptions>>(op, options, {
      interpolation: "nearest",
      expand: false,
      center: null,
      fill: 0,
    });
    this.#degrees = rangeOf(op, "degrees", degrees);
    requireOneOf(op, "interpolation", this.#options.interpolation, AFFINE_INTERPOLATIONS);
    requireCenter(op, this.#options.center);
    requireFill(op, this.#options.fill);
    this.spec = { name: op, options: { degrees, ...this.#options } };
  }

  /** @throws DataError unless the image is of bytes and fill fits its channels */
  apply(image: AnyImage, random: Random): RawImage {
    requireBytes("RandomRotation", image);
    requireFillOf("RandomRotation", this.#options.fill, image.channels);
    const center = this.#options.center ?? undefined;
    return rotate(image, random.uniform(...this.#degrees), { ...this.#options, center });
  }
}

/** Options of RandomAffine. */
export interface RandomAffineOptions {
  /** Largest shift, as shares of width and height. Default: none. */
  translate?: readonly [x: number, y: number] | null;
  /** Factors from … to. Default: none. */
  scale?: readonly [number, number] | null;
  /** Degrees: n for x in [−n, n]; [from, to] for x; or [from, to] for x and then for y. Default: none. */
  shear?: Degrees | readonly [number, number, number, number] | null;
  /** Default "nearest". */
  interpolation?: AffineInterpolation;
  /** Default 0. */
  fill?: Fill;
  /** Centre of rotation, shear and scale, [x, y] in pixels. Default: the middle. */
  center?: readonly [x: number, y: number] | null;
}

type Range = readonly [number, number];

function shearOf(shear: RandomAffineOptions["shear"]): readonly [x: Range, y: Range] {
  const zero = [0, 0] as const;
  if (shear === null || shear === undefined) return [zero, zero];
  if (Array.isArray(shear) && shear.length === 4) {
    const [x0, x1, y0, y1] = shear as [number, number, number, number];
    return [rangeOf("RandomAffine", "shear", [x0, x1]), rangeOf("RandomAffine", "shear", [y0, y1])];
  }
  return [rangeOf("RandomAffine", "shear", shear as Degrees), zero];
}

/** Shears, scales, rotates and moves at random; the size stays the same. */
export class RandomAffine implements Transform {
  readonly spec: TransformSpec;
  readonly #degrees: Range;
  readonly #shear: readonly [x: Range, y: Range];
  readonly #options: Required<RandomAffineOptions>;

  /** @throws DataError unless ranges rise, translate lies in [0, 1], scale is positive, and the options are known */
  constructor(degrees: Degrees, options: RandomAffineOptions = {}) {
    const op = "RandomAffine";
    this.#options = withDefaults<Required<RandomAffineOptions>>(op, options, {
      translate: null,
      scale: null,
      shear: null,
      interpolation: "nearest",
      fill: 0,
      center: null,
    });
    const { translate, scale, shear, interpolation, fill, center } = this.#options;
    this.#degrees = rangeOf(op, "degrees", degrees);
    this.#shear = shearOf(shear);
    if (translate !== null) for (const t of translate) requireNumber(op, "translate", t, 0, 1);
    if (scale !== null) requireRange(op, "scale", scale, 1e-9);
    requireOneOf(op, "interpolation", interpolation, AFFINE_INTERPOLATIONS);
    requireCenter(op, center);
    requireFill(op, fill);
    this.spec = { name: op, options: { degrees, ...this.#options } };
  }

  /** @throws DataError unless the image is of bytes and fill fits its channels */
  apply(image: AnyImage, random: Random): RawImage {
    requireBytes("RandomAffine", image);
    const { translate, scale, interpolation, fill, center } = this.#options;
    requireFillOf("RandomAffine", fill, image.channels);
    const angle = random.uniform(...this.#degrees);
    const shift = (share: number, size: number): number =>
      roundEven(random.uniform(-share * size, share * size));
    const moved = translate
      ? ([shift(translate[0], image.width), shift(translate[1], image.height)] as const)
      : ([0, 0] as const);
    const scaled = scale ? random.uniform(...scale) : 1;
    const [x, y] = this.#shear;
    const shear = [random.uniform(...x), random.uniform(...y)] as const;
    const about = center ?? undefined;
    return affine(image, {
      angle,
      translate: moved,
      scale: scaled,
      shear,
      interpolation,
      fill,
      center: about,
    });
  }
}
