// MobileNet V1 to V3 under timm's names, at all widths, and PaddleClas's forms of V2 and V3. mobilenet.ts and mobilenet-v3.ts have
// torchvision's, and name the papers.

import { hardsigmoid, hardswish, mul, relu, relu6 } from "../ops/index.js";
import { toEights } from "./blocks.js";
import { halved, mobile, prepared } from "./mobile-net.js";
import { invertedStages, scaled, V2, type MobileVariant, type Row, type Scale, type Stages } from "./mobile-variant.js"; // prettier-ignore
import { LARGE, SMALL } from "./mobilenet-v3.js";
import { PLAIN } from "./model.js";

const bicubic = prepared(224, 0.875);

const V1 = ([[1, 64, 1], [2, 128, 2], [2, 256, 2], [2, 512, 6], [2, 1024, 2]] as const).map(([stride, to, blocks]): Row[] => [["pair", 3, stride, 1, to, blocks]]); // prettier-ignore
const v1 = (width: number, head = 0): MobileVariant => {
  return { stages: scaled(V1, { width }), stem: toEights(32 * width), head, activation: relu6 };
};
const traits1 = { series: "MobileNetV1", ...PLAIN };

/** MobileNetV1: 4.23 M parameters, for images of 224 × 224 pixels. */
export const mobilenetv1_100 = mobile("mobilenetv1_100", halved(224, 0.875), v1(1), traits1);
/** MobileNetV1: 5.28 M parameters, for images of 224 × 224 pixels. */
export const mobilenetv1_100h = mobile("mobilenetv1_100h", halved(224, 0.875), v1(1, 1024), traits1);
/** MobileNetV1: 6.27 M parameters, for images of 224 × 224 pixels. */
export const mobilenetv1_125 = mobile("mobilenetv1_125", halved(224, 0.9), v1(1.25), traits1);

const STAGES2 = invertedStages(V2);
const v2 = (width: number): MobileVariant => ({ stages: scaled(STAGES2, { width }), stem: toEights(32 * width), head: Math.max(1280, toEights(1280 * width)), activation: relu6 }); // prettier-ignore
/** d: deeper, the first and last layers not scaled. */
const v2d = (width: number, depth: number): MobileVariant => ({ stages: scaled(STAGES2, { width, depth, fixedEnds: true }), stem: 32, head: 1280, activation: relu6 }); // prettier-ignore
/** PaddleClas's form: the first block widens too, by 1; widths are rounded down. */
const paddleV2 = (width: number): MobileVariant => ({
  stages: scaled([[["inverted", 3, 1, 1, 16, 1]], ...STAGES2.slice(1)], { width, round: Math.floor }),
  stem: Math.floor(32 * width),
  head: Math.floor(1280 * Math.max(1, width)),
  ...{ activation: relu6, round: (n) => n, dropout: 0 },
});
const traits2 = (...aliases: string[]) => ({ series: "MobileNetV2", aliases });

/** MobileNetV2: 1.68 M parameters, for images of 224 × 224 pixels. */
export const mobilenetv2_035 = mobile("mobilenetv2_035", bicubic, v2(0.35), traits2());
/** MobileNetV2: 1.97 M parameters, for images of 224 × 224 pixels. */
export const mobilenetv2_050 = mobile("mobilenetv2_050", bicubic, v2(0.5), traits2());
/** MobileNetV2: 2.64 M parameters, for images of 224 × 224 pixels. */
export const mobilenetv2_075 = mobile("mobilenetv2_075", bicubic, v2(0.75), traits2());
/** MobileNetV2: 6.11 M parameters, for images of 224 × 224 pixels. */
export const mobilenetv2_140 = mobile("mobilenetv2_140", bicubic, v2(1.4), traits2());
/** MobileNetV2: 4.52 M parameters, for images of 224 × 224 pixels. */
export const mobilenetv2_110d = mobile("mobilenetv2_110d", bicubic, v2d(1.1, 1.2), traits2());
/** MobileNetV2: 5.83 M parameters, for images of 224 × 224 pixels. */
export const mobilenetv2_120d = mobile("mobilenetv2_120d", bicubic, v2d(1.2, 1.4), traits2());
/** MobileNetV2 as PaddleClas builds it: 1.52 M parameters, for images of 224 × 224 pixels. Also known as MobileNetV2_x0_25. */
export const paddle_mobilenetv2_025 = mobile("paddle_mobilenetv2_025", bicubic, paddleV2(0.25), traits2("MobileNetV2_x0_25")); // prettier-ignore
/** MobileNetV2 as PaddleClas builds it: 1.97 M parameters, for images of 224 × 224 pixels. Also known as MobileNetV2_x0_5. */
export const paddle_mobilenetv2_050 = mobile("paddle_mobilenetv2_050", bicubic, paddleV2(0.5), traits2("MobileNetV2_x0_5")); // prettier-ignore
/** MobileNetV2 as PaddleClas builds it: 2.63 M parameters, for images of 224 × 224 pixels. Also known as MobileNetV2_x0_75. */
export const paddle_mobilenetv2_075 = mobile("paddle_mobilenetv2_075", bicubic, paddleV2(0.75), traits2("MobileNetV2_x0_75")); // prettier-ignore
/** MobileNetV2 as PaddleClas builds it: 3.51 M parameters, for images of 224 × 224 pixels. Also known as MobileNetV2. */
export const paddle_mobilenetv2_100 = mobile("paddle_mobilenetv2_100", bicubic, paddleV2(1), traits2("MobileNetV2")); // prettier-ignore
/** MobileNetV2 as PaddleClas builds it: 6.85 M parameters, for images of 224 × 224 pixels. Also known as MobileNetV2_x1_5. */
export const paddle_mobilenetv2_150 = mobile("paddle_mobilenetv2_150", bicubic, paddleV2(1.5), traits2("MobileNetV2_x1_5")); // prettier-ignore
/** MobileNetV2 as PaddleClas builds it: 11.3 M parameters, for images of 224 × 224 pixels. Also known as MobileNetV2_x2_0. */
export const paddle_mobilenetv2_200 = mobile("paddle_mobilenetv2_200", bicubic, paddleV2(2), traits2("MobileNetV2_x2_0")); // prettier-ignore

/** reluStages: number of stages with ReLU. paddle: the first block widens too, and inner widths are scaled directly. */
function v3Stages(blocks: typeof LARGE, reluStages: number, last: number, paddle = false): Stages {
  let from = 16;
  const rows = blocks.map((stage, s) =>
    stage.map(([kernel, stride, wide, to, se], i): Row => {
      const more = {
        se: se ? 0.25 : 0,
        ...(s < reluStages && { activation: relu }),
        ...(paddle && { wide }),
      };
      const kind = s === 0 && i === 0 && !paddle ? "separable" : "inverted";
      const row: Row = [kind, kernel, stride, Number((wide / from).toFixed(2)), to, 1, more];
      from = to;
      return row;
    }),
  );
  return [...rows, [["conv", 1, 1, 1, last, 1]]];
}

const v3 = (stages: Stages, scale: Scale & { width: number }, head: number): MobileVariant => ({
  stages: scaled(stages, scale),
  stem: scale.width < 0.75 ? 16 : toEights(16 * scale.width),
  ...{ head, activation: hardswish, squeezeActivation: relu, gate: hardsigmoid, pooled: "bias" },
  squeezed: (wide) => toEights(wide / 4),
});
const paddleV3 = (stages: Stages, width: number): MobileVariant => ({
  ...v3(stages, { width }, 1280),
  stem: toEights(16 * width),
  gate: (x) => hardsigmoid(mul(x, 1.2)), // min(max(x/5 + ½, 0), 1)
  squeezed: (wide) => Math.floor(wide / 4),
  ...{ pooled: "bare", downscaled: true },
});
const [small, paddleSmall] = [v3Stages(SMALL, 2, 576), v3Stages(SMALL, 2, 576, true)];
const [large, paddleLarge] = [v3Stages(LARGE, 3, 960), v3Stages(LARGE, 3, 960, true)];
const traits3 = (...aliases: string[]) => ({ series: "MobileNetV3", aliases });

/** MobileNetV3: 3.99 M parameters, for images of 224 × 224 pixels. */
export const mobilenetv3_large_075 = mobile("mobilenetv3_large_075", prepared(224, 0.875, "bilinear"), v3(large, { width: 0.75 }, 1280), traits3()); // prettier-ignore
/** MobileNetV3: 2.04 M parameters, for images of 224 × 224 pixels. */
export const mobilenetv3_small_075 = mobile("mobilenetv3_small_075", bicubic, v3(small, { width: 0.75 }, 1024), traits3()); // prettier-ignore
/** MobileNetV3: 1.59 M parameters, for images of 224 × 224 pixels. */
export const mobilenetv3_small_050 = mobile("mobilenetv3_small_050", bicubic, v3(small, { width: 0.5 }, 1024), traits3()); // prettier-ignore
/** MobileNetV3 as PaddleClas builds it: 1.67 M parameters, for images of 224 × 224 pixels. Also known as MobileNetV3_small_x0_35. */
export const paddle_mobilenetv3_small_035 = mobile("paddle_mobilenetv3_small_035", bicubic, paddleV3(paddleSmall, 0.35), traits3("MobileNetV3_small_x0_35")); // prettier-ignore
/** MobileNetV3 as PaddleClas builds it: 1.90 M parameters, for images of 224 × 224 pixels. Also known as MobileNetV3_small_x0_5. */
export const paddle_mobilenetv3_small_050 = mobile("paddle_mobilenetv3_small_050", bicubic, paddleV3(paddleSmall, 0.5), traits3("MobileNetV3_small_x0_5")); // prettier-ignore
/** MobileNetV3 as PaddleClas builds it: 2.38 M parameters, for images of 224 × 224 pixels. Also known as MobileNetV3_small_x0_75. */
export const paddle_mobilenetv3_small_075 = mobile("paddle_mobilenetv3_small_075", bicubic, paddleV3(paddleSmall, 0.75), traits3("MobileNetV3_small_x0_75")); // prettier-ignore
/** MobileNetV3 as PaddleClas builds it: 2.94 M parameters, for images of 224 × 224 pixels. Also known as MobileNetV3_small_x1_0. */
export const paddle_mobilenetv3_small_100 = mobile("paddle_mobilenetv3_small_100", bicubic, paddleV3(paddleSmall, 1), traits3("MobileNetV3_small_x1_0")); // prettier-ignore
/** MobileNetV3 as PaddleClas builds it: 3.63 M parameters, for images of 224 × 224 pixels. Also known as MobileNetV3_small_x1_25. */
export const paddle_mobilenetv3_small_125 = mobile("paddle_mobilenetv3_small_125", bicubic, paddleV3(paddleSmall, 1.25), traits3("MobileNetV3_small_x1_25")); // prettier-ignore
/** MobileNetV3 as PaddleClas builds it: 2.10 M parameters, for images of 224 × 224 pixels. Also known as MobileNetV3_large_x0_35. */
export const paddle_mobilenetv3_large_035 = mobile("paddle_mobilenetv3_large_035", bicubic, paddleV3(paddleLarge, 0.35), traits3("MobileNetV3_large_x0_35")); // prettier-ignore
/** MobileNetV3 as PaddleClas builds it: 2.67 M parameters, for images of 224 × 224 pixels. Also known as MobileNetV3_large_x0_5. */
export const paddle_mobilenetv3_large_050 = mobile("paddle_mobilenetv3_large_050", bicubic, paddleV3(paddleLarge, 0.5), traits3("MobileNetV3_large_x0_5")); // prettier-ignore
/** MobileNetV3 as PaddleClas builds it: 3.91 M parameters, for images of 224 × 224 pixels. Also known as MobileNetV3_large_x0_75. */
export const paddle_mobilenetv3_large_075 = mobile("paddle_mobilenetv3_large_075", bicubic, paddleV3(paddleLarge, 0.75), traits3("MobileNetV3_large_x0_75")); // prettier-ignore
/** MobileNetV3 as PaddleClas builds it: 5.48 M parameters, for images of 224 × 224 pixels. Also known as MobileNetV3_large_x1_0. */
export const paddle_mobilenetv3_large_100 = mobile("paddle_mobilenetv3_large_100", bicubic, paddleV3(paddleLarge, 1), traits3("MobileNetV3_large_x1_0")); // prettier-ignore
/** MobileNetV3 as PaddleClas builds it: 7.44 M parameters, for images of 224 × 224 pixels. Also known as MobileNetV3_large_x1_25. */
export const paddle_mobilenetv3_large_125 = mobile("paddle_mobilenetv3_large_125", bicubic, paddleV3(paddleLarge, 1.25), traits3("MobileNetV3_large_x1_25")); // prettier-ignore
