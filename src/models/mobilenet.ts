// MobileNet V1: Howard et al., MobileNets (2017), arXiv 1704.04861, table 1. V2: Sandler et al., MobileNetV2: Inverted
// Residuals and Linear Bottlenecks (2018), arXiv 1801.04381, table 2. Both as torchvision builds V2.

import { imagenet } from "../data/preprocessing.js";
import { checkKinds } from "../errors/options.js";
import * as nn from "../nn/index.js";
import { convNorm, rising, sum } from "./blocks.js";
import { mobileEnd, Network } from "./head.js";
import { Residual, times, unnamed } from "./layers.js";
import { V2 } from "./mobile-variant.js";
import { PLAIN, defineModel, type ModelOptions } from "./model.js";

/** Stride and channels of each pair of a depthwise and a 1×1 convolution. */
const V1 = [[1, 64], [2, 128], [1, 128], [2, 256], [1, 256], [2, 512], [1, 512], [1, 512], [1, 512], [1, 512], [1, 512], [2, 1024], [1, 1024]] as const; // prettier-ignore

/** Images of any size from 1; made for sizes ≥ 32. */
export class MobileNetV1 extends Network {
  /** width: channels in parts of the paper's. */
  constructor(options: ModelOptions = {}, width = 1) {
    checkKinds(new.target.name, { options, width }, { options: "object", width: "number" });
    super(options);
    const { inChannels = 3, smallImages = false } = options;
    const stem = Math.floor(32 * width);
    let from = stem;
    const pairs = V1.map(([stride, channels]) => {
      const to = Math.floor(channels * width);
      const depthwise = convNorm(from, from, 3, { stride, groups: from });
      const pair = new nn.Sequential(depthwise, convNorm(from, to, 1));
      from = to;
      return pair;
    });
    const first = convNorm(inChannels, stem, 3, { stride: smallImages ? 1 : 2 });
    this.build({ features: new nn.Sequential(first, ...pairs) }, mobileEnd(from, options));
  }
}

/** Widen, convolve each channel, narrow; a shortcut where the size stays. */
// prettier-ignore
function invertedResidual(from: number, to: number, stride: number, expansion: number, drop: number): nn.Module {
  const wide = from * expansion;
  const activation = nn.ReLU6;
  const conv = new nn.Sequential(
    ...(expansion === 1 ? [] : [convNorm(from, wide, 1, { activation })]),
    convNorm(wide, wide, 3, { stride, groups: wide, activation }),
    ...unnamed(convNorm(wide, to, 1, { activation: null })),
  );
  return new Residual({ conv }, { adds: stride === 1 && from === to, drop });
}

/** Images of any size from 1; made for sizes ≥ 32. */
export class MobileNetV2 extends Network {
  constructor(options: ModelOptions = {}) {
    checkKinds(new.target.name, { options }, { options: "object" });
    super(options);
    const { inChannels = 3, smallImages = false, dropPath = 0 } = options;
    let from = 32;
    const drop = rising(dropPath, sum(V2.map((stage) => stage[4])));
    const stages = V2.flatMap(([expansion, , stride, to, blocks]) =>
      times(blocks, (i) => {
        const block = invertedResidual(from, to, i ? 1 : stride, expansion, drop());
        from = to;
        return block;
      }),
    );
    const activation = nn.ReLU6;
    const stem = convNorm(inChannels, 32, 3, { stride: smallImages ? 1 : 2, activation });
    const features = new nn.Sequential(stem, ...stages, convNorm(from, 1280, 1, { activation }));
    this.build({ features }, mobileEnd(1280, options));
  }
}

const v1 = (name: string, width: number, alias: string) => {
  const traits = { series: "MobileNetV1", aliases: [alias], ...PLAIN };
  return defineModel(name, imagenet(), (o) => new MobileNetV1(o, width), traits);
};

/** MobileNetV1: 4.23 M parameters, for images of 224 × 224 pixels. Also known as MobileNetV1. */
export const mobilenet_v1 = v1("mobilenet_v1", 1, "MobileNetV1");
/** MobileNetV1: 470,072 parameters, for images of 224 × 224 pixels. Also known as MobileNetV1_x0_25. */
export const mobilenet_v1_025 = v1("mobilenet_v1_025", 0.25, "MobileNetV1_x0_25");
/** MobileNetV1: 1.33 M parameters, for images of 224 × 224 pixels. Also known as MobileNetV1_x0_5. */
export const mobilenet_v1_050 = v1("mobilenet_v1_050", 0.5, "MobileNetV1_x0_5");
/** MobileNetV1: 2.59 M parameters, for images of 224 × 224 pixels. Also known as MobileNetV1_x0_75. */
export const mobilenet_v1_075 = v1("mobilenet_v1_075", 0.75, "MobileNetV1_x0_75");
/** MobileNetV2: 3.50 M parameters, for images of 224 × 224 pixels. Also known as mobilenetv2_100. */
export const mobilenet_v2 = defineModel("mobilenet_v2", imagenet(), (o) => new MobileNetV2(o), { series: "MobileNetV2", aliases: ["mobilenetv2_100"] }); // prettier-ignore
