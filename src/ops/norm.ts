// Batch normalisation over the last axis of x:[…,c].

import type { Once } from "../core/autograd.js";
import { defineOp } from "../core/op.js";
import { describe } from "../core/shape.js";
import { checkTensors, empty, type Tensor } from "../core/tensor.js";
import { ShapeError } from "../errors.js";
import { checkOptions, kindOf } from "../errors/options.js";
import { GRAIN, parallel, withStruct } from "../wasm/parallel.js";
import { runtime } from "../wasm/runtime.js";
import { rowGrain, scaledRows } from "./fusion.js";

interface BatchNormInputs {
  x: Tensor;
  weight?: Tensor | undefined;
  bias?: Tensor | undefined;
}

interface BatchNormAttrs {
  training: boolean;
  eps: number;
  /** Weight of the new statistics in the running ones. */
  momentum: number;
  /** Updated in place in training, used in evaluation. */
  runningMean?: Tensor | undefined;
  runningVar?: Tensor | undefined;
}

/** The statistics that forward used. */
interface Aux {
  readonly mean: Tensor;
  readonly variance: Tensor;
  /** Scale, then shift, of each channel. */
  readonly coefficients: Tensor;
}

/** Most blocks of rows that are summed on their own, and the fewest rows of one: by shape alone, so that sums keep their bits. */
const BLOCKS = 64;
const BLOCK_ROWS = 64;

/** Runs fn with room for the sums of each block, the rows of a block and how many there are. */
function withPartials(
  rows: number,
  channels: number,
  fn: (partials: number, blockRows: number, blocks: number, grain: number) => void,
): void {
  const blockRows = Math.max(BLOCK_ROWS, Math.ceil(rows / BLOCKS / 16) * 16);
  const blocks = Math.ceil(rows / blockRows);
  const grain = Math.ceil(GRAIN / (blockRows * Math.max(1, channels)));
  runtime().heap.scratch(blocks * 2 * channels * 4, "batchNorm", (partials) => {
    fn(partials, blockRows, blocks, grain);
  });
}

function rowsOf(x: Tensor): number {
  return x.size === 0 ? 0 : x.size / x.shape.at(-1)!;
}

/** Where dy lies, and what says where it counts; see normSums. */
interface MaskedSource {
  dy: number;
  y: number;
  scale: number;
}

/** dy as kernels take it, behind a ReLU: where its output y is positive, or x·scale + shift is. 0: everywhere. */
function gradientOf(dy: Tensor, { coefficients }: Aux): MaskedSource {
  const { deferred, users } = dy.storage;
  // A gradient that others read too is computed once for all.
  const masked = deferred?.masked;
  if (!masked || users > 1) return { dy: dy.ptr, y: 0, scale: 0 };
  // Where y comes of x alone, y need not be read.
  if (masked.coefficients === coefficients.storage)
    return { dy: masked.dy.address, y: 0, scale: coefficients.ptr };
  return { dy: masked.dy.address, y: masked.y.address, scale: 0 };
}

/** Σdy and Σdy·(x − μ) for each channel, computed once, by whichever rule runs first. */
function gradientSums(dy: Tensor, x: Tensor, aux: Aux, once: Once): { sums: Tensor; dots: Tensor } {
  return once(() => {
    const channels = x.shape.at(-1)!;
    const sums = empty([channels], "f32", "batchNorm gradient");
    const dots = empty([channels], "f32", "batchNorm gradient");
    const rows = rowsOf(x);
    const sum = (from: MaskedSource, out: number): void =>
      withPartials(rows, channels, (partials, blockRows, blocks, grain) => {
        const fields = { ...from, x: x.ptr, mean: aux.mean.ptr, out, rows, channels, blockRows, partials };
        withStruct("NormSums", fields, (shape) => parallel("normSums", blocks, grain, shape));
        runtime().kernels.finishSums(partials, blocks, channels, sums.ptr, dots.ptr);
      });
    const { deferred, users } = dy.storage;
    const masked = deferred?.masked;
    if (masked && users > 1) {
      // Others read the gradient too: it is written on the way.
      dy.storage.settle((out) => sum({ dy: masked.dy.address, y: masked.y.address, scale: 0 }, out));
    } else sum(gradientOf(dy, aux), 0);
    return { sums, dots };
  });
}

/** So many times the variance may the square of (mean − pivot) be: sums about the pivot lose as many digits. */
const FAR_PIVOT = 16;

/**
 * Mean and variance of an x that is about to be computed, about the running mean, by the operation that computes it. False
 * if it cannot, or if the running mean turns out to be too far off.
 */
function momentsOnTheWay(
  x: Tensor,
  runningMean: Tensor | undefined,
  mean: Tensor,
  variance: Tensor,
): boolean {
  const { deferred } = x.storage;
  if (!deferred?.absorbs.has("moments") || deferred.channels !== mean.size || !runningMean) return false;
  const moments = { pivot: runningMean, mean, variance };
  x.storage.settle((address) => deferred.write(address, { moments }));
  const [means, variances, pivots] = [mean.view, variance.view, runningMean.view];
  return means.every((m, i) => (m - pivots[i]!) ** 2 <= FAR_PIVOT * variances[i]!);
}

/** running ← (1 − momentum)·running + momentum·scale·value */
function blend(running: Tensor, value: Tensor, momentum: number, scale: number): void {
  running.storage.touch();
  const old = running.view;
  const now = value.view;
  for (let i = 0; i < old.length; i++) {
    old[i] = (1 - momentum) * old[i]! + momentum * scale * now[i]!;
  }
}

const batchNormOp = defineOp({
  name: "batchNorm",
  optional: ["weight", "bias"],
  shape(
    { x, weight, bias }: BatchNormInputs,
    { training, eps, momentum, runningMean, runningVar }: BatchNormAttrs,
  ) {
    if (runningMean !== undefined) checkTensors("batchNorm", { runningMean });
    if (runningVar !== undefined) checkTensors("batchNorm", { runningVar });
    const c = x.shape.at(-1);
    const fits = [weight, bias, runningMean, runningVar].every(
      (t) => t === undefined || (t.shape.length === 1 && t.shape[0] === c),
    );
    if (x.shape.length < 2 || !fits) {
      throw new ShapeError(
        `batchNorm: expected x:[…,c] and [c] for the others; ` +
          `got ${describe({ x, weight, bias, runningMean, runningVar })}`,
      );
    }
    if (typeof eps !== "number" || !(eps >= 0))
      throw new ShapeError(`batchNorm: eps must be ≥ 0; got ${kindOf(eps)}`);
    if (!Number.isFinite(momentum)) {
      throw new ShapeError(`batchNorm: momentum must be a finite number; got ${kindOf(momentum)}`);
    }
    if (training && x.size / c! < 2) {
      throw new ShapeError(
        `batchNorm: training needs more than one value per channel; got ${describe({ x })}`,
      );
    }
    if (!training && (!runningMean || !runningVar)) {
      throw new ShapeError("batchNorm: evaluation needs runningMean and runningVar");
    }
    return x.shape;
  },
  forward(y, { x, weight, bias }, { training, eps, momentum, runningMean, runningVar }): Aux {
    const { kernels } = runtime();
    const c = x.shape.at(-1)!;
    const rows = rowsOf(x);
    const mean = empty([c], "f32", "batchNorm");
    const variance = empty([c], "f32", "batchNorm");
    const coefficients = empty([2, c], "f32", "batchNorm");
    const scale = coefficients.ptr;
    if (training) {
      if (!momentsOnTheWay(x, runningMean, mean, variance)) {
        withPartials(rows, c, (partials, blockRows, blocks, grain) => {
          parallel("channelMoments", blocks, grain, x.ptr, rows, c, blockRows, partials);
          // The first row is near enough to the mean.
          kernels.finishMoments(x.ptr, rows, c, partials, blocks, mean.ptr, variance.ptr);
        });
      }
      // Last, and there is nothing left to fail: an op that throws has not moved the statistics.
      if (runningMean) blend(runningMean, mean, momentum, 1);
      if (runningVar) blend(runningVar, variance, momentum, rows / (rows - 1)); // unbiased, as in PyTorch
    } else {
      mean.copyFrom(runningMean!);
      variance.copyFrom(runningVar!);
    }
    kernels.foldNorm(mean.ptr, variance.ptr, weight?.ptr ?? 0, bias?.ptr ?? 0, eps, c, scale, scale + c * 4);
    y.storage.defer(scaledRows(x.storage, coefficients.storage, x.size, c));
    return { mean, variance, coefficients };
  },
  saves: ["x", "weight"],
  vjp: {
    x(dy, { x, weight, aux, once }, { training, eps }) {
      const { kernels, heap } = runtime();
      const c = x.shape.at(-1)!;
      const rows = rowsOf(x);
      const dx = empty(x.shape, "f32", "batchNorm gradient");
      heap.scratch(c * 12, "batchNorm", (a) => {
        const b = a + c * 4;
        const { mean, variance } = aux;
        if (training) {
          const { sums, dots } = gradientSums(dy, x, aux, once);
          const moments = { mean: mean.ptr, variance: variance.ptr, weight: weight?.ptr ?? 0, eps, rows };
          const of = { sums: sums.ptr, dots: dots.ptr, channels: c, coefficients: a };
          withStruct("NormCoefficients", { ...moments, ...of }, (shape) => kernels.normCoefficients(shape));
          const fields = { ...gradientOf(dy, aux), x: x.ptr, dx: dx.ptr, channels: c, coefficients: a };
          withStruct("NormBackward", fields, (shape) => parallel("normBackward", rows, rowGrain(c), shape));
        } else {
          kernels.foldNorm(mean.ptr, variance.ptr, weight?.ptr ?? 0, 0, eps, c, a, b);
          heap.f32(b, c).fill(0);
          parallel("scaleShift", rows, rowGrain(c), dy.ptr, 0, 0, dx.ptr, c, a);
        }
      });
      return dx;
    },
    weight(dy, { x, aux, once }, { eps }) {
      const { dots } = gradientSums(dy, x, aux, once);
      const dw = empty(dots.shape, "f32", "batchNorm gradient");
      const variance = aux.variance.view;
      const sums = dots.view;
      const out = dw.view;
      for (let i = 0; i < out.length; i++) out[i] = sums[i]! / Math.sqrt(variance[i]! + eps);
      return dw;
    },
    bias(dy, { x, aux, once }) {
      const { sums } = gradientSums(dy, x, aux, once);
      return empty(sums.shape, "f32", "batchNorm gradient").copyFrom(sums);
    },
  },
});

export interface BatchNormOptions {
  /** Use and track the batch's statistics (true) or the running ones (false). Default false, as in PyTorch. */
  training?: boolean;
  /** Default 0.1. */
  momentum?: number;
  /** Default 1e-5. */
  eps?: number;
}

/**
 * y = (x − μ)/√(σ² + eps)·weight + bias for each channel (last axis) of x:[…,c]. In training μ and σ² (biased) are the
 * batch's, and the running ones move towards them by `momentum` (variance unbiased); in evaluation the running ones.
 * Ioffe and Szegedy (2015), arXiv 1502.03167. @throws ShapeError unless the shapes fit
 */
export function batchNorm(
  x: Tensor,
  runningMean: Tensor | undefined,
  runningVar: Tensor | undefined,
  weight?: Tensor,
  bias?: Tensor,
  options: BatchNormOptions = {},
): Tensor {
  checkOptions<BatchNormOptions>("batchNorm", options, { training: true, momentum: true, eps: true });
  const { training = false, momentum = 0.1, eps = 1e-5 } = options;
  return batchNormOp({ x, weight, bias }, { training, eps, momentum, runningMean, runningVar });
}
