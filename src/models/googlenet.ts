// GoogLeNet: Szegedy et al., Going Deeper with Convolutions (2014), arXiv 1409.4842, table 1 and figure 3, as torchvision
// has it: with batch normalisation, and 3×3 convolutions where the paper has 5×5
// (https://github.com/pytorch/vision/issues/906).

import type { Tensor } from "../core/tensor.js";
import {
  AdaptiveAvgPool2d,
  BatchNorm2d,
  Conv2d,
  Dropout,
  Linear,
  MaxPool2d,
  Module,
  Sequential,
  withAuxiliary,
  type Conv2dLayerOptions,
} from "../nn/index.js";
import { cat, flatten, relu } from "../ops/index.js";
import { gaussian } from "./blocks.js";
import { Classifier, fitting } from "./classifier.js";
import { imagenet } from "../data/preprocessing.js";
import { PLAIN, defineModel, type ModelOptions } from "./model.js";

const weightInit = gaussian(0.01);

class BasicConv2d extends Module {
  readonly conv: Conv2d;
  readonly bn: BatchNorm2d;

  constructor(inChannels: number, outChannels: number, kernelSize: number, options: Conv2dLayerOptions = {}) {
    super();
    this.conv = new Conv2d(inChannels, outChannels, kernelSize, { bias: false, weightInit, ...options });
    this.bn = new BatchNorm2d(outChannels, { eps: 1e-3 });
  }

  forward(x: Tensor): Tensor {
    return relu(this.bn.forward(this.conv.forward(x)));
  }
}

/** Four branches side by side. widths: 1×1; 1×1 before 3×3 and 3×3; the same again; 1×1 behind the pooling. */
class Inception extends Module {
  readonly branch1: BasicConv2d;
  readonly branch2: Sequential;
  readonly branch3: Sequential;
  readonly branch4: Sequential;

  constructor(inChannels: number, ...widths: [number, number, number, number, number, number]) {
    super();
    const [one, before2, two, before3, three, four] = widths;
    const conv3x3 = (from: number, between: number, to: number): Sequential =>
      new Sequential(new BasicConv2d(from, between, 1), new BasicConv2d(between, to, 3, { padding: 1 }));
    this.branch1 = new BasicConv2d(inChannels, one, 1);
    this.branch2 = conv3x3(inChannels, before2, two);
    this.branch3 = conv3x3(inChannels, before3, three);
    const pool = new MaxPool2d(3, { stride: 1, padding: 1, ceilMode: true });
    this.branch4 = new Sequential(pool, new BasicConv2d(inChannels, four, 1));
  }

  forward(x: Tensor): Tensor {
    return cat([this.branch1, this.branch2, this.branch3, this.branch4].map((branch) => branch.forward(x)));
  }
}

/** A classifier in the middle, for training alone. */
class InceptionAux extends Module {
  readonly conv: BasicConv2d;
  readonly fc1: Linear;
  readonly fc2: Linear;
  readonly avgpool = new AdaptiveAvgPool2d(4);
  readonly dropout = new Dropout(0.7);

  constructor(inChannels: number, numClasses: number) {
    super();
    this.conv = new BasicConv2d(inChannels, 128, 1);
    this.fc1 = new Linear(2048, 1024, { weightInit });
    this.fc2 = new Linear(1024, numClasses, { weightInit });
  }

  forward(x: Tensor): Tensor {
    const y = relu(this.fc1.forward(flatten(this.conv.forward(this.avgpool.forward(x)))));
    return this.fc2.forward(this.dropout.forward(y));
  }
}

export interface GoogLeNetOptions extends ModelOptions {
  /** Whether there are auxiliary classifiers for training. Default true. */
  auxHeads?: boolean;
}

const OWN = { auxHeads: true } as const;

export class GoogLeNet extends Classifier {
  readonly conv1: BasicConv2d;
  readonly maxpool1: MaxPool2d | undefined;
  readonly conv2 = new BasicConv2d(64, 64, 1);
  readonly conv3 = new BasicConv2d(64, 192, 3, { padding: 1 });
  readonly maxpool2 = new MaxPool2d(3, { stride: 2, ceilMode: true });
  readonly inception3a = new Inception(192, 64, 96, 128, 16, 32, 32);
  readonly inception3b = new Inception(256, 128, 128, 192, 32, 96, 64);
  readonly maxpool3 = new MaxPool2d(3, { stride: 2, ceilMode: true });
  readonly inception4a = new Inception(480, 192, 96, 208, 16, 48, 64);
  readonly inception4b = new Inception(512, 160, 112, 224, 24, 64, 64);
  readonly inception4c = new Inception(512, 128, 128, 256, 24, 64, 64);
  readonly inception4d = new Inception(512, 112, 144, 288, 32, 64, 64);
  readonly inception4e = new Inception(528, 256, 160, 320, 32, 128, 128);
  readonly maxpool4 = new MaxPool2d(2, { ceilMode: true });
  readonly inception5a = new Inception(832, 256, 160, 320, 32, 128, 128);
  readonly inception5b = new Inception(832, 384, 192, 384, 48, 128, 128);
  readonly aux1: InceptionAux | undefined;
  readonly aux2: InceptionAux | undefined;
  readonly avgpool = new AdaptiveAvgPool2d(1);
  readonly dropout: Dropout;
  readonly fc: Linear;

  constructor(options: GoogLeNetOptions = {}) {
    super(options, OWN);
    const {
      numClasses = 1000,
      inChannels = 3,
      smallImages = false,
      auxHeads = true,
      dropout = 0.2,
    } = options;
    this.conv1 = smallImages
      ? new BasicConv2d(inChannels, 64, 3, { padding: 1 })
      : new BasicConv2d(inChannels, 64, 7, { stride: 2, padding: 3 });
    this.maxpool1 = smallImages ? undefined : new MaxPool2d(3, { stride: 2, ceilMode: true });
    this.aux1 = auxHeads ? new InceptionAux(512, numClasses) : undefined;
    this.aux2 = auxHeads ? new InceptionAux(528, numClasses) : undefined;
    this.dropout = new Dropout(dropout);
    this.fc = new Linear(1024, numClasses, { weightInit });
  }

  protected get heads(): string[] {
    return this.aux1 ? ["fc", "aux1.fc2", "aux2.fc2"] : ["fc"];
  }

  /** The last maps, and those that the auxiliary classifiers see. */
  #stages(x: Tensor): [features: Tensor, four: Tensor, fourD: Tensor] {
    let y = this.conv1.forward(x);
    y = this.maxpool1?.forward(y) ?? y;
    y = this.maxpool2.forward(this.conv3.forward(this.conv2.forward(y)));
    y = this.maxpool3.forward(this.inception3b.forward(this.inception3a.forward(y)));
    const fourA = this.inception4a.forward(y);
    const fourD = this.inception4d.forward(this.inception4c.forward(this.inception4b.forward(fourA)));
    y = this.maxpool4.forward(this.inception4e.forward(fourD));
    return [this.inception5b.forward(this.inception5a.forward(y)), fourA, fourD];
  }

  /** x:[n,h,w,inChannels] → [n,h′,w′,features]; h, w ≥ 15. */
  forwardFeatures(x: Tensor): Tensor {
    return this.#stages(x)[0];
  }

  forwardHead(features: Tensor): Tensor {
    return this.fc.forward(this.dropout.forward(flatten(this.avgpool.forward(features))));
  }

  /** The logits, and in training those of the auxiliary classifiers with weight 0.3, as in the paper: see outputsOf(). */
  override forward(x: Tensor): Tensor {
    const { aux1, aux2 } = this;
    const [features, fourA, fourD] = fitting(this, x, (images) => this.#stages(images));
    const y = this.forwardHead(features);
    if (!this.training || !aux1 || !aux2) return y;
    return withAuxiliary(y, [
      { weight: 0.3, logits: aux2.forward(fourD) },
      { weight: 0.3, logits: aux1.forward(fourA) },
    ]);
  }
}

export const googlenet = defineModel("googlenet", imagenet(), (o?: GoogLeNetOptions) => new GoogLeNet(o), {
  series: "Inception",
  ...PLAIN,
});
