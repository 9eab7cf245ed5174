// Batch normalisation over the last axis of x:[…,c].

import type { Once } from "../core/autograd.js";
import { defineOp } from "../core/op.js";
import { definePlan, operandsOf, type Operand, type Place } from "../core/planned.js";
import { describe, type Shape } from "../core/shape.js";
import type { Activation } from "../core/storage.js";
import { checkTensors, empty, type Tensor } from "../core/tensor.js";
import { ShapeError } from "../errors.js";
import type { Group } from "../core/group.js";
import { checkOptions, kindOf } from "../errors/options.js";
import { orZero } from "../wasm/abi.js";
import { GRAIN } from "../wasm/parallel.js";
import { codeOf, rowGrain } from "./fusion.js";
import { pool, sumsOfAll } from "./norm-group.js";

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
  /** Processes whose rows are one batch with these. */
  group?: Group | undefined;
}

/** The statistics that forward used. */
interface Aux {
  readonly mean: Tensor;
  readonly variance: Tensor;
  /** Scale, then shift, of each channel. */
  readonly coefficients: Tensor;
  /** Rows that they are of: x's, or in a group those of all processes. */
  readonly rows: number;
}

/** Most blocks of rows that are summed separately, and fewest rows of one: a function of the shape, so that sums keep their bits. */
const BLOCKS = 64;
const BLOCK_ROWS = 64;

/** Blocks of rows that are summed separately: their count, rows of one, and how many are worth another thread. */
export function blocksOf(x: Place): { blocks: number; blockRows: number; grain: number } {
  const { rows, channels } = rowsOf(x);
  const blockRows = Math.max(BLOCK_ROWS, Math.ceil(rows / BLOCKS / 16) * 16);
  const grain = Math.ceil(GRAIN / (blockRows * Math.max(1, channels)));
  return { blocks: Math.ceil(rows / blockRows), blockRows, grain };
}

export function rowsOf({ shape, size }: { shape: Shape; size: number }): { rows: number; channels: number } {
  const channels = shape.at(-1)!;
  return { rows: size === 0 ? 0 : size / channels, channels };
}

/** Mean and variance of each channel of x. */
const moments = definePlan<{ x: Tensor; variance: Tensor }, object>(
  "batchNorm",
  (p, mean, { x, variance }) => {
    const { rows, channels } = rowsOf(x);
    const { blocks, blockRows, grain } = blocksOf(x);
    p.scratch(blocks * 2 * channels * 4, (partials) => {
      // The first row is close enough to the mean.
      const of = { x: x.ptr, mean: x.ptr, rows, channels, blockRows, partials };
      p.parallel("normSums", blocks, grain, p.struct("Norm", orZero("Norm", of)));
      p.call("finishMoments", x.ptr, rows, channels, partials, blocks, mean.ptr, variance.ptr);
    });
  },
);

interface Statistics {
  mean: Tensor;
  variance: Tensor;
  weight?: Tensor | undefined;
  bias?: Tensor | undefined;
}

/** Scale and shift of each channel. */
const fold = definePlan<Statistics, { eps: number }>(
  "batchNorm",
  (p, to, { mean, variance, weight, bias }, { eps }) => {
    const channels = mean.size;
    const shift = to.ptr + channels * 4;
    const of = [mean.ptr, variance.ptr, weight?.ptr ?? 0, bias?.ptr ?? 0] as const;
    p.call("foldNorm", ...of, eps, channels, to.ptr, shift);
  },
  ["eps"],
);

/** y = x·scale + shift, with the sum and the activation that follow. coefficients: [2, channels], scale, then shift. */
export const scaleShift = definePlan<{ x: Tensor; coefficients: Tensor }, object>(
  "batchNorm",
  (p, y, { x, coefficients }, _, { residual, activation }) => {
    const { rows, channels } = rowsOf(y);
    p.absorbs("residual");
    p.absorbs("activation");
    const from = [x.ptr, residual, codeOf(activation), y.ptr, channels, coefficients.ptr] as const;
    p.parallel("scaleShift", rows, rowGrain(channels), ...from);
  },
);

/**
 * dy as the gradient's kernels take it: with y, dy counts only where a ReLU's output y is positive; with coefficients, dy is
 * multiplied by an activation's slope at x·scale + shift.
 */
interface Gradient {
  operands: { dy: Operand; y?: Operand | undefined; coefficients?: Operand | undefined };
  slope?: Activation | undefined;
}

/** Slopes cheap enough to compute again wherever they are needed, instead of writing them. */
const AGAIN: readonly Activation[] = ["relu", "relu6", "hardswish"];

interface GradientInputs {
  dy: Tensor;
  y?: Tensor | undefined;
  coefficients?: Tensor | undefined;
  x: Tensor;
}

/** Σdy and Σdy·(x − μ) for each channel. Writes the effective dy if requested: after an activation other than ReLU, dy times its slope. */
const gradientSums = definePlan<
  GradientInputs & { mean: Tensor; sums: Tensor; dots: Tensor },
  { writes: boolean; slope?: Activation | undefined }
>("batchNorm gradient", (p, out, { dy, y, coefficients, x, mean, sums, dots }, { writes, slope }) => {
  const { rows, channels } = rowsOf(x);
  const { blocks, blockRows, grain } = blocksOf(x);
  p.scratch(blocks * 2 * channels * 4, (partials) => {
    const from = { dy: dy.ptr, y: y?.ptr ?? 0, scale: coefficients?.ptr ?? 0, activation: codeOf(slope) };
    const to = { out: writes ? out.ptr : 0, rows, channels, blockRows, partials };
    const struct = p.struct("Norm", orZero("Norm", { ...from, x: x.ptr, mean: mean.ptr, ...to }));
    p.parallel("normSums", blocks, grain, struct);
    p.call("finishSums", partials, blocks, channels, sums.ptr, dots.ptr);
  });
});

/** dx in training. */
const trainingGradient = definePlan<
  GradientInputs & {
    mean: Tensor;
    variance: Tensor;
    weight?: Tensor | undefined;
    sums: Tensor;
    dots: Tensor;
  },
  { eps: number; slope?: Activation | undefined; all: number }
>("batchNorm gradient", (p, dx, { dy, y, coefficients: scale, x, weight, ...of }, { eps, slope, all }) => {
  const { rows, channels } = rowsOf(x);
  const { mean, variance, sums, dots } = of;
  p.scratch(channels * 12, (coefficients) => {
    const statistics = { mean: mean.ptr, variance: variance.ptr, weight: weight?.ptr ?? 0, eps };
    const totals = { sums: sums.ptr, dots: dots.ptr, rows: all, channels, coefficients };
    const gradient = { dy: dy.ptr, y: y?.ptr ?? 0, scale: scale?.ptr ?? 0, activation: codeOf(slope) };
    const to = { x: x.ptr, out: dx.ptr };
    const struct = p.struct("Norm", orZero("Norm", { ...statistics, ...totals, ...gradient, ...to }));
    p.call("normCoefficients", struct);
    p.parallel("normBackward", rows, rowGrain(channels), struct);
  });
});

/** dx in evaluation: the statistics are constants. */
const evaluationGradient = definePlan<
  { dy: Tensor; variance: Tensor; weight?: Tensor | undefined },
  { eps: number }
>(
  "batchNorm gradient",
  (p, dx, { dy, variance, weight }, { eps }) => {
    const { rows, channels } = rowsOf(dx);
    p.scratch(channels * 8, (scale) => {
      const shift = scale + channels * 4;
      p.call("foldNorm", variance.ptr, variance.ptr, weight?.ptr ?? 0, 0, eps, channels, scale, shift);
      p.parallel("fill", channels, GRAIN, shift, 0); // a gradient is only scaled
      p.parallel("scaleShift", rows, rowGrain(channels), dy.ptr, 0, 0, dx.ptr, channels, scale);
    });
  },
  ["eps"],
);

/** dy for the gradient's kernels. Where y depends only on x, y need not be read. */
function gradientOf(dy: Tensor, { coefficients }: Aux): Gradient {
  const { deferred, users } = dy.storage;
  const sloped = deferred?.sloped;
  // A gradient with other readers is computed once for all.
  if (!sloped || users > 1) return { operands: operandsOf({ dy }) };
  const slope = sloped.activation;
  const source = { dy: { shape: dy.shape, storage: sloped.dy, stays: false } };
  if (AGAIN.includes(slope) && sloped.coefficients === coefficients.storage)
    return { operands: { ...source, ...operandsOf({ coefficients }) }, slope };
  if (slope !== "relu") return { operands: operandsOf({ dy }) };
  return { operands: { ...source, y: { shape: dy.shape, storage: sloped.of, stays: false } } };
}

/** Σdy and Σdy·(x − μ) for each channel, computed once, by whichever rule runs first. */
function sumsOf(dy: Tensor, x: Tensor, aux: Aux, once: Once): { sums: Tensor; dots: Tensor } {
  return once(() => {
    const shape = [x.shape.at(-1)!];
    const sums = empty(shape, "f32", "batchNorm gradient");
    const dots = empty(shape, "f32", "batchNorm gradient");
    const { mean, coefficients } = aux;
    const own = operandsOf({ x, mean, sums, dots });
    const { deferred, users } = dy.storage;
    const sloped = deferred?.sloped;
    const relu = sloped?.activation === "relu";
    const matches = sloped?.coefficients === coefficients.storage;
    if (sloped && (relu ? users > 1 : matches && (users > 1 || !AGAIN.includes(sloped.activation)))) {
      // Written on the way, because it has other readers or computing it again costs more than reading it.
      const given = { shape: x.shape, stays: false };
      const from = relu ? { y: { ...given, storage: sloped.of } } : operandsOf({ coefficients });
      const all = { dy: { ...given, storage: sloped.dy }, ...from, ...own };
      const slope = relu ? undefined : sloped.activation;
      dy.storage.settle((out) => gradientSums.run(out, x.shape, all, { writes: true, slope }));
    } else {
      const { operands, slope } = gradientOf(dy, aux);
      gradientSums.run(0, x.shape, { ...operands, ...own }, { writes: false, slope });
    }
    return { sums, dots };
  });
}

/** Largest (mean − pivot)² as a multiple of the variance: sums about the pivot lose digits in proportion. */
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
  const [means, variances, pivots] = [mean.view(), variance.view(), runningMean.view()];
  return means.every((m, i) => (m - pivots[i]!) ** 2 <= FAR_PIVOT * variances[i]!);
}

/** running ← (1 − momentum)·running + momentum·scale·value */
function blend(running: Tensor, value: Tensor, momentum: number, scale: number): void {
  running.storage.touch();
  const old = running.view();
  const now = value.view();
  for (let i = 0; i < old.length; i++) {
    old[i] = (1 - momentum) * old[i]! + momentum * scale * now[i]!;
  }
}

const batchNormOp = defineOp({
  name: "batchNorm",
  optional: ["weight", "bias"],
  shape(
    { x, weight, bias }: BatchNormInputs,
    { training, eps, momentum, runningMean, runningVar, group }: BatchNormAttrs,
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
    if (training && !group && x.size / c! < 2) {
      throw new ShapeError(
        `batchNorm: training needs more than one value per channel; got ${describe({ x })}`,
      );
    }
    if (!training && (!runningMean || !runningVar)) {
      throw new ShapeError("batchNorm: evaluation needs runningMean and runningVar");
    }
    return x.shape;
  },
  forward(y, { x, weight, bias }, { training, eps, momentum, runningMean, runningVar, group }): Aux {
    const { rows: own, channels } = rowsOf(x);
    let rows = own;
    const mean = empty([channels], "f32", "batchNorm");
    const variance = empty([channels], "f32", "batchNorm");
    const coefficients = empty([2, channels], "f32", "batchNorm");
    if (!training) {
      mean.copyFrom(runningMean!);
      variance.copyFrom(runningVar!);
    } else if (!momentsOnTheWay(x, runningMean, mean, variance)) {
      moments.run(mean.compute(), mean.shape, operandsOf({ x, variance }), {});
    }
    if (training && group) rows = pool(group, rows, mean, variance);
    const statistics = operandsOf({ mean, variance, weight, bias });
    fold.run(coefficients.compute(), coefficients.shape, statistics, { eps });
    scaleShift.fill(y, { x, coefficients }, {}, { scaled: { coefficients: coefficients.storage } });
    // Last, when nothing can fail any more: an op that throws leaves the statistics unchanged.
    if (training && runningMean) blend(runningMean, mean, momentum, 1);
    if (training && runningVar) blend(runningVar, variance, momentum, rows / (rows - 1)); // unbiased, as in PyTorch
    return { mean, variance, coefficients, rows };
  },
  saves: ["x", "weight"],
  vjp: {
    x(dy, { x, weight, aux, once }, { training, eps, group }) {
      const { mean, variance, rows: all } = aux;
      if (!training) return evaluationGradient(x.shape, { dy, variance, weight }, { eps });
      const own = sumsOf(dy, x, aux, once);
      const { sums, dots } = group ? sumsOfAll(group, own) : own;
      const dx = empty(x.shape, "f32", "batchNorm gradient");
      const of = operandsOf({ x, mean, variance, weight, sums, dots });
      const { operands, slope } = gradientOf(dy, aux);
      trainingGradient.run(dx.compute(), x.shape, { ...operands, ...of }, { eps, slope, all });
      return dx;
    },
    weight(dy, { x, aux, once }, { eps }) {
      const { dots } = sumsOf(dy, x, aux, once);
      const dw = empty(dots.shape, "f32", "batchNorm gradient");
      const variance = aux.variance.view();
      const sums = dots.view();
      const out = dw.view();
      for (let i = 0; i < out.length; i++) out[i] = sums[i]! / Math.sqrt(variance[i]! + eps);
      return dw;
    },
    bias(dy, { x, aux, once }) {
      const { sums } = sumsOf(dy, x, aux, once);
      return empty(sums.shape, "f32", "batchNorm gradient").copyFrom(sums);
    },
  },
});

/** Options of batchNorm(). */
export interface BatchNormOptions {
  /** Use and track the batch's statistics (true) or the running ones (false). Default false, as in PyTorch. */
  training?: boolean;
  /** Default 0.1. */
  momentum?: number;
  /** Default 1e-5. */
  eps?: number;
  /** In training: processes whose rows are one batch with these, each calling it at the same time. Default: none. */
  group?: Group;
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
  checkOptions<BatchNormOptions>("batchNorm", options, {
    training: true,
    momentum: true,
    eps: true,
    group: true,
  });
  const { training = false, momentum = 0.1, eps = 1e-5, group } = options;
  return batchNormOp({ x, weight, bias }, { training, eps, momentum, runningMean, runningVar, group });
}
