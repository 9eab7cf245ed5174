// ResNet: He, Zhang, Ren and Sun, Deep Residual Learning for Image Recognition (2015), arXiv 1512.03385, table 1, as
// torchvision has it: the stride of a bottleneck is in its 3×3 convolution, shortcuts are projections (option B).
// ResNeXt (Xie et al. 2016, arXiv 1611.05431) and Wide ResNet (Zagoruyko and Komodakis 2016, arXiv 1605.07146) change the
// width and groups of that convolution; the _vd forms (He et al. 2018, arXiv 1812.01187, ResNet-D; PaddleClas) have
// three 3×3 convolutions in the stem and pool in the shortcut; their names in files are timm's.

import { checkFields } from "../errors/options.js";
import type { Tensor } from "../core/tensor.js";
import {
  AdaptiveAvgPool2d,
  BatchNorm2d,
  Dropout,
  Linear,
  MaxPool2d,
  ReLU,
  Sequential,
  type Conv2d,
} from "../nn/index.js";
import { flatten, relu } from "../ops/index.js";
import { rising, sum } from "./blocks.js";
import { Classifier } from "./classifier.js";
import { imagenet } from "../data/preprocessing.js";
import { registerModel, type ModelOptions } from "./registry.js";
import { Block, conv, type Variant } from "./resnet-block.js";

/** The first convolution, to half the size, or three. */
function stem(inChannels: number, vd: boolean, smallImages: boolean): Conv2d | Sequential {
  if (!vd) return smallImages ? conv(inChannels, 64, 3) : conv(inChannels, 64, 7, 2);
  const first = [conv(inChannels, 32, 3, smallImages ? 1 : 2), new BatchNorm2d(32), new ReLU()];
  return new Sequential(...first, conv(32, 32, 3), new BatchNorm2d(32), new ReLU(), conv(32, 64, 3));
}

export class ResNet extends Classifier {
  readonly conv1: Conv2d | Sequential;
  readonly bn1 = new BatchNorm2d(64);
  readonly layer1: Sequential;
  readonly layer2: Sequential;
  readonly layer3: Sequential;
  readonly layer4: Sequential;
  readonly avgpool = new AdaptiveAvgPool2d(1);
  readonly dropout: Dropout | undefined;
  readonly fc: Linear;
  readonly #maxpool: MaxPool2d | undefined;
  protected readonly heads = ["fc"];

  constructor(variant: Variant, options: ModelOptions = {}) {
    super(options);
    checkFields(new.target.name, "variant", variant, { depths: "numbers" });
    const { numClasses = 1000, inChannels = 3, smallImages = false, dropout = 0, dropPath = 0 } = options;
    const { depths, bottleneck = false, vd = false } = variant;
    this.conv1 = stem(inChannels, vd, smallImages);
    this.#maxpool = smallImages ? undefined : new MaxPool2d(3, { stride: 2, padding: 1 });
    let from = 64;
    const drop = rising(dropPath, sum(depths) - 1);
    const stage = (width: number, depth: number, stride: number): Sequential => {
      const to = bottleneck ? 4 * width : width;
      const block = (_: unknown, i: number): Block =>
        new Block(i ? to : from, to, i ? 1 : stride, variant, drop());
      const blocks = Array.from({ length: depth }, block);
      from = to;
      return new Sequential(...blocks);
    };
    this.layer1 = stage(64, depths[0], 1);
    this.layer2 = stage(128, depths[1], 2);
    this.layer3 = stage(256, depths[2], 2);
    this.layer4 = stage(512, depths[3], 2);
    this.dropout = dropout ? new Dropout(dropout) : undefined;
    this.fc = new Linear(from, numClasses);
  }

  /** x:[n,h,w,inChannels] → [n,h′,w′,features]; any h, w from 1, made for ≥ 32. */
  forwardFeatures(x: Tensor): Tensor {
    let y = relu(this.bn1.forward(this.conv1.forward(x)));
    y = this.#maxpool?.forward(y) ?? y;
    for (const stage of [this.layer1, this.layer2, this.layer3, this.layer4]) y = stage.forward(y);
    return y;
  }

  forwardHead(features: Tensor): Tensor {
    const y = flatten(this.avgpool.forward(features));
    return this.fc.forward(this.dropout?.forward(y) ?? y);
  }
}

const deep = { bottleneck: true };
const register = (name: string, depths: Variant["depths"], variant: Omit<Variant, "depths"> = {}) =>
  registerModel(name, imagenet(), (o) => new ResNet({ depths, ...variant }, o));

export const resnet18 = register("resnet18", [2, 2, 2, 2]);
export const resnet34 = register("resnet34", [3, 4, 6, 3]);
export const resnet50 = register("resnet50", [3, 4, 6, 3], deep);
export const resnet101 = register("resnet101", [3, 4, 23, 3], deep);
export const resnet152 = register("resnet152", [3, 8, 36, 3], deep);
export const resnet18_vd = register("resnet18_vd", [2, 2, 2, 2], { vd: true });
export const resnet34_vd = register("resnet34_vd", [3, 4, 6, 3], { vd: true });
export const resnet50_vd = register("resnet50_vd", [3, 4, 6, 3], { ...deep, vd: true });
export const resnet101_vd = register("resnet101_vd", [3, 4, 23, 3], { ...deep, vd: true });
export const resnet152_vd = register("resnet152_vd", [3, 8, 36, 3], { ...deep, vd: true });
export const resnext50_32x4d = register("resnext50_32x4d", [3, 4, 6, 3], { ...deep, groups: 32, widthPerGroup: 4 }); // prettier-ignore
export const resnext101_32x8d = register("resnext101_32x8d", [3, 4, 23, 3], { ...deep, groups: 32, widthPerGroup: 8 }); // prettier-ignore
export const resnext101_64x4d = register("resnext101_64x4d", [3, 4, 23, 3], { ...deep, groups: 64, widthPerGroup: 4 }); // prettier-ignore
export const wide_resnet50_2 = register("wide_resnet50_2", [3, 4, 6, 3], { ...deep, widthPerGroup: 128 });
export const wide_resnet101_2 = register("wide_resnet101_2", [3, 4, 23, 3], { ...deep, widthPerGroup: 128 });
