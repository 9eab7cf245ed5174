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
 * A network of layers one after the other, and an end that runs on the means over the image: dropout, classes. Both have the names
 * in files, also as fields (`model.layer4`) except for "head"; the path of the last layer is that of the classes.
 */
export abstract class Network extends Classifier {
  #body = new nn.Sequential();
  #end = new nn.Sequential();
  #maps = false;
  /** Sides of the means: 1 are those over the image. */
  protected side = 1;
  protected heads: readonly string[] = [];

  /** If the end contains convolutions, it gets the means as maps of one pixel. */
  protected build(features: Layers, end: Layers): void {
    this.#body = sequence(features);
    this.#end = sequence(end);
    for (const [name, layer] of this.namedChildren())
      if (!(name in this)) Object.assign(this, { [name]: layer });
    this.heads = [lastPath(this.#end)];
    this.#maps = [...this.#end.modules()].some((layer) => layer instanceof nn.Conv2d);
  }

  override namedChildren(): [name: string, child: nn.Module][] {
    return [...this.#body.namedChildren(), ...this.#end.namedChildren()];
  }

  /** The layers before the end. */
  protected get body(): nn.Sequential {
    return this.#body;
  }

  protected override setChild(name: string, child: nn.Module): void {
    const inEnd = this.#end.namedChildren().some(([known]) => known === name);
    const old = (inEnd ? this.#end : this.#body).setSubmodule(name, child);
    if ((this as Record<string, unknown>)[name] === old) Object.assign(this, { [name]: child });
  }

  /** x:[n,h,w,inChannels] → [n,h′,w′,features]. */
  forwardFeatures(x: Tensor): Tensor {
    return this.#body.forward(x);
  }

  forwardHead(features: Tensor): Tensor {
    const means = adaptiveAvgPool2d(features, this.side);
    const y = this.#end.forward(this.#maps ? means : flatten(means));
    return y.shape.length > 2 ? flatten(y) : y;
  }
}

export const lastPath = (module: nn.Module): string => {
  const [name, child] = module.namedChildren().at(-1)!;
  return child.namedChildren().length ? `${name}.${lastPath(child)}` : name;
};

/** The end of torchvision's MobileNets: "classifier.1" in files. */
export function mobileEnd(from: number, { numClasses = 1000, dropout = 0.2 }: ModelOptions): Layers {
  const linear = new nn.Linear(from, numClasses, { weightInit: gaussian(0.01), biasInit: init.zeros });
  return { classifier: new nn.Sequential(new nn.Dropout(dropout), linear) };
}
