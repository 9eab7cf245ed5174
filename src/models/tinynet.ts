// TinyNet: Han et al., Model Rubik's Cube: Twisting Resolution, Depth and Width for TinyNets (2020), arXiv 2010.14819, table 3: EfficientNet
// scaled down. MNASNet: Tan et al., MnasNet: Platform-Aware Neural Architecture Search for Mobile (2018), arXiv 1807.11626,
// figure 7: B1, at several widths, and A1, which weighs channels. As timm has them.

import { relu, silu } from "../ops/index.js";
import { toEights } from "./blocks.js";
import { mobile, prepared } from "./mobile-net.js";
import { B0, invertedStages, scaled, type MobileVariant, type Stages } from "./mobile-variant.js";

const tinynet = (width: number, depth: number): MobileVariant => ({
  stages: scaled(invertedStages(B0, 0.25), { width, depth, repeat: Math.round }),
  ...{ stem: 32, head: Math.max(1280, toEights(1280 * width)), activation: silu, dropPath: 0.2 },
});
const traits = (alias: string) => ({ series: "TinyNet", aliases: [alias] });

/** TinyNet: 6.19 M parameters, for images of 192 × 192 pixels. Also known as TinyNet_A. */
export const tinynet_a = mobile("tinynet_a", prepared(192, 0.875), tinynet(1.0, 1.2), traits("TinyNet_A"));
/** TinyNet: 3.73 M parameters, for images of 188 × 188 pixels. Also known as TinyNet_B. */
export const tinynet_b = mobile("tinynet_b", prepared(188, 0.875), tinynet(0.75, 1.1), traits("TinyNet_B"));
/** TinyNet: 2.46 M parameters, for images of 184 × 184 pixels. Also known as TinyNet_C. */
export const tinynet_c = mobile("tinynet_c", prepared(184, 0.875), tinynet(0.54, 0.85), traits("TinyNet_C"));
/** TinyNet: 2.34 M parameters, for images of 152 × 152 pixels. Also known as TinyNet_D. */
export const tinynet_d = mobile("tinynet_d", prepared(152, 0.875), tinynet(0.54, 0.695), traits("TinyNet_D"));
/** TinyNet: 2.04 M parameters, for images of 106 × 106 pixels. Also known as TinyNet_E. */
export const tinynet_e = mobile("tinynet_e", prepared(106, 0.875), tinynet(0.51, 0.6), traits("TinyNet_E"));

const B1 = invertedStages([[1, 3, 1, 16, 1], [3, 3, 2, 24, 3], [3, 5, 2, 40, 3], [6, 5, 2, 80, 3], [6, 3, 1, 96, 2], [6, 5, 2, 192, 4], [6, 3, 1, 320, 1]]); // prettier-ignore
const A1 = invertedStages([[1, 3, 1, 16, 1], [6, 3, 2, 24, 2], [3, 5, 2, 40, 3, 0.25], [6, 3, 2, 80, 4], [6, 3, 1, 112, 2, 0.25], [6, 5, 2, 160, 3, 0.25], [6, 3, 1, 320, 1]]); // prettier-ignore

const mnasnet = (stages: Stages, width: number): MobileVariant => {
  return { stages: scaled(stages, { width }), stem: toEights(32 * width), head: 1280, activation: relu };
};
const bicubic = prepared(224, 0.875);
const series = { series: "MNASNet" };

/** MNASNet: 2.22 M parameters, for images of 224 × 224 pixels. */
export const mnasnet_050 = mobile("mnasnet_050", bicubic, mnasnet(B1, 0.5), series);
/** MNASNet: 3.17 M parameters, for images of 224 × 224 pixels. */
export const mnasnet_075 = mobile("mnasnet_075", bicubic, mnasnet(B1, 0.75), series);
/** MNASNet: 4.38 M parameters, for images of 224 × 224 pixels. */
export const mnasnet_100 = mobile("mnasnet_100", bicubic, mnasnet(B1, 1), series);
/** MNASNet: 7.12 M parameters, for images of 224 × 224 pixels. */
export const mnasnet_140 = mobile("mnasnet_140", bicubic, mnasnet(B1, 1.4), series);
/** MNASNet: 3.89 M parameters, for images of 224 × 224 pixels. */
export const semnasnet_100 = mobile("semnasnet_100", bicubic, mnasnet(A1, 1), series);
