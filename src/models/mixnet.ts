// MixNet: Tan and Le, MixConv: Mixed Depthwise Convolutional Kernels (2019), arXiv 1907.09595, figure 5; as in timm.

import { relu, silu } from "../ops/index.js";
import { toEights } from "./blocks.js";
import { mobile, prepared } from "./mobile-net.js";
import { scaled, type MobileVariant, type More, type Stages } from "./mobile-variant.js";

/** Channels are weighed and activated by SiLU. */
const weighed = (se: number, parts: More["parts"] = [1, 1]): More => ({ se, activation: silu, parts });
const [K5, K7, K9, K11] = [[3, 5], [3, 5, 7], [3, 5, 7, 9], [3, 5, 7, 9, 11]] as const; // prettier-ignore

const S: Stages = [
  [["separable", 3, 1, 1, 16, 1]],
  [["inverted", 3, 2, 6, 24, 1, { parts: [2, 2] }], ["inverted", 3, 1, 3, 24, 1, { parts: [2, 2] }]],
  [["inverted", K7, 2, 6, 40, 1, weighed(0.5)], ["inverted", K5, 1, 6, 40, 3, weighed(0.5, [2, 2])]],
  [["inverted", K7, 2, 6, 80, 1, weighed(0.25, [1, 2])], ["inverted", K5, 1, 6, 80, 2, weighed(0.25, [1, 2])]],
  [["inverted", K7, 1, 6, 120, 1, weighed(0.5, [2, 2])], ["inverted", K9, 1, 3, 120, 2, weighed(0.5, [2, 2])]],
  [["inverted", K11, 2, 6, 200, 1, weighed(0.5)], ["inverted", K9, 1, 6, 200, 2, weighed(0.5, [1, 2])]],
]; // prettier-ignore
const M: Stages = [
  [["separable", 3, 1, 1, 24, 1]],
  [["inverted", K7, 2, 6, 32, 1, { parts: [2, 2] }], ["inverted", 3, 1, 3, 32, 1, { parts: [2, 2] }]],
  [["inverted", K9, 2, 6, 40, 1, weighed(0.5)], ["inverted", K5, 1, 6, 40, 3, weighed(0.5, [2, 2])]],
  [["inverted", K7, 2, 6, 80, 1, weighed(0.25)], ["inverted", K9, 1, 6, 80, 3, weighed(0.25, [2, 2])]],
  [["inverted", 3, 1, 6, 120, 1, weighed(0.5)], ["inverted", K9, 1, 3, 120, 3, weighed(0.5, [2, 2])]],
  [["inverted", K9, 2, 6, 200, 1, weighed(0.5)], ["inverted", K9, 1, 6, 200, 3, weighed(0.5, [1, 2])]],
]; // prettier-ignore

const mixnet = (stages: Stages, stem: number, width = 1): MobileVariant => {
  return { stages: scaled(stages, { width }), stem: toEights(stem * width), head: 1536, activation: relu };
};
const bicubic = prepared(224, 0.875);
const traits = (alias: string) => ({ series: "MixNet", aliases: [alias] });

/** MixNet: 4.13 M parameters, for images of 224 × 224 pixels. Also known as MixNet_S. */
export const mixnet_s = mobile("mixnet_s", bicubic, mixnet(S, 16), traits("MixNet_S"));
/** MixNet: 5.01 M parameters, for images of 224 × 224 pixels. Also known as MixNet_M. */
export const mixnet_m = mobile("mixnet_m", bicubic, mixnet(M, 24), traits("MixNet_M"));
/** MixNet: 7.33 M parameters, for images of 224 × 224 pixels. Also known as MixNet_L. */
export const mixnet_l = mobile("mixnet_l", bicubic, mixnet(M, 24, 1.3), traits("MixNet_L"));
