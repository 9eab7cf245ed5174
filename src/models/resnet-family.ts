// Parts of ResNet's relatives: depths, stems, and the function that makes one by its depths.

import { imagenet, type Preprocessing } from "../data/preprocessing.js";
import { defineModel } from "./model.js";
import { ResNet } from "./resnet.js";
import type { Variant } from "./resnet-variant.js";

/** Blocks by the number of layers. */
export const D18 = [2, 2, 2, 2] as const;
export const D34 = [3, 4, 6, 3] as const;
export const D50 = D34;
export const D101 = [3, 4, 23, 3] as const;
export const D152 = [3, 8, 36, 3] as const;
export const D200 = [3, 12, 48, 3] as const;

/** The stem of vc and vd, and a wider one. */
export const STEM = [32, 32, 64] as const;
export const WIDE_STEM = [64, 64, 128] as const;
export const vd = { stem: STEM, avgDown: true } as const;
export const bicubic = imagenet(224, 256, "bicubic");

interface Row extends Omit<Variant, "depths"> {
  series: string;
  prepared?: Preprocessing;
}

/** A network of the family by its depths. aliases: its names in timm and PaddleClas. */
export function resnet(name: string, depths: Variant["depths"], row: Row, ...aliases: string[]) {
  const { series, prepared = imagenet(), ...variant } = row;
  return defineModel(name, prepared, (o) => new ResNet({ depths, ...variant }, o), { series, aliases });
}
