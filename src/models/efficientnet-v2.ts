// EfficientNetV2: Tan and Le, EfficientNetV2: Smaller Models and Faster Training (2021), arXiv 2104.00298, table 4, as
// torchvision has it.

import { imagenet, type Preprocessing } from "../data/preprocessing.js";
import { EfficientNet, type Stage } from "./efficientnet.js";
import { HALVES } from "./mobile-net.js";
import { defineModel } from "./model.js";

/** Stride, expansion, channels and blocks of each stage; the blocks of the first three are fused. */
export type StageV2 = readonly [stride: number, expansion: number, to: number, blocks: number];
export const BASE: readonly StageV2[] = [[1, 1, 16, 1], [2, 4, 32, 2], [2, 4, 48, 2], [2, 4, 96, 3], [1, 6, 112, 5], [2, 6, 192, 8]]; // prettier-ignore
export const S: readonly StageV2[] = [[1, 1, 24, 2], [2, 4, 48, 4], [2, 4, 64, 4], [2, 4, 128, 6], [1, 6, 160, 9], [2, 6, 256, 15]]; // prettier-ignore
export const M: readonly StageV2[] = [[1, 1, 24, 3], [2, 4, 48, 5], [2, 4, 80, 5], [2, 4, 160, 7], [1, 6, 176, 14], [2, 6, 304, 18], [1, 6, 512, 5]]; // prettier-ignore
export const L: readonly StageV2[] = [[1, 1, 32, 4], [2, 4, 64, 7], [2, 4, 96, 7], [2, 4, 192, 10], [1, 6, 224, 19], [2, 6, 384, 25], [1, 6, 640, 7]]; // prettier-ignore

const v2 = (name: string, preprocessing: Preprocessing, rows: readonly StageV2[], dropout: number) => {
  const stages = rows.map(([stride, expansion, to, blocks], i): Stage => [expansion, 3, stride, to, blocks, i < 3 ? "fused" : undefined]); // prettier-ignore
  const scaling = { width: 1, depth: 1, dropout, stages, stem: rows[0]![2], last: 1280, norm: { eps: 1e-3 } };
  return defineModel(name, preprocessing, (o) => new EfficientNet(scaling, o), { series: "EfficientNetV2" });
};

/** EfficientNetV2: 21.5 M parameters, for images of 384 × 384 pixels. */
export const efficientnet_v2_s = v2("efficientnet_v2_s", imagenet(384, 384), S, 0.2);
/** EfficientNetV2: 54.1 M parameters, for images of 480 × 480 pixels. */
export const efficientnet_v2_m = v2("efficientnet_v2_m", imagenet(480, 480), M, 0.3);
/** EfficientNetV2: 119 M parameters, for images of 480 × 480 pixels. */
export const efficientnet_v2_l = v2("efficientnet_v2_l", { ...imagenet(480, 480, "bicubic"), ...HALVES }, L, 0.4); // prettier-ignore
