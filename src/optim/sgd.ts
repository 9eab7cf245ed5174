import type { Tensor } from "../core/tensor.js";
import { ShapeError } from "../errors.js";
import { GRAIN, parallel, withStruct } from "../wasm/parallel.js";
import { flag, number, readOptions, type OptionsOf } from "./options.js";
import { Optimizer, type Beginning, type Memory, type ParameterGroup, type Rates } from "./optimizer.js";

/** Options of SGD. @useDeclaredType */
export type SGDOptions = OptionsOf<typeof SGD.options>;

/**
 * Stochastic gradient descent with momentum, as PyTorch defines it: b ← momentum·b + (1 − dampening)·g, p ← p − lr·b.
 * Sutskever et al., On the importance of initialization and momentum in deep learning (2013),
 * https://proceedings.mlr.press/v28/sutskever13.html. @throws DataError for an option outside its range
 */
export class SGD extends Optimizer<"momentum", never> {
  /** @hidden */
  static readonly options = {
    /** Default 0.001. */
    lr: number(0.001),
    /** Default 0. */
    momentum: number(0),
    /** Default 0. */
    dampening: number(0),
    /** L2 penalty added to the gradient. Default 0. */
    weightDecay: number(0),
    /** Default false. */
    nesterov: flag(false),
  };

  /** Share of the last update that the next one repeats. */
  readonly momentum: number;
  /** Share of a new gradient that is left out of the momentum. */
  readonly dampening: number;
  /** Whether Nesterov's momentum is used. */
  readonly nesterov: boolean;

  constructor(parameters: readonly (Tensor | ParameterGroup)[], options: SGDOptions = {}) {
    const { name } = new.target;
    const { lr, momentum, dampening, weightDecay, nesterov } = readOptions(name, new.target.options, options);
    super(parameters, lr, weightDecay);
    if (nesterov && (momentum === 0 || dampening !== 0)) {
      throw new ShapeError(`${name}: nesterov needs momentum > 0 and dampening 0`);
    }
    this.momentum = momentum;
    this.dampening = dampening;
    this.nesterov = nesterov;
  }

  /** Factor of the gradient and its penalty. */
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
      p: p.compute(),
      grad: grad.compute(),
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
