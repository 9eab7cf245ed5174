// RepVGG: Ding, Zhang, Ma, Han, Ding and Sun, RepVGG: Making VGG-style ConvNets Great Again (2021), arXiv 2101.03697, table 2.
// Only 3×3 convolutions after fuse(), which removes the 1×1 convolutions and shortcuts that it is trained with.

import { imagenet } from "../data/preprocessing.js";
import { times } from "./layers.js";
import { defineModel } from "./model.js";
import { Reparametrised, type RepBlockShape } from "./reparametrised.js";

const A = [2, 4, 14, 1];
const B = [4, 6, 16, 1];
const D = [8, 14, 24, 1];

/**
 * Widths of the first three stages, and of the last, relative to 64, 128, 256 and 512; groups of every second block; whether
 * channels are weighed.
 */
type Row = readonly [depths: readonly number[], width: number, last: number, groups?: number, se?: boolean];

function stagesOf([depths, width, last, groups = 1, se = false]: Row): RepBlockShape[][] {
  let built = 0;
  return depths.map((blocks, stage) =>
    times(blocks, (i) => {
      const to = 64 * 2 ** stage * (stage === 3 ? last : width);
      const shape = { to, kernelSize: 3, stride: i ? 1 : 2, groups: built++ % 2 ? groups : 1 };
      return se ? { ...shape, squeezed: to / 16 } : shape;
    }),
  );
}

function repvgg(form: string, ...row: Row) {
  const [, width, , , se] = row;
  const to = Math.min(64, 64 * width);
  const stem = { to, kernelSize: 3, groups: 1, ...(se ? { squeezed: to / 16 } : {}) };
  const shape = { stem, stages: stagesOf(row) };
  const traits = { series: "RepVGG", aliases: [`RepVGG_${form}`] };
  const size = se ? imagenet(320, 320) : imagenet();
  return defineModel(`repvgg_${form.toLowerCase()}`, size, (o) => new Reparametrised(shape, o), traits);
}

/** RepVGG: 9.11 M parameters, for images of 224 × 224 pixels. Also known as RepVGG_A0. */
export const repvgg_a0 = repvgg("A0", A, 0.75, 2.5);
/** RepVGG: 14.1 M parameters, for images of 224 × 224 pixels. Also known as RepVGG_A1. */
export const repvgg_a1 = repvgg("A1", A, 1, 2.5);
/** RepVGG: 28.2 M parameters, for images of 224 × 224 pixels. Also known as RepVGG_A2. */
export const repvgg_a2 = repvgg("A2", A, 1.5, 2.75);
/** RepVGG: 15.8 M parameters, for images of 224 × 224 pixels. Also known as RepVGG_B0. */
export const repvgg_b0 = repvgg("B0", B, 1, 2.5);
/** RepVGG: 57.4 M parameters, for images of 224 × 224 pixels. Also known as RepVGG_B1. */
export const repvgg_b1 = repvgg("B1", B, 2, 4);
/** RepVGG: 45.8 M parameters, for images of 224 × 224 pixels. Also known as RepVGG_B1g2. */
export const repvgg_b1g2 = repvgg("B1g2", B, 2, 4, 2);
/** RepVGG: 40.0 M parameters, for images of 224 × 224 pixels. Also known as RepVGG_B1g4. */
export const repvgg_b1g4 = repvgg("B1g4", B, 2, 4, 4);
/** RepVGG: 89.0 M parameters, for images of 224 × 224 pixels. Also known as RepVGG_B2. */
export const repvgg_b2 = repvgg("B2", B, 2.5, 5);
/** RepVGG: 61.8 M parameters, for images of 224 × 224 pixels. Also known as RepVGG_B2g4. */
export const repvgg_b2g4 = repvgg("B2g4", B, 2.5, 5, 4);
/** RepVGG: 123 M parameters, for images of 224 × 224 pixels. Also known as RepVGG_B3. */
export const repvgg_b3 = repvgg("B3", B, 3, 5);
/** RepVGG: 83.8 M parameters, for images of 224 × 224 pixels. Also known as RepVGG_B3g4. */
export const repvgg_b3g4 = repvgg("B3g4", B, 3, 5, 4);
/** RepVGG: 133 M parameters, for images of 320 × 320 pixels. Also known as RepVGG_D2se. */
export const repvgg_d2se = repvgg("D2se", D, 2.5, 5, 1, true);
