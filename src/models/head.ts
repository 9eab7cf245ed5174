// The end of most networks: means over the image, dropout, classes.

import type { Tensor } from "../core/tensor.js";
import * as nn from "../nn/index.js";
import * as init from "../nn/init.js";
import { adaptiveAvgPool2d, flatten } from "../ops/index.js";
import { gaussian } from "./blocks.js";
import { Classifier } from "./classifier.js";
import { sequence, type Layers } from "./layers.js";
import type { ModelOptions } from "./model.js";

/**
 * A network of layers one after the other, and an end that runs on the means over the image: dropout, classes. The names of both
 * are those of files; the path of the last layer is where the classes come from.
 */
export abstract class Network extends Classifier {
  protected features = new nn.Sequential();
  #end = new nn.Sequential();
  #maps = false;
  protected heads: readonly string[] = [];

  /** Where there are convolutions in the end, it gets the means as maps of one pixel. */
  protected build(features: Layers, end: Layers): void {
    this.features = sequence(features);
    this.#end = sequence(end);
    this.heads = [lastPath(this.#end)];
    this.#maps = [...this.#end.modules()].some((layer) => layer instanceof nn.Conv2d);
  }

  override namedChildren(): [name: string, child: nn.Module][] {
    return [...this.features.namedChildren(), ...this.#end.namedChildren()];
  }

  protected override setChild(name: string, child: nn.Module): void {
    const inEnd = this.#end.namedChildren().some(([known]) => known === name);
    (inEnd ? this.#end : this.features).setSubmodule(name, child);
  }

  /** x:[n,h,w,inChannels] → [n,h′,w′,features]. */
  forwardFeatures(x: Tensor): Tensor {
    return this.features.forward(x);
  }

  forwardHead(features: Tensor): Tensor {
    const means = adaptiveAvgPool2d(features, 1);
    return this.#maps ? flatten(this.#end.forward(means)) : this.#end.forward(flatten(means));
  }
}

export const lastPath = (module: nn.Module): string => {
  const [name, child] = module.namedChildren().at(-1)!;
  return child.namedChildren().length ? `${name}.${lastPath(child)}` : name;
};

/** "fc" in files. */
export class Head extends nn.Module {
  readonly dropout: nn.Dropout | undefined;
  readonly fc: nn.Linear;
  readonly #pool = new nn.AdaptiveAvgPool2d(1);

  constructor(features: number, numClasses: number, dropout: number, options: nn.LinearOptions = {}) {
    super();
    this.dropout = dropout ? new nn.Dropout(dropout) : undefined;
    this.fc = new nn.Linear(features, numClasses, options);
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

/** The end of torchvision's MobileNets: "classifier.1" in files. */
export function mobileEnd(from: number, { numClasses = 1000, dropout = 0.2 }: ModelOptions): Layers {
  const linear = new nn.Linear(from, numClasses, { weightInit: gaussian(0.01), biasInit: init.zeros });
  return { classifier: new nn.Sequential(new nn.Dropout(dropout), linear) };
}

/** Means over the image, dropout, and classes by a 1×1 convolution: [n,h,w,c] → [n,numClasses]. */
export function convHead(features: Tensor, dropout: nn.Dropout | undefined, classifier: nn.Conv2d): Tensor {
  const y = adaptiveAvgPool2d(features, 1);
  return flatten(classifier.forward(dropout?.forward(y) ?? y));
}
