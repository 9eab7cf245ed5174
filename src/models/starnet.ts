// StarNet: Ma, Dai, Bai, Wang and Fu, Rewrite the Stars (2024), arXiv 2403.19967, table 4, as timm has it: two widenings of the
// same maps are multiplied by each other.

import type { Tensor } from "../core/tensor.js";
import { imagenet } from "../data/preprocessing.js";
import { checkFields } from "../errors/options.js";
import {
  AdaptiveAvgPool2d,
  BatchNorm2d,
  Conv2d,
  Dropout,
  Linear,
  Module,
  ReLU6,
  Sequential,
  StochasticDepth,
} from "../nn/index.js";
import * as init from "../nn/init.js";
import { add, flatten, mul, relu6 } from "../ops/index.js";
import { gaussian, rising, sum } from "./blocks.js";
import { Classifier } from "./classifier.js";
import { defineModel, type ModelOptions } from "./model.js";

const weightInit = gaussian(0.02);

/** "conv", and "bn" where it is normalised. Here convolutions have biases. */
function conv(
  from: number,
  to: number,
  size: number,
  how: { stride?: number; groups?: number; bn?: boolean },
): Sequential {
  const { bn = true, ...rest } = how;
  const padding = (size - 1) / 2;
  const layer = new Conv2d(from, to, size, { padding, weightInit, ...rest });
  return new Sequential({ conv: layer, ...(bn ? { bn: new BatchNorm2d(to) } : {}) });
}

class Block extends Module {
  readonly dwconv: Sequential;
  readonly f1: Sequential;
  readonly f2: Sequential;
  readonly g: Sequential;
  readonly dwconv2: Sequential;
  readonly stochasticDepth: StochasticDepth | undefined;

  constructor(width: number, widening: number, drop: number) {
    super();
    const wide = widening * width;
    this.dwconv = conv(width, width, 7, { groups: width });
    this.f1 = conv(width, wide, 1, { bn: false });
    this.f2 = conv(width, wide, 1, { bn: false });
    this.g = conv(wide, width, 1, {});
    this.dwconv2 = conv(width, width, 7, { groups: width, bn: false });
    this.stochasticDepth = drop ? new StochasticDepth(drop) : undefined;
  }

  forward(x: Tensor): Tensor {
    const y = this.dwconv.forward(x);
    const star = mul(relu6(this.f1.forward(y)), this.f2.forward(y));
    const z = this.dwconv2.forward(this.g.forward(star));
    return add(x, this.stochasticDepth?.forward(z) ?? z);
  }
}

export interface StarNetShape {
  /** Channels of the first stage; each further one has twice as many. */
  width: number;
  /** Blocks of each stage. */
  depths: readonly number[];
  /** How many times the channels are widened before they are multiplied. */
  widening: number;
}

export class StarNet extends Classifier {
  readonly stem: Sequential;
  readonly stages: Sequential;
  readonly norm: BatchNorm2d;
  readonly avgpool = new AdaptiveAvgPool2d(1);
  readonly dropout: Dropout | undefined;
  /** "head" in files. */
  readonly head_: Linear;
  protected readonly heads = ["head"];

  constructor(shape: StarNetShape, options: ModelOptions = {}) {
    super(options);
    checkFields(new.target.name, "shape", shape, { width: "number", depths: "numbers", widening: "number" });
    const { width, depths, widening } = shape;
    const { numClasses = 1000, inChannels = 3, smallImages = false, dropout = 0, dropPath = 0 } = options;
    const drop = rising(dropPath, sum(depths) - 1);
    let from = 32;
    this.stem = new Sequential(conv(inChannels, from, 3, { stride: smallImages ? 1 : 2 }), new ReLU6());
    const stages = depths.map((depth, stage) => {
      const to = width * 2 ** stage;
      const down = conv(from, to, 3, { stride: 2 });
      from = to;
      return new Sequential(down, ...Array.from({ length: depth }, () => new Block(to, widening, drop())));
    });
    this.stages = new Sequential(...stages);
    this.norm = new BatchNorm2d(from);
    this.dropout = dropout ? new Dropout(dropout) : undefined;
    this.head_ = new Linear(from, numClasses, { weightInit, biasInit: init.zeros });
  }

  /** x:[n,h,w,inChannels] → [n,h′,w′,features]; any h, w from 1, made for ≥ 32. */
  forwardFeatures(x: Tensor): Tensor {
    return this.norm.forward(this.stages.forward(this.stem.forward(x)));
  }

  forwardHead(features: Tensor): Tensor {
    const y = flatten(this.avgpool.forward(features));
    return this.head_.forward(this.dropout?.forward(y) ?? y);
  }
}

function starnet(
  name: string,
  width: number,
  depths: readonly number[],
  widening: number,
  ...aliases: string[]
) {
  const shape = { width, depths, widening };
  return defineModel(name, imagenet(224, 256, "bicubic"), (o) => new StarNet(shape, o), {
    series: "StarNet",
    aliases,
  });
}

export const starnet_s050 = starnet("starnet_s050", 16, [1, 1, 3, 1], 3);
export const starnet_s100 = starnet("starnet_s100", 20, [1, 2, 4, 1], 4);
export const starnet_s150 = starnet("starnet_s150", 24, [1, 2, 4, 2], 3);
export const starnet_s1 = starnet("starnet_s1", 24, [2, 2, 8, 3], 4, "StarNet_S1");
export const starnet_s2 = starnet("starnet_s2", 32, [1, 2, 6, 2], 4, "StarNet_S2");
export const starnet_s3 = starnet("starnet_s3", 32, [2, 2, 8, 4], 4, "StarNet_S3");
export const starnet_s4 = starnet("starnet_s4", 32, [3, 3, 12, 5], 4, "StarNet_S4");
