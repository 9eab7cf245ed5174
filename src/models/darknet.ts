// Darknet-53: Redmon and Farhadi, YOLOv3: An Incremental Improvement (2018), arXiv 1804.02767, table 1, and its cross-stage partial
// form: Wang et al., CSPNet (2019), arXiv 1911.11929, as timm has them. PaddleClas's Darknet-53 has ReLU.

import type { Tensor } from "../core/tensor.js";
import { imagenet } from "../data/preprocessing.js";
import { checkFields } from "../errors/options.js";
import * as nn from "../nn/index.js";
import { cat } from "../ops/index.js";
import { channels, convBn, rising, sum } from "./blocks.js";
import { Network } from "./head.js";
import { repeat, Residual, sequence } from "./layers.js";
import { defineModel, type ModelOptions } from "./model.js";

const WIDTHS = [64, 128, 256, 512, 1024];
const DEPTHS = [1, 2, 8, 8, 4];

export interface DarkNetShape {
  activation: new () => nn.Module;
  /** Whether half of each stage's channels pass its blocks by. */
  partial: boolean;
}

interface Place {
  from: number;
  to: number;
  stride: number;
  activation: new () => nn.Module;
  /** 1×1 and 3×3, added to what came in, as often as it is the stage's depth. */
  blocks: (width: number, inside: number) => nn.Module;
}

/** The first half of the channels joins the second behind the second's blocks. */
class CrossStage extends nn.Module {
  readonly convDown: nn.Module;
  readonly convExp: nn.Module;
  readonly blocks: nn.Module;
  readonly convTransitionB: nn.Module;
  readonly convTransition: nn.Module;
  readonly #half: number;

  /** first: the first stage's halves are as wide as the stage, and its blocks half as wide inside. */
  constructor({ from, to, stride, activation, blocks }: Place, first: boolean) {
    super();
    const half = first ? to : to / 2;
    this.#half = half;
    this.convDown = convBn(from, to, 3, { stride, activation });
    this.convExp = convBn(to, 2 * half, 1, { activation });
    this.blocks = blocks(half, first ? half / 2 : half);
    this.convTransitionB = convBn(half, half, 1, { activation });
    this.convTransition = convBn(2 * half, to, 1, { activation });
  }

  forward(x: Tensor): Tensor {
    const y = this.convExp.forward(this.convDown.forward(x));
    const past = channels(y, 0, this.#half);
    const through = this.blocks.forward(channels(y, this.#half, 2 * this.#half));
    return this.convTransition.forward(cat([past, this.convTransitionB.forward(through)]));
  }
}

/** Images of any size from 1, made for ≥ 32. */
export class DarkNet extends Network {
  constructor(shape: DarkNetShape, options: ModelOptions = {}) {
    super(options);
    checkFields(new.target.name, "shape", shape, { partial: "flag" });
    const { activation, partial } = shape;
    const { numClasses = 1000, inChannels = 3, smallImages = false, dropout = 0, dropPath = 0 } = options;
    const drop = rising(dropPath, sum(DEPTHS) - 1);
    const stem = sequence({ conv1: convBn(inChannels, 32, 3, { activation }) });
    const stages = WIDTHS.map((to, i) => {
      const from = i ? WIDTHS[i - 1]! : 32;
      const stride = smallImages && i < 2 ? 1 : 2;
      const block = (width: number, inside: number): nn.Module => {
        const layers = { conv1: convBn(width, inside, 1, { activation }), conv2: convBn(inside, width, 3, { activation }) }; // prettier-ignore
        return new Residual(layers, { drop: drop() });
      };
      const blocks = (width: number, inside: number) => repeat(DEPTHS[i]!, () => block(width, inside));
      return partial
        ? new CrossStage({ from, to, stride, activation, blocks }, i === 0)
        : sequence({ convDown: convBn(from, to, 3, { stride, activation }), blocks: blocks(to, to / 2) });
    });
    const head = sequence({ dropout: new nn.Dropout(dropout), fc: new nn.Linear(1024, numClasses) });
    this.build({ stem, stages: new nn.Sequential(...stages) }, { head });
  }
}

/** timm resizes to floor(256 / 0.887) pixels. */
const RESIZE = 288;

export const darknet53 = defineModel("darknet53", imagenet(256, RESIZE, "bicubic"), (o) => new DarkNet({ activation: nn.LeakyReLU, partial: false }, o), { series: "DarkNet" }); // prettier-ignore
export const paddle_darknet53 = defineModel("paddle_darknet53", imagenet(256, RESIZE, "bicubic"), (o) => new DarkNet({ activation: nn.ReLU, partial: false }, o), { series: "DarkNet", aliases: ["DarkNet53"] }); // prettier-ignore
export const cspdarknet53 = defineModel("cspdarknet53", imagenet(256, RESIZE), (o) => new DarkNet({ activation: nn.LeakyReLU, partial: true }, o), { series: "CSPNet", aliases: ["CSPDarkNet53"] }); // prettier-ignore
