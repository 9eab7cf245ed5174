// DenseNet: Huang, Liu, van der Maaten and Weinberger, Densely Connected Convolutional Networks (2016), arXiv 1608.06993,
// table 1 (DenseNet-BC), as in torchvision.

import { tidy } from "../core/scope.js";
import type { Tensor } from "../core/tensor.js";
import { imagenet } from "../data/preprocessing.js";
import { checkKinds } from "../errors/options.js";
import * as nn from "../nn/index.js";
import * as init from "../nn/init.js";
import { cat } from "../ops/index.js";
import { Network } from "./head.js";
import { sequence, times, unnamed } from "./layers.js";
import { PLAIN, defineModel, type ModelOptions } from "./model.js";

const conv = (from: number, to: number, size: number, stride = 1) =>
  new nn.Conv2d(from, to, size, {
    stride,
    padding: (size - 1) / 2,
    bias: false,
    weightInit: init.kaimingNormal,
  });

/** Batch normalisation first: 1×1 to four times the growth, then 3×3 to the growth. */
function denseLayer(from: number, growth: number): nn.Module {
  const wide = 4 * growth;
  const first = { norm1: new nn.BatchNorm2d(from), relu1: new nn.ReLU(), conv1: conv(from, wide, 1) };
  const norm2 = new nn.BatchNorm2d(wide);
  return new nn.Sequential({ ...first, norm2, relu2: new nn.ReLU(), conv2: conv(wide, growth, 3) });
}

/** Layers that see the outputs of all earlier ones. */
class DenseBlock extends nn.Sequential {
  constructor(from: number, growth: number, depth: number) {
    const name = (i: number) => `denselayer${i + 1}`;
    super(Object.fromEntries(times(depth, (i) => [name(i), denseLayer(from + i * growth, growth)])));
  }

  override forward(x: Tensor): Tensor {
    return unnamed(this).reduce((y, layer) => tidy(() => cat([y, layer.forward(y)])), x);
  }
}

/** Images of ≥ 29 pixels. */
export class DenseNet extends Network {
  /** growth: channels that each layer adds; depths: layers of each of the four blocks. */
  constructor(growth: number, depths: readonly number[], options: ModelOptions = {}) {
    super(options);
    checkKinds(new.target.name, { growth, depths }, { growth: "number", depths: "numbers" });
    const { numClasses = 1000, inChannels = 3, smallImages = false, dropout = 0 } = options;
    let from = 2 * growth;
    const features: Record<string, nn.Module | undefined> = {
      conv0: smallImages ? conv(inChannels, from, 3) : conv(inChannels, from, 7, 2),
      norm0: new nn.BatchNorm2d(from),
      relu0: new nn.ReLU(),
      pool0: smallImages ? undefined : new nn.MaxPool2d(3, { stride: 2, padding: 1 }),
    };
    depths.forEach((depth, i) => {
      features[`denseblock${i + 1}`] = new DenseBlock(from, growth, depth);
      from += depth * growth;
      if (i === depths.length - 1) return;
      const layers = { norm: new nn.BatchNorm2d(from), relu: new nn.ReLU(), conv: conv(from, from / 2, 1), pool: new nn.AvgPool2d(2) }; // prettier-ignore
      features[`transition${i + 1}`] = sequence(layers);
      from /= 2;
    });
    const norm5 = new nn.BatchNorm2d(from);
    const classifier = new nn.Linear(from, numClasses, { biasInit: init.zeros });
    this.build({ features: sequence({ ...features, norm5, relu5: new nn.ReLU() }) }, { dropout: new nn.Dropout(dropout), classifier }); // prettier-ignore
  }
}

const define = (name: string, growth: number, depths: readonly number[]) => {
  const traits = { series: "DenseNet", aliases: [name.replace("densenet", "DenseNet")], ...PLAIN };
  return defineModel(name, imagenet(), (o) => new DenseNet(growth, depths, o), traits);
};

/** DenseNet: 7.98 M parameters, for images of 224 × 224 pixels. Also known as DenseNet121. */
export const densenet121 = define("densenet121", 32, [6, 12, 24, 16]);
/** DenseNet: 28.7 M parameters, for images of 224 × 224 pixels. Also known as DenseNet161. */
export const densenet161 = define("densenet161", 48, [6, 12, 36, 24]);
/** DenseNet: 14.1 M parameters, for images of 224 × 224 pixels. Also known as DenseNet169. */
export const densenet169 = define("densenet169", 32, [6, 12, 32, 32]);
/** DenseNet: 20.0 M parameters, for images of 224 × 224 pixels. Also known as DenseNet201. */
export const densenet201 = define("densenet201", 32, [6, 12, 48, 32]);
/** DenseNet: 33.3 M parameters, for images of 224 × 224 pixels. Also known as DenseNet264. */
export const densenet264 = define("densenet264", 32, [6, 12, 64, 48]);
