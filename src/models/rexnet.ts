// ReXNet: Han et al., Rethinking Channel Dimensions for Efficient Model Design (2020), arXiv 2007.00992: channels grow from block
// to block, and shortcuts are added to the first of them. As timm has it.

import { checkKinds } from "../errors/options.js";
import type { Tensor } from "../core/tensor.js";
import * as nn from "../nn/index.js";
import * as init from "../nn/init.js";
import { pad, sigmoid } from "../ops/index.js";
import { rising, roundToEven } from "./blocks.js";
import { Network } from "./head.js";
import { Apply, Gate, Residual, sequence } from "./layers.js";
import { prepared } from "./mobile-net.js";
import { mobileConv, normedBy, type ConvShape } from "./mobile-parts.js";
import { defineModel, type ModelOptions } from "./model.js";

const conv = (from: number, to: number, kernelSize = 1, shape: ConvShape = {}): nn.Conv2d =>
  mobileConv({}, from, to, kernelSize, shape);
const normed = (...args: Parameters<typeof conv>): nn.Module => normedBy(undefined, conv(...args));

/** Weighs channels, with a normalisation between the two layers. */
const squeeze = (wide: number, squeezed: number): nn.Module =>
  new Gate({
    fc1: conv(wide, squeezed, 1, { bias: true }),
    bn: new nn.BatchNorm2d(squeezed),
    relu: new nn.ReLU(),
    fc2: conv(squeezed, wide, 1, { bias: true }),
    sigmoid: new Apply(sigmoid),
  });

/** Strides of the blocks; the first does not widen, the first three do not weigh. */
const STRIDES = [1, 2, 1, 2, 1, 2, 1, 1, 1, 1, 1, 2, 1, 1, 1, 1];

/** drop: probability of leaving it out in training. */
function bottleneck(index: number, from: number, to: number, drop: number): nn.Module {
  const wide = index ? 6 * from : from;
  const adds = STRIDES[index] === 1 && from <= to;
  const layers = {
    convExp: index ? normed(from, wide) : undefined,
    act: index ? new nn.SiLU() : undefined,
    convDw: normed(wide, wide, 3, { stride: STRIDES[index]!, groups: wide }),
    se: index > 2 ? squeeze(wide, Math.floor(wide * (1 / 12))) : undefined,
    actDw: new nn.ReLU6(),
    convPwl: normed(wide, to),
  };
  const widened = new Apply((x) => pad(x, [0, 0, 0, 0], [0, 0, 0, to - from]));
  return new Residual(layers, { adds, shortcut: { widened: adds && to > from ? widened : undefined }, drop });
}

/** Images of any size from 1; made for sizes ≥ 32. */
export class ReXNet extends Network {
  /** width: channels relative to ReXNet 1.0's, at least 1. */
  constructor(width: number, options: ModelOptions = {}) {
    super(options);
    checkKinds(new.target.name, { width }, { width: "number" });
    const { numClasses = 1000, inChannels = 3, smallImages = false, dropout = 0.2, dropPath = 0 } = options;
    const drop = rising(dropPath, STRIDES.length);
    const first = roundToEven(32 * width);
    const widths = STRIDES.map((_, i) => roundToEven((16 + (180 / STRIDES.length) * i) * width));
    const stem = normed(inChannels, first, 3, { stride: smallImages ? 1 : 2 });
    const blocks = widths.map((to, i) => bottleneck(i, widths[i - 1] ?? first, to, drop()));
    const last = Math.floor(1280 * width);
    const bound = 1 / Math.sqrt(numClasses);
    const weightInit = (weight: Tensor) => init.uniform(weight, -bound, bound);
    const features = new nn.Sequential(...blocks, normed(widths.at(-1)!, last));
    const fc = new nn.Linear(last, numClasses, { weightInit, biasInit: init.zeros });
    const head = sequence({ dropout: new nn.Dropout(dropout), fc });
    this.build({ stem, act1: new nn.SiLU(), features, act2: new nn.SiLU() }, { head });
  }
}

function rexnet(name: string, width: number, alias: string) {
  const traits = { series: "ReXNet", aliases: [alias] };
  return defineModel(name, prepared(224, 0.875), (o) => new ReXNet(width, o), traits);
}

/** ReXNet: 4.80 M parameters, for images of 224 × 224 pixels. Also known as ReXNet_1_0. */
export const rexnet_100 = rexnet("rexnet_100", 1, "ReXNet_1_0");
/** ReXNet: 7.56 M parameters, for images of 224 × 224 pixels. Also known as ReXNet_1_3. */
export const rexnet_130 = rexnet("rexnet_130", 1.3, "ReXNet_1_3");
/** ReXNet: 9.73 M parameters, for images of 224 × 224 pixels. Also known as ReXNet_1_5. */
export const rexnet_150 = rexnet("rexnet_150", 1.5, "ReXNet_1_5");
/** ReXNet: 16.4 M parameters, for images of 224 × 224 pixels. Also known as ReXNet_2_0. */
export const rexnet_200 = rexnet("rexnet_200", 2, "ReXNet_2_0");
/** ReXNet: 34.7 M parameters, for images of 224 × 224 pixels. Also known as ReXNet_3_0. */
export const rexnet_300 = rexnet("rexnet_300", 3, "ReXNet_3_0");
