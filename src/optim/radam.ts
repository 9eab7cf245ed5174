import type { Tensor } from "../core/tensor.js";
import { Adam, type AdamState, type AdamStep } from "./adam.js";
import { flag, readOptions, type OptionsOf } from "./options.js";
import type { Beginning, ParameterGroup } from "./optimizer.js";

/** Options of RAdam. @useDeclaredType */
export type RAdamOptions = OptionsOf<typeof RAdam.options>;

/**
 * RAdam: Adam, but the first steps, while the mean of squares is unreliable, use only momentum, and later ones are shortened
 * according to its reliability, as PyTorch defines it. Liu et al., On the Variance of the Adaptive Learning Rate and Beyond (2019),
 * arXiv 1908.03265. @throws DataError for an option outside its range
 */
export class RAdam extends Adam {
  /** @hidden */
  static override readonly options = {
    ...Adam.options,
    /** Whether weightDecay acts on the weights themselves, as in AdamW. Default false: through the gradient. */
    decoupledWeightDecay: flag(false),
  };

  /** Whether weightDecay acts on the weights themselves. */
  readonly decoupledWeightDecay: boolean;

  constructor(parameters: readonly (Tensor | ParameterGroup)[], options: RAdamOptions = {}) {
    super(parameters, options);
    const own = readOptions(new.target.name, new.target.options, options);
    this.decoupledWeightDecay = own.decoupledWeightDecay;
  }

  protected override decay(weightDecay: number): { l2: number; decay: number } {
    return this.decoupledWeightDecay ? { l2: 0, decay: weightDecay } : super.decay(weightDecay);
  }

  protected override beginning(): Beginning {
    const { tensors, numbers } = super.beginning();
    return { tensors: tensors!, numbers: { ...numbers, steps: 0 } };
  }

  protected override stepOf(memory: AdamState): AdamStep {
    const [correction1, correction2] = this.corrections(memory);
    const t = ++memory.numbers.steps;
    const most = 2 / (1 - this.betas[1]) - 1;
    const length = most - (2 * t * (1 - correction2)) / correction2;
    // √v·0 + 1: the step is not divided.
    if (!(length > 5)) return { eps: 1, correction1, correction2: Infinity, now: 0 };
    const share = ((length - 4) * (length - 2) * most) / ((most - 4) * (most - 2) * length);
    // PyTorch adds ε before the root of the mean is corrected.
    const eps = this.eps / Math.sqrt(correction2);
    return { eps, correction1: correction1 / Math.sqrt(share), correction2, now: 0 };
  }
}
