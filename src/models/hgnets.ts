// The sizes of PP-HGNet; hgnet.ts names the source.

import { imagenet } from "../data/preprocessing.js";
import { HGNet, type HGNetShape } from "./hgnet.js";
import { defineModel } from "./model.js";

const TINY: HGNetShape = { stem: [48, 48, 96], layers: 5, stages: [[96, 224, 1], [128, 448, 1], [160, 512, 2], [192, 768, 1]] }; // prettier-ignore
const SMALL: HGNetShape = { stem: [64, 64, 128], layers: 6, stages: [[128, 256, 1], [160, 512, 1], [192, 768, 2], [224, 1024, 1]] }; // prettier-ignore
const BASE: HGNetShape = { stem: [96, 96, 160], layers: 7, stages: [[192, 320, 1], [224, 640, 2], [256, 960, 3], [288, 1280, 2]] }; // prettier-ignore
const B0: HGNetShape = { stem: [16, 16], layers: 3, affine: true, stages: [[16, 64, 1], [32, 256, 1], [64, 512, 2], [128, 1024, 1]] }; // prettier-ignore
const B1: HGNetShape = { stem: [24, 32], layers: 3, affine: true, stages: [[32, 64, 1], [48, 256, 1], [96, 512, 2], [192, 1024, 1]] }; // prettier-ignore
const B2: HGNetShape = { stem: [24, 32], layers: 4, affine: true, stages: [[32, 96, 1], [64, 384, 1], [128, 768, 3], [256, 1536, 1]] }; // prettier-ignore
const B3: HGNetShape = { stem: [24, 32], layers: 5, affine: true, stages: [[32, 128, 1], [64, 512, 1], [128, 1024, 3], [256, 2048, 1]] }; // prettier-ignore
const B4: HGNetShape = { stem: [32, 48], layers: 6, stages: [[48, 128, 1], [96, 512, 1], [192, 1024, 3], [384, 2048, 1]] }; // prettier-ignore
const B5: HGNetShape = { stem: [32, 64], layers: 6, stages: [[64, 128, 1], [128, 512, 2], [256, 1024, 5], [512, 2048, 2]] }; // prettier-ignore
const B6: HGNetShape = { stem: [48, 96], layers: 6, stages: [[96, 192, 2], [192, 512, 3], [384, 1024, 6], [768, 2048, 3]] }; // prettier-ignore

function hgnet(name: string, shape: HGNetShape, ...aliases: string[]) {
  const traits = { series: "PP-HGNet", aliases };
  return defineModel(name, imagenet(224, 232, "bicubic"), (o) => new HGNet(shape, o), traits);
}

/** PP-HGNet: 14.7 M parameters, for images of 224 × 224 pixels. Also known as PPHGNet_tiny. */
export const hgnet_tiny = hgnet("hgnet_tiny", TINY, "PPHGNet_tiny");
/** PP-HGNet: 24.4 M parameters, for images of 224 × 224 pixels. Also known as PPHGNet_small. */
export const hgnet_small = hgnet("hgnet_small", SMALL, "PPHGNet_small");
/** PP-HGNet: 71.6 M parameters, for images of 224 × 224 pixels. Also known as PPHGNet_base. */
export const hgnet_base = hgnet("hgnet_base", BASE, "PPHGNet_base");
/** PP-HGNet: 6.00 M parameters, for images of 224 × 224 pixels. */
export const hgnetv2_b0 = hgnet("hgnetv2_b0", B0);
/** PP-HGNet: 6.34 M parameters, for images of 224 × 224 pixels. */
export const hgnetv2_b1 = hgnet("hgnetv2_b1", B1);
/** PP-HGNet: 11.2 M parameters, for images of 224 × 224 pixels. */
export const hgnetv2_b2 = hgnet("hgnetv2_b2", B2);
/** PP-HGNet: 16.3 M parameters, for images of 224 × 224 pixels. */
export const hgnetv2_b3 = hgnet("hgnetv2_b3", B3);
// After a ReLU, zeros beyond the edge change nothing: timm's form equals PaddleClas's.
/** PP-HGNet: 19.8 M parameters, for images of 224 × 224 pixels. Also known as PPHGNetV2_B4. */
export const hgnetv2_b4 = hgnet("hgnetv2_b4", B4, "PPHGNetV2_B4");
/** PP-HGNet: 39.6 M parameters, for images of 224 × 224 pixels. Also known as PPHGNetV2_B5. */
export const hgnetv2_b5 = hgnet("hgnetv2_b5", B5, "PPHGNetV2_B5");
/** PP-HGNet: 75.3 M parameters, for images of 224 × 224 pixels. Also known as PPHGNetV2_B6. */
export const hgnetv2_b6 = hgnet("hgnetv2_b6", B6, "PPHGNetV2_B6");
/** PP-HGNet as PaddleClas builds it: 6.00 M parameters, for images of 224 × 224 pixels. Also known as PPHGNetV2_B0. */
export const paddle_hgnetv2_b0 = hgnet("paddle_hgnetv2_b0", { ...B0, bare: true }, "PPHGNetV2_B0");
/** PP-HGNet as PaddleClas builds it: 6.34 M parameters, for images of 224 × 224 pixels. Also known as PPHGNetV2_B1. */
export const paddle_hgnetv2_b1 = hgnet("paddle_hgnetv2_b1", { ...B1, bare: true }, "PPHGNetV2_B1");
/** PP-HGNet as PaddleClas builds it: 11.2 M parameters, for images of 224 × 224 pixels. Also known as PPHGNetV2_B2. */
export const paddle_hgnetv2_b2 = hgnet("paddle_hgnetv2_b2", { ...B2, bare: true }, "PPHGNetV2_B2");
/** PP-HGNet as PaddleClas builds it: 16.3 M parameters, for images of 224 × 224 pixels. Also known as PPHGNetV2_B3. */
export const paddle_hgnetv2_b3 = hgnet("paddle_hgnetv2_b3", { ...B3, bare: true }, "PPHGNetV2_B3");
