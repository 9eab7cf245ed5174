// What optimizers share: the parameters, the learning rate, the step count.

import type { Tensor } from "../core/tensor.js";
import { ShapeError } from "../errors.js";

/** @throws RangeError naming the optimizer and the option */
export function checkRange(what: string, value: number, low: number, high: number): void {
  if (!(value >= low && value < high)) {
    throw new RangeError(`${what} must be in [${low}, ${high}); got ${value}`);
  }
}

export abstract class Optimizer {
  /** The learning rate; may be changed between steps. */
  lr: number;
  /** Steps taken so far. */
  steps = 0;
  protected readonly parameters: readonly Tensor[];

  constructor(parameters: readonly Tensor[], lr: number) {
    const name = this.constructor.name;
    if (parameters.length === 0) throw new ShapeError(`${name}: got no parameters`);
    checkRange(`${name}: lr`, lr, 0, Infinity);
    this.parameters = parameters;
    this.lr = lr;
  }

  /** Changes every parameter that has a gradient, in place. */
  step(): void {
    this.steps++;
    this.parameters.forEach((p, i) => {
      if (!p.grad) return;
      p.storage.touch();
      this.update(p, p.grad, i);
    });
  }

  /** Forgets every gradient. */
  zeroGrad(): void {
    for (const p of this.parameters) {
      p.grad?.dispose();
      p.grad = undefined;
    }
  }

  /** Frees the optimizer's own tensors. */
  abstract dispose(): void;

  /** Updates the i-th parameter. */
  protected abstract update(p: Tensor, grad: Tensor, i: number): void;
}
