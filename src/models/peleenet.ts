// PeleeNet: Wang, Li and Ling, Pelee: A Real-Time Object Detection System on Mobile Devices (2018), arXiv 1804.06882, table 1, as
// PaddleClas has it: a DenseNet whose layers have two ways, one of which sees twice as far.

import type { Tensor } from "../core/tensor.js";
import { imagenet } from "../data/preprocessing.js";
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
import { cat, flatten } from "../ops/index.js";
import { fanOut, gaussian } from "./blocks.js";
import { Classifier } from "./classifier.js";
import { defineModel, PLAIN, type ModelOptions } from "./model.js";

const GROWTH = 32;
/** Layers of each block, and the width of their 1×1 convolutions, in parts of half the growth. */
const BLOCKS = [
  [3, 1],
  [4, 2],
  [8, 4],
  [6, 4],
] as const;

/** Convolution, normalisation, ReLU: "conv", "norm". */
function conv(from: number, to: number, kernelSize: number, stride = 1): Sequential {
  const padding = (kernelSize - 1) / 2;
  return new Sequential({
    conv: new Conv2d(from, to, kernelSize, { stride, padding, bias: false, weightInit: fanOut }),
    norm: new BatchNorm2d(to),
    relu: new ReLU(),
  });
}

/** Half of the growth by one 3×3 convolution, half by two. */
class DenseLayer extends Module {
  readonly branch1a: Sequential;
  readonly branch1b: Sequential;
  readonly branch2a: Sequential;
  readonly branch2b: Sequential;
  readonly branch2c: Sequential;

  constructor(from: number, width: number) {
    super();
    const half = GROWTH / 2;
    const wanted = half * width;
    const inside = wanted > from / 2 ? Math.floor(from / 8) * 4 : wanted;
    this.branch1a = conv(from, inside, 1);
    this.branch1b = conv(inside, half, 3);
    this.branch2a = conv(from, inside, 1);
    this.branch2b = conv(inside, half, 3);
    this.branch2c = conv(half, half, 3);
  }

  forward(x: Tensor): Tensor {
    const near = this.branch1b.forward(this.branch1a.forward(x));
    const far = this.branch2c.forward(this.branch2b.forward(this.branch2a.forward(x)));
    return cat([x, near, far]);
  }
}

/** To a quarter of the size: a strided convolution beside a pooling. */
class StemBlock extends Module {
  readonly stem1: Sequential;
  readonly stem2a: Sequential;
  readonly stem2b: Sequential;
  readonly stem3: Sequential;
  readonly #pool: MaxPool2d | undefined;

  constructor(inChannels: number, small: boolean) {
    super();
    const stride = small ? 1 : 2;
    this.stem1 = conv(inChannels, 32, 3, stride);
    this.stem2a = conv(32, 16, 1);
    this.stem2b = conv(16, 32, 3, stride);
    this.stem3 = conv(64, 32, 1);
    this.#pool = small ? undefined : new MaxPool2d(2);
  }

  forward(x: Tensor): Tensor {
    const y = this.stem1.forward(x);
    const convolved = this.stem2b.forward(this.stem2a.forward(y));
    return this.stem3.forward(cat([this.#pool?.forward(y) ?? y, convolved]));
  }
}

export class PeleeNet extends Classifier {
  readonly features: Sequential;
  readonly avgpool = new AdaptiveAvgPool2d(1);
  readonly dropout: Dropout;
  readonly classifier: Linear;
  protected readonly heads = ["classifier"];

  constructor(options: ModelOptions = {}) {
    super(options);
    const { numClasses = 1000, inChannels = 3, smallImages = false, dropout = 0.05 } = options;
    const layers: Record<string, Module> = { stemblock: new StemBlock(inChannels, smallImages) };
    let from = 32;
    BLOCKS.forEach(([depth, width], i) => {
      const block: Record<string, Module> = {};
      for (let k = 1; k <= depth; k++, from += GROWTH) block[`denselayer${k}`] = new DenseLayer(from, width);
      layers[`denseblock${i + 1}`] = new Sequential(block);
      layers[`transition${i + 1}`] = conv(from, from, 1);
      if (i < BLOCKS.length - 1) layers[`transition${i + 1}_pool`] = new AvgPool2d(2);
    });
    this.features = new Sequential(layers);
    this.dropout = new Dropout(dropout);
    this.classifier = new Linear(from, numClasses, { weightInit: gaussian(0.01), biasInit: init.zeros });
  }

  /** x:[n,h,w,inChannels] → [n,h′,w′,features]; h, w ≥ 32. */
  forwardFeatures(x: Tensor): Tensor {
    return this.features.forward(x);
  }

  forwardHead(features: Tensor): Tensor {
    return this.classifier.forward(this.dropout.forward(flatten(this.avgpool.forward(features))));
  }
}

export const peleenet = defineModel("peleenet", imagenet(), (o) => new PeleeNet(o), {
  series: "PeleeNet",
  aliases: ["PeleeNet"],
  ...PLAIN,
});
