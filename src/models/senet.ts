// SENet: networks with weighed channels; resnet.ts names the paper.

import { bicubic, D101, D152, D18, D34, D50, resnet, vd, WIDE_STEM } from "./resnet-family.js";

const se = { series: "SENet", se: true } as const;
const seDeep = { ...se, bottleneck: true } as const;
const seVd = { ...se, ...vd, prepared: bicubic } as const;
const seNext = (groups: number) => ({ ...seDeep, groups, widthPerGroup: 4, prepared: bicubic }) as const;
const seNextVd = (groups: number) => ({ ...seNext(groups), stem: WIDE_STEM, avgDown: true }) as const;

/** SENet: 11.8 M parameters, for images of 224 × 224 pixels. */
export const seresnet18 = resnet("seresnet18", D18, se);
/** SENet: 22.0 M parameters, for images of 224 × 224 pixels. */
export const seresnet34 = resnet("seresnet34", D34, se);
/** SENet: 28.1 M parameters, for images of 224 × 224 pixels. */
export const seresnet50 = resnet("seresnet50", D50, { ...seDeep, prepared: bicubic });
/** SENet: 49.3 M parameters, for images of 224 × 224 pixels. */
export const seresnet101 = resnet("seresnet101", D101, seDeep);
/** SENet: 66.8 M parameters, for images of 224 × 224 pixels. */
export const seresnet152 = resnet("seresnet152", D152, seDeep);
/** SENet as PaddleClas builds it: 11.8 M parameters, for images of 224 × 224 pixels. Also known as SE_ResNet18_vd. */
export const paddle_seresnet18_vd = resnet("paddle_seresnet18_vd", D18, { ...seVd, paddle: true }, "SE_ResNet18_vd"); // prettier-ignore
/** SENet as PaddleClas builds it: 22.0 M parameters, for images of 224 × 224 pixels. Also known as SE_ResNet34_vd. */
export const paddle_seresnet34_vd = resnet("paddle_seresnet34_vd", D34, { ...seVd, paddle: true }, "SE_ResNet34_vd"); // prettier-ignore
/** SENet: 28.1 M parameters, for images of 224 × 224 pixels. Also known as SE_ResNet50_vd. */
export const seresnet50_vd = resnet("seresnet50_vd", D50, { ...seVd, bottleneck: true }, "SE_ResNet50_vd");
/** SENet: 27.6 M parameters, for images of 224 × 224 pixels. Also known as SE_ResNeXt50_32x4d. */
export const seresnext50_32x4d = resnet("seresnext50_32x4d", D50, seNext(32), "SE_ResNeXt50_32x4d");
/** SENet: 49.0 M parameters, for images of 224 × 224 pixels. Also known as SE_ResNeXt101_32x4d. */
export const seresnext101_32x4d = resnet("seresnext101_32x4d", D101, seNext(32), "SE_ResNeXt101_32x4d");
/** SENet: 122 M parameters, for images of 224 × 224 pixels. Also known as SE_ResNeXt152_64x4d. */
export const seresnext152_64x4d = resnet("seresnext152_64x4d", D152, { ...seNext(64), stem: WIDE_STEM }, "SE_ResNeXt152_64x4d"); // prettier-ignore
/** SENet: 27.7 M parameters, for images of 224 × 224 pixels. Also known as SE_ResNeXt50_vd_32x4d. */
export const seresnext50_vd_32x4d = resnet("seresnext50_vd_32x4d", D50, seNextVd(32), "SE_ResNeXt50_vd_32x4d"); // prettier-ignore
/** SENet: 122 M parameters, for images of 224 × 224 pixels. Also known as SENet154_vd. */
export const senet154_vd = resnet("senet154_vd", D152, seNextVd(64), "SENet154_vd");
