// ResNeXt, and Wide ResNet, which has one wide group; resnet.ts names the papers.

import { bicubic, D101, D152, D50, resnet, vd } from "./resnet-family.js";

/** ResNeXt's groups, each this wide. */
const next = (groups: number, width: number) => ({ series: "ResNeXt", bottleneck: true, groups, widthPerGroup: width }) as const; // prettier-ignore
const nextVd = (groups: number, width: number) => ({ ...next(groups, width), ...vd, prepared: bicubic }) as const; // prettier-ignore
const wsl = (widthPerGroup: number) => ({ ...next(32, widthPerGroup), series: "ResNeXt101_wsl" }) as const;
const wide = { series: "ResNet", bottleneck: true, widthPerGroup: 128 } as const;

/** ResNeXt: 25.0 M parameters, for images of 224 × 224 pixels. Also known as ResNeXt50_32x4d. */
export const resnext50_32x4d = resnet("resnext50_32x4d", D50, next(32, 4), "ResNeXt50_32x4d");
/** ResNeXt: 45.2 M parameters, for images of 224 × 224 pixels. Also known as ResNeXt50_64x4d. */
export const resnext50_64x4d = resnet("resnext50_64x4d", D50, next(64, 4), "ResNeXt50_64x4d");
/** ResNeXt: 44.2 M parameters, for images of 224 × 224 pixels. Also known as ResNeXt101_32x4d. */
export const resnext101_32x4d = resnet("resnext101_32x4d", D101, next(32, 4), "ResNeXt101_32x4d");
/** ResNeXt: 83.5 M parameters, for images of 224 × 224 pixels. Also known as ResNeXt101_64x4d. */
export const resnext101_64x4d = resnet("resnext101_64x4d", D101, next(64, 4), "ResNeXt101_64x4d");
/** ResNeXt: 60.0 M parameters, for images of 224 × 224 pixels. Also known as ResNeXt152_32x4d. */
export const resnext152_32x4d = resnet("resnext152_32x4d", D152, next(32, 4), "ResNeXt152_32x4d");
/** ResNeXt: 115 M parameters, for images of 224 × 224 pixels. Also known as ResNeXt152_64x4d. */
export const resnext152_64x4d = resnet("resnext152_64x4d", D152, next(64, 4), "ResNeXt152_64x4d");
/** ResNeXt: 25.0 M parameters, for images of 224 × 224 pixels. Also known as resnext50d_32x4d, ResNeXt50_vd_32x4d. */
export const resnext50_vd_32x4d = resnet("resnext50_vd_32x4d", D50, nextVd(32, 4), "resnext50d_32x4d", "ResNeXt50_vd_32x4d"); // prettier-ignore
/** ResNeXt: 45.2 M parameters, for images of 224 × 224 pixels. Also known as ResNeXt50_vd_64x4d. */
export const resnext50_vd_64x4d = resnet("resnext50_vd_64x4d", D50, nextVd(64, 4), "ResNeXt50_vd_64x4d");
/** ResNeXt: 44.2 M parameters, for images of 224 × 224 pixels. Also known as ResNeXt101_vd_32x4d. */
export const resnext101_vd_32x4d = resnet("resnext101_vd_32x4d", D101, nextVd(32, 4), "ResNeXt101_vd_32x4d");
/** ResNeXt: 83.5 M parameters, for images of 224 × 224 pixels. Also known as ResNeXt101_vd_64x4d. */
export const resnext101_vd_64x4d = resnet("resnext101_vd_64x4d", D101, nextVd(64, 4), "ResNeXt101_vd_64x4d");
/** ResNeXt: 60.0 M parameters, for images of 224 × 224 pixels. Also known as ResNeXt152_vd_32x4d. */
export const resnext152_vd_32x4d = resnet("resnext152_vd_32x4d", D152, nextVd(32, 4), "ResNeXt152_vd_32x4d");
/** ResNeXt: 115 M parameters, for images of 224 × 224 pixels. Also known as ResNeXt152_vd_64x4d. */
export const resnext152_vd_64x4d = resnet("resnext152_vd_64x4d", D152, nextVd(64, 4), "ResNeXt152_vd_64x4d");
/** ResNeXt101_wsl: 88.8 M parameters, for images of 224 × 224 pixels. Also known as ResNeXt101_32x8d_wsl. */
export const resnext101_32x8d = resnet("resnext101_32x8d", D101, wsl(8), "ResNeXt101_32x8d_wsl");
/** ResNeXt101_wsl: 194 M parameters, for images of 224 × 224 pixels. Also known as ResNeXt101_32x16d_wsl. */
export const resnext101_32x16d = resnet("resnext101_32x16d", D101, wsl(16), "ResNeXt101_32x16d_wsl");
/** ResNeXt101_wsl: 469 M parameters, for images of 224 × 224 pixels. Also known as ResNeXt101_32x32d_wsl. */
export const resnext101_32x32d = resnet("resnext101_32x32d", D101, wsl(32), "ResNeXt101_32x32d_wsl");
/** ResNeXt101_wsl: 828 M parameters, for images of 224 × 224 pixels. Also known as ResNeXt101_32x48d_wsl. */
export const resnext101_32x48d = resnet("resnext101_32x48d", D101, wsl(48), "ResNeXt101_32x48d_wsl");
/** ResNet: 68.9 M parameters, for images of 224 × 224 pixels. */
export const wide_resnet50_2 = resnet("wide_resnet50_2", D50, wide);
/** ResNet: 127 M parameters, for images of 224 × 224 pixels. */
export const wide_resnet101_2 = resnet("wide_resnet101_2", D101, wide);
