// The end of most networks: means over the image, dropout, classes.

import type { Tensor } from "../core/tensor.js";
import {
  AdaptiveAvgPool2d,
  type Conv2d,
  Dropout,
  Linear,
  Module,
  Sequential,
  type LinearOptions,
} from "../nn/index.js";
import * as init from "../nn/init.js";
import { adaptiveAvgPool2d, flatten } from "../ops/index.js";
import { gaussian } from "./blocks.js";
import { Classifier } from "./classifier.js";
import type { ModelOptions } from "./model.js";

/** "fc" in files. */
export class Head extends Module {
  readonly dropout: Dropout | undefined;
  readonly fc: Linear;
  readonly #pool = new AdaptiveAvgPool2d(1);

  constructor(features: number, numClasses: number, dropout: number, options: LinearOptions = {}) {
    super();
    this.dropout = dropout ? new Dropout(dropout) : undefined;
    this.fc = new Linear(features, numClasses, options);
  }

  forward(x: Tensor): Tensor {
    const y = flatten(this.#pool.forward(x));
    return this.fc.forward(this.dropout?.forward(y) ?? y);
  }
}

/** A network whose last layer is timm's "head.fc". */
export abstract class HeadClassifier extends Classifier {
  /** "head" in files. */
  abstract readonly head_: Head;
  protected readonly heads = ["head.fc"];

  forwardHead(features: Tensor): Tensor {
    return this.head_.forward(features);
  }
}

/** A network of features, their means, dropout and classes, in files as torchvision's MobileNets: "features", "classifier.1". */
export abstract class FeaturesClassifier extends Classifier {
  readonly features: Sequential;
  readonly avgpool = new AdaptiveAvgPool2d(1);
  readonly classifier: Sequential;
  protected readonly heads = ["classifier.1"];

  constructor(features: Sequential, channels: number, options: ModelOptions) {
    super(options);
    const { numClasses = 1000, dropout = 0.2 } = options;
    this.features = features;
    const head = new Linear(channels, numClasses, { weightInit: gaussian(0.01), biasInit: init.zeros });
    this.classifier = new Sequential(new Dropout(dropout), head);
  }

  forwardFeatures(x: Tensor): Tensor {
    return this.features.forward(x);
  }

  forwardHead(features: Tensor): Tensor {
    return this.classifier.forward(flatten(this.avgpool.forward(features)));
  }
}

/** Means over the image, dropout, and classes by a 1×1 convolution: [n,h,w,c] → [n,numClasses]. */
export function convHead(features: Tensor, dropout: Dropout | undefined, classifier: Conv2d): Tensor {
  const y = adaptiveAvgPool2d(features, 1);
  return flatten(classifier.forward(dropout?.forward(y) ?? y));
}
