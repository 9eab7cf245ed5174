import type { Tensor } from "../core/tensor.js";
import { GRAIN, parallel, withStruct } from "../wasm/parallel.js";
import { flag, number, readOptions, type OptionsOf } from "./options.js";
import { Optimizer, type Beginning, type Memory, type ParameterGroup, type Rates } from "./optimizer.js";

/** Options of RMSprop and RMSpropTF. @useDeclaredType */
export type RMSpropOptions = OptionsOf<typeof RMSprop.options>;

/** The kernel's denominator and rates. */
interface Scaling {
  /** Added to the mean square, under the root. */
  inner: number;
  /** Added to the root. */
  outer: number;
  /** Rate of the step that enters the momentum. */
  gain: number;
  /** Rate of the step that leaves the momentum. */
  rate: number;
}

/**
 * RMSProp as PyTorch defines it: s ← α·s + (1 − α)·g², b ← momentum·b + g / (√s + ε), p ← p − lr·b.
 * Tieleman and Hinton, Lecture 6.5 (2012), https://www.cs.toronto.edu/~tijmen/csc321/slides/lecture_slides_lec6.pdf;
 * centred: Graves (2013), arXiv 1308.0850. @throws DataError for an option outside its range
 */
export class RMSprop extends Optimizer<"square" | "mean" | "momentum", never> {
  /** @hidden */
  static readonly options = {
    /** Default 0.01. */
    lr: number(0.01),
    /** Share of the mean square that is kept. Default 0.99; RMSpropTF: 0.9. */
    alpha: number(0.99, 0, 1),
    /** Default 1e-8; RMSpropTF: 1e-10. */
    eps: number(1e-8),
    /** L2 penalty added to the gradient. Default 0. */
    weightDecay: number(0),
    /** Default 0. */
    momentum: number(0),
    /** Divide by the deviation from the mean gradient instead of the root mean square. Default false. */
    centered: flag(false),
  };

  /** How much of the average of squares a step keeps. */
  readonly alpha: number;
  /** Added to the average's root, or under it in RMSpropTF. */
  readonly eps: number;
  /** How much of the last update the next one repeats. */
  readonly momentum: number;
  /** Whether the mean gradient is subtracted. */
  readonly centered: boolean;

  constructor(parameters: readonly (Tensor | ParameterGroup)[], options: RMSpropOptions = {}) {
    const own = readOptions(new.target.name, new.target.options, options);
    super(parameters, own.lr, own.weightDecay);
    this.alpha = own.alpha;
    this.eps = own.eps;
    this.momentum = own.momentum;
    this.centered = own.centered;
  }

  /** Initial value of the mean square. */
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
    const arrays = { p: p.compute(), grad: grad.compute(), square, mean, buffer };
    const take = Math.fround(1 - Math.fround(alpha)); // of the alpha that the kernel sees
    const fields = { ...arrays, ...this.scaling(lr), keep: alpha, take, momentum, weightDecay };
    withStruct("RmsProp", fields, (shape) => parallel("rmsprop", p.size, GRAIN, shape));
  }
}

/**
 * RMSProp as TensorFlow 1 defines it, used to train EfficientNet, MobileNet V3 and MnasNet (timm's RMSpropTF):
 * s starts at 1, ε is under the root, and the learning rate is in the momentum: b ← momentum·b + lr·g / √(s + ε), p ← p − b.
 */
export class RMSpropTF extends RMSprop {
  /** @hidden */
  static override readonly options = { ...RMSprop.options, alpha: number(0.9, 0, 1), eps: number(1e-10) };

  protected override get start(): number {
    return 1;
  }

  protected override scaling(lr: number): Scaling {
    return { inner: this.eps, outer: 0, gain: lr, rate: 1 };
  }
}
