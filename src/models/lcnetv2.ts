// PP-LCNetV2: PaddleClas's networks for processors (2022), https://github.com/PaddlePaddle/PaddleClas, pp_lcnet_v2.py, as timm has
// them: PP-LCNet trained with depthwise convolutions of several sizes side by side, which fuse() turns into one.

import type { Tensor } from "../core/tensor.js";
import { checkKinds } from "../errors/options.js";
import * as nn from "../nn/index.js";
import { add, relu } from "../ops/index.js";
import { convBn, DownscaledDropout, fanOut, rising, sum, toEights } from "./blocks.js";
import { Fusable, fuseBlocks, fusedConv, type FusedShape } from "./fuse.js";
import { Network } from "./head.js";
import { repeat } from "./layers.js";
import { prepared } from "./mobile-net.js";
import { defineModel, type ModelOptions } from "./model.js";

/** Kernel, channels, whether there are smaller kernels beside it, whether channels are weighed, and whether it has a shortcut. */
type Row = readonly [kernelSize: number, to: number, branches: boolean, weighed: boolean, shortcut: boolean];

class Separable extends Fusable {
  dwConvList: nn.Sequential[] | undefined;
  dwConv: nn.Sequential | nn.Conv2d | undefined;
  readonly se: nn.SqueezeExcitation | undefined;
  readonly pwConv: nn.Sequential;
  readonly stochasticDepth: nn.StochasticDepth | undefined;
  readonly #shape: FusedShape;
  readonly #shortcut: boolean;

  constructor(from: number, stride: number, row: Row, drop: number) {
    super();
    const [kernelSize, to, branches, weighed, shortcut] = row;
    this.#shape = { from, to: from, kernelSize, stride, groups: from };
    const each = (size: number) => convBn(from, from, size, { stride, groups: from, activation: null });
    const sizes = stride > 1 ? [kernelSize, kernelSize - 2] : [kernelSize, kernelSize - 2, kernelSize - 4];
    if (branches) this.dwConvList = sizes.map(each);
    else this.dwConv = each(kernelSize);
    this.se = weighed ? new nn.SqueezeExcitation(from, Math.floor(from / 4)) : undefined;
    this.pwConv = weighed ? new nn.Sequential(convBn(from, to / 2, 1), convBn(to / 2, to, 1)) : convBn(from, to, 1); // prettier-ignore
    this.#shortcut = shortcut && stride === 1 && from === to;
    this.stochasticDepth = this.#shortcut && drop ? new nn.StochasticDepth(drop) : undefined;
  }

  forward(x: Tensor): Tensor {
    const convolutions = this.dwConvList ?? [this.dwConv!];
    const y = relu(convolutions.map((conv) => conv.forward(x)).reduce((a, b) => add(a, b)));
    const z = this.pwConv.forward(this.se?.forward(y) ?? y);
    return this.#shortcut ? add(this.stochasticDepth?.forward(z) ?? z, x) : z;
  }

  fuse(): void {
    if (!this.dwConvList) return;
    this.dwConv = fusedConv(this.dwConvList, this.#shape).train(this.training);
    for (const branch of this.dwConvList) branch.dispose();
    this.dwConvList = undefined;
  }
}

const ROWS: readonly Row[] = [[3, 128, false, false, false], [3, 256, false, false, false], [5, 512, true, true, false], [5, 1024, true, false, true]]; // prettier-ignore

/** Images of any size from 1; made for sizes ≥ 32. */
export class LCNetV2 extends Network {
  /** width: channels in parts of the base's. depths: blocks of the four stages. paddle: PaddleClas's form, whose dropout scales in evaluation. */
  constructor(width: number, depths: readonly number[], options: ModelOptions = {}, paddle = false) {
    super(options);
    checkKinds(new.target.name, { width, depths }, { width: "number", depths: "numbers" });
    const { numClasses = 1000, inChannels = 3, smallImages = false, dropPath = 0 } = options;
    const { dropout = paddle ? 0.2 : 0 } = options;
    const drop = rising(dropPath, sum(depths) - 1);
    const stem = toEights(32 * width);
    let from = toEights(64 * width);
    const stages = ROWS.map(([kernelSize, channels, ...more], stage) => {
      const to = toEights(channels * width);
      return repeat(depths[stage]!, (i) => {
        const before = from;
        from = to;
        return new Separable(before, i ? 1 : 2, [kernelSize, to, ...more], drop());
      });
    });
    const convStem = convBn(inChannels, stem, 3, { stride: smallImages ? 1 : 2 });
    const first = new Separable(stem, 1, [3, toEights(64 * width), false, false, false], 0);
    const convHead = new nn.Conv2d(from, 1280, 1, { bias: false, weightInit: fanOut });
    const last = new (paddle ? DownscaledDropout : nn.Dropout)(dropout);
    const drops = { act2: new nn.ReLU(), flatten: new nn.Flatten(), dropout: last };
    const classifier = new nn.Linear(1280, numClasses);
    this.build({ stem: new nn.Sequential(convStem, first), stages: new nn.Sequential(...stages) }, { convHead, ...drops, classifier }); // prettier-ignore
  }

  /** As Reparametrised's: each block's depthwise convolutions become one, with the same output in evaluation. */
  fuse(): this {
    return fuseBlocks(this);
  }
}

function lcnetv2(name: string, [width, ...depths]: number[], alias?: string) {
  const traits = { series: "PP-LCNetV2", ...(alias && { aliases: [alias] }) };
  return defineModel(name, prepared(224, 0.875), (o) => new LCNetV2(width!, depths, o, alias !== undefined), traits); // prettier-ignore
}

/** PP-LCNetV2: 4.13 M parameters, for images of 224 × 224 pixels. */
export const lcnetv2_small = lcnetv2("lcnetv2_small", [0.75, 2, 2, 4, 2]);
/** PP-LCNetV2: 6.69 M parameters, for images of 224 × 224 pixels. */
export const lcnetv2_base = lcnetv2("lcnetv2_base", [1, 2, 2, 6, 2]);
/** PP-LCNetV2: 10.5 M parameters, for images of 224 × 224 pixels. */
export const lcnetv2_large = lcnetv2("lcnetv2_large", [1.25, 2, 2, 8, 2]);
/** PP-LCNetV2 as PaddleClas builds it: 4.13 M parameters, for images of 224 × 224 pixels. Also known as PPLCNetV2_small. */
export const paddle_lcnetv2_small = lcnetv2("paddle_lcnetv2_small", [0.75, 2, 2, 4, 2], "PPLCNetV2_small");
/** PP-LCNetV2 as PaddleClas builds it: 6.69 M parameters, for images of 224 × 224 pixels. Also known as PPLCNetV2_base. */
export const paddle_lcnetv2_base = lcnetv2("paddle_lcnetv2_base", [1, 2, 2, 6, 2], "PPLCNetV2_base");
/** PP-LCNetV2 as PaddleClas builds it: 10.5 M parameters, for images of 224 × 224 pixels. Also known as PPLCNetV2_large. */
export const paddle_lcnetv2_large = lcnetv2("paddle_lcnetv2_large", [1.25, 2, 2, 8, 2], "PPLCNetV2_large");
