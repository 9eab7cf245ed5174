// A training step, as a list of stages: forward and backward for each of its batches, then reduce, clip, update, average.

import { keep, tidy } from "../core/scope.js";
import type { StateDict, StateTensor } from "../core/state.js";
import type { Tensor } from "../core/tensor.js";
import type { Batch } from "../data/index.js";
import { DataError } from "../errors.js";
import { kindOf } from "../errors/options.js";
import { outputsOf, type Loss, type Module } from "../nn/index.js";
import { scaleGrad } from "../optim/clip.js";
import { clipGradNorm, clipGradValue, type Optimizer } from "../optim/index.js";
import "../tensor-methods.js";
import type { ModelEma } from "./ema.js";
import type { Task } from "./task.js";

/** A loss that is NaN or infinite, with its batch: tensors images, labels, and targets if there are any. */
export class NonFiniteLossError extends DataError {
  /** The class's name. */
  override name = "NonFiniteLossError";
  /** The batch: images, labels, and targets if it has them. */
  readonly batch: StateDict;
  /** Indices of the batch's samples in the dataset. */
  readonly indices: readonly number[];

  constructor(message: string, { images, labels, targets, indices }: Batch) {
    super(message);
    this.batch = new Map([
      ["images", copy(images)],
      ["labels", copy(labels)],
    ]);
    if (targets) this.batch.set("targets", copy(targets));
    this.indices = [...indices];
  }
}

function copy(t: Tensor | Tensor<"i32">): StateTensor {
  const data = t.data();
  return data instanceof Float32Array
    ? { dtype: "F32", shape: t.shape, data }
    : { dtype: "I64", shape: t.shape, data: BigInt64Array.from(data, (v) => BigInt(v)) };
}

/** The position in training when a hook is called. */
export interface StageReport {
  /** Number of the epoch, from 1. */
  readonly epoch: number;
  /** Number of the batch in that epoch, from 1; for stages after several batches, of the last one. */
  readonly step: number;
}

/** The data of a batch's stages. Its tensors are freed before the step's next batch. */
export interface BatchReport extends StageReport {
  /** The training batch. */
  readonly batch: Batch;
  /** Its loss. */
  readonly loss: number;
}

/** Gradients that a hook turns into those of the step, in place. */
export interface GradientSum extends StageReport {
  /**
   * The sum of this process's gradients over its images, for all trained parameters of the optimizer, in their order; zeros for
   * a parameter without a gradient. A live view: no tensor may be made before it is written.
   */
  readonly gradients: Float32Array;
  /** The number of these images; for a loss with class weights, the sum of their weights. The step is along gradients / divisor. */
  divisor: number;
}

/**
 * Called, and awaited, after each stage of a training step. An error ends training there; one in `update`, before the weights
 * are averaged.
 */
export interface StepHooks {
  /** A batch's loss is computed, and finite. */
  forward?: (at: BatchReport) => void | Promise<void>;
  /** Its gradients have been added to those of the step's other batches. */
  backward?: (at: BatchReport) => void | Promise<void>;
  /**
   * Does the stage itself: without it, the gradients are only those of this process's images. If every process adds up the
   * gradients and divisors of all, each takes the step of one process with all images. It is called for every step of an
   * epoch, with zeros if none of the step's images could be read; a divisor that stays 0 makes no step.
   */
  reduce?: (at: GradientSum) => void | Promise<void>;
  /** The gradients are means over the images, and clipped if fit() has `clip`; norm: their length before, if it is bounded. */
  clip?: (at: StageReport & { readonly norm: number | undefined }) => void | Promise<void>;
  /** The optimizer has changed the weights. Their gradients exist until the last stage is over. */
  update?: (at: StageReport) => void | Promise<void>;
  /** The average of the weights, if there is one, has been updated. */
  average?: (at: StageReport) => void | Promise<void>;
}

/** The parts of a step. */
export interface StepParts {
  readonly model: Module;
  readonly optimizer: Optimizer;
  readonly criterion: Loss;
  readonly task: Task;
  readonly clip: { readonly norm?: number; readonly value?: number };
  readonly ema: ModelEma | undefined;
  readonly hooks: StepHooks;
}

/** The loss of a batch, for backward(), and the number of its images with a correct first guess. */
interface Forward {
  readonly loss: Tensor;
  readonly value: number;
  readonly hits: number;
}

/** The caller disposes of the loss. */
function forward(model: Module, criterion: Loss, batch: Batch, task: Task): Forward {
  const { images, labels, targets } = batch;
  return keep(
    tidy(() => {
      const outputs = outputsOf(model.forward(images));
      const batchLoss = criterion.forBatch?.(images) ?? criterion;
      const loss = outputs
        .map((output) => batchLoss.forward(output.logits, targets ?? labels, images).mul(output.weight))
        .reduce((a, b) => a.add(b));
      const value = loss.item();
      const [hits] = task.hits(outputs[0]!.logits, batch, [1]) as [number];
      return { loss, value, hits };
    }),
  );
}

/** Adds the loss's gradients, times `scale`, to the existing ones. */
function backward(loss: Tensor, scale: number): void {
  tidy(() => (scale === 1 ? loss : loss.mul(scale)).backward());
}

/** Adds a batch's gradients to the existing ones, unless its loss is not finite. Returns the loss. */
export function gradientStep(model: Module, criterion: Loss, batch: Batch, task: Task): number {
  const { loss, value } = forward(model, criterion, batch, task);
  try {
    if (Number.isFinite(value)) backward(loss, 1);
  } finally {
    loss.dispose();
  }
  return value;
}

/** Steps of an optimizer, one after the other: for each the gradients of some batches, then the other stages. */
export class Steps {
  readonly #parts: StepParts;
  /** The divisor of the gradients' sum so far, and the divisor if no image were missing from the step. */
  #gathered = 0;
  #expected = 1;

  constructor(parts: StepParts) {
    this.#parts = parts;
  }

  /** Whether there are gradients of batches without a step yet. */
  get begun(): boolean {
    return this.#gathered > 0;
  }

  /**
   * The stages of a batch. `expected`: images in all the step's batches, if none is missing; undefined: this is the only batch.
   * @throws NonFiniteLossError
   */
  async learn(
    batch: Batch,
    expected: number | undefined,
    at: StageReport,
  ): Promise<{ loss: number; hits: number }> {
    const { model, optimizer, criterion, task, hooks } = this.#parts;
    if (!this.begun) optimizer.zeroGrad();
    const { targets, labels, indices } = batch;
    const alone = expected === undefined && !hooks.reduce;
    const n = alone ? 1 : (criterion.divisor?.(targets ?? labels) ?? indices.length);
    this.#expected = hooks.reduce ? 1 : (expected ?? 1);
    const { loss, value, hits } = forward(model, criterion, batch, task);
    try {
      if (!Number.isFinite(value)) {
        throw new NonFiniteLossError(
          `fit: loss is ${value} at epoch ${at.epoch}, step ${at.step}; expected a finite number ` +
            `(a smaller lr than ${optimizer.lr} usually helps)`,
          batch,
        );
      }
      const report = { ...at, batch, loss: value };
      await hooks.forward?.(report);
      backward(loss, n / this.#expected);
      this.#gathered += n;
      await hooks.backward?.(report);
    } finally {
      loss.dispose();
    }
    return { loss: value, hits };
  }

  /** The stages after the last batch; only reduce if there are no images in any process. Calls `updated` once the step is taken. */
  async finish(at: StageReport, updated: () => void): Promise<void> {
    const { model, optimizer, clip, ema, hooks } = this.#parts;
    const parameters = model.parameters();
    if (!this.begun) optimizer.zeroGrad();
    if (!(await this.#reduce(at))) return updated();
    const norm = clip.norm === undefined ? undefined : clipGradNorm(parameters, clip.norm);
    if (clip.value !== undefined) clipGradValue(parameters, clip.value);
    await hooks.clip?.({ ...at, norm });
    optimizer.step();
    this.#gathered = 0;
    updated();
    await hooks.update?.(at);
    ema?.update();
    await hooks.average?.(at);
    optimizer.zeroGrad();
  }

  /** Turns the sum of the gradients into that of all processes, if there is a hook, and then into their mean. Returns whether there are any. */
  async #reduce(at: StageReport): Promise<boolean> {
    const { model, optimizer, hooks } = this.#parts;
    let divisor = this.#gathered;
    if (hooks.reduce) {
      const reduction = { ...at, gradients: optimizer.gradients.flat(), divisor };
      await hooks.reduce(reduction);
      optimizer.gradients.adopt();
      ({ divisor } = reduction);
      if (typeof divisor !== "number" || !(divisor >= 0 && divisor < Infinity)) {
        throw new DataError(`fit: hooks.reduce: divisor must be finite and ≥ 0; got ${kindOf(divisor)}`);
      }
      if (divisor === 0) return false;
    }
    if (divisor !== this.#expected) scaleGrad(model.parameters(), this.#expected / divisor);
    return true;
  }
}
