import type { Tensor } from "../core/tensor.js";
import { Adam, type AdamState, type AdamStep } from "./adam.js";
import { flag, number, readOptions, type OptionsOf } from "./options.js";
import type { Beginning, ParameterGroup } from "./optimizer.js";

/** Options of NAdam. @useDeclaredType */
export type NAdamOptions = OptionsOf<typeof NAdam.options>;

/**
 * NAdam: Adam with Nesterov's momentum, as PyTorch defines it: μₜ = β₁·(1 − ½·0.96^(t·ψ)) replaces β₁, and a step is along
 * μₜ₊₁·m / (1 − Πμ) + (1 − μₜ)·g / (1 − Πμ). T. Dozat, Incorporating Nesterov Momentum into Adam (2016),
 * https://openreview.net/forum?id=OM0jvwB8jIp57ZJjtNEZ. @throws DataError for an option outside its range
 */
export class NAdam extends Adam {
  /** @hidden */
  static override readonly options = {
    ...Adam.options,
    /** Default 0.002. */
    lr: number(0.002),
    /** ψ: how fast μ grows to β₁. Default 0.004. */
    momentumDecay: number(0.004),
    /** Whether weightDecay acts on the weights themselves, as in AdamW. Default false: through the gradient. */
    decoupledWeightDecay: flag(false),
  };

  /** ψ: how fast μ grows to β₁. */
  readonly momentumDecay: number;
  /** Whether weightDecay acts on the weights themselves. */
  readonly decoupledWeightDecay: boolean;

  constructor(parameters: readonly (Tensor | ParameterGroup)[], options: NAdamOptions = {}) {
    super(parameters, options);
    const own = readOptions(new.target.name, new.target.options, options);
    this.momentumDecay = own.momentumDecay;
    this.decoupledWeightDecay = own.decoupledWeightDecay;
  }

  protected override decay(weightDecay: number): { l2: number; decay: number } {
    return this.decoupledWeightDecay ? { l2: 0, decay: weightDecay } : super.decay(weightDecay);
  }

  /** power1 is the product of the μ so far, and growth 0.96^(t·ψ). */
  protected override beginning(): Beginning {
    const { tensors, numbers } = super.beginning();
    return { tensors: tensors!, numbers: { ...numbers, growth: 1 } };
  }

  protected override stepOf({ numbers }: AdamState): AdamStep {
    const [beta1, beta2] = this.betas;
    const factor = 0.96 ** this.momentumDecay;
    const mu = (growth: number): number => beta1 * (1 - growth / 2);
    numbers.growth *= factor;
    const [now, next] = [mu(numbers.growth), mu(numbers.growth * factor)];
    numbers.power1 *= now;
    numbers.power2 *= beta2;
    const correction2 = 1 - numbers.power2;
    // With β₁ = 0 the mean is the gradient.
    if (next === 0) return { eps: this.eps, correction1: 1, correction2, now: 0 };
    const correction1 = (1 - numbers.power1 * next) / next;
    return { eps: this.eps, correction1, correction2, now: ((1 - now) / (1 - numbers.power1)) * correction1 };
  }
}
