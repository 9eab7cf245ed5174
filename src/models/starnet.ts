// StarNet: Ma, Dai, Bai, Wang and Fu, Rewrite the Stars (2024), arXiv 2403.19967, table 4, as in timm: two widenings of the
// same maps are multiplied by each other.

import type { Tensor } from "../core/tensor.js";
import { imagenet } from "../data/preprocessing.js";
import { checkFields } from "../errors/options.js";
import * as nn from "../nn/index.js";
import * as init from "../nn/init.js";
import { mul, relu6 } from "../ops/index.js";
import { gaussian, rising, sum } from "./blocks.js";
import { Network } from "./head.js";
import { Flat, Residual, sequence, times, unnamed } from "./layers.js";
import { defineModel, type ModelOptions } from "./model.js";

const weightInit = gaussian(0.02);

/** "conv", and "bn" if it is normalised. Here convolutions have biases. */
function conv(from: number, to: number, size: number, { stride = 1, groups = 1, bn = true } = {}): nn.Module {
  const layer = new nn.Conv2d(from, to, size, { stride, groups, padding: (size - 1) / 2, weightInit });
  return sequence({ conv: layer, bn: bn ? new nn.BatchNorm2d(to) : undefined });
}

/** The product of two layers' outputs for the same maps. */
class Star extends nn.Sequential {
  override forward(x: Tensor): Tensor {
    const [one, other] = unnamed(this);
    return mul(relu6(one!.forward(x)), other!.forward(x));
  }
}

function blockOf(width: number, widening: number, drop: number): nn.Module {
  const wide = widening * width;
  const dwconv = conv(width, width, 7, { groups: width });
  const f = new Star({ 1: conv(width, wide, 1, { bn: false }), 2: conv(width, wide, 1, { bn: false }) });
  const g = conv(wide, width, 1);
  const dwconv2 = conv(width, width, 7, { groups: width, bn: false });
  return new Flat(new Residual({ dwconv, f, g, dwconv2 }, { drop }));
}

/** The differences between the StarNets. */
export interface StarNetShape {
  /** Channels of the first stage; each further one has twice as many. */
  width: number;
  /** Blocks of each stage. */
  depths: readonly number[];
  /** Widening factor of the channels before they are multiplied. */
  widening: number;
}

/** Images of any size from 1; made for sizes ≥ 32. */
export class StarNet extends Network {
  constructor(shape: StarNetShape, options: ModelOptions = {}) {
    super(options);
    checkFields(new.target.name, "shape", shape, { width: "number", depths: "numbers", widening: "number" });
    const { width, depths, widening } = shape;
    const { numClasses = 1000, inChannels = 3, smallImages = false, dropout = 0, dropPath = 0 } = options;
    const drop = rising(dropPath, sum(depths) - 1);
    let from = 32;
    const first = conv(inChannels, from, 3, { stride: smallImages ? 1 : 2 });
    const stages = depths.map((depth, stage) => {
      const to = width * 2 ** stage;
      const down = conv(from, to, 3, { stride: 2 });
      from = to;
      return new nn.Sequential(down, ...times(depth, () => blockOf(to, widening, drop())));
    });
    const features = { stem: new nn.Sequential(first, new nn.ReLU6()), stages: new nn.Sequential(...stages) };
    const norm = new nn.BatchNorm2d(from);
    const head = new nn.Linear(from, numClasses, { weightInit, biasInit: init.zeros });
    this.build({ ...features, norm }, { dropout: new nn.Dropout(dropout), head });
  }
}

type StarNetNumbers = readonly [width: number, depths: readonly number[], widening: number];

function starnet(name: string, [width, depths, widening]: StarNetNumbers, ...aliases: string[]) {
  const make = (o?: ModelOptions): StarNet => new StarNet({ width, depths, widening }, o);
  return defineModel(name, imagenet(224, 256, "bicubic"), make, { series: "StarNet", aliases });
}

/** StarNet: 542,728 parameters, for images of 224 × 224 pixels. */
export const starnet_s050 = starnet("starnet_s050", [16, [1, 1, 3, 1], 3]);
/** StarNet: 1.04 M parameters, for images of 224 × 224 pixels. */
export const starnet_s100 = starnet("starnet_s100", [20, [1, 2, 4, 1], 4]);
/** StarNet: 1.56 M parameters, for images of 224 × 224 pixels. */
export const starnet_s150 = starnet("starnet_s150", [24, [1, 2, 4, 2], 3]);
/** StarNet: 2.87 M parameters, for images of 224 × 224 pixels. Also known as StarNet_S1. */
export const starnet_s1 = starnet("starnet_s1", [24, [2, 2, 8, 3], 4], "StarNet_S1");
/** StarNet: 3.68 M parameters, for images of 224 × 224 pixels. Also known as StarNet_S2. */
export const starnet_s2 = starnet("starnet_s2", [32, [1, 2, 6, 2], 4], "StarNet_S2");
/** StarNet: 5.75 M parameters, for images of 224 × 224 pixels. Also known as StarNet_S3. */
export const starnet_s3 = starnet("starnet_s3", [32, [2, 2, 8, 4], 4], "StarNet_S3");
/** StarNet: 7.48 M parameters, for images of 224 × 224 pixels. Also known as StarNet_S4. */
export const starnet_s4 = starnet("starnet_s4", [32, [3, 3, 12, 5], 4], "StarNet_S4");
