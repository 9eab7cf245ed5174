// Res2Net; resnet.ts names the paper.

import { D101, D200, D50, resnet, vd } from "./resnet-family.js";

/** Res2Net's parts, each this wide. */
const res2 = (widthPerGroup: number, scale: number) => ({ series: "Res2Net", widthPerGroup, scale }) as const;
const res2Paddle = (...parts: Parameters<typeof res2>) => ({ ...res2(...parts), paddle: true }) as const;

/** Res2Net: 25.7 M parameters, for images of 224 × 224 pixels. */
export const res2net50_26w_4s = resnet("res2net50_26w_4s", D50, res2(26, 4));
/** Res2Net: 25.3 M parameters, for images of 224 × 224 pixels. */
export const res2net50_48w_2s = resnet("res2net50_48w_2s", D50, res2(48, 2));
/** Res2Net: 25.1 M parameters, for images of 224 × 224 pixels. */
export const res2net50_14w_8s = resnet("res2net50_14w_8s", D50, res2(14, 8));
/** Res2Net: 37.1 M parameters, for images of 224 × 224 pixels. */
export const res2net50_26w_6s = resnet("res2net50_26w_6s", D50, res2(26, 6));
/** Res2Net: 48.4 M parameters, for images of 224 × 224 pixels. */
export const res2net50_26w_8s = resnet("res2net50_26w_8s", D50, res2(26, 8));
/** Res2Net: 45.2 M parameters, for images of 224 × 224 pixels. */
export const res2net101_26w_4s = resnet("res2net101_26w_4s", D101, res2(26, 4));
/** Res2Net: 24.7 M parameters, for images of 224 × 224 pixels. */
export const res2next50 = resnet("res2next50", D50, { ...res2(4, 4), groups: 8 });
/** Res2Net: 25.7 M parameters, for images of 224 × 224 pixels. */
export const res2net50d = resnet("res2net50d", D50, { ...res2(26, 4), ...vd });
/** Res2Net: 45.2 M parameters, for images of 224 × 224 pixels. */
export const res2net101d = resnet("res2net101d", D101, { ...res2(26, 4), ...vd });
/** Res2Net as PaddleClas builds it: 25.7 M parameters, for images of 224 × 224 pixels. Also known as Res2Net50_26w_4s. */
export const paddle_res2net50_26w_4s = resnet("paddle_res2net50_26w_4s", D50, res2Paddle(26, 4), "Res2Net50_26w_4s"); // prettier-ignore
/** Res2Net as PaddleClas builds it: 25.1 M parameters, for images of 224 × 224 pixels. Also known as Res2Net50_14w_8s. */
export const paddle_res2net50_14w_8s = resnet("paddle_res2net50_14w_8s", D50, res2Paddle(14, 8), "Res2Net50_14w_8s"); // prettier-ignore
/** Res2Net as PaddleClas builds it: 25.7 M parameters, for images of 224 × 224 pixels. Also known as Res2Net50_vd_26w_4s. */
export const paddle_res2net50_vd_26w_4s = resnet("paddle_res2net50_vd_26w_4s", D50, { ...res2Paddle(26, 4), ...vd }, "Res2Net50_vd_26w_4s"); // prettier-ignore
/** Res2Net as PaddleClas builds it: 45.2 M parameters, for images of 224 × 224 pixels. Also known as Res2Net101_vd_26w_4s. */
export const paddle_res2net101_vd_26w_4s = resnet("paddle_res2net101_vd_26w_4s", D101, { ...res2Paddle(26, 4), ...vd }, "Res2Net101_vd_26w_4s"); // prettier-ignore
/** Res2Net as PaddleClas builds it: 76.2 M parameters, for images of 224 × 224 pixels. Also known as Res2Net200_vd_26w_4s. */
export const paddle_res2net200_vd_26w_4s = resnet("paddle_res2net200_vd_26w_4s", D200, { ...res2Paddle(26, 4), ...vd }, "Res2Net200_vd_26w_4s"); // prettier-ignore
