// Darknet-53: Redmon and Farhadi, YOLOv3: An Incremental Improvement (2018), arXiv 1804.02767, table 1, and its cross-stage partial
// form: Wang et al., CSPNet (2019), arXiv 1911.11929, as timm has them. PaddleClas's Darknet-53 has ReLU.

import type { Tensor } from "../core/tensor.js";
import { imagenet } from "../data/preprocessing.js";
import { LeakyReLU, Module, ReLU, Sequential, StochasticDepth } from "../nn/index.js";
import { checkFields } from "../errors/options.js";
import { add, cat } from "../ops/index.js";
import { channels, convBn, rising, sum } from "./blocks.js";
import { Head, HeadClassifier } from "./head.js";
import { defineModel, type ModelOptions } from "./model.js";

const WIDTHS = [64, 128, 256, 512, 1024];
const DEPTHS = [1, 2, 8, 8, 4];

export interface DarkNetShape {
  activation: new () => Module;
  /** Whether half of each stage's channels pass its blocks by. */
  partial: boolean;
}

/** 1×1 and 3×3, added to what came in. */
class DarkBlock extends Module {
  readonly conv1: Sequential;
  readonly conv2: Sequential;
  readonly stochasticDepth: StochasticDepth | undefined;

  constructor(width: number, inside: number, activation: new () => Module, drop: number) {
    super();
    this.conv1 = convBn(width, inside, 1, { activation });
    this.conv2 = convBn(inside, width, 3, { activation });
    this.stochasticDepth = drop ? new StochasticDepth(drop) : undefined;
  }

  forward(x: Tensor): Tensor {
    const y = this.conv2.forward(this.conv1.forward(x));
    return add(this.stochasticDepth?.forward(y) ?? y, x);
  }
}

interface Place {
  from: number;
  to: number;
  depth: number;
  stride: number;
  activation: new () => Module;
  drop: () => number;
}

class DarkStage extends Module {
  readonly convDown: Sequential;
  readonly blocks: Sequential;

  constructor({ from, to, depth, stride, activation, drop }: Place) {
    super();
    this.convDown = convBn(from, to, 3, { stride, activation });
    const block = (): DarkBlock => new DarkBlock(to, to / 2, activation, drop());
    this.blocks = new Sequential(...Array.from({ length: depth }, block));
  }

  forward(x: Tensor): Tensor {
    return this.blocks.forward(this.convDown.forward(x));
  }
}

/** The first half of the channels joins the second behind the second's blocks. */
class CrossStage extends Module {
  readonly convDown: Sequential;
  readonly convExp: Sequential;
  readonly blocks: Sequential;
  readonly convTransitionB: Sequential;
  readonly convTransition: Sequential;
  readonly #half: number;

  /** first: the first stage's halves are as wide as the stage, and its blocks half as wide inside. */
  constructor({ from, to, depth, stride, activation, drop }: Place, first: boolean) {
    super();
    const half = first ? to : to / 2;
    this.#half = half;
    this.convDown = convBn(from, to, 3, { stride, activation });
    this.convExp = convBn(to, 2 * half, 1, { activation });
    const block = (): DarkBlock => new DarkBlock(half, first ? half / 2 : half, activation, drop());
    this.blocks = new Sequential(...Array.from({ length: depth }, block));
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

export class DarkNet extends HeadClassifier {
  readonly stem: Sequential;
  readonly stages: Sequential;
  readonly head_: Head;

  constructor(shape: DarkNetShape, options: ModelOptions = {}) {
    super(options);
    checkFields(new.target.name, "shape", shape, { partial: "flag" });
    const { activation, partial } = shape;
    const { numClasses = 1000, inChannels = 3, smallImages = false, dropout = 0, dropPath = 0 } = options;
    const drop = rising(dropPath, sum(DEPTHS) - 1);
    this.stem = new Sequential({ conv1: convBn(inChannels, 32, 3, { activation }) });
    const stages = WIDTHS.map((to, i) => {
      const stride = smallImages && i < 2 ? 1 : 2;
      const place = { from: i ? WIDTHS[i - 1]! : 32, to, depth: DEPTHS[i]!, stride, activation, drop };
      return partial ? new CrossStage(place, i === 0) : new DarkStage(place);
    });
    this.stages = new Sequential(...stages);
    this.head_ = new Head(1024, numClasses, dropout);
  }

  /** x:[n,h,w,inChannels] → [n,h′,w′,features]; any h, w from 1, made for ≥ 32. */
  forwardFeatures(x: Tensor): Tensor {
    return this.stages.forward(this.stem.forward(x));
  }
}

/** timm resizes to floor(256 / 0.887) pixels. */
const RESIZE = 288;

export const darknet53 = defineModel("darknet53", imagenet(256, RESIZE, "bicubic"), (o) => new DarkNet({ activation: LeakyReLU, partial: false }, o), { series: "DarkNet" }); // prettier-ignore
export const paddle_darknet53 = defineModel("paddle_darknet53", imagenet(256, RESIZE, "bicubic"), (o) => new DarkNet({ activation: ReLU, partial: false }, o), { series: "DarkNet", aliases: ["DarkNet53"] }); // prettier-ignore
export const cspdarknet53 = defineModel("cspdarknet53", imagenet(256, RESIZE), (o) => new DarkNet({ activation: LeakyReLU, partial: true }, o), { series: "CSPNet", aliases: ["CSPDarkNet53"] }); // prettier-ignore
