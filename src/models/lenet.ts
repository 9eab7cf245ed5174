// LeNet-5: LeCun, Bottou, Bengio and Haffner, Gradient-Based Learning Applied to Document Recognition (1998),
// http://yann.lecun.com/exdb/publis/pdf/lecun-98.pdf. As it is taught today: 28×28 digits padded to 32×32, every map of
// the second convolution sees every map of the first, ReLU, max pooling and a linear classifier, where the paper has
// a connection table, scaled tanh, trainable sub-sampling and radial basis functions.

import type { Tensor } from "../core/tensor.js";
import * as nn from "../nn/index.js";
import { Classifier } from "./classifier.js";
import { imagenet, mnistNormalization, type Preprocessing } from "../data/preprocessing.js";
import { PLAIN, defineModel, SMALL, type ModelOptions } from "./model.js";

export class LeNet5 extends Classifier {
  readonly features: nn.Sequential;
  readonly classifier: nn.Sequential;
  readonly dropout: nn.Dropout | undefined;
  protected readonly heads = ["classifier.5"];

  constructor(options: ModelOptions = {}) {
    super(options);
    const { numClasses = 10, inChannels = 1, dropout = 0 } = options;
    this.dropout = dropout ? new nn.Dropout(dropout) : undefined;
    this.features = new nn.Sequential(
      new nn.Conv2d(inChannels, 6, 5, { padding: 2 }),
      new nn.ReLU(),
      new nn.MaxPool2d(2),
      new nn.Conv2d(6, 16, 5),
      new nn.ReLU(),
      new nn.MaxPool2d(2),
    );
    this.classifier = new nn.Sequential(
      new nn.Flatten(),
      new nn.Linear(16 * 5 * 5, 120),
      new nn.ReLU(),
      new nn.Linear(120, 84),
      new nn.ReLU(),
      new nn.Linear(84, numClasses),
    );
  }

  /** x:[n,28,28,inChannels] → [n,h′,w′,features]. */
  forwardFeatures(x: Tensor): Tensor {
    return this.features.forward(x);
  }

  forwardHead(features: Tensor): Tensor {
    if (!this.dropout) return this.classifier.forward(features);
    const layers = this.classifier.namedChildren().map(([, layer]) => layer);
    return [...layers.slice(0, -1), this.dropout, ...layers.slice(-1)].reduce(
      (x, f) => f.forward(x),
      features,
    );
  }
}

const MNIST: Preprocessing = { ...imagenet(28, 28), inputSize: [28, 28, 1], ...mnistNormalization };

export const lenet5 = defineModel("lenet5", MNIST, (o) => new LeNet5(o), {
  series: "LeNet",
  ...PLAIN,
  ...SMALL,
});
