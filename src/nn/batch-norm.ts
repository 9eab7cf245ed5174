import { ones, zeros, type Tensor } from "../core/tensor.js";
import { batchNorm } from "../ops/index.js";
import { Buffer, Module, Parameter } from "./module.js";

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
  readonly weight: Parameter | undefined;
  readonly bias: Parameter | undefined;
  readonly runningMean: Buffer | undefined;
  readonly runningVar: Buffer | undefined;
  readonly numBatchesTracked: Buffer | undefined;
  readonly eps: number;
  readonly momentum: number | null;

  constructor(numFeatures: number, options: BatchNorm2dOptions = {}) {
    super();
    const { eps = 1e-5, momentum = 0.1, affine = true, trackRunningStats = true } = options;
    this.eps = eps;
    this.momentum = momentum;
    this.weight = affine ? new Parameter(ones([numFeatures])) : undefined;
    this.bias = affine ? new Parameter(zeros([numFeatures])) : undefined;
    this.runningMean = trackRunningStats ? new Buffer(zeros([numFeatures])) : undefined;
    this.runningVar = trackRunningStats ? new Buffer(ones([numFeatures])) : undefined;
    this.numBatchesTracked = trackRunningStats ? new Buffer(zeros([], "i32")) : undefined;
  }

  forward(x: Tensor): Tensor {
    const { runningMean, runningVar, numBatchesTracked, eps } = this;
    let momentum = this.momentum ?? 0;
    if (this.training && numBatchesTracked) {
      numBatchesTracked.copyFrom([numBatchesTracked.item() + 1]);
      momentum = this.momentum ?? 1 / numBatchesTracked.item();
    }
    const training = this.training || !runningMean;
    return batchNorm(x, runningMean, runningVar, this.weight, this.bias, { training, momentum, eps });
  }
}
