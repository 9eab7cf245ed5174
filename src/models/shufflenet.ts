// ShuffleNet V2: Ma et al., ShuffleNet V2: Practical Guidelines for Efficient CNN Architecture Design (2018), arXiv 1807.11164,
// table 5, as in torchvision; PaddleClas adds two widths and one with SiLU.

import { imagenet } from "../data/preprocessing.js";
import { checkFields } from "../errors/options.js";
import type { Tensor } from "../core/tensor.js";
import * as nn from "../nn/index.js";
import { cat, channelShuffle } from "../ops/index.js";
import { channels } from "./blocks.js";
import { Network } from "./head.js";
import { repeat, unnamed } from "./layers.js";
import { defineModel, PLAIN, type ModelOptions } from "./model.js";

type Activation = new () => nn.Module;

interface Widths {
  /** Channels of the first convolution, of the three stages, and of the last convolution. */
  widths: readonly [number, number, number, number, number];
  /** Default ReLU. */
  activation?: Activation;
}

const conv = (from: number, to: number, size: number, options: nn.Conv2dLayerOptions = {}): nn.Module[] => [
  new nn.Conv2d(from, to, size, { padding: (size - 1) / 2, bias: false, ...options }),
  new nn.BatchNorm2d(to),
];
const pointwise = (from: number, to: number, Act: Activation) => [...conv(from, to, 1), new Act()];
const depthwise = (n: number, stride: number) => conv(n, n, 3, { stride, groups: n });

/** Half of the channels bypass the block; with a stride, all go through both branches. The halves are shuffled. */
class Unit extends nn.Sequential {
  constructor(from: number, to: number, stride: number, activation: Activation) {
    const half = to / 2;
    const down = stride > 1 ? new nn.Sequential(...depthwise(from, stride), ...pointwise(from, half, activation)) : undefined; // prettier-ignore
    const first = pointwise(down ? from : half, half, activation);
    const branch2 = new nn.Sequential(
      ...first,
      ...depthwise(half, stride),
      ...pointwise(half, half, activation),
    );
    super(down ? { branch1: down, branch2 } : { branch2 });
  }

  override forward(x: Tensor): Tensor {
    const [half, all] = [x.shape[3]! / 2, x.shape[3]!];
    const [one, other] = unnamed(this) as [nn.Module, nn.Module?];
    const both = other ? [one.forward(x), other.forward(x)] : [channels(x, 0, half), one.forward(channels(x, half, all))]; // prettier-ignore
    return channelShuffle(cat(both), 2);
  }
}

/** Images of any size from 1; made for sizes ≥ 32. */
export class ShuffleNetV2 extends Network {
  /** @hidden */
  constructor(variant: Widths, options: ModelOptions = {}) {
    super(options);
    checkFields(new.target.name, "variant", variant, { widths: "numbers" });
    const { numClasses = 1000, inChannels = 3, smallImages = false, dropout = 0 } = options;
    const { activation: Activation = nn.ReLU, widths } = variant;
    const [stem, , , before, last] = widths;
    const stage = (s: number, blocks: number): nn.Module => {
      const [from, to] = [widths[s]!, widths[s + 1]!];
      return repeat(blocks, (i) => new Unit(i ? to : from, to, i ? 1 : 2, Activation));
    };
    const conv1 = conv(inChannels, stem, 3, { stride: smallImages ? 1 : 2 });
    // prettier-ignore
    const features = {
      conv1: new nn.Sequential(...conv1, new Activation()),
      maxpool: smallImages ? undefined : new nn.MaxPool2d(3, { stride: 2, padding: 1 }),
      stage2: stage(0, 4), stage3: stage(1, 8), stage4: stage(2, 4),
      conv5: new nn.Sequential(...pointwise(before, last, Activation)),
    };
    this.build(features, { dropout: new nn.Dropout(dropout), fc: new nn.Linear(last, numClasses) });
  }
}

function shufflenet(name: string, alias: string, widths: Widths["widths"], activation?: Activation) {
  const traits = { series: "ShuffleNetV2", aliases: [alias], ...PLAIN };
  const variant = { widths, ...(activation && { activation }) };
  return defineModel(name, imagenet(), (o) => new ShuffleNetV2(variant, o), traits);
}

/** ShuffleNetV2: 603,688 parameters, for images of 224 × 224 pixels. Also known as ShuffleNetV2_x0_25. */
export const shufflenet_v2_x0_25 = shufflenet("shufflenet_v2_x0_25", "ShuffleNetV2_x0_25", [24, 24, 48, 96, 512]); // prettier-ignore
/** ShuffleNetV2: 647,272 parameters, for images of 224 × 224 pixels. Also known as ShuffleNetV2_x0_33. */
export const shufflenet_v2_x0_33 = shufflenet("shufflenet_v2_x0_33", "ShuffleNetV2_x0_33", [24, 32, 64, 128, 512]); // prettier-ignore
/** ShuffleNetV2: 1.37 M parameters, for images of 224 × 224 pixels. Also known as ShuffleNetV2_x0_5. */
export const shufflenet_v2_x0_5 = shufflenet("shufflenet_v2_x0_5", "ShuffleNetV2_x0_5", [24, 48, 96, 192, 1024]); // prettier-ignore
/** ShuffleNetV2: 2.28 M parameters, for images of 224 × 224 pixels. Also known as ShuffleNetV2_x1_0. */
export const shufflenet_v2_x1_0 = shufflenet("shufflenet_v2_x1_0", "ShuffleNetV2_x1_0", [24, 116, 232, 464, 1024]); // prettier-ignore
/** ShuffleNetV2: 3.50 M parameters, for images of 224 × 224 pixels. Also known as ShuffleNetV2_x1_5. */
export const shufflenet_v2_x1_5 = shufflenet("shufflenet_v2_x1_5", "ShuffleNetV2_x1_5", [24, 176, 352, 704, 1024]); // prettier-ignore
/** ShuffleNetV2: 7.39 M parameters, for images of 224 × 224 pixels. Also known as ShuffleNetV2_x2_0. */
export const shufflenet_v2_x2_0 = shufflenet("shufflenet_v2_x2_0", "ShuffleNetV2_x2_0", [24, 244, 488, 976, 2048]); // prettier-ignore
/** ShuffleNetV2: 2.28 M parameters, for images of 224 × 224 pixels. Also known as ShuffleNetV2_swish. */
export const shufflenet_v2_swish = shufflenet("shufflenet_v2_swish", "ShuffleNetV2_swish", [24, 116, 232, 464, 1024], nn.SiLU); // prettier-ignore
