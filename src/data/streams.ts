// Streams of random numbers for the parts of an epoch. Each part has its own stream, so that results depend neither on the
// thread that computes a part nor on earlier parts.

import { Random } from "../core/random.js";

/** Seeds of successive epochs are far apart, so that two loaders with seeds that differ by one do not share an epoch. */
const EPOCH_STRIDE = 1_000_003;

const SAMPLE = 1;
const BATCH = 2;

/** The seed of everything random in one epoch; new Random() of it draws the order. */
export function epochSeed(seed: number, epoch: number): number {
  return seed * EPOCH_STRIDE + epoch;
}

/** The stream of a sample. draw: how often the epoch drew the same sample before (samplers with replacement). */
export function sampleRandom(seed: number, index: number, draw: number): Random {
  return derive(seed, SAMPLE, index, draw);
}

/** The stream of a batch, or of a part of one, by its number in the epoch. */
export function batchRandom(seed: number, number: number): Random {
  return derive(seed, BATCH, number);
}

/** A stream for a seed and keys below it; the mixing step is MurmurHash3's (A. Appleby, https://github.com/aappleby/smhasher). */
function derive(seed: number, ...keys: number[]): Random {
  let low = seed | 0;
  let high = Math.floor(seed / 2 ** 32) | 0;
  for (const key of keys) {
    low = mix(low ^ Math.imul(key, 0x9e3779b1));
    high = mix(high + low);
  }
  return new Random((high & 0xfffff) * 2 ** 32 + (low >>> 0));
}

function mix(h: number): number {
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return h ^ (h >>> 16);
}
