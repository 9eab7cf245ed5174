// EfficientNet with TensorFlow's padding and statistics, and EfficientNet-Lite, under timm's names.
// EfficientNet: Tan and Le (2019), arXiv 1905.11946. Lite (no weighing of channels, ReLU6, first and last layers not scaled): 2020,
// https://github.com/tensorflow/tpu/tree/master/models/official/efficientnet/lite. V2: Tan and Le (2021), arXiv 2104.00298.

import { relu6, silu } from "../ops/index.js";
import { toEights, toNearestEight } from "./blocks.js";
import { BASE, L, M, S, type StageV2 } from "./efficientnet-v2.js";
import { halved, mobile, prepared } from "./mobile-net.js";
import { B0, invertedStages, scaled, type MobileVariant, type Row, type Scale } from "./mobile-variant.js";

const norm = { eps: 1e-3 };

const SHARED = { activation: silu, dropPath: 0.2, same: true, norm } as const;

const tf = (width: number, depth: number, dropout: number): MobileVariant => ({
  stages: scaled(invertedStages(B0, 0.25), { width, depth }),
  ...{ ...SHARED, stem: toEights(32 * width), head: toEights(1280 * width), dropout },
});
const traits = (alias: string) => ({ series: "EfficientNet", aliases: [alias] });

/** EfficientNet: 5.29 M parameters, for images of 224 × 224 pixels. Also known as EfficientNetB0. */
export const tf_efficientnet_b0 = mobile("tf_efficientnet_b0", prepared(224, 0.875), tf(1.0, 1.0, 0.2), traits("EfficientNetB0")); // prettier-ignore
/** EfficientNet: 7.79 M parameters, for images of 240 × 240 pixels. Also known as EfficientNetB1. */
export const tf_efficientnet_b1 = mobile("tf_efficientnet_b1", prepared(240, 0.882), tf(1.0, 1.1, 0.2), traits("EfficientNetB1")); // prettier-ignore
/** EfficientNet: 9.11 M parameters, for images of 260 × 260 pixels. Also known as EfficientNetB2. */
export const tf_efficientnet_b2 = mobile("tf_efficientnet_b2", prepared(260, 0.89), tf(1.1, 1.2, 0.3), traits("EfficientNetB2")); // prettier-ignore
/** EfficientNet: 12.2 M parameters, for images of 300 × 300 pixels. Also known as EfficientNetB3. */
export const tf_efficientnet_b3 = mobile("tf_efficientnet_b3", prepared(300, 0.904), tf(1.2, 1.4, 0.3), traits("EfficientNetB3")); // prettier-ignore
/** EfficientNet: 19.3 M parameters, for images of 380 × 380 pixels. Also known as EfficientNetB4. */
export const tf_efficientnet_b4 = mobile("tf_efficientnet_b4", prepared(380, 0.922), tf(1.4, 1.8, 0.4), traits("EfficientNetB4")); // prettier-ignore
/** EfficientNet: 30.4 M parameters, for images of 456 × 456 pixels. Also known as EfficientNetB5. */
export const tf_efficientnet_b5 = mobile("tf_efficientnet_b5", prepared(456, 0.934), tf(1.6, 2.2, 0.4), traits("EfficientNetB5")); // prettier-ignore
/** EfficientNet: 43.0 M parameters, for images of 528 × 528 pixels. Also known as EfficientNetB6. */
export const tf_efficientnet_b6 = mobile("tf_efficientnet_b6", prepared(528, 0.942), tf(1.8, 2.6, 0.5), traits("EfficientNetB6")); // prettier-ignore
/** EfficientNet: 66.3 M parameters, for images of 600 × 600 pixels. Also known as EfficientNetB7. */
export const tf_efficientnet_b7 = mobile("tf_efficientnet_b7", prepared(600, 0.949), tf(2.0, 3.1, 0.5), traits("EfficientNetB7")); // prettier-ignore

const lite = (width: number, depth: number, dropout: number): MobileVariant => ({
  stages: scaled(invertedStages(B0), { width, depth, fixedEnds: true }),
  ...{ stem: 32, head: 1280, activation: relu6, dropPath: 0.2, dropout },
});
const tfLite = (...scale: Parameters<typeof lite>) => ({ ...lite(...scale), same: true, norm });
const series = { series: "EfficientNet" };
const b0Small = { ...lite(1.0, 1.0, 0.2), activation: silu, norm };

/** EfficientNet: 4.65 M parameters, for images of 224 × 224 pixels. */
export const efficientnet_lite0 = mobile("efficientnet_lite0", prepared(224, 0.875), lite(1.0, 1.0, 0.2), series); // prettier-ignore
/** EfficientNet: 4.65 M parameters, for images of 224 × 224 pixels. */
export const tf_efficientnet_lite0 = mobile("tf_efficientnet_lite0", halved(224, 0.875), tfLite(1.0, 1.0, 0.2), series); // prettier-ignore
/** EfficientNet: 5.42 M parameters, for images of 240 × 240 pixels. */
export const tf_efficientnet_lite1 = mobile("tf_efficientnet_lite1", halved(240, 0.882), tfLite(1.0, 1.1, 0.2), series); // prettier-ignore
/** EfficientNet: 6.09 M parameters, for images of 260 × 260 pixels. */
export const tf_efficientnet_lite2 = mobile("tf_efficientnet_lite2", halved(260, 0.89), tfLite(1.1, 1.2, 0.3), series); // prettier-ignore
/** EfficientNet: 8.20 M parameters, for images of 300 × 300 pixels. */
export const tf_efficientnet_lite3 = mobile("tf_efficientnet_lite3", halved(300, 0.904, "bilinear"), tfLite(1.2, 1.4, 0.3), series); // prettier-ignore
/** EfficientNet: 13.0 M parameters, for images of 380 × 380 pixels. */
export const tf_efficientnet_lite4 = mobile("tf_efficientnet_lite4", halved(380, 0.92, "bilinear"), tfLite(1.4, 1.8, 0.3), series); // prettier-ignore
// PaddleClas's form: Lite0 with SiLU.
/** EfficientNet as PaddleClas builds it: 4.65 M parameters, for images of 224 × 224 pixels. Also known as EfficientNetB0_small. */
export const paddle_efficientnet_b0_small = mobile("paddle_efficientnet_b0_small", prepared(224, 0.875), b0Small, traits("EfficientNetB0_small")); // prettier-ignore

const v2 = (rows: readonly StageV2[], dropout: number, scale: Scale = {}): MobileVariant => {
  const { width = 1, round = toNearestEight } = scale;
  const stages = rows.map(([stride, expansion, to, blocks], i): [Row] => {
    if (i === 0) return [["conv", 3, stride, expansion, to, blocks, { skip: true }]];
    if (i < 3) return [["fused", 3, stride, expansion, to, blocks]];
    return [["inverted", 3, stride, expansion, to, blocks, { se: 0.25 }]];
  });
  const [stem, head] = rows === BASE ? [round(32 * width), round(1280 * width)] : [rows[0]![2], 1280];
  return { ...SHARED, stem, head, stages: scaled(stages, { round, ...scale }), dropout };
};
const v2Base = (width: number, depth: number, dropout: number) => v2(BASE, dropout, { width, depth });
const seriesV2 = { series: "EfficientNetV2" };

/** EfficientNetV2: 7.14 M parameters, for images of 192 × 192 pixels. */
export const tf_efficientnetv2_b0 = mobile("tf_efficientnetv2_b0", prepared(192, 0.875), v2Base(1.0, 1.0, 0.2), seriesV2); // prettier-ignore
/** EfficientNetV2: 8.14 M parameters, for images of 192 × 192 pixels. */
export const tf_efficientnetv2_b1 = mobile("tf_efficientnetv2_b1", prepared(192, 0.882), v2Base(1.0, 1.1, 0.2), seriesV2); // prettier-ignore
/** EfficientNetV2: 10.1 M parameters, for images of 208 × 208 pixels. */
export const tf_efficientnetv2_b2 = mobile("tf_efficientnetv2_b2", prepared(208, 0.89), v2Base(1.1, 1.2, 0.3), seriesV2); // prettier-ignore
/** EfficientNetV2: 14.4 M parameters, for images of 240 × 240 pixels. */
export const tf_efficientnetv2_b3 = mobile("tf_efficientnetv2_b3", halved(240, 0.9), v2Base(1.2, 1.4, 0.3), seriesV2); // prettier-ignore
/** EfficientNetV2: 21.5 M parameters, for images of 300 × 300 pixels. Also known as EfficientNetV2_S. */
export const tf_efficientnetv2_s = mobile("tf_efficientnetv2_s", halved(300, 1), v2(S, 0.2), { ...seriesV2, aliases: ["EfficientNetV2_S"] }); // prettier-ignore
/** EfficientNetV2: 54.1 M parameters, for images of 384 × 384 pixels. */
export const tf_efficientnetv2_m = mobile("tf_efficientnetv2_m", halved(384, 1), v2(M, 0.3), seriesV2);
/** EfficientNetV2: 119 M parameters, for images of 384 × 384 pixels. */
export const tf_efficientnetv2_l = mobile("tf_efficientnetv2_l", halved(384, 1), v2(L, 0.4), seriesV2);
