// MobileOne: Vasu, Gabriel, Zhu, Tuzel and Ranjan, An Improved One millisecond Mobile Backbone (2022), arXiv 2206.04040, tables 2
// and 3: MobileNet's pairs of a depthwise and a 1×1 convolution, each trained as several side by side, which fuse() turns into one.

import { imagenet } from "../data/preprocessing.js";
import { times } from "./layers.js";
import { defineModel, type ModelOptions } from "./model.js";
import { Reparametrised, type RepBlockShape } from "./reparametrised.js";

const DEPTHS = [2, 8, 10, 1];

/** Pairs of blocks. widths: of each stage, relative to 64, 128, 256 and 512; weighed: pairs with weighed channels at the end of each stage. */
type Numbers = readonly number[];
function stagesOf(stem: number, widths: Numbers, branches: number, weighed: Numbers): RepBlockShape[][] {
  let from = stem;
  const pair = (stage: number, i: number): RepBlockShape[] => {
    const to = 64 * 2 ** stage * widths[stage]!;
    const depthwise = { to: from, kernelSize: 3, stride: i ? 1 : 2, groups: from };
    const pointwise = { to, kernelSize: 1, stride: 1, groups: 1 };
    from = to;
    const se = i >= DEPTHS[stage]! - (weighed[stage] ?? 0);
    return [depthwise, pointwise].map((shape) => ({
      ...shape,
      branches,
      ...(se && { squeezed: shape.to / 16 }),
    }));
  };
  return DEPTHS.map((pairs, stage) => times(pairs, (i) => pair(stage, i)).flat());
}

function mobileone(name: string, resize: number, widths: Numbers, branches = 1, weighed: Numbers = []) {
  const to = Math.min(64, 64 * widths[0]!);
  const stem = { to, kernelSize: 3, groups: 1, branches: 1 };
  const shape = { stem, stages: stagesOf(to, widths, branches, weighed) };
  const make = (o?: ModelOptions): Reparametrised => new Reparametrised(shape, o);
  return defineModel(name, imagenet(224, resize), make, { series: "MobileOne" });
}

/** MobileOne: 5.29 M parameters, for images of 224 × 224 pixels. */
export const mobileone_s0 = mobileone("mobileone_s0", 256, [0.75, 1, 1, 2], 4);
/** MobileOne: 4.83 M parameters, for images of 224 × 224 pixels. */
export const mobileone_s1 = mobileone("mobileone_s1", 248, [1.5, 1.5, 2, 2.5]);
/** MobileOne: 7.88 M parameters, for images of 224 × 224 pixels. */
export const mobileone_s2 = mobileone("mobileone_s2", 248, [1.5, 2, 2.5, 4]);
/** MobileOne: 10.2 M parameters, for images of 224 × 224 pixels. */
export const mobileone_s3 = mobileone("mobileone_s3", 248, [2, 2.5, 3, 4]);
/** MobileOne: 15.0 M parameters, for images of 224 × 224 pixels. */
export const mobileone_s4 = mobileone("mobileone_s4", 248, [3, 3.5, 3.5, 4], 1, [0, 0, 5, 1]);
