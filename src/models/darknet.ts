// Darknet-53: Redmon and Farhadi, YOLOv3: An Incremental Improvement (2018), arXiv 1804.02767, table 1, and its cross-stage partial
// form: Wang et al., CSPNet (2019), arXiv 1911.11929, as in timm. PaddleClas's Darknet-53 has ReLU.

import type { Tensor } from "../core/tensor.js";
import { imagenet } from "../data/preprocessing.js";
import { checkFields } from "../errors/options.js";
import * as nn from "../nn/index.js";
import { cat } from "../ops/index.js";
import { channels, convBn, rising, sum } from "./blocks.js";
import { Network } from "./head.js";
import { repeat, Residual, sequence, unnamed } from "./layers.js";
import { defineModel, type ModelOptions } from "./model.js";

const WIDTHS = [64, 128, 256, 512, 1024];
const DEPTHS = [1, 2, 8, 8, 4];

/** The differences between the Darknets. */
export interface DarkNetShape {
  /** The activation after each convolution. */
  activation: nn.ModuleClass;
  /** Whether half of each stage's channels bypass its blocks. */
  partial: boolean;
}

/** The first half of the channels joins the second after the second's blocks. */
class CrossStage extends nn.Sequential {
  override forward(x: Tensor): Tensor {
    const [down, expand, blocks, after, transition] = unnamed(this);
    const y = expand!.forward(down!.forward(x));
    const [half, all] = [y.shape[3]! / 2, y.shape[3]!];
    const through = after!.forward(blocks!.forward(channels(y, half, all)));
    return transition!.forward(cat([channels(y, 0, half), through]));
  }
}

/** Images of any size from 1; made for sizes ≥ 32. */
export class DarkNet extends Network {
  constructor(shape: DarkNetShape, options: ModelOptions = {}) {
    super(options);
    checkFields(new.target.name, "shape", shape, { partial: "flag" });
    const { activation, partial } = shape;
    const { numClasses = 1000, inChannels = 3, smallImages = false, dropout = 0, dropPath = 0 } = options;
    const drop = rising(dropPath, sum(DEPTHS) - 1);
    const conv = (from: number, to: number, size: number, stride = 1): nn.Module =>
      convBn(from, to, size, { stride, activation });
    const block = (width: number, inside: number): nn.Module =>
      new Residual({ conv1: conv(width, inside, 1), conv2: conv(inside, width, 3) }, { drop: drop() });
    const stem = sequence({ conv1: conv(inChannels, 32, 3) });
    const stages = WIDTHS.map((to, i) => {
      const convDown = conv(WIDTHS[i - 1] ?? 32, to, 3, smallImages && i < 2 ? 1 : 2);
      const blocks = (width: number, inside: number) => repeat(DEPTHS[i]!, () => block(width, inside));
      if (!partial) return sequence({ convDown, blocks: blocks(to, to / 2) });
      // The first stage's halves are as wide as the stage, and its blocks half as wide inside.
      const half = i ? to / 2 : to;
      const convs = { convDown, convExp: conv(to, 2 * half, 1), blocks: blocks(half, i ? half : half / 2) };
      return new CrossStage({ ...convs, convTransitionB: conv(half, half, 1), convTransition: conv(2 * half, to, 1) }); // prettier-ignore
    });
    const head = sequence({ dropout: new nn.Dropout(dropout), fc: new nn.Linear(1024, numClasses) });
    this.build({ stem, stages: new nn.Sequential(...stages) }, { head });
  }
}

/** timm resizes to floor(256 / 0.887) pixels. */
const [bicubic, bilinear] = [imagenet(256, 288, "bicubic"), imagenet(256, 288)];

/** DarkNet: 41.6 M parameters, for images of 256 × 256 pixels. */
export const darknet53 = defineModel("darknet53", bicubic, (o) => new DarkNet({ activation: nn.LeakyReLU, partial: false }, o), { series: "DarkNet" }); // prettier-ignore
/** DarkNet as PaddleClas builds it: 41.6 M parameters, for images of 256 × 256 pixels. Also known as DarkNet53. */
export const paddle_darknet53 = defineModel("paddle_darknet53", bicubic, (o) => new DarkNet({ activation: nn.ReLU, partial: false }, o), { series: "DarkNet", aliases: ["DarkNet53"] }); // prettier-ignore
/** CSPNet: 27.6 M parameters, for images of 256 × 256 pixels. Also known as CSPDarkNet53. */
export const cspdarknet53 = defineModel("cspdarknet53", bilinear, (o) => new DarkNet({ activation: nn.LeakyReLU, partial: true }, o), { series: "CSPNet", aliases: ["CSPDarkNet53"] }); // prettier-ignore
