import { defaultRandom } from "../core/random.js";
import type { Tensor } from "../core/tensor.js";
import { ShapeError } from "../errors.js";
import { kindOf } from "../errors/options.js";
import { dropout } from "../ops/index.js";
import { Module } from "./module.js";

/** In training, zeroes elements with probability p and scales the rest by 1/(1 − p); in evaluation, nothing. */
export class Dropout extends Module {
  /** Probability that an element becomes 0. */
  readonly p: number;

  /** @throws ShapeError unless 0 ≤ p < 1 */
  constructor(p = 0.5) {
    super();
    if (typeof p !== "number" || !(p >= 0 && p < 1))
      throw new ShapeError(`Dropout: p must be in [0, 1); got ${kindOf(p)}`);
    this.p = p;
  }

  forward(x: Tensor): Tensor {
    if (!this.training || this.p === 0) return x;
    return dropout(x, this.p, defaultRandom().bits() | 0);
  }
}
