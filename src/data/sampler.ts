// The order in which an epoch draws the samples of a dataset.

import { checkFields } from "../errors/options.js";
import { checkNumbers } from "../core/numbers.js";
import type { Random } from "../core/random.js";
import { DataError } from "../errors.js";
import { checkOptions, kindOf } from "../errors/options.js";

/** Draws the samples of an epoch. Samplers hold no state: the order depends only on `random`, the epoch's stream. */
export interface Sampler {
  /** Samples in an epoch. */
  readonly length: number;
  /** Indices of the epoch's samples in the dataset, in the order of use. */
  indices(random: Random): Uint32Array;
}

/** Every sample once, in order. */
export class SequentialSampler implements Sampler {
  readonly length: number;

  constructor(dataset: { readonly length: number }) {
    checkSamples("SequentialSampler", dataset?.length, Infinity, 0);
    this.length = dataset.length;
  }

  indices(): Uint32Array {
    return Uint32Array.from({ length: this.length }, (_, i) => i);
  }
}

/** Options of RandomSampler. */
export interface RandomSamplerOptions {
  /** Whether an epoch may draw a sample more than once. Default false. */
  replacement?: boolean;
  /** Samples in an epoch. Default: as many as the dataset has. */
  numSamples?: number;
}

/** Every sample equally likely: a permutation, or independent draws with replacement. */
export class RandomSampler implements Sampler {
  readonly length: number;
  readonly #count: number;
  readonly #replacement: boolean;

  /** @throws DataError unless numSamples is an integer ≥ 1, and without replacement at most the dataset's length */
  constructor(dataset: { readonly length: number }, options: RandomSamplerOptions = {}) {
    checkOptions<RandomSamplerOptions>("RandomSampler", options, { replacement: true, numSamples: true });
    checkFields("RandomSampler", "dataset", dataset, { length: "number" });
    const { replacement = false, numSamples = dataset.length } = options;
    checkSamples("RandomSampler", numSamples, replacement ? Infinity : dataset.length);
    this.length = numSamples;
    this.#count = dataset.length;
    this.#replacement = replacement;
  }

  indices(random: Random): Uint32Array {
    if (!this.#replacement) return random.permutation(this.#count).slice(0, this.length);
    return Uint32Array.from({ length: this.length }, () => random.integer(this.#count));
  }
}

/**
 * Samples with probabilities in proportion to weights, which need not sum to 1. Without replacement, each draw is among the remaining samples:
 * the smallest of exponential variables with the weights as rates (Efraimidis and Spirakis, "Weighted random sampling with a
 * reservoir", 2006, https://doi.org/10.1016/j.ipl.2005.11.003).
 */
export class WeightedRandomSampler implements Sampler {
  readonly length: number;
  readonly #weights: Float64Array;
  readonly #replacement: boolean;

  /**
   * @throws DataError unless weights are finite and ≥ 0 with some > 0, numSamples is an integer ≥ 1, and without replacement
   * at most the number of positive weights
   */
  constructor(weights: ArrayLike<number>, numSamples: number, options: { replacement?: boolean } = {}) {
    checkOptions<{ replacement?: boolean }>("WeightedRandomSampler", options, { replacement: true });
    checkNumbers("WeightedRandomSampler: weights", weights);
    const { replacement = true } = options;
    this.#weights = Float64Array.from(weights);
    const bad = this.#weights.findIndex((w) => !(w >= 0 && w < Infinity));
    if (bad >= 0) {
      throw new DataError(
        `WeightedRandomSampler: weights must be finite and ≥ 0; got ${weights[bad]} at index ${bad}`,
      );
    }
    const positive = this.#weights.reduce((n, w) => n + (w > 0 ? 1 : 0), 0);
    if (positive === 0) throw new DataError("WeightedRandomSampler: no weight is > 0");
    checkSamples("WeightedRandomSampler", numSamples, replacement ? Infinity : positive);
    this.length = numSamples;
    this.#replacement = replacement;
  }

  indices(random: Random): Uint32Array {
    return this.#replacement ? this.#independent(random) : this.#distinct(random);
  }

  #independent(random: Random): Uint32Array {
    let sum = 0;
    const ends = this.#weights.map((w) => (sum += w));
    return Uint32Array.from({ length: this.length }, () => firstAbove(ends, unit(random) * sum));
  }

  #distinct(random: Random): Uint32Array {
    const keys = this.#weights.map((w) => (w > 0 ? -Math.log(1 - unit(random)) / w : Infinity));
    const order = Uint32Array.from(keys, (_, i) => i);
    return order.sort((a, b) => keys[a]! - keys[b]! || a - b).slice(0, this.length);
  }
}

/**
 * Draws every class equally often, whatever its share of the dataset: weights 1/count, with replacement.
 * @throws DataError if there are no labels
 */
export function balancedSampler(
  labels: ArrayLike<number>,
  numSamples = labels?.length,
): WeightedRandomSampler {
  checkNumbers("balancedSampler: labels", labels);
  const counts = new Map<number, number>();
  for (let i = 0; i < labels.length; i++) counts.set(labels[i]!, (counts.get(labels[i]!) ?? 0) + 1);
  const weights = Float64Array.from(labels, (label) => 1 / counts.get(label)!);
  return new WeightedRandomSampler(weights, numSamples);
}

function checkSamples(sampler: string, numSamples: number, most: number, least = 1): void {
  if (Number.isInteger(numSamples) && numSamples >= least && numSamples <= most) return;
  const range = most === Infinity ? "≥ 1" : `from 1 to ${most}, without replacement`;
  throw new DataError(`${sampler}: numSamples must be an integer ${range}; got ${kindOf(numSamples)}`);
}

/** Uniform in [0, 1) in steps of 2⁻⁵³: 24 bits could not distinguish a million samples. */
function unit(random: Random): number {
  return ((random.bits() >>> 5) * 2 ** 26 + (random.bits() >>> 6)) / 2 ** 53;
}

/** The first index with a value greater than x, in ascending values. */
function firstAbove(values: Float64Array, x: number): number {
  let low = 0;
  let high = values.length - 1;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (values[middle]! > x) high = middle;
    else low = middle + 1;
  }
  return low;
}
