// EfficientNetV2: Tan and Le, EfficientNetV2: Smaller Models and Faster Training (2021), arXiv 2104.00298, table 4, as
// torchvision has it.

import { imagenet, type Preprocessing } from "../data/preprocessing.js";
import { EfficientNet, type Stage } from "./efficientnet.js";
import { defineModel } from "./model.js";

const V2S: readonly Stage[] = [
  [1, 3, 1, 24, 2, "fused"],
  [4, 3, 2, 48, 4, "fused"],
  [4, 3, 2, 64, 4, "fused"],
  [4, 3, 2, 128, 6],
  [6, 3, 1, 160, 9],
  [6, 3, 2, 256, 15],
];
const V2M: readonly Stage[] = [
  [1, 3, 1, 24, 3, "fused"],
  [4, 3, 2, 48, 5, "fused"],
  [4, 3, 2, 80, 5, "fused"],
  [4, 3, 2, 160, 7],
  [6, 3, 1, 176, 14],
  [6, 3, 2, 304, 18],
  [6, 3, 1, 512, 5],
];
const V2L: readonly Stage[] = [
  [1, 3, 1, 32, 4, "fused"],
  [4, 3, 2, 64, 7, "fused"],
  [4, 3, 2, 96, 7, "fused"],
  [4, 3, 2, 192, 10],
  [6, 3, 1, 224, 19],
  [6, 3, 2, 384, 25],
  [6, 3, 1, 640, 7],
];

const v2 = (name: string, preprocessing: Preprocessing, stages: readonly Stage[], dropout: number) => {
  const scaling = {
    width: 1,
    depth: 1,
    dropout,
    stages,
    stem: stages[0]![3],
    last: 1280,
    norm: { eps: 1e-3 },
  };
  return defineModel(name, preprocessing, (o) => new EfficientNet(scaling, o), { series: "EfficientNetV2" });
};
const HALF = { mean: [0.5, 0.5, 0.5], std: [0.5, 0.5, 0.5] };

export const efficientnet_v2_s = v2("efficientnet_v2_s", imagenet(384, 384), V2S, 0.2);
export const efficientnet_v2_m = v2("efficientnet_v2_m", imagenet(480, 480), V2M, 0.3);
export const efficientnet_v2_l = v2(
  "efficientnet_v2_l",
  { ...imagenet(480, 480, "bicubic"), ...HALF },
  V2L,
  0.4,
);
