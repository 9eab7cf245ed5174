// The end of most networks: means over the image, dropout, classes.

import type { Tensor } from "../core/tensor.js";
import { AdaptiveAvgPool2d, type Conv2d, Dropout, Linear, Module, type LinearOptions } from "../nn/index.js";
import { adaptiveAvgPool2d, flatten } from "../ops/index.js";
import { Classifier } from "./classifier.js";

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

/** Means over the image, dropout, and classes by a 1×1 convolution: [n,h,w,c] → [n,numClasses]. */
export function convHead(features: Tensor, dropout: Dropout | undefined, classifier: Conv2d): Tensor {
  const y = adaptiveAvgPool2d(features, 1);
  return flatten(classifier.forward(dropout?.forward(y) ?? y));
}
