import type { Tensor } from "../core/tensor.js";
import { checkOptions, wrongKind } from "../errors/options.js";
import { GRAIN, parallel, withStruct } from "../wasm/parallel.js";
import {
  checkRange,
  Optimizer,
  type Beginning,
  type Memory,
  type ParameterGroup,
  type Rates,
} from "./optimizer.js";
import { ADAM_NAMES } from "./option-names.js";

export interface AdamOptions {
  /** Default 0.001. */
  lr?: number;
  /** Default [0.9, 0.999]. */
  betas?: readonly [number, number];
  /** Default 1e-8. */
  eps?: number;
  /** Adam: L2 penalty added to the gradient, default 0. AdamW: decay of the weights themselves, default 0.01. */
  weightDecay?: number;
}

/** A parameter's moments, and β₁ᵗ and β₂ᵗ as running products (Math.pow may differ between engines). */
const BEGINNING = { tensors: { m: 0, v: 0 }, numbers: { power1: 1, power2: 1 } };

/** Adam: Kingma and Ba (2014), arXiv 1412.6980. @throws DataError for an option outside its range */
export class Adam extends Optimizer<"m" | "v", "power1" | "power2"> {
  readonly betas: readonly [number, number];
  readonly eps: number;

  constructor(parameters: readonly (Tensor | ParameterGroup)[], options: AdamOptions = {}) {
    checkOptions<AdamOptions>(new.target.name, options, ADAM_NAMES);
    const { lr = 0.001, betas = [0.9, 0.999], eps = 1e-8, weightDecay = 0 } = options;
    super(parameters, lr, weightDecay);
    const name = this.constructor.name;
    if (!Array.isArray(betas) || betas.length !== 2) throw wrongKind(name, "betas", betas, "two numbers");
    checkRange(`${name}: betas[0]`, betas[0], 0, 1);
    checkRange(`${name}: betas[1]`, betas[1], 0, 1);
    checkRange(`${name}: eps`, eps, 0, Infinity);
    this.betas = betas;
    this.eps = eps;
  }

  /** How weightDecay acts: through the gradient (l2) or on the weight itself (decay). */
  protected decay(weightDecay: number): { l2: number; decay: number } {
    return { l2: weightDecay, decay: 0 };
  }

  /** 1 − β₁ᵗ and 1 − β₂ᵗ of the next step. */
  protected corrections({ numbers }: Memory<string, "power1" | "power2">): [number, number] {
    numbers.power1 *= this.betas[0];
    numbers.power2 *= this.betas[1];
    return [1 - numbers.power1, 1 - numbers.power2];
  }

  protected override beginning(): Beginning {
    return BEGINNING;
  }

  protected override update(
    p: Tensor,
    grad: Tensor,
    memory: Memory<"m" | "v", "power1" | "power2">,
    { lr, weightDecay }: Rates,
  ): void {
    const [beta1, beta2] = this.betas;
    const [correction1, correction2] = this.corrections(memory);
    const { l2, decay } = this.decay(weightDecay);
    const moments = { p: p.ptr, grad: grad.ptr, m: memory.ptr("m"), v: memory.ptr("v") };
    const factors = { lr, beta1, beta2, eps: this.eps, l2, decay, correction1, correction2 };
    withStruct("Adam", { ...moments, ...factors }, (shape) => parallel("adam", p.size, GRAIN, shape));
  }
}

/** Adam with decoupled weight decay: Loshchilov and Hutter (2017), arXiv 1711.05101. weightDecay defaults to 0.01. */
export class AdamW extends Adam {
  constructor(parameters: readonly (Tensor | ParameterGroup)[], options: AdamOptions = {}) {
    super(parameters, { weightDecay: 0.01, ...options });
  }

  protected override decay(weightDecay: number): { l2: number; decay: number } {
    return { l2: 0, decay: weightDecay };
  }
}
