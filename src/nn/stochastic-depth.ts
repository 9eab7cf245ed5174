import { defaultRandom } from "../core/random.js";
import { tensor, type Tensor } from "../core/tensor.js";
import { ShapeError } from "../errors.js";
import { kindOf } from "../errors/options.js";
import { mul } from "../ops/index.js";
import { Module } from "./module.js";

/**
 * In training, leaves out a residual branch for some images: each image's values are all zeroed with probability p, or
 * scaled by 1/(1 − p); in evaluation, nothing. Huang et al., Deep Networks with Stochastic Depth (2016), arXiv
 * 1603.09382; torchvision's mode "row".
 */
export class StochasticDepth extends Module {
  /** Probability that a branch is left out for an image. */
  readonly p: number;

  /** @throws ShapeError unless 0 ≤ p < 1 */
  constructor(p: number) {
    super();
    if (typeof p !== "number" || !(p >= 0 && p < 1))
      throw new ShapeError(`StochasticDepth: p must be in [0, 1); got ${kindOf(p)}`);
    this.p = p;
  }

  forward(x: Tensor): Tensor {
    if (!this.training || this.p === 0) return x;
    const random = defaultRandom();
    const images = x.shape[0] ?? 1;
    const keeps = Array.from({ length: images }, () => (random.uniform() < this.p ? 0 : 1 / (1 - this.p)));
    return mul(x, tensor(keeps, [images, ...x.shape.slice(1).map(() => 1)]));
  }
}
