// A training step, as a list of stages: forward and backward for each of its batches, then reduce, clip, update, average.

import { backwardInView } from "../core/autograd.js";
import { gatherNumbers, type Group } from "../core/group.js";
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
import { adoptTogether, Buffers, GradientSums, OwnNumbers } from "./together.js";

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
  /** The processes that make the steps together, if there are several. */
  readonly group: Group | undefined;
}

/** Numbers of the processes that are added up with their gradients: what a step counts. */
export type Tally = readonly number[];

/** The loss of a batch, for backward(), and how many of its images are guessed right at first. */
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

/** Adds the loss's gradients, times `scale`, to those that are there. sums: takes them when they are complete. */
function backward(loss: Tensor, scale: number, sums?: GradientSums): void {
  sums?.begin();
  tidy(() => {
    const scaled = scale === 1 ? loss : loss.mul(scale);
    if (sums) backwardInView(scaled, (complete) => sums.complete(complete));
    else scaled.backward();
  });
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

interface Together {
  readonly group: Group;
  readonly sums: GradientSums;
  readonly buffers: Buffers;
  readonly numbers: OwnNumbers;
}

/** Steps of an optimizer, one after the other: for each the gradients of some batches, then the other stages. */
export class Steps {
  readonly #parts: StepParts;
  /** The divisor of the gradients' sum so far, and the divisor if no image were missing from the step. */
  #gathered = 0;
  #expected = 1;
  /** What the processes of a group exchange. */
  readonly #together: Together | undefined;

  constructor(parts: StepParts) {
    const { group, optimizer, model } = parts;
    this.#parts = parts;
    this.#together = group && {
      group,
      sums: new GradientSums(group, optimizer.gradients),
      buffers: new Buffers(group, model),
      numbers: new OwnNumbers(group),
    };
  }

  /** Milliseconds in which this process waited for the sums of gradients. */
  get reduceWaitMs(): number {
    return this.#together?.sums.waitedMs ?? 0;
  }

  /** Whether there are gradients of batches without a step yet. */
  get begun(): boolean {
    return this.#gathered > 0;
  }

  /**
   * The stages of a batch. `expected`: images of all the step's batches, in all processes, if none is missing; undefined: this is the
   * only one. `last`: no other batch of the step can follow.
   * @throws NonFiniteLossError
   */
  async learn(
    batch: Batch,
    expected: number | undefined,
    last: boolean,
    at: StageReport,
  ): Promise<{ loss: number; hits: number }> {
    const { model, optimizer, criterion, task, hooks } = this.#parts;
    if (!this.begun) optimizer.zeroGrad();
    this.#together?.numbers.begin();
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
      backward(loss, n / this.#expected, last ? this.#together?.sums : undefined);
      this.#gathered += n;
      await hooks.backward?.(report);
    } finally {
      loss.dispose();
    }
    return { loss: value, hits };
  }

  /**
   * The stages that follow the last batch; reduce alone if there are no images in any process. Calls `updated` once the step is taken,
   * with the sums of the processes' tallies.
   */
  async finish(at: StageReport, tally: Tally, updated: (tally: Tally) => void): Promise<void> {
    const { model, optimizer, clip, ema, hooks } = this.#parts;
    const parameters = model.parameters();
    if (!this.begun) optimizer.zeroGrad();
    const total = await this.#reduce(at, tally);
    if (!total.any) return updated(total.tally);
    const norm = clip.norm === undefined ? undefined : clipGradNorm(parameters, clip.norm);
    if (clip.value !== undefined) clipGradValue(parameters, clip.value);
    await hooks.clip?.({ ...at, norm });
    optimizer.step();
    this.#gathered = 0;
    updated(total.tally);
    await hooks.update?.(at);
    ema?.update();
    await hooks.average?.(at);
    optimizer.zeroGrad();
  }

  /** Makes the sum of the gradients that of all processes, and then their mean. Returns whether there are any, and all tallies' sum. */
  async #reduce(at: StageReport, tally: Tally): Promise<{ any: boolean; tally: Tally }> {
    const { model, optimizer, hooks } = this.#parts;
    let divisor = this.#gathered;
    let total = tally;
    if (this.#together) {
      const { group, sums, buffers, numbers } = this.#together;
      await sums.finish();
      const having = optimizer.parameters.filter((p) => p.grad).length;
      const all = gatherNumbers(group, [divisor, having, ...tally]);
      const sum = (i: number): number => all.reduce((n, each) => n + each[i]!, 0);
      adoptTogether(
        group,
        optimizer.gradients,
        all.map((each) => each[1]!),
      );
      const own = divisor;
      divisor = sum(0);
      if (divisor > 0) buffers.average(own / divisor);
      numbers.end();
      total = tally.map((_, i) => sum(i + 2));
    }
    if (hooks.reduce) {
      const reduction = { ...at, gradients: optimizer.gradients.flat(), divisor };
      await hooks.reduce(reduction);
      optimizer.gradients.adopt();
      ({ divisor } = reduction);
      if (typeof divisor !== "number" || !(divisor >= 0 && divisor < Infinity)) {
        throw new DataError(`fit: hooks.reduce: divisor must be finite and ≥ 0; got ${kindOf(divisor)}`);
      }
    }
    if (divisor === 0) return { any: false, tally: total };
    if (divisor !== this.#expected) scaleGrad(model.parameters(), this.#expected / divisor);
    return { any: true, tally: total };
  }
}
