// ResNet's blocks: two 3×3 convolutions, or 1×1, 3×3, 1×1; resnet.ts names the papers, resnet-middle.ts has what ResNeSt and Res2Net
// put in the place of the 3×3 convolution.

import type { Tensor } from "../core/tensor.js";
import * as nn from "../nn/index.js";
import { add, relu } from "../ops/index.js";
import { fanOut, toEights } from "./blocks.js";
import { Cascade, SplitAttention } from "./resnet-middle.js";
import type { Place, Variant } from "./resnet-variant.js";

/** A convolution that keeps the size but for its stride. */
export function conv(from: number, to: number, kernelSize: number, stride = 1, groups = 1): nn.Conv2d {
  const padding = (kernelSize - 1) / 2;
  return new nn.Conv2d(from, to, kernelSize, { stride, groups, padding, bias: false, weightInit: fanOut });
}

function shortcut(
  { from, to, stride, first }: Place,
  { avgDown, paddle }: Variant,
): nn.Sequential | undefined {
  if (stride === 1 && from === to && !(first && paddle)) return undefined;
  const pool = new nn.AvgPool2d(stride, { ceilMode: true, countIncludePad: false });
  return avgDown
    ? new nn.Sequential(pool, conv(from, to, 1), new nn.BatchNorm2d(to))
    : new nn.Sequential(conv(from, to, 1, stride), new nn.BatchNorm2d(to));
}

/** What all blocks do after their convolutions. */
abstract class Residual extends nn.Module {
  // Made by finish(), after the convolutions: parameters have PyTorch's order, which seeds and optimizers' files go by.
  declare se: nn.SqueezeExcitation | undefined;
  declare downsample: nn.Sequential | undefined;
  declare stochasticDepth: nn.StochasticDepth | undefined;

  protected finish(place: Place, variant: Variant): void {
    const { to, drop } = place;
    const squeezed = variant.paddle ? to / 16 : toEights(to / 16);
    this.se = variant.se ? new nn.SqueezeExcitation(to, squeezed) : undefined;
    this.downsample = shortcut(place, variant);
    this.stochasticDepth = drop ? new nn.StochasticDepth(drop) : undefined;
  }

  protected abstract branch(x: Tensor): Tensor;

  forward(x: Tensor): Tensor {
    let y = this.branch(x);
    y = this.se?.forward(y) ?? y;
    y = this.stochasticDepth?.forward(y) ?? y;
    return relu(add(y, this.downsample?.forward(x) ?? x));
  }
}

class Basic extends Residual {
  readonly conv1: nn.Conv2d;
  readonly bn1: nn.BatchNorm2d;
  readonly conv2: nn.Conv2d;
  readonly bn2: nn.BatchNorm2d;

  constructor(place: Place, variant: Variant) {
    super();
    const { from, to, stride } = place;
    this.conv1 = conv(from, to, 3, stride);
    this.bn1 = new nn.BatchNorm2d(to);
    this.conv2 = conv(to, to, 3);
    this.bn2 = new nn.BatchNorm2d(to);
    this.finish(place, variant);
  }

  protected branch(x: Tensor): Tensor {
    const y = relu(this.bn1.forward(this.conv1.forward(x)));
    return this.bn2.forward(this.conv2.forward(y));
  }
}

/** 1×1, something that sees neighbours, 1×1. */
abstract class Widening extends Residual {
  readonly conv1: nn.Conv2d;
  readonly bn1: nn.BatchNorm2d;
  declare conv3: nn.Conv2d;
  declare bn3: nn.BatchNorm2d;

  constructor({ from }: Place, width: number) {
    super();
    this.conv1 = conv(from, width, 1);
    this.bn1 = new nn.BatchNorm2d(width);
  }

  protected widen(place: Place, variant: Variant, width: number): void {
    this.conv3 = conv(width, place.to, 1);
    this.bn3 = new nn.BatchNorm2d(place.to);
    this.finish(place, variant);
  }

  protected abstract middle(x: Tensor): Tensor;

  protected branch(x: Tensor): Tensor {
    const y = this.middle(relu(this.bn1.forward(this.conv1.forward(x))));
    return this.bn3.forward(this.conv3.forward(y));
  }
}

/** Channels of a bottleneck's 3×3 convolution. */
const widthOf = ({ to }: Place, { groups = 1, widthPerGroup = 64 }: Variant): number =>
  Math.floor(((to / 4) * widthPerGroup) / 64) * groups;

class Bottleneck extends Widening {
  readonly conv2: nn.Conv2d;
  readonly bn2: nn.BatchNorm2d;

  constructor(place: Place, variant: Variant) {
    const width = widthOf(place, variant);
    super(place, width);
    this.conv2 = conv(width, width, 3, place.stride, variant.groups);
    this.bn2 = new nn.BatchNorm2d(width);
    this.widen(place, variant, width);
  }

  protected middle(x: Tensor): Tensor {
    return relu(this.bn2.forward(this.conv2.forward(x)));
  }
}

class Res2Net extends Widening {
  readonly convs: nn.Sequential;
  readonly bns: nn.Sequential;
  readonly #cascade: Cascade;

  constructor(place: Place, variant: Variant) {
    const width = widthOf(place, variant);
    const { scale = 4, groups, paddle = false } = variant;
    super(place, width * scale);
    const { stride } = place;
    const parts = Array.from({ length: scale - 1 }, () => conv(width, width, 3, stride, groups));
    this.convs = new nn.Sequential(...parts);
    this.bns = new nn.Sequential(...parts.map(() => new nn.BatchNorm2d(width)));
    this.widen(place, variant, width * scale);
    const alone = stride > 1 || (this.downsample !== undefined && !(place.first && paddle));
    this.#cascade = new Cascade({ width, stride, alone, padCounts: !paddle });
  }

  protected middle(x: Tensor): Tensor {
    return this.#cascade.forward(x, this.convs, this.bns);
  }
}

class ResNeSt extends Widening {
  readonly conv2: SplitAttention;
  readonly #pool: nn.AvgPool2d | undefined;
  readonly #poolsFirst: boolean;

  constructor(place: Place, variant: Variant) {
    const width = widthOf(place, variant);
    const { radix = 1, groups = 1, avdFirst = false, paddle = false } = variant;
    super(place, width);
    this.conv2 = new SplitAttention(width, { radix, groups, bias: !paddle });
    this.widen(place, variant, width);
    const { stride } = place;
    this.#pool =
      stride > 1 ? new nn.AvgPool2d(3, { stride, padding: 1, countIncludePad: !paddle }) : undefined;
    this.#poolsFirst = avdFirst;
  }

  protected middle(x: Tensor): Tensor {
    const y = this.conv2.forward((this.#poolsFirst && this.#pool?.forward(x)) || x);
    return (!this.#poolsFirst && this.#pool?.forward(y)) || y;
  }
}

/** The block of a network at a place. */
export function blockOf(variant: Variant, place: Place): nn.Module {
  const { scale, radix, bottleneck } = variant;
  const Block = scale ? Res2Net : radix ? ResNeSt : bottleneck ? Bottleneck : Basic;
  return new Block(place, variant);
}
