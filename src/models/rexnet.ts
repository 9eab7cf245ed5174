// ReXNet: Han et al., Rethinking Channel Dimensions for Efficient Model Design (2020), arXiv 2007.00992: channels grow from block
// to block, and shortcuts are added to the first of them. As timm has it.

import { checkKinds } from "../errors/options.js";
import type { Tensor } from "../core/tensor.js";
import * as nn from "../nn/index.js";
import * as init from "../nn/init.js";
import { add, cat, relu6, sigmoid, silu } from "../ops/index.js";
import { channels, rising } from "./blocks.js";
import { Network } from "./head.js";
import { Apply, Gate, sequence } from "./layers.js";
import { prepared } from "./mobile-net.js";
import { mobileConv, normedBy, type ConvShape } from "./mobile-parts.js";
import { defineModel, type ModelOptions } from "./model.js";

const conv = (from: number, to: number, kernelSize = 1, shape: ConvShape = {}): nn.Conv2d =>
  mobileConv({}, from, to, kernelSize, shape);
const normed = (...args: Parameters<typeof conv>): nn.Module => normedBy(undefined, conv(...args));

/** Weighs channels; what is between the two layers is normalised. */
const squeeze = (wide: number, squeezed: number): nn.Module =>
  new Gate({
    fc1: conv(wide, squeezed, 1, { bias: true }),
    bn: new nn.BatchNorm2d(squeezed),
    relu: new nn.ReLU(),
    fc2: conv(squeezed, wide, 1, { bias: true }),
    sigmoid: new Apply(sigmoid),
  });

interface Place {
  from: number;
  to: number;
  stride: number;
  expansion: number;
  weighed: boolean;
  /** Probability of leaving it out in training. */
  drop: number;
}

class Bottleneck extends nn.Module {
  readonly convExp: nn.Module | undefined;
  readonly convDw: nn.Module;
  readonly se: nn.Module | undefined;
  readonly convPwl: nn.Module;
  readonly stochasticDepth: nn.StochasticDepth | undefined;
  readonly #place: Place;

  constructor(place: Place) {
    super();
    const { from, to, stride, expansion, weighed, drop } = place;
    const wide = from * expansion;
    this.convExp = expansion > 1 ? normed(from, wide) : undefined;
    this.convDw = normed(wide, wide, 3, { stride, groups: wide });
    this.se = weighed ? squeeze(wide, Math.floor(wide * (1 / 12))) : undefined;
    this.convPwl = normed(wide, to);
    this.#place = place;
    this.stochasticDepth = stride === 1 && from <= to && drop ? new nn.StochasticDepth(drop) : undefined;
  }

  forward(x: Tensor): Tensor {
    const { from, to, stride } = this.#place;
    let y = this.convDw.forward(this.convExp ? silu(this.convExp.forward(x)) : x);
    y = this.convPwl.forward(relu6(this.se?.forward(y) ?? y));
    if (stride > 1 || from > to) return y;
    y = this.stochasticDepth?.forward(y) ?? y;
    return from === to ? add(y, x) : cat([add(channels(y, 0, from), x), channels(y, from, to)]);
  }
}

/** The nearest whole number, the even one of two: as Python rounds. */
const toEven = (n: number): number => (n % 1 === 0.5 ? 2 * Math.round(n / 2) : Math.round(n));

/** Strides of the blocks; the first does not widen, the first three do not weigh. */
const STRIDES = [1, 2, 1, 2, 1, 2, 1, 1, 1, 1, 1, 2, 1, 1, 1, 1];

/** Images of any size from 1, made for ≥ 32. */
export class ReXNet extends Network {
  /** width: channels in parts of ReXNet 1.0's, at least 1. */
  constructor(width: number, options: ModelOptions = {}) {
    super(options);
    checkKinds(new.target.name, { width }, { width: "number" });
    const { numClasses = 1000, inChannels = 3, smallImages = false, dropout = 0.2, dropPath = 0 } = options;
    const drop = rising(dropPath, STRIDES.length);
    let from = toEven(32 * width);
    const stem = normed(inChannels, from, 3, { stride: smallImages ? 1 : 2 });
    const blocks: nn.Module[] = STRIDES.map((stride, i) => {
      const to = toEven((16 + (180 / STRIDES.length) * i) * width);
      const block = new Bottleneck({ from, to, stride, expansion: i ? 6 : 1, weighed: i > 2, drop: drop() });
      from = to;
      return block;
    });
    const last = Math.floor(1280 * width);
    const bound = 1 / Math.sqrt(numClasses);
    const weightInit = (w: Tensor): Tensor => init.uniform(w, -bound, bound);
    const features = new nn.Sequential(...blocks, normed(from, last));
    const fc = new nn.Linear(last, numClasses, { weightInit, biasInit: init.zeros });
    const head = sequence({ dropout: new nn.Dropout(dropout), fc });
    this.build({ stem, act1: new nn.SiLU(), features, act2: new nn.SiLU() }, { head });
  }
}

const rexnet = (name: string, width: number, alias: string) =>
  defineModel(name, prepared(224, 0.875), (o) => new ReXNet(width, o), {
    series: "ReXNet",
    aliases: [alias],
  });

export const rexnet_100 = rexnet("rexnet_100", 1, "ReXNet_1_0");
export const rexnet_130 = rexnet("rexnet_130", 1.3, "ReXNet_1_3");
export const rexnet_150 = rexnet("rexnet_150", 1.5, "ReXNet_1_5");
export const rexnet_200 = rexnet("rexnet_200", 2, "ReXNet_2_0");
export const rexnet_300 = rexnet("rexnet_300", 3, "ReXNet_3_0");
