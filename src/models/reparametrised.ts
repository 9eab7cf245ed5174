// Networks that train with branches side by side and can turn each block into one convolution: RepVGG (repvgg.ts) and MobileOne
// (mobileone.ts), as in timm.

import type { Tensor } from "../core/tensor.js";
import * as nn from "../nn/index.js";
import { checkFields } from "../errors/options.js";
import { add, relu } from "../ops/index.js";
import { convBn, rising, sum } from "./blocks.js";
import { Fusable, fuseBlocks, fusedConv, type Branch, type FusedShape } from "./fuse.js";
import { Network } from "./head.js";
import { sequence, times } from "./layers.js";
import type { ModelOptions } from "./model.js";

/** What tells blocks apart that fuse() turns into one convolution. */
export interface RepBlockShape {
  /** Channels of the output. */
  to: number;
  /** Side of the largest kernel. */
  kernelSize: number;
  /** Step from one window to the next, 1 or 2. */
  stride: number;
  /** Groups of the convolutions. */
  groups: number;
  /** Convolutions of the full size side by side: MobileOne. Otherwise there is one, without a number in its name. */
  branches?: number;
  /** Channels between the two layers that weigh the channels, if they are weighed. */
  squeezed?: number;
}

/** The sum of convolutions of the full size, one of 1×1, and the input itself if its shape stays the same, each normalised; ReLU. */
class RepBlock extends Fusable {
  identity: nn.BatchNorm2d | undefined;
  conv_kxk: nn.Sequential | nn.Sequential[] | undefined;
  conv_1x1: nn.Sequential | undefined;
  conv_scale: nn.Sequential | undefined;
  reparamConv: nn.Conv2d | undefined;
  readonly attn: nn.SqueezeExcitation | undefined;
  readonly stochasticDepth: nn.StochasticDepth | undefined;
  readonly #shape: FusedShape;

  /** drop: probability of leaving the convolutions out in training. */
  constructor(from: number, { branches, squeezed, ...shape }: RepBlockShape, drop: number) {
    super();
    const { to, kernelSize, stride, groups } = shape;
    const branch = (size: number): nn.Sequential =>
      convBn(from, to, size, { stride, groups, activation: null });
    this.#shape = { from, ...shape };
    this.identity = from === to && stride === 1 ? new nn.BatchNorm2d(to) : undefined;
    this.conv_kxk = branches ? times(branches, () => branch(kernelSize)) : branch(kernelSize);
    if (kernelSize > 1) this[branches ? "conv_scale" : "conv_1x1"] = branch(1);
    this.attn = squeezed ? new nn.SqueezeExcitation(to, squeezed) : undefined;
    this.stochasticDepth = this.identity && drop ? new nn.StochasticDepth(drop) : undefined;
  }

  #convolutions(): nn.Sequential[] {
    return [this.conv_1x1 ?? this.conv_scale, this.conv_kxk].flat().filter((branch) => branch !== undefined);
  }

  #sum(x: Tensor): Tensor {
    if (this.reparamConv) return this.reparamConv.forward(x);
    const y = this.#convolutions().map((branch) => branch.forward(x)).reduce((a, b) => add(a, b)); // prettier-ignore
    return this.identity ? add(this.stochasticDepth?.forward(y) ?? y, this.identity.forward(x)) : y;
  }

  forward(x: Tensor): Tensor {
    const y = this.#sum(x);
    return relu(this.attn?.forward(y) ?? y);
  }

  fuse(): void {
    if (this.reparamConv) return;
    const branches: Branch[] = [...this.#convolutions(), ...(this.identity ? [this.identity] : [])];
    this.reparamConv = fusedConv(branches, this.#shape).train(this.training);
    for (const branch of branches) branch.dispose();
    this.identity = this.conv_kxk = this.conv_1x1 = this.conv_scale = undefined;
  }
}

/** The differences between RepVGG's and MobileOne's networks. */
export interface RepShape {
  /** The first block, without its stride. */
  stem: Omit<RepBlockShape, "stride">;
  /** Blocks of each stage. */
  stages: readonly (readonly RepBlockShape[])[];
}

/** Images of any size from 1; made for sizes ≥ 32. */
export class Reparametrised extends Network {
  constructor(shape: RepShape, options: ModelOptions = {}) {
    super(options);
    checkFields(new.target.name, "shape", shape, { stem: "object", stages: "list" });
    const { stem, stages } = shape;
    const { numClasses = 1000, inChannels = 3, smallImages = false, dropout = 0, dropPath = 0 } = options;
    const drop = rising(dropPath, sum(stages.map((blocks) => blocks.length)) - 1);
    const first = new RepBlock(inChannels, { ...stem, stride: smallImages ? 1 : 2 }, 0);
    let from = stem.to;
    const block = (place: RepBlockShape): RepBlock => {
      const made = new RepBlock(from, place, drop());
      from = place.to;
      return made;
    };
    const made = stages.map((blocks) => new nn.Sequential(...blocks.map(block)));
    const head = sequence({ dropout: new nn.Dropout(dropout), fc: new nn.Linear(from, numClasses) });
    this.build({ stem: first, stages: new nn.Sequential(...made) }, { head });
  }

  /**
   * Turns each block into one convolution with the same output in evaluation, to rounding. Its parameters are new, with timm's
   * names in inference mode: an existing optimizer does not have them, and weights of the branches no longer fit.
   */
  fuse(): this {
    return fuseBlocks(this);
  }
}
