import { zeros, type Tensor } from "../core/tensor.js";
import { checkOptions, wrongKind } from "../errors/options.js";
import {
  elu,
  gelu,
  hardsigmoid,
  hardswish,
  leakyRelu,
  logSoftmax,
  prelu,
  relu,
  relu6,
  sigmoid,
  silu,
  softmax,
  tanh,
  type GeluOptions,
} from "../ops/index.js";
import { GELU as OPTIONS } from "../ops/option-names.js";
import { checkSize } from "./check.js";
import { Module, Parameter } from "./module.js";

/** max(x, 0). */
export class ReLU extends Module {
  forward(x: Tensor): Tensor {
    return relu(x);
  }
}

/** 1 / (1 + e⁻ˣ). */
export class Sigmoid extends Module {
  forward(x: Tensor): Tensor {
    return sigmoid(x);
  }
}

/** Hyperbolic tangent. */
export class Tanh extends Module {
  forward(x: Tensor): Tensor {
    return tanh(x);
  }
}

/** min(max(x, 0), 6). */
export class ReLU6 extends Module {
  forward(x: Tensor): Tensor {
    return relu6(x);
  }
}

/** x / (1 + e⁻ˣ). */
export class SiLU extends Module {
  forward(x: Tensor): Tensor {
    return silu(x);
  }
}

/** x·Φ(x) with the normal distribution Φ. */
export class GELU extends Module {
  /** "tanh" for the approximation by tanh, "none" for the exact function. */
  readonly approximate: "none" | "tanh";

  constructor(options: GeluOptions = {}) {
    super();
    checkOptions<GeluOptions>("GELU", options, OPTIONS);
    this.approximate = options.approximate ?? "none";
  }

  forward(x: Tensor): Tensor {
    return gelu(x, { approximate: this.approximate });
  }
}

/** min(max(x + 3, 0), 6) / 6. */
export class Hardsigmoid extends Module {
  forward(x: Tensor): Tensor {
    return hardsigmoid(x);
  }
}

/** x · hardsigmoid(x). */
export class Hardswish extends Module {
  forward(x: Tensor): Tensor {
    return hardswish(x);
  }
}

/** x where it is positive, otherwise x · negativeSlope. */
export class LeakyReLU extends Module {
  /** Factor of negative elements. */
  readonly negativeSlope: number;

  constructor(negativeSlope = 0.01) {
    super();
    if (typeof negativeSlope !== "number")
      throw wrongKind("LeakyReLU", "negativeSlope", negativeSlope, "a number");
    this.negativeSlope = negativeSlope;
  }

  forward(x: Tensor): Tensor {
    return leakyRelu(x, this.negativeSlope);
  }
}

/** x where it is positive, otherwise alpha·(eˣ − 1); see elu(). */
export class ELU extends Module {
  /** Minus the limit for x far below 0. */
  readonly alpha: number;

  /** @throws DataError unless alpha is a number */
  constructor(alpha = 1) {
    super();
    if (typeof alpha !== "number") throw wrongKind("ELU", "alpha", alpha, "a number");
    this.alpha = alpha;
  }

  /** x → the activation, element by element. */
  forward(x: Tensor): Tensor {
    return elu(x, this.alpha);
  }
}

/** eˣ / Σ eˣ over the last axis: the classes of logits, the channels of images. */
export class Softmax extends Module {
  /** The axis that is summed over. */
  readonly axis: number;

  /** axis: the last one, −1, by default; others are refused by forward(). */
  constructor(axis = -1) {
    super();
    if (!Number.isInteger(axis)) throw wrongKind("Softmax", "axis", axis, "an integer");
    this.axis = axis;
  }

  /** x → probabilities of the same shape. @throws ShapeError if the axis is empty or not the last one */
  forward(x: Tensor): Tensor {
    return softmax(x, this.axis);
  }
}

/** x − ln Σ eˣ over the last axis, as Softmax. */
export class LogSoftmax extends Module {
  /** The axis that is summed over. */
  readonly axis: number;

  /** axis: the last one, −1, by default; others are refused by forward(). */
  constructor(axis = -1) {
    super();
    if (!Number.isInteger(axis)) throw wrongKind("LogSoftmax", "axis", axis, "an integer");
    this.axis = axis;
  }

  /** x → logarithms of probabilities, of the same shape. @throws ShapeError if the axis is empty or not the last one */
  forward(x: Tensor): Tensor {
    return logSoftmax(x, this.axis);
  }
}

/** x where it is positive, otherwise x · weight. The weights are learnt: one for each of numParameters channels, or one for all. */
export class PReLU extends Module {
  /** The slopes of negative elements: [numParameters]. */
  readonly weight: Parameter;

  /** init: the weights' first value, 0.25 by default. @throws ShapeError unless numParameters is an integer ≥ 1 */
  constructor(numParameters = 1, init = 0.25) {
    super();
    checkSize("PReLU", "numParameters", numParameters);
    if (typeof init !== "number") throw wrongKind("PReLU", "init", init, "a number");
    const weight = zeros([numParameters]);
    weight.view().fill(init);
    this.weight = new Parameter(weight);
  }

  forward(x: Tensor): Tensor {
    return prelu(x, this.weight);
  }
}
