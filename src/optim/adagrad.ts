import type { Tensor } from "../core/tensor.js";
import { GRAIN, parallel, withStruct } from "../wasm/parallel.js";
import { number, readOptions, type OptionsOf } from "./options.js";
import { Optimizer, type Beginning, type Memory, type ParameterGroup, type Rates } from "./optimizer.js";

/** Options of Adagrad. @useDeclaredType */
export type AdagradOptions = OptionsOf<typeof Adagrad.options>;

/**
 * Adagrad as PyTorch defines it: s ← s + g², p ← p − lr / (1 + t·lrDecay)·g / (√s + ε), where t counts the steps before.
 * Duchi, Hazan and Singer, Adaptive Subgradient Methods for Online Learning and Stochastic Optimization (2011),
 * https://jmlr.org/papers/v12/duchi11a.html. @throws DataError for an option outside its range
 */
export class Adagrad extends Optimizer<"square", "steps"> {
  /** @hidden */
  static readonly options = {
    /** Default 0.01. */
    lr: number(0.01),
    /** How fast the rate falls with the steps. Default 0. */
    lrDecay: number(0),
    /** L2 penalty added to the gradient. Default 0. */
    weightDecay: number(0),
    /** Initial value of the sum of squares. Default 0. */
    initialAccumulatorValue: number(0),
    /** Default 1e-10. */
    eps: number(1e-10),
  };

  /** How fast the rate falls with the steps. */
  readonly lrDecay: number;
  /** Initial value of the sums of squares. */
  readonly initialAccumulatorValue: number;
  /** Added to the root of the sum of squares. */
  readonly eps: number;

  constructor(parameters: readonly (Tensor | ParameterGroup)[], options: AdagradOptions = {}) {
    const own = readOptions(new.target.name, new.target.options, options);
    super(parameters, own.lr, own.weightDecay);
    this.lrDecay = own.lrDecay;
    this.initialAccumulatorValue = own.initialAccumulatorValue;
    this.eps = own.eps;
  }

  protected override beginning(): Beginning {
    return { tensors: { square: this.initialAccumulatorValue }, numbers: { steps: 0 } };
  }

  protected override update(
    p: Tensor,
    grad: Tensor,
    memory: Memory<"square", "steps">,
    { lr, weightDecay }: Rates,
  ): void {
    const rate = lr / (1 + memory.numbers.steps++ * this.lrDecay);
    const arrays = { p: p.compute(), grad: grad.compute(), square: memory.ptr("square"), mean: 0, buffer: 0 };
    const factors = { gain: 1, rate, keep: 1, take: 1, inner: 0, outer: this.eps, momentum: 0, weightDecay };
    withStruct("RmsProp", { ...arrays, ...factors }, (shape) => parallel("rmsprop", p.size, GRAIN, shape));
  }
}
