// MobileNet V3: Howard et al., Searching for MobileNetV3 (2019), arXiv 1905.02244, tables 1 and 2, as torchvision has it.

import { checkKinds } from "../errors/options.js";
import type { Tensor } from "../core/tensor.js";
import {
  AdaptiveAvgPool2d,
  Dropout,
  Hardsigmoid,
  Hardswish,
  Linear,
  Module,
  ReLU,
  Sequential,
  SqueezeExcitation,
  StochasticDepth,
} from "../nn/index.js";
import * as init from "../nn/init.js";
import { add, flatten } from "../ops/index.js";
import { convNorm, fanOut, gaussian, rising, toEights } from "./blocks.js";
import { Classifier } from "./classifier.js";
import { imagenet } from "../data/preprocessing.js";
import { defineModel, type ModelOptions } from "./model.js";

/** Kernel, width inside, channels, whether channels are weighed, activation, stride. */
type Row = readonly [number, number, number, boolean, "relu" | "hardswish", number];

const LARGE: readonly Row[] = [
  [3, 16, 16, false, "relu", 1],
  [3, 64, 24, false, "relu", 2],
  [3, 72, 24, false, "relu", 1],
  [5, 72, 40, true, "relu", 2],
  [5, 120, 40, true, "relu", 1],
  [5, 120, 40, true, "relu", 1],
  [3, 240, 80, false, "hardswish", 2],
  [3, 200, 80, false, "hardswish", 1],
  [3, 184, 80, false, "hardswish", 1],
  [3, 184, 80, false, "hardswish", 1],
  [3, 480, 112, true, "hardswish", 1],
  [3, 672, 112, true, "hardswish", 1],
  [5, 672, 160, true, "hardswish", 2],
  [5, 960, 160, true, "hardswish", 1],
  [5, 960, 160, true, "hardswish", 1],
];

const SMALL: readonly Row[] = [
  [3, 16, 16, true, "relu", 2],
  [3, 72, 24, false, "relu", 2],
  [3, 88, 24, false, "relu", 1],
  [5, 96, 40, true, "hardswish", 2],
  [5, 240, 40, true, "hardswish", 1],
  [5, 240, 40, true, "hardswish", 1],
  [5, 120, 48, true, "hardswish", 1],
  [5, 144, 48, true, "hardswish", 1],
  [5, 288, 96, true, "hardswish", 2],
  [5, 576, 96, true, "hardswish", 1],
  [5, 576, 96, true, "hardswish", 1],
];

const norm = { eps: 1e-3, momentum: 0.01 };

class InvertedResidual extends Module {
  readonly block: Sequential;
  readonly stochasticDepth: StochasticDepth | undefined;
  readonly #shortcut: boolean;

  constructor(from: number, [kernelSize, wide, to, weighed, name, stride]: Row, drop: number) {
    super();
    const activation = name === "relu" ? ReLU : Hardswish;
    const conv = { weightInit: fanOut, biasInit: init.zeros };
    const weigh = (): Module =>
      new SqueezeExcitation(wide, toEights(wide / 4), { scaleActivation: Hardsigmoid, conv });
    this.block = new Sequential(
      ...(wide === from ? [] : [convNorm(from, wide, 1, { activation, norm })]),
      convNorm(wide, wide, kernelSize, { stride, groups: wide, activation, norm }),
      ...(weighed ? [weigh()] : []),
      convNorm(wide, to, 1, { activation: null, norm }),
    );
    this.#shortcut = stride === 1 && from === to;
    this.stochasticDepth = this.#shortcut && drop ? new StochasticDepth(drop) : undefined;
  }

  forward(x: Tensor): Tensor {
    const y = this.block.forward(x);
    return this.#shortcut ? add(this.stochasticDepth?.forward(y) ?? y, x) : y;
  }
}

export class MobileNetV3 extends Classifier {
  readonly features: Sequential;
  readonly avgpool = new AdaptiveAvgPool2d(1);
  readonly classifier: Sequential;
  protected readonly heads = ["classifier.3"];

  constructor(rows: readonly Row[], hidden: number, options: ModelOptions = {}) {
    super(options);
    checkKinds(new.target.name, { rows, hidden }, { rows: "list", hidden: "number" });
    for (const row of rows) checkKinds(new.target.name, { row }, { row: "list" });
    const { numClasses = 1000, inChannels = 3, smallImages = false, dropout = 0.2, dropPath = 0 } = options;
    const drop = rising(dropPath, rows.length);
    const activation = Hardswish;
    let from = 16;
    const blocks = rows.map((row) => {
      const block = new InvertedResidual(from, row, drop());
      from = row[2];
      return block;
    });
    this.features = new Sequential(
      convNorm(inChannels, 16, 3, { stride: smallImages ? 1 : 2, activation, norm }),
      ...blocks,
      convNorm(from, 6 * from, 1, { activation, norm }),
    );
    const linear = (a: number, b: number): Linear =>
      new Linear(a, b, { weightInit: gaussian(0.01), biasInit: init.zeros });
    this.classifier = new Sequential(
      linear(6 * from, hidden),
      new Hardswish(),
      new Dropout(dropout),
      linear(hidden, numClasses),
    );
  }

  forwardFeatures(x: Tensor): Tensor {
    return this.features.forward(x);
  }

  forwardHead(features: Tensor): Tensor {
    return this.classifier.forward(flatten(this.avgpool.forward(features)));
  }
}

export const mobilenet_v3_large = defineModel("mobilenet_v3_large", imagenet(), (o) => new MobileNetV3(LARGE, 1280, o), { series: "MobileNetV3", aliases: ["mobilenetv3_large_100"] }); // prettier-ignore
export const mobilenet_v3_small = defineModel("mobilenet_v3_small", imagenet(), (o) => new MobileNetV3(SMALL, 1024, o), { series: "MobileNetV3", aliases: ["mobilenetv3_small_100"] }); // prettier-ignore
