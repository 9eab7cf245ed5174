// Blocks of mobile networks, under timm's names: what MobileNet V1 to V4, EfficientNet and their relatives are made of.
// mobile-variant.ts says what each is; the papers are named where the networks are.

import type { Tensor } from "../core/tensor.js";
import * as nn from "../nn/index.js";
import { add } from "../ops/index.js";
import { toEights } from "./blocks.js";
import { depthwise, mobileConv, Normed, pointwise, SqueezeExcite, type ConvShape } from "./mobile-parts.js";
import type { Activation, MobileVariant, Row } from "./mobile-variant.js";

/** Where a block stands. */
export interface Place {
  from: number;
  stride: number;
  /** Probability of leaving it out in training. */
  drop: number;
}

/** What all blocks do: a branch, and a shortcut where the size stays. */
abstract class Residual extends nn.Module {
  readonly se: SqueezeExcite | undefined;
  readonly stochasticDepth: nn.StochasticDepth | undefined;
  protected readonly activation: Activation;
  readonly #shortcut: boolean;

  constructor(variant: MobileVariant, row: Row, { from, stride, drop }: Place) {
    super();
    const [kind, , , , to, , more = {}] = row;
    this.activation = more.activation ?? variant.activation;
    if (more.se) {
      const wide = wideOf(variant, row, from);
      const squeezed = variant.squeezed?.(wide) ?? Math.round(from * more.se);
      this.se = new SqueezeExcite(wide, squeezed, variant.squeezeActivation ?? this.activation, variant.gate);
    }
    const { skip = kind !== "conv" && kind !== "pair" } = more;
    this.#shortcut = skip && stride === 1 && from === to;
    this.stochasticDepth = this.#shortcut && drop ? new nn.StochasticDepth(drop) : undefined;
  }

  protected abstract branch(x: Tensor): Tensor;

  forward(x: Tensor): Tensor {
    const y = this.branch(x);
    return this.#shortcut ? add(this.stochasticDepth?.forward(y) ?? y, x) : y;
  }

  protected weighed(x: Tensor): Tensor {
    return this.se?.forward(x) ?? x;
  }
}

/** Channels inside a block. */
function wideOf(
  { round = toEights }: MobileVariant,
  [kind, , , expansion, , , more]: Row,
  from: number,
): number {
  return kind === "pair" || kind === "separable" ? from : (more?.wide ?? round(from * expansion));
}

class ConvBlock extends Residual {
  readonly conv: nn.Conv2d;
  readonly bn1: nn.BatchNorm2d;

  constructor(variant: MobileVariant, row: Row, place: Place) {
    super(variant, row, place);
    const [, kernel, , , to] = row;
    this.conv = mobileConv(variant, place.from, to, kernel as number, { stride: place.stride });
    this.bn1 = new nn.BatchNorm2d(to, variant.norm);
  }

  protected branch(x: Tensor): Tensor {
    return this.activation(this.bn1.forward(this.conv.forward(x)));
  }
}

class Separable extends Residual {
  readonly convDw: nn.Module;
  readonly bn1: nn.BatchNorm2d;
  readonly convPw: nn.Module;
  readonly bn2: nn.BatchNorm2d;
  readonly #activated: boolean;

  constructor(variant: MobileVariant, row: Row, place: Place) {
    super(variant, row, place);
    const [kind, kernel, , , to] = row;
    const { from, stride } = place;
    this.convDw = depthwise(variant, from, kernel, stride);
    this.bn1 = new nn.BatchNorm2d(from, variant.norm);
    this.convPw = mobileConv(variant, from, to, 1);
    this.bn2 = new nn.BatchNorm2d(to, variant.norm);
    this.#activated = kind === "pair";
  }

  protected branch(x: Tensor): Tensor {
    const y = this.weighed(this.activation(this.bn1.forward(this.convDw.forward(x))));
    const z = this.bn2.forward(this.convPw.forward(y));
    return this.#activated ? this.activation(z) : z;
  }
}

class Inverted extends Residual {
  readonly convPw: nn.Module;
  readonly bn1: nn.BatchNorm2d;
  readonly convDw: nn.Module;
  readonly bn2: nn.BatchNorm2d;
  readonly convPwl: nn.Module;
  readonly bn3: nn.BatchNorm2d;

  constructor(variant: MobileVariant, row: Row, place: Place) {
    super(variant, row, place);
    const [, kernel, , , to, , more] = row;
    const { from, stride } = place;
    const [first, last] = more?.parts ?? [1, 1];
    const wide = wideOf(variant, row, from);
    this.convPw = pointwise(variant, from, wide, first);
    this.bn1 = new nn.BatchNorm2d(wide, variant.norm);
    this.convDw = depthwise(variant, wide, kernel, stride);
    this.bn2 = new nn.BatchNorm2d(wide, variant.norm);
    this.convPwl = pointwise(variant, wide, to, last);
    this.bn3 = new nn.BatchNorm2d(to, variant.norm);
  }

  protected branch(x: Tensor): Tensor {
    const y = this.activation(this.bn1.forward(this.convPw.forward(x)));
    const z = this.weighed(this.activation(this.bn2.forward(this.convDw.forward(y))));
    return this.bn3.forward(this.convPwl.forward(z));
  }
}

class Fused extends Residual {
  readonly convExp: nn.Conv2d;
  readonly bn1: nn.BatchNorm2d;
  readonly convPwl: nn.Conv2d;
  readonly bn2: nn.BatchNorm2d;

  constructor(variant: MobileVariant, row: Row, place: Place) {
    super(variant, row, place);
    const [, kernel, , , to] = row;
    const { from, stride } = place;
    const wide = wideOf(variant, row, from);
    this.convExp = mobileConv(variant, from, wide, kernel as number, { stride });
    this.bn1 = new nn.BatchNorm2d(wide, variant.norm);
    this.convPwl = mobileConv(variant, wide, to, 1);
    this.bn2 = new nn.BatchNorm2d(to, variant.norm);
  }

  protected branch(x: Tensor): Tensor {
    const y = this.weighed(this.activation(this.bn1.forward(this.convExp.forward(x))));
    return this.bn2.forward(this.convPwl.forward(y));
  }
}

class Universal extends Residual {
  readonly dwStart: Normed | undefined;
  readonly pwExp: Normed;
  readonly dwMid: Normed | undefined;
  readonly pwProj: Normed;

  constructor(variant: MobileVariant, row: Row, place: Place) {
    super(variant, row, place);
    const [, middle, , , to, , { start = 0 } = {}] = row;
    const { from, stride } = place;
    const wide = wideOf(variant, row, from);
    const normed = (a: number, b: number, kernel: number, shape: ConvShape = {}): Normed =>
      new Normed(mobileConv(variant, a, b, kernel, shape), variant.norm);
    const each = (n: number, kernel: number, stride: number): Normed =>
      normed(n, n, kernel, { stride, groups: n });
    this.dwStart = start ? each(from, start, middle ? 1 : stride) : undefined;
    this.pwExp = normed(from, wide, 1);
    this.dwMid = middle ? each(wide, middle as number, stride) : undefined;
    this.pwProj = normed(wide, to, 1);
  }

  protected branch(x: Tensor): Tensor {
    const y = this.activation(this.pwExp.forward(this.dwStart?.forward(x) ?? x));
    return this.pwProj.forward(this.dwMid ? this.activation(this.dwMid.forward(y)) : y);
  }
}

const KINDS = {
  conv: ConvBlock,
  pair: Separable,
  separable: Separable,
  inverted: Inverted,
  fused: Fused,
  universal: Universal,
} as const;

/** The block of a row at a place. */
export function mobileBlock(variant: MobileVariant, row: Row, place: Place): nn.Module {
  return new KINDS[row[0]](variant, row, place);
}
