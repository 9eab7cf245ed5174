// MobileNet V1: Howard et al., MobileNets (2017), arXiv 1704.04861, table 1. V2: Sandler et al., MobileNetV2: Inverted
// Residuals and Linear Bottlenecks (2018), arXiv 1801.04381, table 2. Both as torchvision builds V2.

import { checkKinds } from "../errors/options.js";
import type { Tensor } from "../core/tensor.js";
import { Module, ReLU6, Sequential, StochasticDepth } from "../nn/index.js";
import { add } from "../ops/index.js";
import { convNorm, rising, sum } from "./blocks.js";
import { FeaturesClassifier } from "./head.js";
import { imagenet } from "../data/preprocessing.js";
import { PLAIN, defineModel, type ModelOptions } from "./model.js";

/** Stride and channels of each pair of a depthwise and a 1×1 convolution. */
const V1 = [[1, 64], [2, 128], [1, 128], [2, 256], [1, 256], [2, 512], [1, 512], [1, 512], [1, 512], [1, 512], [1, 512], [2, 1024], [1, 1024]] as const; // prettier-ignore

export class MobileNetV1 extends FeaturesClassifier {
  /** width: channels in parts of the paper's. */
  constructor(options: ModelOptions = {}, width = 1) {
    checkKinds(new.target.name, { options, width }, { options: "object", width: "number" });
    const { inChannels = 3, smallImages = false } = options;
    const stem = Math.floor(32 * width);
    let from = stem;
    const pairs = V1.map(([stride, channels]) => {
      const to = Math.floor(channels * width);
      const depthwise = convNorm(from, from, 3, { stride, groups: from });
      const pair = new Sequential(depthwise, convNorm(from, to, 1));
      from = to;
      return pair;
    });
    const first = convNorm(inChannels, stem, 3, { stride: smallImages ? 1 : 2 });
    super(new Sequential(first, ...pairs), from, options);
  }
}

/** Widen, convolve each channel, narrow; a shortcut where the size stays. */
class InvertedResidual extends Module {
  readonly conv: Sequential;
  readonly stochasticDepth: StochasticDepth | undefined;
  readonly #shortcut: boolean;

  constructor(from: number, to: number, stride: number, expansion: number, drop: number) {
    super();
    const wide = from * expansion;
    const activation = ReLU6;
    this.conv = new Sequential(
      ...(expansion === 1 ? [] : [convNorm(from, wide, 1, { activation })]),
      convNorm(wide, wide, 3, { stride, groups: wide, activation }),
      ...convNorm(wide, to, 1, { activation: null }).namedChildren().map(([, layer]) => layer), // prettier-ignore
    );
    this.#shortcut = stride === 1 && from === to;
    this.stochasticDepth = this.#shortcut && drop ? new StochasticDepth(drop) : undefined;
  }

  forward(x: Tensor): Tensor {
    const y = this.conv.forward(x);
    return this.#shortcut ? add(this.stochasticDepth?.forward(y) ?? y, x) : y;
  }
}

/** Expansion, channels, blocks and stride of each stage. */
const V2 = [[1, 16, 1, 1], [6, 24, 2, 2], [6, 32, 3, 2], [6, 64, 4, 2], [6, 96, 3, 1], [6, 160, 3, 2], [6, 320, 1, 1]] as const; // prettier-ignore

export class MobileNetV2 extends FeaturesClassifier {
  constructor(options: ModelOptions = {}) {
    checkKinds(new.target.name, { options }, { options: "object" });
    const { inChannels = 3, smallImages = false, dropPath = 0 } = options;
    let from = 32;
    const drop = rising(dropPath, sum(V2.map(([, , blocks]) => blocks)));
    const stages = V2.flatMap(([expansion, to, blocks, stride]) => {
      const block = (_: unknown, i: number): Module =>
        new InvertedResidual(i ? to : from, to, i ? 1 : stride, expansion, drop());
      const stage = Array.from({ length: blocks }, block);
      from = to;
      return stage;
    });
    const activation = ReLU6;
    const stem = convNorm(inChannels, 32, 3, { stride: smallImages ? 1 : 2, activation });
    super(new Sequential(stem, ...stages, convNorm(from, 1280, 1, { activation })), 1280, options);
  }
}

const v1 = (name: string, width: number, alias: string) => {
  const traits = { series: "MobileNetV1", aliases: [alias], ...PLAIN };
  return defineModel(name, imagenet(), (o) => new MobileNetV1(o, width), traits);
};

export const mobilenet_v1 = v1("mobilenet_v1", 1, "MobileNetV1");
export const mobilenet_v1_025 = v1("mobilenet_v1_025", 0.25, "MobileNetV1_x0_25");
export const mobilenet_v1_050 = v1("mobilenet_v1_050", 0.5, "MobileNetV1_x0_5");
export const mobilenet_v1_075 = v1("mobilenet_v1_075", 0.75, "MobileNetV1_x0_75");
export const mobilenet_v2 = defineModel("mobilenet_v2", imagenet(), (o) => new MobileNetV2(o), {
  series: "MobileNetV2",
  aliases: ["mobilenetv2_100"],
});
