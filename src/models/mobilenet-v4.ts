// MobileNet V4: Qin et al., MobileNetV4: Universal Models for the Mobile Ecosystem (2024), arXiv 2404.10518, tables 11 to 13: those
// without attention, as in timm.

import { relu } from "../ops/index.js";
import { halved, mobile, prepared } from "./mobile-net.js";
import { scaled, type MobileVariant, type Row, type Stages } from "./mobile-variant.js";

/** Kernels of the depthwise convolutions at the start and in the middle (0: none), expansion, blocks; the first of a stage halves the size. */
type Universal = readonly [start: number, middle: number, expansion: number, blocks?: number];

const universal = (to: number, ...rows: Universal[]): Row[] =>
  rows.map(([start, middle, expansion, blocks = 1], i): Row => ["universal", middle, i ? 1 : 2, expansion, to, blocks, { start }]); // prettier-ignore
const conv = (kernel: number, stride: number, to: number): Row => ["conv", kernel, stride, 1, to, 1];
const fused: Row[] = [["fused", 3, 2, 4, 48, 1]];
const last: Row[] = [conv(1, 1, 960)];

const SMALL: Stages = [
  [conv(3, 2, 32), conv(1, 1, 32)],
  [conv(3, 2, 96), conv(1, 1, 64)],
  universal(96, [5, 5, 3], [0, 3, 2, 4], [3, 0, 4]),
  universal(128, [3, 3, 6], [5, 5, 4], [0, 5, 4], [0, 5, 3], [0, 3, 4, 2]),
  last,
];
const MEDIUM: Stages = [
  fused,
  universal(80, [3, 5, 4], [3, 3, 2]),
  universal(160, [3, 5, 6], [3, 3, 4, 2], [3, 5, 4], [3, 3, 4], [3, 0, 4], [0, 0, 2], [3, 0, 4]),
  universal(256, [5, 5, 6], [5, 5, 4], [3, 5, 4, 2], [0, 0, 4], [3, 0, 4], [3, 5, 2], [5, 5, 4], [0, 0, 4, 2], [5, 0, 2]), // prettier-ignore
  last,
];
const LARGE: Stages = [
  fused,
  universal(96, [3, 5, 4], [3, 3, 4]),
  universal(192, [3, 5, 4], [3, 3, 4, 3], [3, 5, 4], [5, 3, 4, 5], [3, 0, 4]),
  universal(512, [5, 5, 4, 4], [5, 0, 4], [5, 3, 4], [5, 0, 4, 2], [5, 3, 4], [5, 5, 4], [5, 0, 4, 3]),
  last,
];

/** width: up to 1; the first convolution keeps its own. */
const v4 = (stages: Stages, stem: number, width = 1): MobileVariant => {
  return { stages: scaled(stages, { width }), stem, head: 1280, activation: relu, pooled: "norm" };
};
const traits = (...aliases: string[]) => ({ series: "MobileNetV4", aliases });

/** MobileNetV4: 3.77 M parameters, for images of 224 × 224 pixels. Also known as MobileNetV4_conv_small. */
export const mobilenetv4_conv_small = mobile("mobilenetv4_conv_small", prepared(224, 0.875), v4(SMALL, 32), traits("MobileNetV4_conv_small")); // prettier-ignore
/** MobileNetV4: 1.91 M parameters, for images of 224 × 224 pixels. */
export const mobilenetv4_conv_small_035 = mobile("mobilenetv4_conv_small_035", halved(224, 0.875), v4(SMALL, 32, 0.35), traits()); // prettier-ignore
/** MobileNetV4: 2.24 M parameters, for images of 224 × 224 pixels. */
export const mobilenetv4_conv_small_050 = mobile("mobilenetv4_conv_small_050", halved(224, 0.875), v4(SMALL, 32, 0.5), traits()); // prettier-ignore
/** MobileNetV4: 9.72 M parameters, for images of 256 × 256 pixels. Also known as MobileNetV4_conv_medium. */
export const mobilenetv4_conv_medium = mobile("mobilenetv4_conv_medium", prepared(256, 0.95), v4(MEDIUM, 32), traits("MobileNetV4_conv_medium")); // prettier-ignore
/** MobileNetV4: 32.6 M parameters, for images of 384 × 384 pixels. Also known as MobileNetV4_conv_large. */
export const mobilenetv4_conv_large = mobile("mobilenetv4_conv_large", prepared(384, 0.95), v4(LARGE, 24), traits("MobileNetV4_conv_large")); // prettier-ignore
