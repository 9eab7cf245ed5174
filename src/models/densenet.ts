// DenseNet: Huang, Liu, van der Maaten and Weinberger, Densely Connected Convolutional Networks (2016), arXiv 1608.06993,
// table 1 (DenseNet-BC), as torchvision has it.

import { checkKinds } from "../errors/options.js";
import { tidy } from "../core/scope.js";
import type { Tensor } from "../core/tensor.js";
import {
  AdaptiveAvgPool2d,
  AvgPool2d,
  BatchNorm2d,
  Conv2d,
  Dropout,
  Linear,
  MaxPool2d,
  Module,
  ReLU,
  Sequential,
} from "../nn/index.js";
import * as init from "../nn/init.js";
import { cat, flatten, relu } from "../ops/index.js";
import { Classifier } from "./classifier.js";
import { imagenet } from "../data/preprocessing.js";
import { PLAIN, defineModel, type ModelOptions } from "./model.js";

function conv(from: number, to: number, kernelSize: number, stride = 1): Conv2d {
  const padding = (kernelSize - 1) / 2;
  return new Conv2d(from, to, kernelSize, { stride, padding, bias: false, weightInit: init.kaimingNormal });
}

/** Batch normalisation first: 1×1 to four times the growth, then 3×3 to the growth. */
class DenseLayer extends Module {
  readonly norm1: BatchNorm2d;
  readonly conv1: Conv2d;
  readonly norm2: BatchNorm2d;
  readonly conv2: Conv2d;

  constructor(channels: number, growth: number) {
    super();
    this.norm1 = new BatchNorm2d(channels);
    this.conv1 = conv(channels, 4 * growth, 1);
    this.norm2 = new BatchNorm2d(4 * growth);
    this.conv2 = conv(4 * growth, growth, 3);
  }

  forward(x: Tensor): Tensor {
    const y = this.conv1.forward(relu(this.norm1.forward(x)));
    return this.conv2.forward(relu(this.norm2.forward(y)));
  }
}

/** Layers each of which sees what all before it gave. */
class DenseBlock extends Sequential {
  constructor(channels: number, growth: number, depth: number) {
    const layer = (_: unknown, i: number): [string, Module] => [
      `denselayer${i + 1}`,
      new DenseLayer(channels + i * growth, growth),
    ];
    super(Object.fromEntries(Array.from({ length: depth }, layer)));
  }

  override forward(x: Tensor): Tensor {
    return this.namedChildren().reduce((y, [, layer]) => tidy(() => cat([y, layer.forward(y)])), x);
  }
}

function transition(from: number, to: number): Sequential {
  return new Sequential({
    norm: new BatchNorm2d(from),
    relu: new ReLU(),
    conv: conv(from, to, 1),
    pool: new AvgPool2d(2),
  });
}

export class DenseNet extends Classifier {
  readonly features: Sequential;
  readonly avgpool = new AdaptiveAvgPool2d(1);
  readonly dropout: Dropout | undefined;
  readonly classifier: Linear;
  protected readonly heads = ["classifier"];

  /** growth: channels that each layer adds; depths: layers of each of the four blocks. */
  constructor(growth: number, depths: readonly number[], options: ModelOptions = {}) {
    super(options);
    checkKinds(new.target.name, { growth, depths }, { growth: "number", depths: "numbers" });
    const { numClasses = 1000, inChannels = 3, smallImages = false, dropout = 0 } = options;
    let channels = 2 * growth;
    const layers: Record<string, Module> = {
      conv0: smallImages ? conv(inChannels, channels, 3) : conv(inChannels, channels, 7, 2),
      norm0: new BatchNorm2d(channels),
      relu0: new ReLU(),
    };
    if (!smallImages) layers.pool0 = new MaxPool2d(3, { stride: 2, padding: 1 });
    depths.forEach((depth, i) => {
      layers[`denseblock${i + 1}`] = new DenseBlock(channels, growth, depth);
      channels += depth * growth;
      if (i === depths.length - 1) return;
      layers[`transition${i + 1}`] = transition(channels, channels / 2);
      channels /= 2;
    });
    layers.norm5 = new BatchNorm2d(channels);
    this.features = new Sequential(layers);
    this.dropout = dropout ? new Dropout(dropout) : undefined;
    this.classifier = new Linear(channels, numClasses, { biasInit: init.zeros });
  }

  /** x:[n,h,w,inChannels] → [n,h′,w′,features]; h, w ≥ 29. */
  forwardFeatures(x: Tensor): Tensor {
    return relu(this.features.forward(x));
  }

  forwardHead(features: Tensor): Tensor {
    const y = flatten(this.avgpool.forward(features));
    return this.classifier.forward(this.dropout?.forward(y) ?? y);
  }
}

const define = (name: string, growth: number, blocks: readonly number[]) => {
  const aliases = [name.replace("densenet", "DenseNet")];
  return defineModel(name, imagenet(), (o) => new DenseNet(growth, blocks, o), {
    series: "DenseNet",
    aliases,
    ...PLAIN,
  });
};

export const densenet121 = define("densenet121", 32, [6, 12, 24, 16]);
export const densenet161 = define("densenet161", 48, [6, 12, 36, 24]);
export const densenet169 = define("densenet169", 32, [6, 12, 32, 32]);
export const densenet201 = define("densenet201", 32, [6, 12, 48, 32]);
export const densenet264 = define("densenet264", 32, [6, 12, 64, 48]);
