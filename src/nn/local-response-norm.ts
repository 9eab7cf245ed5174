import type { Tensor } from "../core/tensor.js";
import { ShapeError } from "../errors.js";
import { checkOptions } from "../errors/options.js";
import { affine, avgPool2d, div, exp, log, mul, pad, reshape } from "../ops/index.js";
import { Module } from "./module.js";

/** Options of LocalResponseNorm. */
export interface LocalResponseNormOptions {
  /** Default 1e-4. */
  alpha?: number;
  /** Default 0.75. */
  beta?: number;
  /** Default 1. */
  k?: number;
}

/**
 * y = x / (k + alpha·mean of x² over `size` neighbouring channels)^beta of [n, h, w, c], zeros beyond the first and the
 * last. Krizhevsky, Sutskever and Hinton, ImageNet classification with deep convolutional neural networks (2012),
 * section 3.3, in PyTorch's form.
 */
export class LocalResponseNorm extends Module {
  /** Number of channels to sum over. */
  readonly size: number;
  /** Factor of the mean square. */
  readonly alpha: number;
  /** Exponent. */
  readonly beta: number;
  /** Added to the mean square. */
  readonly k: number;

  /** @throws ShapeError unless size is an integer ≥ 1 */
  constructor(size: number, options: LocalResponseNormOptions = {}) {
    super();
    checkOptions<LocalResponseNormOptions>("LocalResponseNorm", options, {
      alpha: true,
      beta: true,
      k: true,
    });
    const { alpha = 1e-4, beta = 0.75, k = 1 } = options;
    if (!Number.isInteger(size) || size < 1) {
      throw new ShapeError(`LocalResponseNorm: size must be an integer ≥ 1; got ${size}`);
    }
    this.size = size;
    this.alpha = alpha;
    this.beta = beta;
    this.k = k;
  }

  forward(x: Tensor): Tensor {
    const channels = x.shape.at(-1) ?? 1;
    const before = Math.floor(this.size / 2);
    const after = this.size - 1 - before;
    // Channels as the pixels of rows, so that pooling slides over them.
    const squares = pad(reshape(mul(x, x), [-1, 1, channels, 1]), [0, 0, before, 0], [0, 0, after, 0]);
    const means = avgPool2d(squares, [1, this.size], { stride: 1 });
    const scale = exp(affine(log(affine(means, this.alpha, this.k)), this.beta));
    return div(x, reshape(scale, x.shape));
  }
}
