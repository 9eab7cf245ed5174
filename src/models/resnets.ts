// ResNet itself, its vc and vd forms, and PaddleClas's, whose first block always has a projection; resnet.ts names the papers.

import { imagenet } from "../data/preprocessing.js";
import { bicubic, D101, D152, D18, D200, D34, D50, resnet, STEM, vd } from "./resnet-family.js";

const basic = { series: "ResNet" };
const deep = { series: "ResNet", bottleneck: true } as const;
const basicVd = { ...basic, ...vd, prepared: bicubic };
const deepVd = { ...deep, ...vd, prepared: bicubic };

/** ResNet: 11.7 M parameters, for images of 224 × 224 pixels. */
export const resnet18 = resnet("resnet18", D18, basic);
/** ResNet: 21.8 M parameters, for images of 224 × 224 pixels. */
export const resnet34 = resnet("resnet34", D34, basic);
/** ResNet: 25.6 M parameters, for images of 224 × 224 pixels. Also known as ResNet50. */
export const resnet50 = resnet("resnet50", D50, deep, "ResNet50");
/** ResNet: 44.5 M parameters, for images of 224 × 224 pixels. Also known as ResNet101. */
export const resnet101 = resnet("resnet101", D101, deep, "ResNet101");
/** ResNet: 60.2 M parameters, for images of 224 × 224 pixels. Also known as ResNet152. */
export const resnet152 = resnet("resnet152", D152, deep, "ResNet152");
/** ResNet as PaddleClas builds it: 11.7 M parameters, for images of 224 × 224 pixels. Also known as ResNet18. */
export const paddle_resnet18 = resnet("paddle_resnet18", D18, { ...basic, paddle: true }, "ResNet18");
/** ResNet as PaddleClas builds it: 21.8 M parameters, for images of 224 × 224 pixels. Also known as ResNet34. */
export const paddle_resnet34 = resnet("paddle_resnet34", D34, { ...basic, paddle: true }, "ResNet34");
/** ResNet: 25.6 M parameters, for images of 224 × 224 pixels. Also known as resnet50c, ResNet50_vc. */
export const resnet50_vc = resnet("resnet50_vc", D50, { ...deep, stem: STEM, prepared: bicubic }, "resnet50c", "ResNet50_vc"); // prettier-ignore
/** ResNet: 11.7 M parameters, for images of 224 × 224 pixels. Also known as resnet18d. */
export const resnet18_vd = resnet("resnet18_vd", D18, basicVd, "resnet18d");
/** ResNet: 21.8 M parameters, for images of 224 × 224 pixels. Also known as resnet34d. */
export const resnet34_vd = resnet("resnet34_vd", D34, basicVd, "resnet34d");
/** ResNet: 25.6 M parameters, for images of 224 × 224 pixels. Also known as resnet50d, ResNet50_vd. */
export const resnet50_vd = resnet("resnet50_vd", D50, deepVd, "resnet50d", "ResNet50_vd");
/** ResNet: 44.6 M parameters, for images of 224 × 224 pixels. Also known as resnet101d, ResNet101_vd. */
export const resnet101_vd = resnet("resnet101_vd", D101, deepVd, "resnet101d", "ResNet101_vd");
/** ResNet: 60.2 M parameters, for images of 224 × 224 pixels. Also known as resnet152d, ResNet152_vd. */
export const resnet152_vd = resnet("resnet152_vd", D152, deepVd, "resnet152d", "ResNet152_vd");
/** ResNet: 74.7 M parameters, for images of 224 × 224 pixels. Also known as ResNet200_vd. */
export const resnet200_vd = resnet("resnet200_vd", D200, deepVd, "ResNet200_vd");
/** ResNet: 64.7 M parameters, for images of 256 × 256 pixels. */
export const resnet200d = resnet("resnet200d", [3, 24, 36, 3], { ...deepVd, prepared: imagenet(256, 292, "bicubic") }); // prettier-ignore
/** ResNet: 16.0 M parameters, for images of 224 × 224 pixels. */
export const resnet26d = resnet("resnet26d", D18, deepVd);
/** ResNet as PaddleClas builds it: 11.7 M parameters, for images of 224 × 224 pixels. Also known as ResNet18_vd. */
export const paddle_resnet18_vd = resnet("paddle_resnet18_vd", D18, { ...basicVd, paddle: true }, "ResNet18_vd"); // prettier-ignore
/** ResNet as PaddleClas builds it: 21.8 M parameters, for images of 224 × 224 pixels. Also known as ResNet34_vd. */
export const paddle_resnet34_vd = resnet("paddle_resnet34_vd", D34, { ...basicVd, paddle: true }, "ResNet34_vd"); // prettier-ignore
