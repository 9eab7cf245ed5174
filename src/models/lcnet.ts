// PP-LCNet: Cui et al., PP-LCNet: A Lightweight CPU Convolutional Neural Network (2021), arXiv 2109.15099, table 1. timm's
// form and PaddleClas's.

import { hardsigmoid, hardswish, relu } from "../ops/index.js";
import { toEights } from "./blocks.js";
import { mobile, prepared } from "./mobile-net.js";
import { scaled, type MobileVariant, type Row, type Stages } from "./mobile-variant.js";
import { PLAIN } from "./model.js";

const pairs = (kernel: number, stride: number, to: number, blocks: number, se = 0): Row => ["pair", kernel, stride, 1, to, blocks, { se }]; // prettier-ignore
const STAGES: Stages = [[pairs(3, 1, 32, 1)], [pairs(3, 2, 64, 2)], [pairs(3, 2, 128, 2)], [pairs(3, 2, 256, 1), pairs(5, 1, 256, 1)], [pairs(5, 1, 256, 4)], [pairs(5, 2, 512, 2, 0.25)]]; // prettier-ignore

const lcnet = (width: number): MobileVariant => ({
  ...{ stages: scaled(STAGES, { width }), stem: toEights(16 * width), head: 1280, pooled: "bias" },
  ...{ activation: hardswish, squeezeActivation: relu, gate: hardsigmoid },
});
const paddle = (width: number): MobileVariant => ({ ...lcnet(width), pooled: "bare", downscaled: true });
const bicubic = prepared(224, 0.875);
const bilinear = prepared(224, 0.875, "bilinear");
const traits = (...aliases: string[]) => ({ series: "PP-LCNet", aliases, ...PLAIN });

/** PP-LCNet: 1.64 M parameters, for images of 224 × 224 pixels. */
export const lcnet_035 = mobile("lcnet_035", bilinear, lcnet(0.35), traits());
/** PP-LCNet: 1.88 M parameters, for images of 224 × 224 pixels. */
export const lcnet_050 = mobile("lcnet_050", bicubic, lcnet(0.5), traits());
/** PP-LCNet: 2.36 M parameters, for images of 224 × 224 pixels. */
export const lcnet_075 = mobile("lcnet_075", bicubic, lcnet(0.75), traits());
/** PP-LCNet: 2.95 M parameters, for images of 224 × 224 pixels. */
export const lcnet_100 = mobile("lcnet_100", bicubic, lcnet(1), traits());
/** PP-LCNet: 4.50 M parameters, for images of 224 × 224 pixels. */
export const lcnet_150 = mobile("lcnet_150", bilinear, lcnet(1.5), traits());
/** PP-LCNet as PaddleClas builds it: 1.52 M parameters, for images of 224 × 224 pixels. Also known as PPLCNet_x0_25. */
export const paddle_lcnet_025 = mobile("paddle_lcnet_025", bicubic, paddle(0.25), traits("PPLCNet_x0_25"));
/** PP-LCNet as PaddleClas builds it: 1.64 M parameters, for images of 224 × 224 pixels. Also known as PPLCNet_x0_35. */
export const paddle_lcnet_035 = mobile("paddle_lcnet_035", bicubic, paddle(0.35), traits("PPLCNet_x0_35"));
/** PP-LCNet as PaddleClas builds it: 1.88 M parameters, for images of 224 × 224 pixels. Also known as PPLCNet_x0_5. */
export const paddle_lcnet_050 = mobile("paddle_lcnet_050", bicubic, paddle(0.5), traits("PPLCNet_x0_5"));
/** PP-LCNet as PaddleClas builds it: 2.36 M parameters, for images of 224 × 224 pixels. Also known as PPLCNet_x0_75. */
export const paddle_lcnet_075 = mobile("paddle_lcnet_075", bicubic, paddle(0.75), traits("PPLCNet_x0_75"));
/** PP-LCNet as PaddleClas builds it: 2.95 M parameters, for images of 224 × 224 pixels. Also known as PPLCNet_x1_0. */
export const paddle_lcnet_100 = mobile("paddle_lcnet_100", bicubic, paddle(1), traits("PPLCNet_x1_0"));
/** PP-LCNet as PaddleClas builds it: 4.50 M parameters, for images of 224 × 224 pixels. Also known as PPLCNet_x1_5. */
export const paddle_lcnet_150 = mobile("paddle_lcnet_150", bicubic, paddle(1.5), traits("PPLCNet_x1_5"));
/** PP-LCNet as PaddleClas builds it: 6.52 M parameters, for images of 224 × 224 pixels. Also known as PPLCNet_x2_0. */
export const paddle_lcnet_200 = mobile("paddle_lcnet_200", bicubic, paddle(2), traits("PPLCNet_x2_0"));
/** PP-LCNet as PaddleClas builds it: 9.02 M parameters, for images of 224 × 224 pixels. Also known as PPLCNet_x2_5. */
export const paddle_lcnet_250 = mobile("paddle_lcnet_250", bicubic, paddle(2.5), traits("PPLCNet_x2_5"));
