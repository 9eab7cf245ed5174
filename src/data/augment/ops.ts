// The operations that AutoAugment, RandAugment and TrivialAugment draw from, each with one magnitude, as torchvision's
// transforms.autoaugment applies them to PIL images.

import type { AnyImage, RawImage } from "../image.js";
import {
  AFFINE_INTERPOLATIONS,
  rotate,
  transformAffine,
  type AffineInterpolation,
  type AffineMatrix,
} from "../transforms/affine.js";
import { adjustBrightness, adjustContrast, adjustSaturation } from "../transforms/color.js";
import type { Fill } from "../transforms/geometry.js";
import { requireFill, requireFillOf } from "../transforms/options.js";
import * as color from "./color.js";
import { requireBytes, requireOneOf } from "../options.js";

/** How the geometric operations compute pixels between and outside the original ones. */
export interface OpOptions {
  /** Default "nearest". */
  interpolation?: AffineInterpolation;
  /** Value of pixels from outside the picture: one number or one for each channel, 0…255. Default 0. */
  fill?: Fill;
}

type Apply = (image: RawImage, magnitude: number, how: Required<OpOptions>) => RawImage;

const affine = (
  image: RawImage,
  matrix: AffineMatrix,
  { interpolation, fill }: Required<OpOptions>,
): RawImage => transformAffine(image, image.height, image.width, matrix, interpolation, fill);

const OPS = {
  Identity: (image) => image,
  /** Rows moved to the left by magnitude pixels for each pixel from the top. */
  ShearX: (image, m, how) => affine(image, [1, m, 0, 0, 1, 0], how),
  /** Columns moved up by magnitude pixels for each pixel from the left. */
  ShearY: (image, m, how) => affine(image, [1, 0, 0, m, 1, 0], how),
  /** To the right by whole pixels. */
  TranslateX: (image, m, how) => affine(image, [1, 0, -Math.trunc(m), 0, 1, 0], how),
  /** Down by whole pixels. */
  TranslateY: (image, m, how) => affine(image, [1, 0, 0, 0, 1, -Math.trunc(m)], how),
  /** Counter-clockwise about the middle, degrees. */
  Rotate: rotate,
  /** The enhancements' magnitude is added to 1, which leaves the image unchanged. */
  Brightness: (image, m) => adjustBrightness(image, 1 + m),
  Color: (image, m) => adjustSaturation(image, 1 + m),
  Contrast: (image, m) => adjustContrast(image, 1 + m),
  Sharpness: (image, m) => color.adjustSharpness(image, 1 + m),
  /** Bits to keep. */
  Posterize: (image, m) => color.posterize(image, Math.trunc(m)),
  /** Threshold. */
  Solarize: color.solarize,
  /** Value to add; not in torchvision, but in the AutoAugment authors' code and timm's RandAugment. */
  SolarizeAdd: (image, m) => color.solarizeAdd(image, Math.trunc(m)),
  AutoContrast: color.autocontrast,
  Equalize: color.equalize,
  Invert: color.invert,
} satisfies Record<string, Apply>;

/** Name of an operation of AutoAugment, RandAugment and TrivialAugmentWide, as torchvision spells it. @useDeclaredType */
export type OpName = keyof typeof OPS;

export const opNames = Object.keys(OPS) as readonly OpName[];

/** @throws DataError unless interpolation and fill are as described */
export function requireOpOptions(op: string, { interpolation, fill }: Required<OpOptions>): void {
  requireOneOf(op, "interpolation", interpolation, AFFINE_INTERPOLATIONS);
  requireFill(op, fill);
}

/**
 * The image under one operation at a magnitude in the operation's own unit (fraction, pixels, degrees, bits, level).
 * @throws DataError if there is no such operation, the image is not of bytes, grey or RGB, or fill has other channels
 */
export function applyOp(image: AnyImage, name: OpName, magnitude: number, options: OpOptions = {}): RawImage {
  const { interpolation = "nearest", fill = 0 } = options;
  requireOneOf("applyOp", "name", name, opNames);
  requireBytes(name, image);
  requireFillOf(name, fill, image.channels);
  return (OPS[name] as Apply)(image, magnitude, { interpolation, fill });
}
