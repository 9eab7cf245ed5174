// Parts of mobile networks' blocks: convolutions of all channels or of parts of them, and the weighing of channels.

import type { Tensor } from "../core/tensor.js";
import * as nn from "../nn/index.js";
import * as init from "../nn/init.js";
import { cat, sigmoid } from "../ops/index.js";
import { channels, gaussian, sum } from "./blocks.js";
import { Apply, Gate, times, unnamed } from "./layers.js";
import type { Activation, MobileVariant, Row } from "./mobile-variant.js";

export interface ConvShape {
  stride?: number;
  groups?: number;
  bias?: boolean;
}

/** A convolution that keeps the size except for its stride; starts as N(0, 2/fanOut), fanOut of its group. */
// prettier-ignore
export function mobileConv({ same = false }: Pick<MobileVariant, "same">, from: number, to: number, size: number, shape: ConvShape = {}): nn.Conv2d {
  const { stride = 1, groups = 1, bias = false } = shape;
  const weightInit = gaussian(Math.sqrt((2 * groups) / (size ** 2 * to)));
  const padding = same ? "same" : (size - 1) / 2;
  return new nn.Conv2d(from, to, size, { stride, groups, bias, padding, weightInit, biasInit: init.zeros });
}

/** n channels in equal parts; the first also gets the remainder. */
function shares(n: number, parts: number): number[] {
  const each = Math.floor(n / parts);
  return times(parts, (i) => (i ? each : n - each * (parts - 1)));
}

/** Parts of the channels, each with its own convolution: Tan and Le, MixConv (2019), arXiv 1907.09595. */
class MixedConv extends nn.Sequential {
  readonly #ends: number[];

  constructor(convs: readonly nn.Conv2d[], widths: readonly number[]) {
    super(...convs);
    this.#ends = widths.map((_, i) => sum(widths.slice(0, i + 1)));
  }

  override forward(x: Tensor): Tensor {
    const part = (i: number): Tensor => channels(x, this.#ends[i - 1] ?? 0, this.#ends[i]!);
    return cat(unnamed(this).map((conv, i) => conv.forward(part(i))));
  }
}

/** 1×1 convolution, separately for each of `parts` of the channels. */
export function pointwise(variant: MobileVariant, from: number, to: number, parts = 1): nn.Module {
  if (parts === 1) return mobileConv(variant, from, to, 1);
  const [ins, outs] = [shares(from, parts), shares(to, parts)];
  return new MixedConv(ins.map((n, i) => mobileConv(variant, n, outs[i]!, 1)), ins); // prettier-ignore
}

export function depthwise(variant: MobileVariant, n: number, kernel: Row[1], stride: number): nn.Module {
  if (typeof kernel === "number") return mobileConv(variant, n, n, kernel, { stride, groups: n });
  const widths = shares(n, kernel.length);
  const convs = widths.map((w, i) => mobileConv(variant, w, w, kernel[i]!, { stride, groups: w }));
  return new MixedConv(convs, widths);
}

/** SqueezeExcitation under timm's names. */
// prettier-ignore
export function squeezeExcite(wide: number, squeezed: number, activation: Activation, gate: Activation = sigmoid): nn.Module {
  const conv = (from: number, to: number): nn.Module =>
    new nn.Conv2d(from, to, 1, { weightInit: gaussian(Math.sqrt(2 / to)), biasInit: init.zeros });
  const [convReduce, convExpand] = [conv(wide, squeezed), conv(squeezed, wide)];
  return new Gate({ convReduce, act: new Apply(activation), convExpand, gate: new Apply(gate) });
}

/** A convolution and its normalisation: timm's ConvNormAct. */
export const normedBy = (norm: MobileVariant["norm"], conv: nn.Conv2d): nn.Module =>
  new nn.Sequential({ conv, bn: new nn.BatchNorm2d(conv.weight.shape[3]!, norm) });
