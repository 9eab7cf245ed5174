// Descriptions of networks of inverted residuals. mobile-net.ts builds them.

import type { Tensor } from "../core/tensor.js";
import * as nn from "../nn/index.js";
import { toEights } from "./blocks.js";

export type Activation = (x: Tensor) => Tensor;

/**
 * - conv: a convolution; a shortcut only with `skip`;
 * - pair: a depthwise and a 1×1 convolution, both activated, no shortcut: MobileNet V1;
 * - separable: the same, the 1×1 convolution not activated, with a shortcut;
 * - inverted: 1×1 to a multiple of the channels, depthwise, 1×1 that is not activated: MobileNet V2, MBConv;
 * - fused: the first two of these in one convolution: EfficientNetV2;
 * - universal: inverted, with a depthwise convolution at the start as well, or none in the middle: MobileNet V4.
 */
export type Kind = "conv" | "pair" | "separable" | "inverted" | "fused" | "universal";

export interface More {
  se?: number; // whether and how far channels are weighed: squeezed channels in parts of the block's input
  activation?: Activation; // instead of the network's
  skip?: boolean;
  start?: number; // for "universal": kernel of the depthwise convolution at the start
  wide?: number; // channels inside, instead of expansion
  /** Number of parts of the channels that the first and the last 1×1 convolution treat separately: MixNet. */
  parts?: readonly [first: number, last: number];
}

/** kernel: for MixNet, of each part of the channels; 0: none. stride: of the first block. */
// prettier-ignore
export type Row = readonly [kind: Kind, kernel: number | readonly number[], stride: number, expansion: number, to: number, blocks: number, more?: More | undefined];

/** Rows of each stage. */
export type Stages = readonly (readonly Row[])[];

export interface MobileVariant {
  stages: Stages;
  stem: number; // channels of the first convolution
  head: number; // channels of the 1×1 convolution before the classifier; 0 for none
  activation: Activation;
  /** Whether that convolution comes after the pooling, as in MobileNet V3, with a bias or a normalisation. */
  pooled?: "bias" | "norm" | "bare";
  gate?: Activation; // activation of the channels' weights. Default sigmoid
  squeezeActivation?: Activation; // between the two layers that weigh channels. Default: as elsewhere
  /** Squeezed channels as a function of the weighed ones. Default: as in the row. */
  squeezed?: (wide: number) => number;
  round?: (n: number) => number; // how widths inside are rounded. Default toEights
  norm?: nn.BatchNorm2dOptions;
  same?: boolean; // whether convolutions are padded as TensorFlow does
  dropout?: number; // default 0.2
  dropPath?: number; // default 0
  downscaled?: boolean; // whether dropout is Paddle's older kind, which scales in evaluation
}

/** A stage. se: squeezed channels in parts of a block's input. */
export type Numbers = readonly [expansion: number, kernel: number, stride: number, to: number, blocks: number, se?: number]; // prettier-ignore

/** Stages of inverted residuals, the first of which does not widen. */
export const invertedStages = (rows: readonly Numbers[], all = 0): Stages =>
  rows.map(([expansion, kernel, stride, to, blocks, se = all], i) => [[i ? "inverted" : "separable", kernel, stride, expansion, to, blocks, { se }]]); // prettier-ignore

/** MobileNet V2's and EfficientNet B0's. */
export const V2 = [[1, 3, 1, 16, 1], [6, 3, 2, 24, 2], [6, 3, 2, 32, 3], [6, 3, 2, 64, 4], [6, 3, 1, 96, 3], [6, 3, 2, 160, 3], [6, 3, 1, 320, 1]] as const; // prettier-ignore
export const B0 = [[1, 3, 1, 16, 1], [6, 3, 2, 24, 2], [6, 5, 2, 40, 2], [6, 3, 2, 80, 3], [6, 5, 1, 112, 3], [6, 5, 2, 192, 4], [6, 3, 1, 320, 1]] as const; // prettier-ignore

export interface Scale {
  width?: number;
  depth?: number;
  repeat?: (n: number) => number; // how numbers of blocks are rounded. Default Math.ceil
  round?: (n: number) => number; // how numbers of channels are rounded. Default toEights
  fixedEnds?: boolean; // whether the first and the last stage keep their number of blocks: EfficientNet-Lite
}

/** Stages of other widths and depths: Tan and Le (2019), arXiv 1905.11946. */
export function scaled(stages: Stages, scale: Scale): Stages {
  const { width = 1, depth = 1, repeat = Math.ceil, round = toEights, fixedEnds = false } = scale;
  return stages.map((rows, s) =>
    rows.map(([kind, kernel, stride, expansion, to, blocks, more]): Row => {
      const fixed = fixedEnds && (s === 0 || s === stages.length - 1);
      const count = fixed ? blocks : Math.max(1, repeat(blocks * depth));
      const inside = more?.wide === undefined ? more : { ...more, wide: round(more.wide * width) };
      return [kind, kernel, stride, expansion, round(to * width), count, inside];
    }),
  );
}
