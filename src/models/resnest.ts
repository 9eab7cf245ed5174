// ResNeSt; resnet.ts names the paper. d and e are timm's letters for stems of 32 and of 64 channels.

import { imagenet } from "../data/preprocessing.js";
import { bicubic, D101, D18, D50, resnet, vd, WIDE_STEM } from "./resnet-family.js";

const split = { series: "ResNeSt", radix: 2, ...vd } as const;
const wide = { ...split, stem: WIDE_STEM } as const;
const first = { ...split, prepared: bicubic, avdFirst: true } as const;
const paddle = { ...split, paddle: true } as const;
const paddleWide = { ...wide, paddle: true } as const;
const D200 = [3, 24, 36, 3] as const;
const D269 = [3, 30, 48, 8] as const;

/** ResNeSt: 10.6 M parameters, for images of 224 × 224 pixels. */
export const resnest14d = resnet("resnest14d", [1, 1, 1, 1], split);
/** ResNeSt: 17.1 M parameters, for images of 224 × 224 pixels. */
export const resnest26d = resnet("resnest26d", D18, split);
/** ResNeSt: 27.5 M parameters, for images of 224 × 224 pixels. */
export const resnest50d = resnet("resnest50d", D50, split);
/** ResNeSt: 48.3 M parameters, for images of 256 × 256 pixels. */
export const resnest101e = resnet("resnest101e", D101, { ...wide, prepared: imagenet(256, 292) });
/** ResNeSt: 70.2 M parameters, for images of 320 × 320 pixels. */
export const resnest200e = resnet("resnest200e", D200, { ...wide, prepared: imagenet(320, 352, "bicubic") });
/** ResNeSt: 111 M parameters, for images of 416 × 416 pixels. */
export const resnest269e = resnet("resnest269e", D269, { ...wide, prepared: imagenet(416, 448, "bicubic") });
/** ResNeSt: 30.4 M parameters, for images of 224 × 224 pixels. */
export const resnest50d_4s2x40d = resnet("resnest50d_4s2x40d", D50, { ...first, radix: 4, groups: 2, widthPerGroup: 40 }); // prettier-ignore
/** ResNeSt: 25.7 M parameters, for images of 224 × 224 pixels. */
export const resnest50d_1s4x24d = resnet("resnest50d_1s4x24d", D50, { ...first, radix: 1, groups: 4, widthPerGroup: 24 }); // prettier-ignore
/** ResNeSt as PaddleClas builds it: 26.2 M parameters, for images of 224 × 224 pixels. Also known as ResNeSt50_fast_1s1x64d. */
export const paddle_resnest50_fast_1s1x64d = resnet("paddle_resnest50_fast_1s1x64d", D50, { ...first, radix: 1, paddle: true }, "ResNeSt50_fast_1s1x64d"); // prettier-ignore
/** ResNeSt as PaddleClas builds it: 27.5 M parameters, for images of 224 × 224 pixels. Also known as ResNeSt50. */
export const paddle_resnest50 = resnet("paddle_resnest50", D50, paddle, "ResNeSt50");
/** ResNeSt as PaddleClas builds it: 48.3 M parameters, for images of 224 × 224 pixels. Also known as ResNeSt101. */
export const paddle_resnest101 = resnet("paddle_resnest101", D101, paddleWide, "ResNeSt101");
/** ResNeSt as PaddleClas builds it: 70.2 M parameters, for images of 224 × 224 pixels. Also known as ResNeSt200. */
export const paddle_resnest200 = resnet("paddle_resnest200", D200, paddleWide, "ResNeSt200");
/** ResNeSt as PaddleClas builds it: 111 M parameters, for images of 224 × 224 pixels. Also known as ResNeSt269. */
export const paddle_resnest269 = resnet("paddle_resnest269", D269, paddleWide, "ResNeSt269");
