// RepVGG: Ding, Zhang, Ma, Han, Ding and Sun, RepVGG: Making VGG-style ConvNets Great Again (2021), arXiv 2101.03697, table 2.
// 3×3 convolutions and nothing else, once it has learnt with 1×1 convolutions and shortcuts beside them: fuse().

import { imagenet } from "../data/preprocessing.js";
import { defineModel } from "./model.js";
import { Reparametrised, type RepBlockShape } from "./reparametrised.js";

const A = [2, 4, 14, 1];
const B = [4, 6, 16, 1];
const D = [8, 14, 24, 1];

interface Row {
  depths: readonly number[];
  /** Widths of the first three stages, and of the last, in parts of 64, 128, 256 and 512. */
  width: number;
  last: number;
  /** Of every second block. */
  groups?: number;
  /** Whether channels are weighed. */
  se?: boolean;
}

function stagesOf({ depths, width, last, groups = 1, se = false }: Row): RepBlockShape[][] {
  let built = 0;
  return depths.map((blocks, stage) =>
    Array.from({ length: blocks }, (_, i) => {
      const to = 64 * 2 ** stage * (stage === 3 ? last : width);
      const shape = { to, kernelSize: 3, stride: i ? 1 : 2, groups: built++ % 2 ? groups : 1 };
      return se ? { ...shape, squeezed: to / 16 } : shape;
    }),
  );
}

function repvgg(form: string, row: Row) {
  const to = Math.min(64, 64 * row.width);
  const stem = { to, kernelSize: 3, groups: 1, ...(row.se ? { squeezed: to / 16 } : {}) };
  const shape = { stem, stages: stagesOf(row) };
  const prepared = row.se ? imagenet(320, 320) : imagenet();
  const traits = { series: "RepVGG", aliases: [`RepVGG_${form}`] };
  return defineModel(`repvgg_${form.toLowerCase()}`, prepared, (o) => new Reparametrised(shape, o), traits);
}

export const repvgg_a0 = repvgg("A0", { depths: A, width: 0.75, last: 2.5 });
export const repvgg_a1 = repvgg("A1", { depths: A, width: 1, last: 2.5 });
export const repvgg_a2 = repvgg("A2", { depths: A, width: 1.5, last: 2.75 });
export const repvgg_b0 = repvgg("B0", { depths: B, width: 1, last: 2.5 });
export const repvgg_b1 = repvgg("B1", { depths: B, width: 2, last: 4 });
export const repvgg_b1g2 = repvgg("B1g2", { depths: B, width: 2, last: 4, groups: 2 });
export const repvgg_b1g4 = repvgg("B1g4", { depths: B, width: 2, last: 4, groups: 4 });
export const repvgg_b2 = repvgg("B2", { depths: B, width: 2.5, last: 5 });
export const repvgg_b2g4 = repvgg("B2g4", { depths: B, width: 2.5, last: 5, groups: 4 });
export const repvgg_b3 = repvgg("B3", { depths: B, width: 3, last: 5 });
export const repvgg_b3g4 = repvgg("B3g4", { depths: B, width: 3, last: 5, groups: 4 });
export const repvgg_d2se = repvgg("D2se", { depths: D, width: 2.5, last: 5, se: true });
