import type { Tensor } from "../core/tensor.js";
import { checkOptions } from "../errors/options.js";
import { ShapeError } from "../errors.js";
import { GRAIN, parallel, withStruct } from "../wasm/parallel.js";
import {
  checkRange,
  Optimizer,
  type Beginning,
  type Memory,
  type ParameterGroup,
  type Rates,
} from "./optimizer.js";
import { SGD_NAMES } from "./option-names.js";

export interface SGDOptions {
  /** Default 0.001. */
  lr?: number;
  /** Default 0. */
  momentum?: number;
  /** Default 0. */
  dampening?: number;
  /** L2 penalty added to the gradient. Default 0. */
  weightDecay?: number;
  /** Default false. */
  nesterov?: boolean;
}

/**
 * Stochastic gradient descent with momentum, as PyTorch defines it: b ← momentum·b + (1 − dampening)·g, p ← p − lr·b.
 * Sutskever et al., On the importance of initialization and momentum in deep learning (2013),
 * https://proceedings.mlr.press/v28/sutskever13.html. @throws DataError for an option outside its range
 */
export class SGD extends Optimizer<"momentum", never> {
  readonly momentum: number;
  readonly dampening: number;
  readonly nesterov: boolean;

  constructor(parameters: readonly (Tensor | ParameterGroup)[], options: SGDOptions = {}) {
    checkOptions<SGDOptions>(new.target.name, options, SGD_NAMES);
    const { lr = 0.001, momentum = 0, dampening = 0, weightDecay = 0, nesterov = false } = options;
    super(parameters, lr, weightDecay);
    const name = this.constructor.name;
    checkRange(`${name}: momentum`, momentum, 0, Infinity);
    if (nesterov && (momentum === 0 || dampening !== 0)) {
      throw new ShapeError(`${name}: nesterov needs momentum > 0 and dampening 0`);
    }
    this.momentum = momentum;
    this.dampening = dampening;
    this.nesterov = nesterov;
  }

  /** What the gradient and its penalty are multiplied by. */
  protected scale(_p: Tensor, _grad: Tensor, _weightDecay: number): number {
    return 1;
  }

  protected override beginning(): Beginning {
    return this.momentum === 0 ? {} : { tensors: { momentum: 0 } };
  }

  protected override update(
    p: Tensor,
    grad: Tensor,
    memory: Memory<"momentum", never>,
    { lr, weightDecay, first }: Rates,
  ): void {
    const fields = {
      p: p.ptr,
      grad: grad.ptr,
      buffer: memory.ptr("momentum"),
      lr,
      momentum: this.momentum,
      dampening: this.dampening,
      weightDecay,
      scale: this.scale(p, grad, weightDecay),
      nesterov: this.nesterov ? 1 : 0,
      first: first ? 1 : 0,
    };
    withStruct("Sgd", fields, (shape) => parallel("sgd", p.size, GRAIN, shape));
  }
}
