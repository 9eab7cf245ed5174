// The moving average of a model's weights.

import { dispose } from "../core/dispose.js";
import { keep, tidy } from "../core/scope.js";
import { listed, type StateDict } from "../core/state.js";
import { sameShape } from "../core/shape.js";
import { aboutToWrite, empty, type AnyTensor } from "../core/tensor.js";
import { DataError } from "../errors.js";
import { checkOptions, wrongKind } from "../errors/options.js";
import { Module } from "../nn/index.js";
import { checkRange } from "../optim/options.js";
import { lerp } from "../optim/lerp.js";

/** Options of ModelEma. */
export interface ModelEmaOptions {
  /** Share of the average that an update keeps. Default 0.9999. */
  decay?: number;
  /**
   * Start with a short memory: update t (from 1) keeps min(decay, 1 − t^(−2/3)), which reaches 0.99 at 1,000 updates, 0.999
   * at 31,600 and 0.9999 at a million; the first update copies the model. Without it, the average is still mostly the
   * initial model after 1 / (1 − decay) updates: useful if that model was already trained, or the run is long.
   * Default false, as in timm; `fovea train` always warms up.
   */
  warmup?: boolean;
}

/** The state of an average, as a checkpoint holds it. */
export interface ModelEmaState {
  /** Updates so far. */
  updates: number;
  /** By the model's names, in memory's layout. */
  tensors: StateDict;
}

/** A tensor of the model and its average. */
interface Pair {
  live: AnyTensor;
  average: AnyTensor;
}

/**
 * An exponential moving average of a model's parameters and buffers, as in timm's ModelEmaV3: floating-point buffers such as
 * batch normalisation's statistics are averaged like parameters, integers are copied. It starts from the model's current values.
 * The warm-up is timm's with warmup_gamma 1 and warmup_power 2/3.
 * Polyak and Juditsky, Acceleration of Stochastic Approximation by Averaging (1992), https://doi.org/10.1137/0330046.
 */
export class ModelEma {
  /** Share of the average that an update keeps. */
  readonly decay: number;
  /** Whether the first updates keep less. */
  readonly warmup: boolean;
  /** Updates so far. */
  updates = 0;
  readonly #pairs: ReadonlyMap<string, Pair>;
  #swapped = false;

  /** @throws DataError unless 0 ≤ decay < 1 */
  constructor(model: Module, options: ModelEmaOptions = {}) {
    if (!(model instanceof Module)) throw wrongKind("ModelEma", "model", model, "a Module");
    checkOptions<ModelEmaOptions>("ModelEma", options, { decay: true, warmup: true });
    const { decay = 0.9999, warmup = false } = options;
    checkRange("ModelEma: decay", decay, 0, 1);
    this.decay = decay;
    this.warmup = warmup;
    const tensors: [string, AnyTensor][] = [...model.namedParameters(), ...model.namedBuffers()];
    const averages = tidy(() =>
      tensors.map(([, live]) => empty(live.shape, live.dtype, "ModelEma").copyFrom(live)),
    );
    this.#pairs = new Map(tensors.map(([name, live], i) => [name, { live, average: keep(averages[i]!) }]));
    for (const { average } of this.#pairs.values()) average.storage.owner = "averages";
  }

  /** Whether the model holds the averages now. */
  get swapped(): boolean {
    return this.#swapped;
  }

  /** Updates the average with the model's weights: to be called after each step of the optimizer. @throws DataError while swapped */
  update(): void {
    this.#refuseSwapped("update");
    for (const { live } of this.#pairs.values()) void live.storage; // an error changes nothing
    const updates = this.updates + 1;
    const kept = this.warmup ? Math.min(this.decay, 1 - updates ** (-2 / 3)) : this.decay;
    for (const { live, average } of this.#pairs.values()) {
      if (live.dtype === "f32") lerp(average, live, 1 - kept);
      else average.copyFrom(live);
    }
    this.updates = updates;
  }

  /** Exchanges the model's weights with their averages, in place: once to use these, and again to continue training. */
  swap(): void {
    aboutToWrite([...this.#pairs.values()].flatMap(({ live, average }) => [live, average]));
    for (const { live, average } of this.#pairs.values()) {
      const values = live.data();
      live.copyFrom(average);
      average.copyFrom(values);
    }
    this.#swapped = !this.#swapped;
  }

  /**
   * Runs fn while the model has the averages, and returns its result or promise. Afterwards the model has its weights again, even
   * after an error. @throws DataError while swapped
   */
  async apply<T>(fn: () => T | Promise<T>): Promise<T> {
    this.#refuseSwapped("apply");
    this.swap();
    try {
      return await fn();
    } finally {
      this.swap();
    }
  }

  /** A copy of the averages and the number of updates. @throws DataError while swapped */
  stateDict(): ModelEmaState {
    this.#refuseSwapped("stateDict");
    const tensors: StateDict = new Map();
    for (const [name, { average }] of this.#pairs) {
      const dtype = average.dtype === "f32" ? "F32" : "I64";
      const values = average.data();
      const data = values instanceof Float32Array ? values : BigInt64Array.from(values, (v) => BigInt(v));
      tensors.set(name, { dtype, shape: average.shape, data });
    }
    return { updates: this.updates, tensors };
  }

  /** Restores the state that stateDict() returned. All or nothing. @throws DataError naming what does not fit; or while swapped */
  loadStateDict({ updates, tensors }: ModelEmaState): void {
    this.#refuseSwapped("loadStateDict");
    const wrong: string[] = [];
    for (const [name, { average }] of this.#pairs) {
      const got = tensors.get(name);
      const dtype = average.dtype === "f32" ? "F32" : "I64";
      if (!got) wrong.push(`missing ${name}`);
      else if (got.dtype !== dtype || !sameShape(got.shape, average.shape)) {
        wrong.push(`${name} is ${got.dtype} [${got.shape.join(",")}], expected ${dtype} [${average.shape.join(",")}]`); // prettier-ignore
      }
    }
    for (const name of tensors.keys()) if (!this.#pairs.has(name)) wrong.push(`unexpected ${name}`);
    if (!Number.isInteger(updates) || updates < 0)
      wrong.push(`updates is ${updates}, expected an integer ≥ 0`);
    if (wrong.length) throw new DataError(`ModelEma: the saved state does not fit: ${listed(wrong)}`);
    for (const [name, { average }] of this.#pairs) {
      const { data } = tensors.get(name)!;
      average.copyFrom(data instanceof Float32Array ? data : Array.from(data, Number));
    }
    this.updates = updates;
  }

  /** Frees the tensors that the model does not hold: the averages or, while swapped, the trained weights. */
  dispose(): void {
    for (const { average } of this.#pairs.values()) average.dispose();
  }

  /** For `using`: dispose() at the end of the block. */
  [dispose](): void {
    this.dispose();
  }

  #refuseSwapped(what: string): void {
    if (this.#swapped)
      throw new DataError(`ModelEma: ${what}() while the model holds the averages; swap() first`);
  }
}
