// LeNet-5: LeCun, Bottou, Bengio and Haffner, Gradient-Based Learning Applied to Document Recognition (1998),
// http://yann.lecun.com/exdb/publis/pdf/lecun-98.pdf. As it is taught today: 28×28 digits padded to 32×32, every map of
// the second convolution sees every map of the first, ReLU, max pooling and a linear classifier, where the paper has
// a connection table, scaled tanh, trainable sub-sampling and radial basis functions.

import type { Tensor } from "../core/tensor.js";
import * as nn from "../nn/index.js";
import { imagenet, mnistNormalization, type Preprocessing } from "../data/preprocessing.js";
import { Network } from "./head.js";
import { PLAIN, defineModel, SMALL, type ModelOptions } from "./model.js";

/**
 * LeNet-5 as it is trained today: ReLU and max pooling, for 28 × 28 pixels. LeCun, Bottou, Bengio and
 * Haffner, Gradient-based learning applied to document recognition (1998), https://doi.org/10.1109/5.726791.
 */
export class LeNet5 extends Network {
  constructor(options: ModelOptions = {}) {
    super(options);
    const { numClasses = 10, inChannels = 1, dropout = 0 } = options;
    const convs = [new nn.Conv2d(inChannels, 6, 5, { padding: 2 }), new nn.Conv2d(6, 16, 5)];
    const features = convs.flatMap((conv) => [conv, new nn.ReLU(), new nn.MaxPool2d(2)]);
    const first = [new nn.Linear(16 * 5 * 5, 120), new nn.ReLU(), new nn.Linear(120, 84)];
    const last = dropout ? new nn.Sequential(new nn.ReLU(), new nn.Dropout(dropout)) : new nn.ReLU();
    const classifier = new nn.Sequential(new nn.Flatten(), ...first, last, new nn.Linear(84, numClasses));
    this.build({ features: new nn.Sequential(...features) }, { classifier });
  }

  /** Feature maps → logits [n, numClasses]. */
  override forwardHead(features: Tensor): Tensor {
    return this.getSubmodule("classifier").forward(features);
  }
}

const MNIST: Preprocessing = { ...imagenet(28, 28), inputSize: [28, 28, 1], ...mnistNormalization };

/** LeNet: 61,706 parameters, for grey images of 28 × 28 pixels. */
export const lenet5 = defineModel("lenet5", MNIST, (o) => new LeNet5(o), { series: "LeNet", ...PLAIN, ...SMALL }); // prettier-ignore
