import type { Group } from "../core/group.js";
import { ones, zeros, type Tensor } from "../core/tensor.js";
import { batchNorm } from "../ops/index.js";
import { checkOptions } from "../errors/options.js";
import { checkSize } from "./check.js";
import { BufferTensor, Module, Parameter } from "./module.js";

/** Options of BatchNorm2d. */
export interface BatchNorm2dOptions {
  /** Default 1e-5. */
  eps?: number;
  /** Weight of a batch's statistics in the running ones; null averages over all batches equally. Default 0.1. */
  momentum?: number | null;
  /** Whether to learn weight and bias. Default true. */
  affine?: boolean;
  /** Whether to keep running statistics; without them evaluation uses the batch's too. Default true. */
  trackRunningStats?: boolean;
}

/** Batch normalisation of [n, h, w, numFeatures], channel by channel. Ioffe and Szegedy (2015), arXiv 1502.03167. */
export class BatchNorm2d extends Module {
  /** Scale of each channel, γ: [numFeatures]. undefined without `affine`. */
  readonly weight: Parameter | undefined;
  /** Shift of each channel, β: [numFeatures]. undefined without `affine`. */
  readonly bias: Parameter | undefined;
  /** Average of the batches' means: [numFeatures]. undefined without `trackRunningStats`. */
  readonly runningMean: BufferTensor | undefined;
  /** Average of the batches' unbiased variances: [numFeatures]. undefined without `trackRunningStats`. */
  readonly runningVar: BufferTensor | undefined;
  /** Batches averaged so far: a scalar. undefined without `trackRunningStats`. */
  readonly numBatchesTracked: BufferTensor<"i32"> | undefined;
  /** Added to the variance before the square root. */
  readonly eps: number;
  /** Weight of the newest batch in the running statistics; null for the plain average over all batches. */
  readonly momentum: number | null;
  /** Whether the running statistics stay unchanged, and training normalises by them too. Set by freeze(). */
  held = false;
  /** Processes whose images are normalised as one batch in training, with the statistics of all; see fit()'s syncBatchNorm. */
  group: Group | undefined = undefined;

  constructor(numFeatures: number, options: BatchNorm2dOptions = {}) {
    super();
    checkOptions<BatchNorm2dOptions>("BatchNorm2d", options, {
      eps: true,
      momentum: true,
      affine: true,
      trackRunningStats: true,
    });
    checkSize("BatchNorm2d", "numFeatures", numFeatures);
    const { eps = 1e-5, momentum = 0.1, affine = true, trackRunningStats = true } = options;
    this.eps = eps;
    this.momentum = momentum;
    this.weight = affine ? new Parameter(ones([numFeatures])) : undefined;
    this.bias = affine ? new Parameter(zeros([numFeatures])) : undefined;
    this.runningMean = trackRunningStats ? new BufferTensor(zeros([numFeatures])) : undefined;
    this.runningVar = trackRunningStats ? new BufferTensor(ones([numFeatures])) : undefined;
    this.numBatchesTracked = trackRunningStats ? new BufferTensor(zeros([], "i32")) : undefined;
  }

  forward(x: Tensor): Tensor {
    const { runningMean, runningVar, numBatchesTracked, eps } = this;
    const training = !runningMean || (this.training && !this.held);
    const tracked = (training && numBatchesTracked?.item()) || 0;
    const momentum = this.momentum ?? 1 / (tracked + 1);
    const options = { training, momentum, eps, ...(training && this.group && { group: this.group }) };
    const y = batchNorm(x, runningMean, runningVar, this.weight, this.bias, options);
    if (training) numBatchesTracked?.copyFrom([tracked + 1]);
    return y;
  }
}
