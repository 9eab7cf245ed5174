// What optimizers share: the parameters, the learning rate, the step count.

import { Tensor } from "../core/tensor.js";
import { ShapeError } from "../errors.js";

/** @throws RangeError naming the optimizer and the option */
export function checkRange(what: string, value: number, low: number, high: number): void {
  if (!(value >= low && value < high)) {
    throw new RangeError(`${what} must be in [${low}, ${high}); got ${value}`);
  }
}

/** Parameters that are trained in another way than the rest. */
export interface ParameterGroup {
  parameters: readonly Tensor[];
  /** Their learning rate, in parts of the optimizer's, so that schedules move all alike. Default 1. */
  lrScale?: number;
  /** Default: the optimizer's. */
  weightDecay?: number;
}

/** What a parameter's update reads. */
export interface Rates {
  lr: number;
  weightDecay: number;
}

export abstract class Optimizer {
  /** The learning rate; may be changed between steps. */
  lr: number;
  readonly weightDecay: number;
  /** Steps taken so far. */
  steps = 0;
  protected readonly parameters: readonly Tensor[];
  /** The group of each parameter. */
  readonly #groups: readonly ParameterGroup[];

  /** @throws ShapeError if there are no parameters; RangeError for a rate outside its range */
  constructor(parameters: readonly (Tensor | ParameterGroup)[], lr: number, weightDecay: number) {
    const name = this.constructor.name;
    const groups = parameters.map((p): ParameterGroup => (p instanceof Tensor ? { parameters: [p] } : p));
    this.#groups = groups.flatMap((group) => group.parameters.map(() => group));
    this.parameters = groups.flatMap((group) => group.parameters);
    if (this.parameters.length === 0) throw new ShapeError(`${name}: got no parameters`);
    checkRange(`${name}: lr`, lr, 0, Infinity);
    checkRange(`${name}: weightDecay`, weightDecay, 0, Infinity);
    for (const { lrScale = 1, weightDecay: decay = 0 } of groups) {
      checkRange(`${name}: lrScale`, lrScale, 0, Infinity);
      checkRange(`${name}: weightDecay`, decay, 0, Infinity);
    }
    this.lr = lr;
    this.weightDecay = weightDecay;
  }

  /** Changes every parameter that has a gradient, in place. */
  step(): void {
    this.steps++;
    this.parameters.forEach((p, i) => {
      if (!p.grad) return;
      p.storage.touch();
      const { lrScale = 1, weightDecay = this.weightDecay } = this.#groups[i]!;
      this.update(p, p.grad, i, { lr: this.lr * lrScale, weightDecay });
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
  protected abstract update(p: Tensor, grad: Tensor, i: number, rates: Rates): void;
}
