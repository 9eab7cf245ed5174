// LeNet-5: LeCun, Bottou, Bengio and Haffner, Gradient-Based Learning Applied to Document Recognition (1998),
// http://yann.lecun.com/exdb/publis/pdf/lecun-98.pdf. As it is taught today: 28×28 digits padded to 32×32, every map of
// the second convolution sees every map of the first, ReLU, max pooling and a linear classifier, where the paper has
// a connection table, scaled tanh, trainable sub-sampling and radial basis functions.

import type { Tensor } from "../core/tensor.js";
import { Conv2d, Flatten, Linear, MaxPool2d, Module, ReLU, Sequential } from "../nn/index.js";
import { registerModel, type ModelOptions } from "./registry.js";

export class LeNet5 extends Module {
  readonly features: Sequential;
  readonly classifier: Sequential;

  constructor({ numClasses = 10, inChannels = 1 }: ModelOptions = {}) {
    super();
    this.features = new Sequential(
      new Conv2d(inChannels, 6, 5, { padding: 2 }),
      new ReLU(),
      new MaxPool2d(2),
      new Conv2d(6, 16, 5),
      new ReLU(),
      new MaxPool2d(2),
    );
    this.classifier = new Sequential(
      new Flatten(),
      new Linear(16 * 5 * 5, 120),
      new ReLU(),
      new Linear(120, 84),
      new ReLU(),
      new Linear(84, numClasses),
    );
  }

  /** x:[n,28,28,inChannels] → logits [n,numClasses]. */
  forward(x: Tensor): Tensor {
    return this.classifier.forward(this.features.forward(x));
  }
}

export const lenet5 = registerModel("lenet5", [28, 28, 1], (options) => new LeNet5(options));
