// PeleeNet: Wang, Li and Ling, Pelee: A Real-Time Object Detection System on Mobile Devices (2018), arXiv 1804.06882, table 1, as
// PaddleClas has it: a DenseNet whose layers have two ways, one of which sees twice as far.

import type { Tensor } from "../core/tensor.js";
import { imagenet } from "../data/preprocessing.js";
import * as nn from "../nn/index.js";
import * as init from "../nn/init.js";
import { cat } from "../ops/index.js";
import { fanOut, gaussian } from "./blocks.js";
import { Network } from "./head.js";
import { sequence } from "./layers.js";
import { defineModel, PLAIN, type ModelOptions } from "./model.js";

const GROWTH = 32;
/** Layers of each block, and the width of their 1×1 convolutions, in parts of half the growth. */
const BLOCKS = [[3, 1], [4, 2], [8, 4], [6, 4]] as const; // prettier-ignore

/** Convolution, normalisation, ReLU: "conv", "norm". */
function conv(from: number, to: number, kernelSize: number, stride = 1): nn.Sequential {
  const padding = (kernelSize - 1) / 2;
  return new nn.Sequential({
    conv: new nn.Conv2d(from, to, kernelSize, { stride, padding, bias: false, weightInit: fanOut }),
    norm: new nn.BatchNorm2d(to),
    relu: new nn.ReLU(),
  });
}

/** Half of the growth by one 3×3 convolution, half by two. */
class DenseLayer extends nn.Module {
  readonly branch1a: nn.Module;
  readonly branch1b: nn.Module;
  readonly branch2a: nn.Module;
  readonly branch2b: nn.Module;
  readonly branch2c: nn.Module;

  constructor(from: number, width: number) {
    super();
    const half = GROWTH / 2;
    const wanted = half * width;
    const inside = wanted > from / 2 ? Math.floor(from / 8) * 4 : wanted;
    this.branch1a = conv(from, inside, 1);
    this.branch1b = conv(inside, half, 3);
    this.branch2a = conv(from, inside, 1);
    this.branch2b = conv(inside, half, 3);
    this.branch2c = conv(half, half, 3);
  }

  forward(x: Tensor): Tensor {
    const near = this.branch1b.forward(this.branch1a.forward(x));
    const far = this.branch2c.forward(this.branch2b.forward(this.branch2a.forward(x)));
    return cat([x, near, far]);
  }
}

/** To a quarter of the size: a strided convolution beside a pooling. */
class StemBlock extends nn.Module {
  readonly stem1: nn.Module;
  readonly stem2a: nn.Module;
  readonly stem2b: nn.Module;
  readonly stem3: nn.Module;
  readonly #pool: nn.MaxPool2d | undefined;

  constructor(inChannels: number, small: boolean) {
    super();
    const stride = small ? 1 : 2;
    this.stem1 = conv(inChannels, 32, 3, stride);
    this.stem2a = conv(32, 16, 1);
    this.stem2b = conv(16, 32, 3, stride);
    this.stem3 = conv(64, 32, 1);
    this.#pool = small ? undefined : new nn.MaxPool2d(2);
  }

  forward(x: Tensor): Tensor {
    const y = this.stem1.forward(x);
    const convolved = this.stem2b.forward(this.stem2a.forward(y));
    return this.stem3.forward(cat([this.#pool?.forward(y) ?? y, convolved]));
  }
}

/** Images of ≥ 32 pixels. */
export class PeleeNet extends Network {
  constructor(options: ModelOptions = {}) {
    super(options);
    const { numClasses = 1000, inChannels = 3, smallImages = false, dropout = 0.05 } = options;
    const layers: Record<string, nn.Module> = { stemblock: new StemBlock(inChannels, smallImages) };
    let from = 32;
    BLOCKS.forEach(([depth, width], i) => {
      const block: Record<string, nn.Module> = {};
      for (let k = 1; k <= depth; k++, from += GROWTH) block[`denselayer${k}`] = new DenseLayer(from, width);
      layers[`denseblock${i + 1}`] = sequence(block);
      layers[`transition${i + 1}`] = conv(from, from, 1);
      if (i < BLOCKS.length - 1) layers[`transition${i + 1}_pool`] = new nn.AvgPool2d(2);
    });
    const classifier = new nn.Linear(from, numClasses, { weightInit: gaussian(0.01), biasInit: init.zeros });
    this.build({ features: sequence(layers) }, { dropout: new nn.Dropout(dropout), classifier });
  }
}

const TRAITS = { series: "PeleeNet", aliases: ["PeleeNet"], ...PLAIN };

export const peleenet = defineModel("peleenet", imagenet(), (o) => new PeleeNet(o), TRAITS);
