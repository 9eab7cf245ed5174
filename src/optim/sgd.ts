import { keep } from "../core/scope.js";
import { zeros, type Tensor } from "../core/tensor.js";
import { ShapeError } from "../errors.js";
import { GRAIN, parallel } from "../wasm/parallel.js";
import { checkRange, Optimizer, type ParameterGroup, type Rates } from "./optimizer.js";

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
 * https://proceedings.mlr.press/v28/sutskever13.html. @throws RangeError for an option outside its range
 */
export class SGD extends Optimizer {
  readonly momentum: number;
  readonly dampening: number;
  readonly nesterov: boolean;
  readonly #buffers = new Map<number, Tensor>();

  constructor(parameters: readonly (Tensor | ParameterGroup)[], options: SGDOptions = {}) {
    const { lr = 0.001, momentum = 0, dampening = 0, weightDecay = 0, nesterov = false } = options;
    super(parameters, lr, weightDecay);
    checkRange("SGD: momentum", momentum, 0, Infinity);
    if (nesterov && (momentum === 0 || dampening !== 0)) {
      throw new ShapeError("SGD: nesterov needs momentum > 0 and dampening 0");
    }
    this.momentum = momentum;
    this.dampening = dampening;
    this.nesterov = nesterov;
  }

  protected override update(p: Tensor, grad: Tensor, i: number, { lr, weightDecay }: Rates): void {
    const first = !this.#buffers.has(i);
    if (first && this.momentum !== 0) this.#buffers.set(i, keep(zeros(p.shape)));
    parallel(
      "sgd",
      p.size,
      GRAIN,
      p.ptr,
      grad.ptr,
      this.#buffers.get(i)?.ptr ?? 0,
      lr,
      this.momentum,
      this.dampening,
      weightDecay,
      this.nesterov ? 1 : 0,
      first ? 1 : 0,
    );
  }

  override dispose(): void {
    for (const buffer of this.#buffers.values()) buffer.dispose();
    this.#buffers.clear();
  }
}
