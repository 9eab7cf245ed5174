// PeleeNet: Wang, Li and Ling, Pelee: A Real-Time Object Detection System on Mobile Devices (2018), arXiv 1804.06882, table 1, as
// PaddleClas has it: a DenseNet whose layers have two branches, one of which sees twice as far.

import { imagenet } from "../data/preprocessing.js";
import * as nn from "../nn/index.js";
import * as init from "../nn/init.js";
import { fanOut, gaussian } from "./blocks.js";
import { Network } from "./head.js";
import { Apply, Branches, Flat, flatBranches, sequence } from "./layers.js";
import { defineModel, PLAIN, type ModelOptions } from "./model.js";

const GROWTH = 32;
/** Layers of each block, and the width of their 1×1 convolutions, relative to half the growth. */
const BLOCKS = [[3, 1], [4, 2], [8, 4], [6, 4]] as const; // prettier-ignore

/** Convolution, normalisation, ReLU: "conv", "norm". */
function conv(from: number, to: number, size: number, stride = 1): nn.Sequential {
  const layer = new nn.Conv2d(from, to, size, {
    stride,
    padding: (size - 1) / 2,
    bias: false,
    weightInit: fanOut,
  });
  return new nn.Sequential({ conv: layer, norm: new nn.BatchNorm2d(to), relu: new nn.ReLU() });
}

/** Half of the growth by one 3×3 convolution, half by two. */
function denseLayer(from: number, width: number): nn.Module {
  const half = GROWTH / 2;
  const wanted = half * width;
  const inside = wanted > from / 2 ? Math.floor(from / 8) * 4 : wanted;
  const branch1 = sequence({ a: conv(from, inside, 1), b: conv(inside, half, 3) });
  const branch2 = sequence({ a: conv(from, inside, 1), b: conv(inside, half, 3), c: conv(half, half, 3) });
  return flatBranches({ input: new Apply((x) => x), branch1, branch2 });
}

/** To a quarter of the size: a strided convolution beside a pooling. */
function stemBlock(inChannels: number, small: boolean): nn.Module {
  const stride = small ? 1 : 2;
  const stem1 = conv(inChannels, 32, 3, stride);
  const pooled = small ? new Apply((x) => x) : new nn.MaxPool2d(2);
  const stem2 = new Branches({ pooled, "": sequence({ a: conv(32, 16, 1), b: conv(16, 32, 3, stride) }) });
  return new Flat(sequence({ stem1, stem2, stem3: conv(64, 32, 1) }));
}

/** Images of ≥ 32 pixels. */
export class PeleeNet extends Network {
  constructor(options: ModelOptions = {}) {
    super(options);
    const { numClasses = 1000, inChannels = 3, smallImages = false, dropout = 0.05 } = options;
    const layers: Record<string, nn.Module> = { stemblock: stemBlock(inChannels, smallImages) };
    let from = 32;
    BLOCKS.forEach(([depth, width], i) => {
      const block: Record<string, nn.Module> = {};
      for (let k = 1; k <= depth; k++, from += GROWTH) block[`denselayer${k}`] = denseLayer(from, width);
      layers[`denseblock${i + 1}`] = sequence(block);
      layers[`transition${i + 1}`] = conv(from, from, 1);
      if (i < BLOCKS.length - 1) layers[`transition${i + 1}_pool`] = new nn.AvgPool2d(2);
    });
    const classifier = new nn.Linear(from, numClasses, { weightInit: gaussian(0.01), biasInit: init.zeros });
    this.build({ features: sequence(layers) }, { dropout: new nn.Dropout(dropout), classifier });
  }
}

/** PeleeNet: 2.80 M parameters, for images of 224 × 224 pixels. Also known as PeleeNet. */
export const peleenet = defineModel("peleenet", imagenet(), (o) => new PeleeNet(o), { series: "PeleeNet", aliases: ["PeleeNet"], ...PLAIN }); // prettier-ignore
