import type { Tensor } from "../core/tensor.js";
import { GRAIN, parallel, withStruct } from "../wasm/parallel.js";
import { BETAS } from "./adam.js";
import { number, option, readOptions, type OptionsOf } from "./options.js";
import { Optimizer, type Beginning, type Memory, type ParameterGroup, type Rates } from "./optimizer.js";

/** Options of Lion. @useDeclaredType */
export type LionOptions = OptionsOf<typeof Lion.options>;

/**
 * Lion: p ← p − lr·(sign(β₁·m + (1 − β₁)·g) + weightDecay·p), m ← β₂·m + (1 − β₂)·g. Every weight moves by lr, so rates are 3 to
 * 10 times smaller than AdamW's, and weight decays larger by the same factor. It keeps one number per weight.
 * Chen et al., Symbolic Discovery of Optimization Algorithms (2023), arXiv 2302.06675. @throws DataError for an option outside its range
 */
export class Lion extends Optimizer<"m", never> {
  /** @hidden */
  static readonly options = {
    /** Default 0.0001. */
    lr: number(0.0001),
    /** Default [0.9, 0.99]. */
    betas: option<readonly [number, number]>([0.9, 0.99], BETAS.check),
    /** Decay of the weights themselves. Default 0. */
    weightDecay: number(0),
  };

  /** β₁ and β₂: share of the mean that a step and an update keep. */
  readonly betas: readonly [number, number];

  constructor(parameters: readonly (Tensor | ParameterGroup)[], options: LionOptions = {}) {
    const { lr, betas, weightDecay } = readOptions(new.target.name, new.target.options, options);
    super(parameters, lr, weightDecay);
    this.betas = betas;
  }

  protected override beginning(): Beginning {
    return { tensors: { m: 0 } };
  }

  protected override update(p: Tensor, grad: Tensor, memory: Memory<"m", never>, rates: Rates): void {
    const [beta1, beta2] = this.betas;
    const arrays = { p: p.compute(), grad: grad.compute(), m: memory.ptr("m"), v: 0, partials: 0 };
    const unused = { eps: 0, l2: 0, correction1: 1, correction2: 1, now: 0, gain: 1, n: p.size, block: 0 };
    const factors = { lr: rates.lr, beta1, beta2, decay: rates.weightDecay };
    withStruct("Adam", { ...arrays, ...unused, ...factors }, (shape) =>
      parallel("lion", p.size, GRAIN, shape),
    );
  }
}
