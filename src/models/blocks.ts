// Parts of several families.

import type { Tensor } from "../core/tensor.js";
import * as nn from "../nn/index.js";
import * as init from "../nn/init.js";
import { mul, slice, type Pair } from "../ops/index.js";

/** N(0, 2/fanOut): He et al. (2015), arXiv 1502.01852, torchvision's initialisation of convolutions before a ReLU. */
export const fanOut = (weight: Tensor): Tensor =>
  init.kaimingNormal(weight, { mode: "fanOut", nonlinearity: "relu" });

/** Conv2d's default initialisation. */
export const uniform = (weight: Tensor): Tensor => init.kaimingUniform(weight, { a: Math.sqrt(5) });

/** Initialisation by N(0, std²). */
export const gaussian =
  (std: number) =>
  (weight: Tensor): Tensor =>
    init.normal(weight, 0, std);

export interface ConvNormOptions extends nn.Conv2dLayerOptions {
  /** Default ReLU; null for none. */
  activation?: (new () => nn.Module) | null;
  norm?: nn.BatchNorm2dOptions;
}

function convNormLayers(
  from: number,
  to: number,
  size: Pair,
  options: ConvNormOptions,
): [nn.Conv2d, nn.BatchNorm2d, ...nn.Module[]] {
  // prettier-ignore
  const { activation: Activation = nn.ReLU, norm, ...rest } = options;
  const padding: Pair = typeof size === "number" ? (size - 1) / 2 : [(size[0] - 1) / 2, (size[1] - 1) / 2];
  return [
    new nn.Conv2d(from, to, size, { padding, bias: false, weightInit: fanOut, ...rest }),
    new nn.BatchNorm2d(to, norm),
    ...(Activation ? [new Activation()] : []),
  ];
}

/** Convolution that keeps the size except for its stride, batch normalisation, activation: "0", "1", "2" in files. */
export const convNorm = (
  from: number,
  to: number,
  size: Pair,
  options: ConvNormOptions = {},
): nn.Sequential => new nn.Sequential(...convNormLayers(from, to, size, options));

/** The same with timm's names in files: "conv", "bn". */
export function convBn(from: number, to: number, size: Pair, options: ConvNormOptions = {}): nn.Sequential {
  const [conv, bn, act] = convNormLayers(from, to, size, options);
  return new nn.Sequential({ conv, bn, ...(act ? { act } : {}) });
}

/** Paddle's older dropout: does not scale the remaining elements in training, but scales everything by 1 − p in evaluation. */
export class DownscaledDropout extends nn.Module {
  readonly dropout: nn.Dropout;

  constructor(p: number) {
    super();
    this.dropout = new nn.Dropout(p);
  }

  forward(x: Tensor): Tensor {
    const { p } = this.dropout;
    return p ? mul(this.dropout.forward(x), 1 - p) : x;
  }
}

/** The multiple of 8 nearest to n, at least 8. */
export const toNearestEight = (n: number): number => Math.max(8, Math.floor((n + 4) / 8) * 8);

/** The multiple of `of` nearest to n, at least `of`, and never less than 0.9·n: MobileNet's rounding of widths. */
export function toMultiple(n: number, of: number): number {
  const rounded = Math.max(of, Math.floor((n + of / 2) / of) * of);
  return rounded < 0.9 * n ? rounded + of : rounded;
}
export const toEights = (n: number): number => toMultiple(n, 8);

/** The channels begin … end − 1 of x:[n,h,w,c]. */
export const channels = (x: Tensor, begin: number, end: number): Tensor =>
  slice(x, [{}, {}, {}, { begin, end }]);

/** The nearest integer, the even one in a tie, as in Python. */
export const roundToEven = (x: number): number => (x % 1 === 0.5 ? 2 * Math.round(x / 2) : Math.round(x));

export const sum = (numbers: readonly number[]): number => numbers.reduce((a, b) => a + b, 0);

/** StochasticDepth's probability of each of `blocks` in turn: rises linearly from 0 to the value after the last block. */
export function rising(dropPath: number, blocks: number): () => number {
  let built = 0;
  return () => (dropPath * built++) / blocks;
}
