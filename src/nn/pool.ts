import type { Tensor } from "../core/tensor.js";
import { checkOptions } from "../errors/options.js";
import {
  adaptiveAvgPool2d,
  avgPool2d,
  maxPool2d,
  type AvgPoolOptions,
  type MaxPoolOptions,
  type Pair,
} from "../ops/index.js";
import { AVG_POOL, MAX_POOL } from "../ops/option-names.js";
import { copyOf } from "../ops/window.js";
import { checkPair, copied } from "./check.js";
import { Module } from "./module.js";

/** Largest value of each window. The default stride is kernelSize. */
export class MaxPool2d extends Module {
  /** Height and width of a window, or one number for both. */
  readonly kernelSize: Pair;
  /** Stride, padding, dilation and ceilMode, as maxPool2d() takes them. */
  readonly options: MaxPoolOptions;

  constructor(kernelSize: Pair, options: MaxPoolOptions = {}) {
    super();
    checkOptions<MaxPoolOptions>("MaxPool2d", options, MAX_POOL);
    checkPair("MaxPool2d", "kernelSize", kernelSize);
    this.kernelSize = copyOf(kernelSize);
    this.options = copied(options);
  }

  forward(x: Tensor): Tensor {
    return maxPool2d(x, this.kernelSize, this.options);
  }
}

/** Mean of each window. The default stride is kernelSize. */
export class AvgPool2d extends Module {
  /** Height and width of a window, or one number for both. */
  readonly kernelSize: Pair;
  /** Stride, padding, ceilMode and countIncludePad, as avgPool2d() takes them. */
  readonly options: AvgPoolOptions;

  constructor(kernelSize: Pair, options: AvgPoolOptions = {}) {
    super();
    checkOptions<AvgPoolOptions>("AvgPool2d", options, AVG_POOL);
    checkPair("AvgPool2d", "kernelSize", kernelSize);
    this.kernelSize = copyOf(kernelSize);
    this.options = copied(options);
  }

  forward(x: Tensor): Tensor {
    return avgPool2d(x, this.kernelSize, this.options);
  }
}

/** Means over windows that divide any image into outputSize; 1 is global average pooling. */
export class AdaptiveAvgPool2d extends Module {
  /** Height and width of the output, or one number for both. */
  readonly outputSize: Pair;

  constructor(outputSize: Pair) {
    super();
    checkPair("AdaptiveAvgPool2d", "outputSize", outputSize);
    this.outputSize = copyOf(outputSize);
  }

  forward(x: Tensor): Tensor {
    return adaptiveAvgPool2d(x, this.outputSize);
  }
}
