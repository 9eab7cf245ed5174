// ResNet: He, Zhang, Ren and Sun, Deep Residual Learning for Image Recognition (2015), arXiv 1512.03385, table 1, as
// torchvision has it: the stride of a bottleneck is in its 3×3 convolution, shortcuts are projections (option B).

import type { Tensor } from "../core/tensor.js";
import {
  AdaptiveAvgPool2d,
  BatchNorm2d,
  Conv2d,
  init,
  Linear,
  MaxPool2d,
  Module,
  Sequential,
} from "../nn/index.js";
import { add, flatten, relu } from "../ops/index.js";
import { registerModel, type ModelOptions } from "./registry.js";

function conv(inChannels: number, outChannels: number, kernelSize: number, stride = 1): Conv2d {
  const layer = new Conv2d(inChannels, outChannels, kernelSize, {
    stride,
    padding: (kernelSize - 1) / 2,
    bias: false,
  });
  init.kaimingNormal(layer.weight, { mode: "fanOut", nonlinearity: "relu" });
  return layer;
}

/** The shortcut's projection where the block changes size or width, else none. */
function projection(inChannels: number, outChannels: number, stride: number): Sequential | undefined {
  if (stride === 1 && inChannels === outChannels) return undefined;
  return new Sequential(conv(inChannels, outChannels, 1, stride), new BatchNorm2d(outChannels));
}

class BasicBlock extends Module {
  static readonly expansion = 1;
  readonly conv1: Conv2d;
  readonly bn1: BatchNorm2d;
  readonly conv2: Conv2d;
  readonly bn2: BatchNorm2d;
  readonly downsample: Sequential | undefined;

  constructor(inChannels: number, width: number, stride: number) {
    super();
    this.conv1 = conv(inChannels, width, 3, stride);
    this.bn1 = new BatchNorm2d(width);
    this.conv2 = conv(width, width, 3);
    this.bn2 = new BatchNorm2d(width);
    this.downsample = projection(inChannels, width, stride);
  }

  forward(x: Tensor): Tensor {
    const y = relu(this.bn1.forward(this.conv1.forward(x)));
    return relu(add(this.bn2.forward(this.conv2.forward(y)), this.downsample?.forward(x) ?? x));
  }
}

class Bottleneck extends Module {
  static readonly expansion = 4;
  readonly conv1: Conv2d;
  readonly bn1: BatchNorm2d;
  readonly conv2: Conv2d;
  readonly bn2: BatchNorm2d;
  readonly conv3: Conv2d;
  readonly bn3: BatchNorm2d;
  readonly downsample: Sequential | undefined;

  constructor(inChannels: number, width: number, stride: number) {
    super();
    this.conv1 = conv(inChannels, width, 1);
    this.bn1 = new BatchNorm2d(width);
    this.conv2 = conv(width, width, 3, stride);
    this.bn2 = new BatchNorm2d(width);
    this.conv3 = conv(width, 4 * width, 1);
    this.bn3 = new BatchNorm2d(4 * width);
    this.downsample = projection(inChannels, 4 * width, stride);
  }

  forward(x: Tensor): Tensor {
    let y = relu(this.bn1.forward(this.conv1.forward(x)));
    y = relu(this.bn2.forward(this.conv2.forward(y)));
    return relu(add(this.bn3.forward(this.conv3.forward(y)), this.downsample?.forward(x) ?? x));
  }
}

export class ResNet extends Module {
  readonly conv1: Conv2d;
  readonly bn1: BatchNorm2d;
  readonly layer1: Sequential;
  readonly layer2: Sequential;
  readonly layer3: Sequential;
  readonly layer4: Sequential;
  readonly fc: Linear;
  readonly #maxpool = new MaxPool2d(3, { stride: 2, padding: 1 });
  readonly #avgpool = new AdaptiveAvgPool2d(1);

  /** depths: blocks of each of the four stages. */
  constructor(
    Block: typeof BasicBlock | typeof Bottleneck,
    depths: readonly [number, number, number, number],
    { numClasses = 1000, inChannels = 3 }: ModelOptions = {},
  ) {
    super();
    let channels = 64;
    const stage = (width: number, depth: number, stride: number): Sequential => {
      const blocks = Array.from({ length: depth }, (_, i) => {
        const block = new Block(channels, width, i === 0 ? stride : 1);
        channels = width * Block.expansion;
        return block;
      });
      return new Sequential(...blocks);
    };
    this.conv1 = conv(inChannels, channels, 7, 2);
    this.bn1 = new BatchNorm2d(channels);
    this.layer1 = stage(64, depths[0], 1);
    this.layer2 = stage(128, depths[1], 2);
    this.layer3 = stage(256, depths[2], 2);
    this.layer4 = stage(512, depths[3], 2);
    this.fc = new Linear(channels, numClasses);
  }

  /** x:[n,h,w,inChannels] → logits [n,numClasses]; h, w ≥ 32. */
  forward(x: Tensor): Tensor {
    let y = this.#maxpool.forward(relu(this.bn1.forward(this.conv1.forward(x))));
    for (const stage of [this.layer1, this.layer2, this.layer3, this.layer4]) y = stage.forward(y);
    return this.fc.forward(flatten(this.#avgpool.forward(y)));
  }
}

const SIZE = [224, 224, 3] as const;

export const resnet18 = registerModel("resnet18", SIZE, (o) => new ResNet(BasicBlock, [2, 2, 2, 2], o));
export const resnet34 = registerModel("resnet34", SIZE, (o) => new ResNet(BasicBlock, [3, 4, 6, 3], o));
export const resnet50 = registerModel("resnet50", SIZE, (o) => new ResNet(Bottleneck, [3, 4, 6, 3], o));
export const resnet101 = registerModel("resnet101", SIZE, (o) => new ResNet(Bottleneck, [3, 4, 23, 3], o));
export const resnet152 = registerModel("resnet152", SIZE, (o) => new ResNet(Bottleneck, [3, 8, 36, 3], o));
