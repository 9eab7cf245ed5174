// Results that are left to the operation that follows them: batch normalisation (and a residual sum) to a ReLU, a ReLU's
// gradient to that of batch normalisation. Memory is what these operations wait for, and each pass saved is one over whole
// activations.

import type { Deferred, Storage } from "../core/storage.js";
import { GRAIN, parallel } from "../wasm/parallel.js";

/** Rows of so many channels that are worth another thread. */
export function rowGrain(channels: number): number {
  return Math.max(1, Math.ceil(GRAIN / Math.max(1, channels)));
}

/** Where an operation leaves Σ(y − pivot) and Σ(y − pivot)², taken on the way, for each block of y and channel. */
export interface Moments {
  /** Address of one value per channel, near the mean. */
  pivot: number;
  /** Gets partials[blocks][2][channels]. */
  use(partials: number, blocks: number): void;
}

/** An output whose moments its operation can take on the way. */
export abstract class WithMoments implements Deferred {
  abstract readonly sources: readonly Storage[];
  abstract readonly channels: number;
  abstract write(address: number, moments?: Moments): void;
}

/** x·scale + shift for each channel, plus a residual of the same shape. */
export class ScaledRows implements Deferred {
  readonly sources: readonly Storage[];
  readonly x: Storage;
  readonly coefficients: Storage;
  readonly residual: Storage | undefined;
  readonly #rows: number;
  readonly #channels: number;

  /** x:[rows, channels]; coefficients: scale, then shift, of each channel. */
  constructor(x: Storage, coefficients: Storage, size: number, channels: number, residual?: Storage) {
    this.x = x;
    this.coefficients = coefficients;
    this.residual = residual;
    this.sources = residual ? [x, coefficients, residual] : [x, coefficients];
    this.#channels = channels;
    this.#rows = channels === 0 ? 0 : size / channels;
  }

  /** The same with a residual. */
  plus(residual: Storage): ScaledRows {
    const channels = this.#channels;
    return new ScaledRows(this.x, this.coefficients, this.#rows * channels, channels, residual);
  }

  write(address: number): void {
    this.apply(address, false);
  }

  /** Writes the values, or max(0, value), to the address. */
  apply(address: number, relu: boolean): void {
    const channels = this.#channels;
    const [x, residual] = [this.x.address, this.residual?.address ?? 0];
    const coefficients = this.coefficients.address;
    const grain = rowGrain(channels);
    parallel("scaleShift", this.#rows, grain, x, residual, relu ? 1 : 0, address, channels, coefficients);
  }
}

/** The gradient of y = relu(x): dy where y > 0, else 0. */
export class MaskedGradient implements Deferred {
  readonly sources: readonly Storage[];
  readonly dy: Storage;
  readonly y: Storage;
  /** Coefficients of the rows that became y, if they were scaled and nothing was added: y > 0 where x·scale + shift > 0. */
  readonly coefficients: Storage | undefined;
  readonly #size: number;

  constructor(dy: Storage, y: Storage, size: number, coefficients?: Storage) {
    this.dy = dy;
    this.y = y;
    this.coefficients = coefficients;
    this.sources = [dy, y];
    this.#size = size;
  }

  write(address: number): void {
    parallel("reluBackward", this.#size, GRAIN, this.dy.address, this.y.address, address);
  }
}
