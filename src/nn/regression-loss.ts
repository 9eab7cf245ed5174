// Losses of numbers and of log-probabilities as objects: a function from ops with its options.

import type { Tensor } from "../core/tensor.js";
import { checkOptions, type Names } from "../errors/options.js";
import {
  huberLoss,
  klDivLoss,
  l1Loss,
  mseLoss,
  nllLoss,
  smoothL1Loss,
  type HuberOptions,
  type KlDivOptions,
  type LossOptions,
  type LossTarget,
  type NllOptions,
  type SmoothL1Options,
} from "../ops/index.js";
import { weightOf } from "../ops/targets.js";
import { HUBER, KL_DIV, LOSS, NLL, SMOOTH_L1 } from "../ops/option-names.js";
import { copied } from "./check.js";
import type { Loss } from "./loss.js";

abstract class LossWithOptions<O extends object> {
  /** The options given to the constructor. */
  readonly options: O;

  constructor(options: O, names: Names<O>) {
    checkOptions<O>(new.target.name, options, names);
    this.options = copied(options);
  }
}

/** (x − target)² of numbers x and target, f32 of one shape; see mseLoss(). */
export class MSELoss extends LossWithOptions<LossOptions> implements Loss {
  /** @throws DataError for an unknown option */
  constructor(options: LossOptions = {}) {
    super(options, LOSS);
  }

  /** The loss of x and its target: a scalar, unless the reduction is "none". @throws ShapeError, DataError as mseLoss() */
  forward(x: Tensor, target: Tensor): Tensor {
    return mseLoss(x, target, this.options);
  }
}

/** |x − target| of numbers x and target, f32 of one shape; see l1Loss(). */
export class L1Loss extends LossWithOptions<LossOptions> implements Loss {
  /** @throws DataError for an unknown option */
  constructor(options: LossOptions = {}) {
    super(options, LOSS);
  }

  /** The loss of x and its target: a scalar, unless the reduction is "none". @throws ShapeError, DataError as l1Loss() */
  forward(x: Tensor, target: Tensor): Tensor {
    return l1Loss(x, target, this.options);
  }
}

/** Differences of x and target, squared up to beta and absolute above, f32 of one shape; see smoothL1Loss(). */
export class SmoothL1Loss extends LossWithOptions<SmoothL1Options> implements Loss {
  /** @throws DataError for an unknown option */
  constructor(options: SmoothL1Options = {}) {
    super(options, SMOOTH_L1);
  }

  /** The loss of x and its target: a scalar, unless the reduction is "none". @throws ShapeError, DataError as smoothL1Loss() */
  forward(x: Tensor, target: Tensor): Tensor {
    return smoothL1Loss(x, target, this.options);
  }
}

/** Differences of x and target, squared up to delta and times delta above, f32 of one shape; see huberLoss(). */
export class HuberLoss extends LossWithOptions<HuberOptions> implements Loss {
  /** @throws DataError for an unknown option */
  constructor(options: HuberOptions = {}) {
    super(options, HUBER);
  }

  /** The loss of x and its target: a scalar, unless the reduction is "none". @throws ShapeError, DataError as huberLoss() */
  forward(x: Tensor, target: Tensor): Tensor {
    return huberLoss(x, target, this.options);
  }
}

/** Negative log-likelihood of log-probabilities x [n, classes] and class numbers target, i32 [n]; see nllLoss(). */
export class NLLLoss extends LossWithOptions<NllOptions> implements Loss {
  /** @throws DataError for an unknown option */
  constructor(options: NllOptions = {}) {
    super(options, NLL);
  }

  /** The loss of x and its target: a scalar, unless the reduction is "none". @throws ShapeError, DataError as nllLoss() */
  forward(x: Tensor, target: Tensor<"i32">): Tensor {
    return nllLoss(x, target, this.options);
  }

  /** The sum of the images' weights, which divides the mean. */
  divisor(target: LossTarget): number {
    return weightOf(target, this.options.weight);
  }
}

/** The Kullback–Leibler divergence of log-probabilities x from the probabilities target, f32 of one shape; see klDivLoss(). */
export class KLDivLoss extends LossWithOptions<KlDivOptions> implements Loss {
  /** @throws DataError for an unknown option */
  constructor(options: KlDivOptions = {}) {
    super(options, KL_DIV);
  }

  /** The loss of x and its target: a scalar, unless the reduction is "none". @throws ShapeError, DataError as klDivLoss() */
  forward(x: Tensor, target: Tensor): Tensor {
    return klDivLoss(x, target, this.options);
  }
}
