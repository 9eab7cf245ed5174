import type { Tensor } from "../core/tensor.js";
import { checkOptions } from "../errors/options.js";
import { norm } from "./norm.js";
import { checkRange, type ParameterGroup } from "./optimizer.js";
import { SGD, type SGDOptions } from "./sgd.js";
import { LARS_NAMES } from "./option-names.js";

export interface LARSOptions extends SGDOptions {
  /** η: the share of a parameter's length that a step at lr 1 without momentum moves it. Default 0.001. */
  trustCoeff?: number;
  /** Default 1e-8. */
  eps?: number;
}

/**
 * LARS: SGD in which each parameter's gradient g + weightDecay·p is scaled by η·‖p‖ / (‖g‖ + weightDecay·‖p‖ + ε).
 * You, Gitman and Ginsburg, Large Batch Training of Convolutional Networks (2017), arXiv 1708.03888; as timm defines it:
 * lr defaults to 1, and parameters without weight decay are left unscaled. @throws DataError for an option outside its range
 */
export class LARS extends SGD {
  readonly trustCoeff: number;
  readonly eps: number;

  constructor(parameters: readonly (Tensor | ParameterGroup)[], options: LARSOptions = {}) {
    checkOptions<LARSOptions>(new.target.name, options, LARS_NAMES);
    const { trustCoeff = 0.001, eps = 1e-8, ...rest } = options;
    super(parameters, { lr: 1, ...rest });
    checkRange("LARS: trustCoeff", trustCoeff, 0, Infinity);
    checkRange("LARS: eps", eps, 0, Infinity);
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
