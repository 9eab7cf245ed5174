// EfficientNet: Tan and Le, EfficientNet: Rethinking Model Scaling for Convolutional Neural Networks (2019), arXiv
// 1905.11946, table 1 and its scalings, as torchvision has it. efficientnet-v2.ts has V2, efficientnet-tf.ts what TensorFlow pads.

import { imagenet, type Preprocessing } from "../data/preprocessing.js";
import type { Tensor } from "../core/tensor.js";
import { checkFields } from "../errors/options.js";
import * as nn from "../nn/index.js";
import * as init from "../nn/init.js";
import { convNorm, fanOut, rising, sum, toEights, type ConvNormOptions } from "./blocks.js";
import { Network } from "./head.js";
import { repeat, Residual } from "./layers.js";
import { defineModel, type ModelOptions } from "./model.js";

/** Of a stage, and whether its blocks are fused: V2. */
// prettier-ignore
export type Stage = readonly [expansion: number, kernelSize: number, stride: number, to: number, blocks: number, fused?: "fused"];

/** B0. */
const STAGES: readonly Stage[] = [[1, 3, 1, 16, 1], [6, 3, 2, 24, 2], [6, 5, 2, 40, 2], [6, 3, 2, 80, 3], [6, 5, 1, 112, 3], [6, 5, 2, 192, 4], [6, 3, 1, 320, 1]]; // prettier-ignore

interface Scaling {
  width: number;
  depth: number;
  dropout: number;
  norm?: nn.BatchNorm2dOptions;
  /** Default: B0's. */
  stages?: readonly Stage[];
  /** Channels of the first convolution, before scaling, and of the last one. Default 32, and four times the last stage's. */
  stem?: number;
  last?: number;
}

interface BlockShape {
  from: number;
  to: number;
  expansion: number;
  kernelSize: number;
  stride: number;
  options: ConvNormOptions;
}

/** One convolution instead of MBConv's first two, and no weighing: EfficientNetV2's blocks of the first stages. */
function fusedLayers({ from, to, expansion, kernelSize, stride, options }: BlockShape): nn.Module[] {
  const wide = toEights(from * expansion);
  if (wide === from) return [convNorm(from, to, kernelSize, { ...options, stride })];
  const first = convNorm(from, wide, kernelSize, { ...options, stride });
  return [first, convNorm(wide, to, 1, { ...options, activation: null })];
}

/** Widen, convolve each channel, weigh the channels, narrow. */
function layers({ from, to, expansion, kernelSize, stride, options }: BlockShape): nn.Module[] {
  const wide = toEights(from * expansion);
  const conv = { weightInit: fanOut, biasInit: init.zeros };
  return [
    ...(wide === from ? [] : [convNorm(from, wide, 1, options)]),
    convNorm(wide, wide, kernelSize, { ...options, stride, groups: wide }),
    new nn.SqueezeExcitation(wide, Math.max(1, Math.floor(from / 4)), { activation: nn.SiLU, conv }),
    convNorm(wide, to, 1, { ...options, activation: null }),
  ];
}

/** Images of any size from 1, made for ≥ 32. */
export class EfficientNet extends Network {
  constructor(scaling: Scaling, options: ModelOptions = {}) {
    super(options);
    checkFields(new.target.name, "scaling", scaling, { width: "number", depth: "number", dropout: "number" });
    const { width, depth, norm, stages: rows = STAGES, stem = 32 } = scaling;
    const { numClasses = 1000, inChannels = 3, smallImages = false } = options;
    const { dropout = scaling.dropout, dropPath = 0.2 } = options;
    const shared = { activation: nn.SiLU, ...(norm ? { norm } : {}) };
    const stages = rows.map(([expansion, kernelSize, stride, to, blocks, fused]) => {
      const scaled = { to: toEights(to * width), blocks: Math.ceil(blocks * depth) };
      return { expansion, kernelSize, stride, fused: fused !== undefined, ...scaled };
    });
    const drop = rising(dropPath, sum(stages.map(({ blocks }) => blocks)));
    let from = toEights(stem * width);
    const features = [convNorm(inChannels, from, 3, { ...shared, stride: smallImages ? 1 : 2 })];
    for (const { blocks, stride, fused, ...shape } of stages) {
      const block = (i: number): nn.Module => {
        const place = { from: i ? shape.to : from, stride: i ? 1 : stride, options: shared };
        const made = (fused ? fusedLayers : layers)({ ...shape, ...place });
        const adds = place.stride === 1 && place.from === shape.to;
        return new Residual({ block: new nn.Sequential(...made) }, { adds, drop: drop() });
      };
      features.push(repeat(blocks, block));
      from = shape.to;
    }
    const { last = 4 * from } = scaling;
    features.push(convNorm(from, last, 1, shared));
    const bound = 1 / Math.sqrt(numClasses);
    const weightInit = (w: Tensor): Tensor => init.uniform(w, -bound, bound);
    const head = new nn.Linear(last, numClasses, { weightInit, biasInit: init.zeros });
    const classifier = new nn.Sequential(new nn.Dropout(dropout), head);
    this.build({ features: new nn.Sequential(...features) }, { classifier });
  }
}

type Numbers = [width: number, depth: number, dropout: number, norm?: nn.BatchNorm2dOptions];
const register = (name: string, prepared: Preprocessing, ...[width, depth, dropout, norm]: Numbers) =>
  defineModel(name, prepared, (o) => new EfficientNet({ width, depth, dropout, ...(norm ? { norm } : {}) }, o), { series: "EfficientNet" }); // prettier-ignore

/** The statistics of B5 and larger, which were converted from TensorFlow. */
const SLOW = { eps: 1e-3, momentum: 0.01 };

export const efficientnet_b0 = register("efficientnet_b0", imagenet(224, 256, "bicubic"), 1.0, 1.0, 0.2);
export const efficientnet_b1 = register("efficientnet_b1", imagenet(240, 256, "bicubic"), 1.0, 1.1, 0.2);
export const efficientnet_b2 = register("efficientnet_b2", imagenet(288, 288, "bicubic"), 1.1, 1.2, 0.3);
export const efficientnet_b3 = register("efficientnet_b3", imagenet(300, 320, "bicubic"), 1.2, 1.4, 0.3);
export const efficientnet_b4 = register("efficientnet_b4", imagenet(380, 384, "bicubic"), 1.4, 1.8, 0.4);
export const efficientnet_b5 = register("efficientnet_b5", imagenet(456, 456, "bicubic"), 1.6, 2.2, 0.4, SLOW); // prettier-ignore
export const efficientnet_b6 = register("efficientnet_b6", imagenet(528, 528, "bicubic"), 1.8, 2.6, 0.5, SLOW); // prettier-ignore
export const efficientnet_b7 = register("efficientnet_b7", imagenet(600, 600, "bicubic"), 2.0, 3.1, 0.5, SLOW); // prettier-ignore
