// The ResNets for CIFAR-10: He, Zhang, Ren and Sun (2015), arXiv 1512.03385, section 4.2. Shortcuts have no parameters
// (option A): every second pixel, zeros for the new channels, half of them before and half after, as the implementation by
// Idelbayev does it (https://github.com/akamaster/pytorch_resnet_cifar10), whose parameter names these are.

import { checkKinds } from "../errors/options.js";
import type { Tensor } from "../core/tensor.js";
import * as nn from "../nn/index.js";
import * as init from "../nn/init.js";
import { add, flatten, pad, relu, slice } from "../ops/index.js";
import { rising } from "./blocks.js";
import { Classifier } from "./classifier.js";
import { imagenet } from "../data/preprocessing.js";
import { defineModel, SMALL, type ModelOptions } from "./model.js";

function conv3x3(inChannels: number, outChannels: number, stride = 1): nn.Conv2d {
  const weightInit = init.kaimingNormal;
  return new nn.Conv2d(inChannels, outChannels, 3, { stride, padding: 1, bias: false, weightInit });
}

/** Every second row and column, with zero channels around. */
function subsample(x: Tensor, channels: number): Tensor {
  const more = (channels - x.shape[3]!) / 2;
  const y = slice(x, [{}, { step: 2 }, { step: 2 }, {}]);
  return pad(y, [0, 0, 0, Math.floor(more)], [0, 0, 0, Math.ceil(more)]);
}

class Block extends nn.Module {
  readonly conv1: nn.Conv2d;
  readonly bn1: nn.BatchNorm2d;
  readonly conv2: nn.Conv2d;
  readonly bn2: nn.BatchNorm2d;
  readonly stochasticDepth: nn.StochasticDepth | undefined;
  readonly #stride: number;

  constructor(inChannels: number, channels: number, stride: number, drop: number) {
    super();
    this.conv1 = conv3x3(inChannels, channels, stride);
    this.bn1 = new nn.BatchNorm2d(channels);
    this.conv2 = conv3x3(channels, channels);
    this.bn2 = new nn.BatchNorm2d(channels);
    this.stochasticDepth = drop ? new nn.StochasticDepth(drop) : undefined;
    this.#stride = stride;
  }

  forward(x: Tensor): Tensor {
    const y = relu(this.bn1.forward(this.conv1.forward(x)));
    const shortcut = this.#stride === 1 ? x : subsample(x, this.conv2.weight.shape[3]!);
    const z = this.bn2.forward(this.conv2.forward(y));
    return relu(add(this.stochasticDepth?.forward(z) ?? z, shortcut));
  }
}

export class CifarResNet extends Classifier {
  readonly conv1: nn.Conv2d;
  readonly bn1: nn.BatchNorm2d;
  readonly layer1: nn.Sequential;
  readonly layer2: nn.Sequential;
  readonly layer3: nn.Sequential;
  readonly dropout: nn.Dropout | undefined;
  readonly linear: nn.Linear;
  readonly #avgpool = new nn.AdaptiveAvgPool2d(1);
  protected readonly heads = ["linear"];

  /** depth: blocks of each of the three stages; layers = 6·depth + 2. */
  constructor(depth: number, options: ModelOptions = {}) {
    super(options);
    checkKinds(new.target.name, { depth }, { depth: "number" });
    const { numClasses = 10, inChannels = 3, dropout = 0, dropPath = 0 } = options;
    const drop = rising(dropPath, 3 * depth - 1);
    const stage = (from: number, to: number, stride: number): nn.Sequential =>
      new nn.Sequential(
        ...Array.from({ length: depth }, (_, i) => new Block(i ? to : from, to, i ? 1 : stride, drop())),
      );
    this.conv1 = conv3x3(inChannels, 16);
    this.bn1 = new nn.BatchNorm2d(16);
    this.layer1 = stage(16, 16, 1);
    this.layer2 = stage(16, 32, 2);
    this.layer3 = stage(32, 64, 2);
    this.dropout = dropout ? new nn.Dropout(dropout) : undefined;
    this.linear = new nn.Linear(64, numClasses, { weightInit: init.kaimingNormal });
  }

  forwardFeatures(x: Tensor): Tensor {
    let y = relu(this.bn1.forward(this.conv1.forward(x)));
    for (const stage of [this.layer1, this.layer2, this.layer3]) y = stage.forward(y);
    return y;
  }

  forwardHead(features: Tensor): Tensor {
    const y = flatten(this.#avgpool.forward(features));
    return this.linear.forward(this.dropout?.forward(y) ?? y);
  }
}

/** Their authors normalise CIFAR by ImageNet's statistics. */
const SIZE = imagenet(32, 32);
const TRAITS = { series: "ResNet", ...SMALL };

export const resnet20_cifar = defineModel("resnet20_cifar", SIZE, (o) => new CifarResNet(3, o), TRAITS);
export const resnet32_cifar = defineModel("resnet32_cifar", SIZE, (o) => new CifarResNet(5, o), TRAITS);
export const resnet44_cifar = defineModel("resnet44_cifar", SIZE, (o) => new CifarResNet(7, o), TRAITS);
export const resnet56_cifar = defineModel("resnet56_cifar", SIZE, (o) => new CifarResNet(9, o), TRAITS);
export const resnet110_cifar = defineModel("resnet110_cifar", SIZE, (o) => new CifarResNet(18, o), TRAITS);
