// The meaning of a level for each operation: torchvision's tables, in float32 as there.

import type { Random } from "../../core/random.js";
import { roundEven } from "../transforms/geometry.js";
import type { OpName } from "./ops.js";

/** Magnitudes of an operation from the first level to the last. */
export interface Range {
  readonly from: number;
  readonly to: number;
  /** The sign is random. */
  readonly signed?: boolean;
  /** Rounded to whole bits. */
  readonly bits?: boolean;
}

/** Operations to draw from; those without magnitude have no range. */
export type Space = ReadonlyMap<OpName, Range | undefined>;

interface Ends {
  readonly shear: number;
  readonly translateX: number;
  readonly translateY: number;
  readonly rotate: number;
  readonly enhance: number;
  readonly posterize: number;
}

function spaceOf(ends: Ends): Space {
  const signed = (to: number): Range => ({ from: 0, to, signed: true });
  return new Map<OpName, Range | undefined>([
    ["Identity", undefined],
    ["ShearX", signed(ends.shear)],
    ["ShearY", signed(ends.shear)],
    ["TranslateX", signed(ends.translateX)],
    ["TranslateY", signed(ends.translateY)],
    ["Rotate", signed(ends.rotate)],
    ["Brightness", signed(ends.enhance)],
    ["Color", signed(ends.enhance)],
    ["Contrast", signed(ends.enhance)],
    ["Sharpness", signed(ends.enhance)],
    ["Posterize", { from: 8, to: ends.posterize, bits: true }],
    ["Solarize", { from: 255, to: 0 }],
    ["AutoContrast", undefined],
    ["Equalize", undefined],
  ]);
}

/** AutoAugment's and RandAugment's ranges, for a picture of this size: translation is a share of its sides. */
export function standardSpace({ height, width }: { height: number; width: number }): Space {
  const [translateX, translateY] = [(150 / 331) * width, (150 / 331) * height];
  return spaceOf({ shear: 0.3, translateX, translateY, rotate: 30, enhance: 0.9, posterize: 4 });
}

/** TrivialAugment's wide ranges; translation is in pixels. */
export const wideSpace: Space = spaceOf({
  shear: 0.99,
  translateX: 32,
  translateY: 32,
  rotate: 135,
  enhance: 0.99,
  posterize: 2,
});

/** Magnitude of level 0 … bins − 1, without sign. */
export function magnitudeAt(range: Range | undefined, level: number, bins: number): number {
  if (!range) return 0;
  if (range.bits) return range.from - roundEven(level / ((bins - 1) / (range.from - range.to)));
  // torch.linspace: float32 steps from both ends to the middle.
  const { fround } = Math;
  const [from, to] = [fround(range.from), fround(range.to)];
  const step = fround(fround(to - from) / (bins - 1));
  return level < Math.floor(bins / 2)
    ? fround(from + fround(step * level))
    : fround(to - fround(step * (bins - 1 - level)));
}

/** Magnitude of a level, with a random sign if the operation has one. */
export function drawMagnitude(range: Range | undefined, level: number, bins: number, random: Random): number {
  const magnitude = magnitudeAt(range, level, bins);
  return range?.signed && random.integer(2) === 1 ? -magnitude : magnitude;
}
