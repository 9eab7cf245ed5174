// EfficientNet: Tan and Le, EfficientNet: Rethinking Model Scaling for Convolutional Neural Networks (2019), arXiv
// 1905.11946, table 1 and its scalings, as in torchvision. efficientnet-v2.ts has V2, efficientnet-tf.ts the forms with TensorFlow's padding.

import { imagenet, type Preprocessing } from "../data/preprocessing.js";
import { checkFields } from "../errors/options.js";
import * as nn from "../nn/index.js";
import * as init from "../nn/init.js";
import { convNorm, fanOut, rising, sum, toEights, type ConvNormOptions } from "./blocks.js";
import { Network } from "./head.js";
import { repeat, Residual } from "./layers.js";
import { classes } from "./mobile-net.js";
import { B0 } from "./mobile-variant.js";
import { defineModel, type ModelOptions } from "./model.js";

/** Numbers of a stage, and whether its blocks are fused, as in V2. */
// prettier-ignore
export type Stage = readonly [expansion: number, kernelSize: number, stride: number, to: number, blocks: number, fused?: "fused" | undefined];

interface Scaling {
  width: number;
  depth: number;
  dropout: number;
  norm?: nn.BatchNorm2dOptions;
  stages?: readonly Stage[]; // default: B0's
  /** Channels of the first convolution, before scaling, and of the last one. Default 32, and four times the last stage's. */
  stem?: number;
  last?: number;
}

/**
 * Widen, convolve each channel, weigh the channels, narrow. Fused: one convolution instead of the first two, and no weighing.
 */
// prettier-ignore
function layers(from: number, stride: number, [expansion, kernelSize, , to, , fused]: Stage, options: ConvNormOptions): nn.Module[] {
  const wide = toEights(from * expansion);
  const narrow = (): nn.Module => convNorm(wide, to, 1, { ...options, activation: null });
  if (fused && wide === from) return [convNorm(from, to, kernelSize, { ...options, stride })];
  if (fused) return [convNorm(from, wide, kernelSize, { ...options, stride }), narrow()];
  const conv = { weightInit: fanOut, biasInit: init.zeros };
  return [
    ...(wide === from ? [] : [convNorm(from, wide, 1, options)]),
    convNorm(wide, wide, kernelSize, { ...options, stride, groups: wide }),
    new nn.SqueezeExcitation(wide, Math.max(1, Math.floor(from / 4)), { activation: nn.SiLU, conv }),
    narrow(),
  ];
}

/** Images of any size from 1; made for sizes ≥ 32. */
export class EfficientNet extends Network {
  /** @hidden */
  constructor(scaling: Scaling, options: ModelOptions = {}) {
    super(options);
    checkFields(new.target.name, "scaling", scaling, { width: "number", depth: "number", dropout: "number" });
    const { width, depth, norm, stages: rows = B0 as readonly Stage[], stem = 32 } = scaling;
    const { numClasses = 1000, inChannels = 3, smallImages = false } = options;
    const { dropout = scaling.dropout, dropPath = 0.2 } = options;
    const shared = { activation: nn.SiLU, ...(norm ? { norm } : {}) };
    const stages = rows.map(([expansion, size, stride, to, blocks, fused]): Stage => [expansion, size, stride, toEights(to * width), Math.ceil(blocks * depth), fused]); // prettier-ignore
    const drop = rising(dropPath, sum(stages.map((stage) => stage[4])));
    let from = toEights(stem * width);
    const features = [convNorm(inChannels, from, 3, { ...shared, stride: smallImages ? 1 : 2 })];
    for (const row of stages) {
      const block = (i: number): nn.Module => {
        const [stride, to] = [i ? 1 : row[2], row[3]];
        const made = new nn.Sequential(...layers(from, stride, row, shared));
        const residual = new Residual({ block: made }, { adds: stride === 1 && from === to, drop: drop() });
        from = to;
        return residual;
      };
      features.push(repeat(row[4], block));
    }
    const { last = 4 * from } = scaling;
    features.push(convNorm(from, last, 1, shared));
    const classifier = new nn.Sequential(new nn.Dropout(dropout), classes(last, numClasses));
    this.build({ features: new nn.Sequential(...features) }, { classifier });
  }
}

type Numbers = [width: number, depth: number, dropout: number, norm?: nn.BatchNorm2dOptions];
const register = (name: string, prepared: Preprocessing, ...[width, depth, dropout, norm]: Numbers) =>
  defineModel(name, prepared, (o) => new EfficientNet({ width, depth, dropout, ...(norm ? { norm } : {}) }, o), { series: "EfficientNet" }); // prettier-ignore

/** The statistics of B5 and larger, which were converted from TensorFlow. */
const SLOW = { eps: 1e-3, momentum: 0.01 };

/** EfficientNet: 5.29 M parameters, for images of 224 × 224 pixels. */
export const efficientnet_b0 = register("efficientnet_b0", imagenet(224, 256, "bicubic"), 1.0, 1.0, 0.2);
/** EfficientNet: 7.79 M parameters, for images of 240 × 240 pixels. */
export const efficientnet_b1 = register("efficientnet_b1", imagenet(240, 256, "bicubic"), 1.0, 1.1, 0.2);
/** EfficientNet: 9.11 M parameters, for images of 288 × 288 pixels. */
export const efficientnet_b2 = register("efficientnet_b2", imagenet(288, 288, "bicubic"), 1.1, 1.2, 0.3);
/** EfficientNet: 12.2 M parameters, for images of 300 × 300 pixels. */
export const efficientnet_b3 = register("efficientnet_b3", imagenet(300, 320, "bicubic"), 1.2, 1.4, 0.3);
/** EfficientNet: 19.3 M parameters, for images of 380 × 380 pixels. */
export const efficientnet_b4 = register("efficientnet_b4", imagenet(380, 384, "bicubic"), 1.4, 1.8, 0.4);
/** EfficientNet: 30.4 M parameters, for images of 456 × 456 pixels. */
export const efficientnet_b5 = register("efficientnet_b5", imagenet(456, 456, "bicubic"), 1.6, 2.2, 0.4, SLOW); // prettier-ignore
/** EfficientNet: 43.0 M parameters, for images of 528 × 528 pixels. */
export const efficientnet_b6 = register("efficientnet_b6", imagenet(528, 528, "bicubic"), 1.8, 2.6, 0.5, SLOW); // prettier-ignore
/** EfficientNet: 66.3 M parameters, for images of 600 × 600 pixels. */
export const efficientnet_b7 = register("efficientnet_b7", imagenet(600, 600, "bicubic"), 2.0, 3.1, 0.5, SLOW); // prettier-ignore
