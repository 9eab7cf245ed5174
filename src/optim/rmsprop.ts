import type { Tensor } from "../core/tensor.js";
import { checkOptions } from "../errors/options.js";
import { GRAIN, parallel, withStruct } from "../wasm/parallel.js";
import {
  checkRange,
  Optimizer,
  type Beginning,
  type Memory,
  type ParameterGroup,
  type Rates,
} from "./optimizer.js";
import { RMSPROP_NAMES } from "./option-names.js";

export interface RMSpropOptions {
  /** Default 0.01. */
  lr?: number;
  /** How much of the mean square is kept. Default 0.99; RMSpropTF: 0.9. */
  alpha?: number;
  /** Default 1e-8; RMSpropTF: 1e-10. */
  eps?: number;
  /** L2 penalty added to the gradient. Default 0. */
  weightDecay?: number;
  /** Default 0. */
  momentum?: number;
  /** Divide by the deviation from the mean gradient instead of the root mean square. Default false. */
  centered?: boolean;
}

/** What the kernel's denominator and rates are. */
interface Scaling {
  /** Added to the mean square, under the root. */
  inner: number;
  /** Added to the root. */
  outer: number;
  /** Of the step that enters the momentum. */
  gain: number;
  /** Of the step that leaves it. */
  rate: number;
}

/**
 * RMSProp as PyTorch defines it: s ← α·s + (1 − α)·g², b ← momentum·b + g / (√s + ε), p ← p − lr·b.
 * Tieleman and Hinton, Lecture 6.5 (2012), https://www.cs.toronto.edu/~tijmen/csc321/slides/lecture_slides_lec6.pdf;
 * centred: Graves (2013), arXiv 1308.0850. @throws DataError for an option outside its range
 */
export class RMSprop extends Optimizer<"square" | "mean" | "momentum", never> {
  readonly alpha: number;
  readonly eps: number;
  readonly momentum: number;
  readonly centered: boolean;

  constructor(parameters: readonly (Tensor | ParameterGroup)[], options: RMSpropOptions = {}) {
    checkOptions<RMSpropOptions>(new.target.name, options, RMSPROP_NAMES);
    const { lr = 0.01, alpha = 0.99, eps = 1e-8, weightDecay = 0, momentum = 0, centered = false } = options;
    super(parameters, lr, weightDecay);
    const name = this.constructor.name;
    checkRange(`${name}: alpha`, alpha, 0, 1);
    checkRange(`${name}: eps`, eps, 0, Infinity);
    checkRange(`${name}: momentum`, momentum, 0, Infinity);
    this.alpha = alpha;
    this.eps = eps;
    this.momentum = momentum;
    this.centered = centered;
  }

  /** What the mean square starts from. */
  protected get start(): number {
    return 0;
  }

  protected scaling(lr: number): Scaling {
    return { inner: 0, outer: this.eps, gain: 1, rate: lr };
  }

  protected override beginning(): Beginning {
    const mean = this.centered ? { mean: 0 } : {};
    const momentum = this.momentum === 0 ? {} : { momentum: 0 };
    return { tensors: { square: this.start, ...mean, ...momentum } };
  }

  protected override update(
    p: Tensor,
    grad: Tensor,
    memory: Memory<"square" | "mean" | "momentum", never>,
    { lr, weightDecay }: Rates,
  ): void {
    const { alpha, momentum } = this;
    const [square, mean, buffer] = [memory.ptr("square"), memory.ptr("mean"), memory.ptr("momentum")];
    const arrays = { p: p.ptr, grad: grad.ptr, square, mean, buffer };
    const fields = { ...arrays, ...this.scaling(lr), alpha, momentum, weightDecay };
    withStruct("RmsProp", fields, (shape) => parallel("rmsprop", p.size, GRAIN, shape));
  }
}

/**
 * RMSProp as TensorFlow 1 defines it, which EfficientNet, MobileNet V3 and MnasNet were trained with (timm's RMSpropTF):
 * s starts at 1, ε is under the root, and the learning rate is in the momentum: b ← momentum·b + lr·g / √(s + ε), p ← p − b.
 */
export class RMSpropTF extends RMSprop {
  constructor(parameters: readonly (Tensor | ParameterGroup)[], options: RMSpropOptions = {}) {
    super(parameters, { alpha: 0.9, eps: 1e-10, ...options });
  }

  protected override get start(): number {
    return 1;
  }

  protected override scaling(lr: number): Scaling {
    return { inner: this.eps, outer: 0, gain: lr, rate: 1 };
  }
}
