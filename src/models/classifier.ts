// The common methods of all networks in this folder.

import { noGrad } from "../core/grad-mode.js";
import { shapesOnly } from "../core/op.js";
import { tidy } from "../core/scope.js";
import { zeros, type Tensor } from "../core/tensor.js";
import type { Preprocessing } from "../data/preprocessing.js";
import { ShapeError } from "../errors.js";
import { checkOptions, kindOf, type Names } from "../errors/options.js";
import * as nn from "../nn/index.js";
import type { ModelInfo, ModelOptions } from "./model.js";

const OPTIONS: Names<ModelOptions> = {
  numClasses: true,
  inChannels: true,
  smallImages: true,
  dropout: true,
  dropPath: true,
  initialise: true,
};

/** Sides of images to try when others do not fit. */
const SIDES = Array.from({ length: 320 }, (_, i) => i + 1);

/** forward(x); its ShapeError names the smallest size that fits if images are too small, or the next larger one. */
export function fitting<T>({ constructor: { name } }: nn.Module, x: Tensor, forward: (x: Tensor) => T): T {
  try {
    return forward(x);
  } catch (error) {
    if (!(error instanceof ShapeError) || x.shape.length !== 4) throw error;
    const [n, h, w, c] = x.shape as [number, number, number, number];
    const fits = (side: number): boolean => {
      try {
        shapesOnly(() => noGrad(() => tidy(() => void forward(zeros([n, side, side, c])))));
        return true;
      } catch {
        return false;
      }
    };
    const least = SIDES.find(fits);
    const side = least === undefined || least > Math.min(h, w) ? least : SIDES.find((s) => s > h && s > w && fits(s)); // prettier-ignore
    if (side === undefined) throw error;
    const why = side === least ? "are too small; the least size is" : "do not fit; the next larger size that does is"; // prettier-ignore
    throw new ShapeError(`${name}: images of ${h}×${w} ${why} ${side}×${side} (${error.message})`);
  }
}

export abstract class Classifier extends nn.Module {
  /** How images are prepared for its weights, if known: set when weights are loaded, stored when they are saved. */
  preprocessing?: Preprocessing;
  /** Facts about the model, if it was built by name. */
  info?: ModelInfo;

  /** Paths of the layers whose outputs are the classes, the main one first. */
  protected abstract readonly heads: readonly string[];

  /** own: the network's options in addition to the common ones. @throws DataError for an option of another name; ShapeError for a count that is not a positive integer */
  constructor(options: ModelOptions = {}, own: Readonly<Record<string, true>> = {}) {
    super();
    const { name } = new.target;
    checkOptions<object>(name, options, { ...OPTIONS, ...own });
    const { numClasses = 1, inChannels = 1 } = options;
    for (const [option, count] of Object.entries({ numClasses, inChannels })) {
      if (Number.isInteger(count) && count >= 1) continue;
      throw new ShapeError(`${name}: ${option} must be an integer ≥ 1; got ${kindOf(count)}`);
    }
  }

  /** Path of the layer whose output is the classes. */
  get head(): string {
    return this.heads[0]!;
  }

  /** Whether a parameter belongs to such a layer, auxiliary ones included. */
  isHead(parameter: string): boolean {
    return this.heads.some((head) => parameter.startsWith(`${head}.`));
  }

  /** Number of classes. */
  get numClasses(): number {
    const layer = this.getSubmodule(this.head) as nn.Conv2d | nn.Linear;
    return layer.weight.shape[layer instanceof nn.Conv2d ? 3 : 0]!;
  }

  /** x:[n,h,w,c] → the classifier's input maps, [n,h′,w′,features]. */
  abstract forwardFeatures(x: Tensor): Tensor;

  /** The maps of forwardFeatures() → logits [n,numClasses]. */
  abstract forwardHead(features: Tensor): Tensor;

  /** x:[n,h,w,inChannels] → logits [n,numClasses]. @throws ShapeError naming a size that fits, if this one does not */
  forward(x: Tensor): Tensor {
    return fitting(this, x, (images) => this.forwardHead(this.forwardFeatures(images)));
  }

  /** Replaces the last layer, and those of auxiliary heads, by new ones for this many classes. */
  resetClassifier(numClasses: number): void {
    for (const path of this.heads) {
      const old = this.getSubmodule(path);
      const { weight } = old as nn.Conv2d | nn.Linear;
      const head =
        old instanceof nn.Conv2d ? new nn.Conv2d(weight.shape[2]!, numClasses, 1) : new nn.Linear(weight.shape[1]!, numClasses); // prettier-ignore
      head.train(old.training);
      this.setSubmodule(path, head).dispose();
    }
  }
}
