import type { Tensor } from "../core/tensor.js";
import { norm } from "./norm.js";
import { number, readOptions, type OptionsOf } from "./options.js";
import type { ParameterGroup } from "./optimizer.js";
import { SGD } from "./sgd.js";

/** Options of LARS. @useDeclaredType */
export type LARSOptions = OptionsOf<typeof LARS.options>;

/**
 * LARS: SGD in which each parameter's gradient g + weightDecay·p is scaled by η·‖p‖ / (‖g‖ + weightDecay·‖p‖ + ε).
 * You, Gitman and Ginsburg, Large Batch Training of Convolutional Networks (2017), arXiv 1708.03888; as timm defines it:
 * lr defaults to 1, and parameters without weight decay are left unscaled. @throws DataError for an option outside its range
 */
export class LARS extends SGD {
  /** @hidden */
  static override readonly options = {
    ...SGD.options,
    /** Default 1. */
    lr: number(1),
    /** η: the share of a parameter's length that a step at lr 1 without momentum moves it. Default 0.001. */
    trustCoeff: number(0.001),
    /** Default 1e-8. */
    eps: number(1e-8),
  };

  /** Factor of the ratio between the lengths of a parameter and its gradient. */
  readonly trustCoeff: number;
  /** Added to the ratio's denominator. */
  readonly eps: number;

  constructor(parameters: readonly (Tensor | ParameterGroup)[], options: LARSOptions = {}) {
    super(parameters, options);
    const { trustCoeff, eps } = readOptions(new.target.name, new.target.options, options);
    this.trustCoeff = trustCoeff;
    this.eps = eps;
  }

  protected override readonly sums = 1;

  protected override scale(p: Tensor, grad: Tensor, weightDecay: number): number {
    if (weightDecay === 0) return 1;
    const length = norm([p]);
    const slope = norm([grad]);
    if (length === 0 || slope === 0) return 1;
    return (this.trustCoeff * length) / (slope + weightDecay * length + this.eps);
  }
}
