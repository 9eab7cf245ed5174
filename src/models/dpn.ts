// DPN: Chen, Li, Xiao, Jin, Yan and Feng, Dual Path Networks (2017), arXiv 1707.01629, table 1, as in timm: some channels get
// sums as in ResNet, and new ones are concatenated as in DenseNet. PaddleClas's form has another eps.

import type { Tensor } from "../core/tensor.js";
import { imagenet } from "../data/preprocessing.js";
import { checkFields } from "../errors/options.js";
import * as nn from "../nn/index.js";
import { add, cat } from "../ops/index.js";
import { channels, convBn, fanOut, rising, sum } from "./blocks.js";
import { Network } from "./head.js";
import { sequence, type Layers } from "./layers.js";
import { defineModel, type ModelOptions } from "./model.js";

/** The differences between the DPNs. */
export interface DPNShape {
  /** Side and channels of the first convolution. */
  stem: readonly [kernelSize: number, channels: number];
  /** Residual channels of the first stage; each later stage has twice as many. */
  residual: number;
  /** Width and groups of the 3×3 convolutions of the first stage. */
  width: number;
  /** Groups of these convolutions. */
  groups: number;
  /** Blocks of each stage. */
  depths: readonly number[];
  /** Channels that each block concatenates, in each stage. */
  growths: readonly number[];
  /** Batch norm's eps. */
  eps: number;
  /** Whether the last 1×1 convolution of a block is two: timm's b. */
  split?: boolean;
}

const conv = (from: number, to: number, size: number, options: nn.Conv2dLayerOptions = {}): nn.Conv2d =>
  new nn.Conv2d(from, to, size, { padding: (size - 1) / 2, bias: false, weightInit: fanOut, ...options });
const bnAct = (n: number, eps: number): Layers => ({ bn: new nn.BatchNorm2d(n, { eps }), act: new nn.ReLU() }); // prettier-ignore

class DualPath extends nn.Module {
  readonly c1x1_w_s1: nn.Module | undefined;
  readonly c1x1_w_s2: nn.Module | undefined;
  readonly c1x1_a: nn.Module;
  readonly c3x3_b: nn.Module;
  readonly c1x1_c: nn.Module;
  readonly c1x1_c1: nn.Module | undefined;
  readonly c1x1_c2: nn.Module | undefined;
  readonly stochasticDepth: nn.StochasticDepth | undefined;
  readonly #residual: number;

  /** first: whether it is the stage's first, which projects its input. */
  constructor(shape: DPNShape, from: number, stage: number, first: boolean, drop: number) {
    super();
    const { groups, eps, split = false } = shape;
    const [residual, width] = [shape.residual * 2 ** stage, shape.width * 2 ** stage];
    const growth = shape.growths[stage]!;
    this.#residual = residual;
    /** Normalise, activate, convolve. */
    const bnConv = (a: number, b: number, size: number, options?: nn.Conv2dLayerOptions): nn.Module =>
      sequence({ ...bnAct(a, eps), conv: conv(a, b, size, options) });
    const stride = first && stage ? 2 : 1;
    if (first) this[`c1x1_w_s${stride}`] = bnConv(from, residual + 2 * growth, 1, { stride });
    this.c1x1_a = bnConv(from, width, 1);
    this.c3x3_b = bnConv(width, width, 3, { stride, groups });
    this.c1x1_c = split ? sequence(bnAct(width, eps)) : bnConv(width, residual + growth, 1);
    if (split) this.c1x1_c1 = conv(width, residual, 1);
    if (split) this.c1x1_c2 = conv(width, growth, 1);
    this.stochasticDepth = drop ? new nn.StochasticDepth(drop) : undefined;
  }

  forward(x: Tensor): Tensor {
    const split = (all: Tensor): Tensor[] => {
      return [channels(all, 0, this.#residual), channels(all, this.#residual, all.shape[3]!)];
    };
    const [past, rest] = split((this.c1x1_w_s1 ?? this.c1x1_w_s2)?.forward(x) ?? x);
    const y = this.c1x1_c.forward(this.c3x3_b.forward(this.c1x1_a.forward(x)));
    const parts = this.c1x1_c1 && [this.c1x1_c1.forward(y), this.c1x1_c2!.forward(y)];
    const [own, fresh] = parts ?? split(y);
    return cat([add(past!, this.stochasticDepth?.forward(own!) ?? own!), rest!, fresh!]);
  }
}

/** Images of any size from 1; made for sizes ≥ 32. */
export class DPN extends Network {
  constructor(shape: DPNShape, options: ModelOptions = {}) {
    super(options);
    checkFields(new.target.name, "shape", shape, { stem: "numbers", depths: "numbers", growths: "numbers" });
    const { stem, residual, depths, growths, eps } = shape;
    const { numClasses = 1000, inChannels = 3, smallImages = false, dropout = 0, dropPath = 0 } = options;
    const drop = rising(dropPath, sum(depths) - 1);
    let from = stem[1];
    const [size, stride] = smallImages ? [3, 1] : [stem[0], 2];
    const blocks: Record<string, nn.Module> = {};
    const conv1_1 = convBn(inChannels, from, size, { stride, norm: { eps } });
    const conv1_pool = smallImages ? undefined : new nn.MaxPool2d(3, { stride: 2, padding: 1 });
    depths.forEach((depth, stage) => {
      for (let i = 0; i < depth; i++) {
        blocks[`conv${stage + 2}_${i + 1}`] = new DualPath(shape, from, stage, !i, drop());
        from = i ? from + growths[stage]! : residual * 2 ** stage + 3 * growths[stage]!;
      }
    });
    const conv5_bn_ac = sequence(bnAct(from, eps));
    const features = sequence({ conv1_1, conv1_pool, ...blocks, conv5_bn_ac });
    const classifier = new nn.Conv2d(from, numClasses, 1);
    this.build({ features }, { dropout: new nn.Dropout(dropout), classifier });
  }
}

/** The authors': the mean of each channel, and one deviation for all. */
const PREPARED = { ...imagenet(224, 256, "bicubic"), mean: [124 / 255, 117 / 255, 104 / 255], std: new Array<number>(3).fill(1 / (0.0167 * 255)) }; // prettier-ignore
const SHAPES = {
  dpn68: { stem: [3, 10], residual: 64, width: 128, groups: 32, depths: [3, 4, 12, 3], growths: [16, 32, 32, 64] },
  dpn92: { stem: [7, 64], residual: 256, width: 96, groups: 32, depths: [3, 4, 20, 3], growths: [16, 32, 24, 128] },
  dpn98: { stem: [7, 96], residual: 256, width: 160, groups: 40, depths: [3, 6, 20, 3], growths: [16, 32, 32, 128] },
  dpn107: { stem: [7, 128], residual: 256, width: 200, groups: 50, depths: [4, 8, 20, 3], growths: [20, 64, 64, 128] },
  dpn131: { stem: [7, 128], residual: 256, width: 160, groups: 40, depths: [4, 8, 28, 3], growths: [16, 32, 32, 128] },
} as const; // prettier-ignore
type Size = keyof typeof SHAPES;

const timm = (size: Size) => defineModel(size, PREPARED, (o) => new DPN({ ...SHAPES[size], eps: 1e-3 }, o), { series: "DPN" }); // prettier-ignore
const paddle = (size: Size) =>
  defineModel(`paddle_${size}`, imagenet(), (o) => new DPN({ ...SHAPES[size], eps: 1e-5 }, o), { series: "DPN", aliases: [size.toUpperCase()] }); // prettier-ignore

/** DPN: 12.6 M parameters, for images of 224 × 224 pixels. */
export const dpn68 = timm("dpn68");
/** DPN: 12.6 M parameters, for images of 224 × 224 pixels. */
export const dpn68b = defineModel("dpn68b", imagenet(224, 235, "bicubic"), (o) => new DPN({ ...SHAPES.dpn68, eps: 1e-3, split: true }, o), { series: "DPN" }); // prettier-ignore
/** DPN: 37.7 M parameters, for images of 224 × 224 pixels. */
export const dpn92 = timm("dpn92");
/** DPN: 61.6 M parameters, for images of 224 × 224 pixels. */
export const dpn98 = timm("dpn98");
/** DPN: 86.9 M parameters, for images of 224 × 224 pixels. */
export const dpn107 = timm("dpn107");
/** DPN: 79.3 M parameters, for images of 224 × 224 pixels. */
export const dpn131 = timm("dpn131");
/** DPN as PaddleClas builds it: 12.6 M parameters, for images of 224 × 224 pixels. Also known as DPN68. */
export const paddle_dpn68 = paddle("dpn68");
/** DPN as PaddleClas builds it: 37.7 M parameters, for images of 224 × 224 pixels. Also known as DPN92. */
export const paddle_dpn92 = paddle("dpn92");
/** DPN as PaddleClas builds it: 61.6 M parameters, for images of 224 × 224 pixels. Also known as DPN98. */
export const paddle_dpn98 = paddle("dpn98");
/** DPN as PaddleClas builds it: 86.9 M parameters, for images of 224 × 224 pixels. Also known as DPN107. */
export const paddle_dpn107 = paddle("dpn107");
/** DPN as PaddleClas builds it: 79.3 M parameters, for images of 224 × 224 pixels. Also known as DPN131. */
export const paddle_dpn131 = paddle("dpn131");
