// Seeded random numbers, the same on every engine.

import { DataError, show } from "../errors.js";
import { wrongKind } from "../errors/options.js";

/** State of a random stream, as Random's state() returns it: four 32-bit integers. */
export type RandomState = readonly [a: number, b: number, c: number, counter: number];

/**
 * A stream of random numbers: sfc32 (C. Doty-Humphrey's Small Fast Counting generator, 32-bit words; part of PractRand,
 * https://pracrand.sourceforge.net), seeded by one number through SplitMix32.
 */
export class Random {
  #a: number;
  #b: number;
  #c: number;
  #counter = 1;

  /** @throws DataError unless seed is a finite number */
  constructor(seed: number) {
    if (!Number.isFinite(seed)) throw wrongKind("Random", "seed", seed, "a number");
    let z = seed | 0;
    const next = (): number => {
      z = (z + 0x9e3779b9) | 0;
      let t = z ^ (z >>> 16);
      t = Math.imul(t, 0x21f0aaad);
      t ^= t >>> 15;
      t = Math.imul(t, 0x735a2d97);
      return t ^ (t >>> 15);
    };
    this.#a = next();
    this.#b = next() ^ Math.floor(seed / 2 ** 32);
    this.#c = next();
    for (let i = 0; i < 12; i++) this.bits();
  }

  /** The stream's state: four 32-bit integers, for restore(). */
  get state(): RandomState {
    return [this.#a, this.#b, this.#c, this.#counter];
  }

  /** Continues from a saved state. @throws DataError unless it is four 32-bit integers */
  restore(state: RandomState): void {
    if (state.length !== 4 || !state.every((n) => n === (n | 0))) {
      throw new DataError(`Random: state is not four 32-bit integers; got ${show(state)}`);
    }
    [this.#a, this.#b, this.#c, this.#counter] = state;
  }

  /** 32 random bits as an integer in [0, 2³²). */
  bits(): number {
    const t = (this.#a + this.#b + this.#counter) | 0;
    this.#counter = (this.#counter + 1) | 0;
    this.#a = this.#b ^ (this.#b >>> 9);
    this.#b = (this.#c + (this.#c << 3)) | 0;
    this.#c = ((this.#c << 21) | (this.#c >>> 11)) + t;
    this.#c |= 0;
    return t >>> 0;
  }

  /** Uniform in [low, high). */
  uniform(low = 0, high = 1): number {
    return low + ((high - low) * (this.bits() >>> 8)) / 2 ** 24;
  }

  /** Uniform integer in [0, n). */
  integer(n: number): number {
    return Math.floor((this.bits() / 2 ** 32) * n);
  }

  /** Normal with the given mean and standard deviation: Marsaglia's polar method (1964). */
  normal(mean = 0, std = 1): number {
    for (;;) {
      const u = this.uniform(-1, 1);
      const v = this.uniform(-1, 1);
      const s = u * u + v * v;
      if (s > 0 && s < 1) return mean + std * u * Math.sqrt((-2 * Math.log(s)) / s);
    }
  }

  /** Skips one number of normal(), without computing it. */
  skipNormal(): void {
    for (;;) {
      const u = this.uniform(-1, 1);
      const v = this.uniform(-1, 1);
      const s = u * u + v * v;
      if (s > 0 && s < 1) return;
    }
  }

  /** Logarithm of a Gamma(shape, 1) number: it exists where the number itself, for small shapes, rounds to 0. */
  #logGamma(shape: number): number {
    if (shape < 1) return this.#logGamma(shape + 1) + Math.log(1 - this.uniform()) / shape;
    const d = shape - 1 / 3;
    for (;;) {
      const x = this.normal();
      const v = (1 + x / Math.sqrt(9 * d)) ** 3;
      if (v <= 0) continue;
      const logV = Math.log(v);
      if (Math.log(1 - this.uniform()) < (x * x) / 2 + d * (1 - v + logV)) return Math.log(d) + logV;
    }
  }

  /**
   * Gamma with the given shape > 0 and scale 1: G. Marsaglia and W. W. Tsang, A simple method for generating gamma
   * variables (2000, https://doi.org/10.1145/358407.358414).
   */
  gamma(shape: number): number {
    return Math.exp(this.#logGamma(shape));
  }

  /** Beta(a, b), a and b > 0, in [0, 1]: X/(X + Y) of two gammas. */
  beta(a: number, b: number): number {
    const logX = this.#logGamma(a);
    return 1 / (1 + Math.exp(this.#logGamma(b) - logX));
  }

  /** The integers 0 … n − 1 in random order: Fisher and Yates. */
  permutation(n: number): Uint32Array {
    const order = Uint32Array.from({ length: n }, (_, i) => i);
    for (let i = n - 1; i > 0; i--) {
      const j = this.integer(i + 1);
      const t = order[i]!;
      order[i] = order[j]!;
      order[j] = t;
    }
    return order;
  }
}

/** The default stream, and the draws still to be made from it, in order. */
let current = { random: new Random(0), waiting: new Set<() => void>() };

/** At most this many draws wait: a program that keeps making models and loading weights into them would never make any. */
const MOST_WAITING = 10_000;

function drawUntil({ waiting }: typeof current, last?: () => void): void {
  for (const draw of waiting) {
    if (draw === last) break;
    draw();
    waiting.delete(draw);
  }
}

/**
 * Leaves numbers of the default stream to be drawn later. The next use of the stream, or of numbers that were left after these,
 * calls `draw` first: the order of the calls is the order of the stream. `draw` calls the function that this returns, which
 * returns the stream at the start of these numbers. That function may also be called earlier; then `draw` is not called.
 */
export function drawLater(draw: () => void): () => Random {
  const stream = current;
  const { random, waiting } = stream;
  waiting.add(draw);
  const [, second] = waiting;
  if (waiting.size > MOST_WAITING) drawUntil(stream, second);
  return () => {
    drawUntil(stream, draw);
    waiting.delete(draw);
    return random;
  };
}

/** Restarts the stream that initialisers and dropout draw from. It starts at seed 0. @throws DataError unless seed is a finite number */
export function manualSeed(seed: number): void {
  if (!Number.isFinite(seed)) throw wrongKind("manualSeed", "seed", seed, "a number");
  current = { random: new Random(seed), waiting: new Set() };
}

/** The stream that initialisers and dropout draw from, after all waiting draws. */
export function defaultRandom(): Random {
  drawUntil(current);
  return current.random;
}
