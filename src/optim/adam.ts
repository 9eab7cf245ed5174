import { keep } from "../core/scope.js";
import { zeros, type Tensor } from "../core/tensor.js";
import { GRAIN, parallel } from "../wasm/parallel.js";
import { checkRange, Optimizer, type ParameterGroup, type Rates } from "./optimizer.js";

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
interface State {
  power1: number;
  power2: number;
  m: Tensor;
  v: Tensor;
}

/** Adam: Kingma and Ba (2014), arXiv 1412.6980. @throws RangeError for an option outside its range */
export class Adam extends Optimizer {
  readonly betas: readonly [number, number];
  readonly eps: number;
  readonly #state = new Map<number, State>();

  constructor(parameters: readonly (Tensor | ParameterGroup)[], options: AdamOptions = {}) {
    const { lr = 0.001, betas = [0.9, 0.999], eps = 1e-8, weightDecay = 0 } = options;
    super(parameters, lr, weightDecay);
    const name = this.constructor.name;
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

  protected override update(p: Tensor, grad: Tensor, i: number, { lr, weightDecay }: Rates): void {
    let state = this.#state.get(i);
    if (!state) {
      state = { power1: 1, power2: 1, m: keep(zeros(p.shape)), v: keep(zeros(p.shape)) };
      this.#state.set(i, state);
    }
    const [beta1, beta2] = this.betas;
    state.power1 *= beta1;
    state.power2 *= beta2;
    const { l2, decay } = this.decay(weightDecay);
    parallel(
      "adam",
      p.size,
      GRAIN,
      p.ptr,
      grad.ptr,
      state.m.ptr,
      state.v.ptr,
      lr,
      beta1,
      beta2,
      this.eps,
      l2,
      decay,
      1 - state.power1,
      1 - state.power2,
    );
  }

  override dispose(): void {
    for (const { m, v } of this.#state.values()) {
      m.dispose();
      v.dispose();
    }
    this.#state.clear();
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
