// The ResNets for CIFAR-10: He, Zhang, Ren and Sun (2015), arXiv 1512.03385, section 4.2. Shortcuts have no parameters
// (option A): every second pixel, zeros for the new channels, half of them before and half after, as in Idelbayev's
// implementation (https://github.com/akamaster/pytorch_resnet_cifar10), which also has these parameter names.

import type { Tensor } from "../core/tensor.js";
import { imagenet } from "../data/preprocessing.js";
import { checkKinds } from "../errors/options.js";
import * as nn from "../nn/index.js";
import * as init from "../nn/init.js";
import { pad, slice } from "../ops/index.js";
import { rising } from "./blocks.js";
import { Network } from "./head.js";
import { Apply, repeat, Residual } from "./layers.js";
import { defineModel, SMALL, type ModelOptions } from "./model.js";

const conv3x3 = (from: number, to: number, stride = 1) =>
  new nn.Conv2d(from, to, 3, { stride, padding: 1, bias: false, weightInit: init.kaimingNormal });

/** Every second row and column, with zero channels before and after. */
function subsampled(x: Tensor, to: number): Tensor {
  const more = (to - x.shape[3]!) / 2;
  const y = slice(x, [{}, { step: 2 }, { step: 2 }, {}]);
  return pad(y, [0, 0, 0, Math.floor(more)], [0, 0, 0, Math.ceil(more)]);
}

function block(from: number, to: number, stride: number, drop: number): nn.Module {
  const [conv1, bn1] = [conv3x3(from, to, stride), new nn.BatchNorm2d(to)];
  const layers = { conv1, bn1, relu: new nn.ReLU(), conv2: conv3x3(to, to), bn2: new nn.BatchNorm2d(to) };
  const subsample = stride > 1 ? new Apply((x) => subsampled(x, to)) : undefined;
  return new Residual(layers, { shortcut: { subsample }, relu: true, drop });
}

/**
 * ResNet for CIFAR's 32 × 32 pixels, with shortcuts that subsample and pad with zeros. He, Zhang, Ren and
 * Sun, Deep Residual Learning for Image Recognition (2015), section 4.2, https://arxiv.org/abs/1512.03385.
 */
export class CifarResNet extends Network {
  /** depth: blocks of each of the three stages; layers = 6·depth + 2. */
  constructor(depth: number, options: ModelOptions = {}) {
    super(options);
    checkKinds(new.target.name, { depth }, { depth: "number" });
    const { numClasses = 10, inChannels = 3, dropout = 0, dropPath = 0 } = options;
    const drop = rising(dropPath, 3 * depth - 1);
    const stage = (from: number, to: number, stride: number): nn.Module =>
      repeat(depth, (i) => block(i ? to : from, to, i ? 1 : stride, drop()));
    const stem = { conv1: conv3x3(inChannels, 16), bn1: new nn.BatchNorm2d(16), relu: new nn.ReLU() };
    const features = {
      ...stem,
      layer1: stage(16, 16, 1),
      layer2: stage(16, 32, 2),
      layer3: stage(32, 64, 2),
    };
    const linear = new nn.Linear(64, numClasses, { weightInit: init.kaimingNormal });
    this.build(features, { dropout: new nn.Dropout(dropout), linear });
  }
}

/** Their authors normalise CIFAR by ImageNet's statistics. */
const SIZE = imagenet(32, 32);
const TRAITS = { series: "ResNet", ...SMALL };

/** ResNet: 269,722 parameters, for images of 32 × 32 pixels. */
export const resnet20_cifar = defineModel("resnet20_cifar", SIZE, (o) => new CifarResNet(3, o), TRAITS);
/** ResNet: 464,154 parameters, for images of 32 × 32 pixels. */
export const resnet32_cifar = defineModel("resnet32_cifar", SIZE, (o) => new CifarResNet(5, o), TRAITS);
/** ResNet: 658,586 parameters, for images of 32 × 32 pixels. */
export const resnet44_cifar = defineModel("resnet44_cifar", SIZE, (o) => new CifarResNet(7, o), TRAITS);
/** ResNet: 853,018 parameters, for images of 32 × 32 pixels. */
export const resnet56_cifar = defineModel("resnet56_cifar", SIZE, (o) => new CifarResNet(9, o), TRAITS);
/** ResNet: 1.73 M parameters, for images of 32 × 32 pixels. */
export const resnet110_cifar = defineModel("resnet110_cifar", SIZE, (o) => new CifarResNet(18, o), TRAITS);
