// Timing. A single implementation is sampled by the `benchmark` package; several are timed in turn, so that other load on the
// machine affects all of them alike.

import { setTimeout } from "node:timers/promises";
import Benchmark from "benchmark";
import { sink, type Contender } from "./contender.js";

/** Warm-up before any sample: long enough for the engine to replace baseline code by optimised code. */
const WARM_UP_MS = 150;
const WARM_UP_CALLS = 3;
/** A sample is the mean of as many calls as fill this. */
const SAMPLE_MS = 20;
const MIN_SAMPLES = 10;
const MAX_SECONDS = 0.5;

export interface Timing {
  /** Median of the samples, for one call. */
  ms: number;
  /** (p75 − p25) / median of the samples; NaN of a single one. */
  spread: number;
  samples: number;
}

function quantile(sorted: readonly number[], q: number): number {
  const at = (sorted.length - 1) * q;
  const low = sorted[Math.floor(at)]!;
  return low + (sorted[Math.ceil(at)]! - low) * (at - Math.floor(at));
}

export function median(samples: readonly number[]): number {
  return quantile(
    [...samples].sort((a, b) => a - b),
    0.5,
  );
}

export function summary(samples: readonly number[]): Timing {
  const sorted = [...samples].sort((a, b) => a - b);
  const ms = quantile(sorted, 0.5);
  const spread = sorted.length === 1 ? NaN : (quantile(sorted, 0.75) - quantile(sorted, 0.25)) / ms;
  return { ms, spread, samples: sorted.length };
}

/** Times run() with the `benchmark` package, after a warm-up. */
export function measure(name: string, run: () => number): Timing {
  const begin = performance.now();
  for (let calls = 0; calls < WARM_UP_CALLS || performance.now() - begin < WARM_UP_MS; calls++) sink(run());
  const bench = new Benchmark(name, {
    fn: () => sink(run()),
    minSamples: MIN_SAMPLES,
    minTime: SAMPLE_MS / 1000,
    maxTime: MAX_SECONDS,
  }).run({ async: false });
  if (bench.error) throw bench.error;
  return summary(bench.stats.sample.map((seconds: number) => seconds * 1000));
}

export interface InterleaveOptions {
  rounds?: number;
  /** Milliseconds of a contender's turn, unless one call takes longer. */
  turnMs?: number;
  /** A call of this many milliseconds, or this many times the fastest one's and not short, is slow: slowRounds are enough for it. */
  slowMs?: number;
  slowTimes?: number;
  slowRounds?: number;
  /** A call of this many milliseconds is long: one is enough, after the first. */
  longMs?: number;
}

/** Below this no call is slow. */
const SHORT_MS = 50;
/** Before a turn, so that threads of the contender before, which wait for work in a loop, have gone to sleep. */
const PAUSE_MS = 50;

/**
 * Times every contender, each called once before, once per round and in alternating order; returns each one's samples, in
 * milliseconds per call, NaN for the rounds it skipped.
 */
export async function interleave(
  contenders: readonly Contender[],
  options: InterleaveOptions = {},
): Promise<number[][]> {
  const { rounds = 11, turnMs = 60, slowMs = 1000, slowTimes = 10, slowRounds = 3, longMs = 5000 } = options;
  const first: number[] = [];
  for (const { time } of contenders) first.push(await time(1));
  const slow = first.map((ms) => ms >= Math.min(slowMs, Math.max(SHORT_MS, slowTimes * Math.min(...first))));
  const calls: number[] = [];
  for (const [i, { time }] of contenders.entries()) {
    let ms = first[i]!;
    if (!slow[i]) {
      for (let spent = 0; spent < WARM_UP_MS; spent += ms) ms = await time(1);
      ms = (await time(WARM_UP_CALLS)) / WARM_UP_CALLS;
    }
    calls.push(Math.max(1, Math.round(turnMs / ms)));
  }
  const samples: number[][] = contenders.map(() => []);
  for (let round = 0; round < rounds; round++) {
    const order = contenders.map((_, i) => i);
    if (round % 2) order.reverse();
    for (const i of order) {
      const n = calls[i]!;
      if (first[i]! >= longMs) samples[i]!.push(round > 0 ? NaN : first[i]!);
      else if (slow[i] && round >= slowRounds) samples[i]!.push(NaN);
      else {
        await setTimeout(PAUSE_MS);
        samples[i]!.push((await contenders[i]!.time(n)) / n);
      }
    }
  }
  return samples;
}
