// ShuffleNet V2: Ma et al., ShuffleNet V2: Practical Guidelines for Efficient CNN Architecture Design (2018), arXiv 1807.11164,
// table 5, as torchvision has it; PaddleClas adds two widths and one with SiLU.

import { checkFields } from "../errors/options.js";
import { imagenet } from "../data/preprocessing.js";
import type { Tensor } from "../core/tensor.js";
import {
  AdaptiveAvgPool2d,
  BatchNorm2d,
  Conv2d,
  Dropout,
  Linear,
  MaxPool2d,
  Module,
  ReLU,
  Sequential,
  SiLU,
} from "../nn/index.js";
import { cat, flatten } from "../ops/index.js";
import { channels, shuffled } from "./blocks.js";
import { Classifier } from "./classifier.js";
import { defineModel, PLAIN, type ModelOptions } from "./model.js";

type Activation = new () => Module;

interface Widths {
  /** Channels of the first convolution, of the three stages, and of the last convolution. */
  widths: readonly [number, number, number, number, number];
  /** Default ReLU. */
  activation?: Activation;
}

const pointwise = (from: number, to: number, Activation: Activation): Module[] => [
  new Conv2d(from, to, 1, { bias: false }),
  new BatchNorm2d(to),
  new Activation(),
];
const depthwise = (n: number, stride: number): Module[] => [
  new Conv2d(n, n, 3, { stride, padding: 1, groups: n, bias: false }),
  new BatchNorm2d(n),
];

/** Half of the channels pass by; with a stride, all go through both branches. The halves are shuffled. */
class Unit extends Module {
  readonly branch1: Sequential | undefined;
  readonly branch2: Sequential;

  constructor(from: number, to: number, stride: number, activation: Activation) {
    super();
    const half = to / 2;
    if (stride > 1)
      this.branch1 = new Sequential(...depthwise(from, stride), ...pointwise(from, half, activation));
    this.branch2 = new Sequential(
      ...pointwise(stride > 1 ? from : half, half, activation),
      ...depthwise(half, stride),
      ...pointwise(half, half, activation),
    );
  }

  forward(x: Tensor): Tensor {
    if (this.branch1) return shuffled(cat([this.branch1.forward(x), this.branch2.forward(x)]));
    const [half, all] = [x.shape[3]! / 2, x.shape[3]!];
    return shuffled(cat([channels(x, 0, half), this.branch2.forward(channels(x, half, all))]));
  }
}

export class ShuffleNetV2 extends Classifier {
  readonly conv1: Sequential;
  readonly stage2: Sequential;
  readonly stage3: Sequential;
  readonly stage4: Sequential;
  readonly conv5: Sequential;
  readonly avgpool = new AdaptiveAvgPool2d(1);
  readonly dropout: Dropout;
  readonly fc: Linear;
  readonly #maxpool: MaxPool2d | undefined;
  protected readonly heads = ["fc"];

  constructor(variant: Widths, options: ModelOptions = {}) {
    super(options);
    checkFields(new.target.name, "variant", variant, { widths: "numbers" });
    const { numClasses = 1000, inChannels = 3, smallImages = false, dropout = 0 } = options;
    const { activation: Activation = ReLU, widths } = variant;
    const [stem, , , , last] = widths;
    this.conv1 = new Sequential(
      new Conv2d(inChannels, stem, 3, { stride: smallImages ? 1 : 2, padding: 1, bias: false }),
      new BatchNorm2d(stem),
      new Activation(),
    );
    this.#maxpool = smallImages ? undefined : new MaxPool2d(3, { stride: 2, padding: 1 });
    const stage = (s: number, blocks: number): Sequential => {
      const [from, to] = [widths[s]!, widths[s + 1]!];
      const unit = (_: unknown, i: number): Unit => new Unit(i ? to : from, to, i ? 1 : 2, Activation);
      return new Sequential(...Array.from({ length: blocks }, unit));
    };
    this.stage2 = stage(0, 4);
    this.stage3 = stage(1, 8);
    this.stage4 = stage(2, 4);
    this.conv5 = new Sequential(...pointwise(widths[3], last, Activation));
    this.dropout = new Dropout(dropout);
    this.fc = new Linear(last, numClasses);
  }

  forwardFeatures(x: Tensor): Tensor {
    let y = this.conv1.forward(x);
    y = this.#maxpool?.forward(y) ?? y;
    for (const stage of [this.stage2, this.stage3, this.stage4, this.conv5]) y = stage.forward(y);
    return y;
  }

  forwardHead(features: Tensor): Tensor {
    return this.fc.forward(this.dropout.forward(flatten(this.avgpool.forward(features))));
  }
}

const shufflenet = (
  name: string,
  alias: string,
  ...[widths, activation]: [Widths["widths"], Activation?]
) => {
  const traits = { series: "ShuffleNetV2", aliases: [alias], ...PLAIN };
  const variant = { widths, ...(activation && { activation }) };
  return defineModel(name, imagenet(), (o) => new ShuffleNetV2(variant, o), traits);
};

export const shufflenet_v2_x0_25 = shufflenet("shufflenet_v2_x0_25", "ShuffleNetV2_x0_25", [24, 24, 48, 96, 512]); // prettier-ignore
export const shufflenet_v2_x0_33 = shufflenet("shufflenet_v2_x0_33", "ShuffleNetV2_x0_33", [24, 32, 64, 128, 512]); // prettier-ignore
export const shufflenet_v2_x0_5 = shufflenet("shufflenet_v2_x0_5", "ShuffleNetV2_x0_5", [24, 48, 96, 192, 1024]); // prettier-ignore
export const shufflenet_v2_x1_0 = shufflenet("shufflenet_v2_x1_0", "ShuffleNetV2_x1_0", [24, 116, 232, 464, 1024]); // prettier-ignore
export const shufflenet_v2_x1_5 = shufflenet("shufflenet_v2_x1_5", "ShuffleNetV2_x1_5", [24, 176, 352, 704, 1024]); // prettier-ignore
export const shufflenet_v2_x2_0 = shufflenet("shufflenet_v2_x2_0", "ShuffleNetV2_x2_0", [24, 244, 488, 976, 2048]); // prettier-ignore
export const shufflenet_v2_swish = shufflenet("shufflenet_v2_swish", "ShuffleNetV2_swish", [24, 116, 232, 464, 1024], SiLU); // prettier-ignore
