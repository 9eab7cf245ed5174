// The names of operations' options, for the operations and for the layers and losses that pass them on.

import type { Names } from "../errors/options.js";
import type { GeluOptions } from "./activation.js";
import type { BinaryCrossEntropyOptions, SigmoidFocalOptions } from "./binary-loss.js";
import type { Conv2dOptions } from "./conv/sizes.js";
import type { InterpolateOptions } from "./interpolate.js";
import type { CrossEntropyOptions } from "./loss.js";
import type {
  HuberOptions,
  KlDivOptions,
  LossOptions,
  NllOptions,
  SmoothL1Options,
} from "./regression-loss.js";
import type { AvgPoolOptions, MaxPoolOptions } from "./pool.js";

export const GELU: Names<GeluOptions> = { approximate: true };
export const CONV2D: Names<Conv2dOptions> = {
  stride: true,
  padding: true,
  dilation: true,
  groups: true,
  algorithm: true,
};
export const MAX_POOL: Names<MaxPoolOptions> = {
  stride: true,
  padding: true,
  dilation: true,
  ceilMode: true,
};
export const AVG_POOL: Names<AvgPoolOptions> = {
  stride: true,
  padding: true,
  ceilMode: true,
  countIncludePad: true,
};
export const INTERPOLATE: Names<InterpolateOptions> = { scaleFactor: true, mode: true };
export const CROSS_ENTROPY: Names<CrossEntropyOptions> = {
  weight: true,
  labelSmoothing: true,
  reduction: true,
};
export const BINARY_CROSS_ENTROPY: Names<BinaryCrossEntropyOptions> = {
  posWeight: true,
  labelSmoothing: true,
  reduction: true,
};
export const LOSS: Names<LossOptions> = { reduction: true };
export const SMOOTH_L1: Names<SmoothL1Options> = { beta: true, reduction: true };
export const HUBER: Names<HuberOptions> = { delta: true, reduction: true };
export const NLL: Names<NllOptions> = { weight: true, reduction: true };
export const KL_DIV: Names<KlDivOptions> = { logTarget: true, reduction: true };
/** Options of both focal losses. */
export const FOCAL: Names<SigmoidFocalOptions> = { alpha: true, gamma: true, reduction: true };
