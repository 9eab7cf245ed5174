// ResNet's blocks, plain and bottleneck; resnet.ts names the papers.

import type { Tensor } from "../core/tensor.js";
import { AvgPool2d, BatchNorm2d, Conv2d, Module, Sequential, StochasticDepth } from "../nn/index.js";
import { add, relu } from "../ops/index.js";
import { fanOut } from "./blocks.js";

/** What distinguishes a network of the family. */
export interface Variant {
  /** Blocks of each of the four stages. */
  depths: readonly [number, number, number, number];
  /** Blocks of 1×1, 3×3, 1×1 with four times the width at the end, instead of two 3×3. */
  bottleneck?: boolean;
  groups?: number;
  /** Width of the bottleneck's 3×3 convolution, in parts of a 64-channel stage, for each group. Default 64. */
  widthPerGroup?: number;
  vd?: boolean;
}

/** A convolution that keeps the size but for its stride. */
export function conv(from: number, to: number, kernelSize: number, stride = 1, groups = 1): Conv2d {
  const padding = (kernelSize - 1) / 2;
  return new Conv2d(from, to, kernelSize, { stride, groups, padding, bias: false, weightInit: fanOut });
}

export class Block extends Module {
  readonly conv1: Conv2d;
  readonly bn1: BatchNorm2d;
  readonly conv2: Conv2d;
  readonly bn2: BatchNorm2d;
  readonly conv3: Conv2d | undefined;
  readonly bn3: BatchNorm2d | undefined;
  readonly downsample: Sequential | undefined;
  readonly stochasticDepth: StochasticDepth | undefined;

  /** drop: probability of leaving it out in training. */
  constructor(from: number, to: number, stride: number, variant: Variant, drop = 0) {
    super();
    const { bottleneck = false, groups = 1, widthPerGroup = 64, vd = false } = variant;
    const width = bottleneck ? ((to / 4) * widthPerGroup * groups) / 64 : to;
    this.conv1 = bottleneck ? conv(from, width, 1) : conv(from, width, 3, stride);
    this.bn1 = new BatchNorm2d(width);
    this.conv2 = bottleneck ? conv(width, width, 3, stride, groups) : conv(width, width, 3);
    this.bn2 = new BatchNorm2d(width);
    this.conv3 = bottleneck ? conv(width, to, 1) : undefined;
    this.bn3 = bottleneck ? new BatchNorm2d(to) : undefined;
    this.stochasticDepth = drop ? new StochasticDepth(drop) : undefined;
    if (stride === 1 && from === to) return;
    const pool = new AvgPool2d(stride, { ceilMode: true, countIncludePad: false });
    this.downsample = vd
      ? new Sequential(pool, conv(from, to, 1), new BatchNorm2d(to))
      : new Sequential(conv(from, to, 1, stride), new BatchNorm2d(to));
  }

  forward(x: Tensor): Tensor {
    const y = relu(this.bn1.forward(this.conv1.forward(x)));
    let z = this.bn2.forward(this.conv2.forward(y));
    if (this.conv3 && this.bn3) z = this.bn3.forward(this.conv3.forward(relu(z)));
    z = this.stochasticDepth?.forward(z) ?? z;
    return relu(add(z, this.downsample?.forward(x) ?? x));
  }
}
