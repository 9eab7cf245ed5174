// Work that several threads may share. A kernel whose last parameters are begin and end does the units begin ≤ u < end
// of its work; units are independent, so neither their order nor the thread changes a bit of the result.

import { runtime } from "./runtime.js";
import { structWords, type Struct } from "./abi.js";
import type { abi, structs } from "./table.js";

type Abi = typeof abi;

/** The kernels that do a range of units. */
export type Ranged = {
  [K in keyof Abi]: Abi[K] extends readonly [...string[], "begin", "end"] ? K : never;
}[keyof Abi];

/** The arguments of such a kernel before begin and end. */
export type RangedArgs<K extends Ranged> = Abi[K] extends readonly [...infer A, "begin", "end"]
  ? { [I in keyof A]: number }
  : never;

/** Scratch memory of two threads must not share a cache line. */
export const LINE = 128;
/** Elements that a memory-bound kernel reads and writes in about 20 µs. */
export const GRAIN = 32768;
/** Units per thread that an operation should have, if it can choose: then all threads finish together. */
const SHARES = 4;

/**
 * Does all units of a kernel. grain: how many units are worth handing to another thread, about 20 µs of work; a kernel
 * with fewer than two grains runs here alone.
 */
export function parallel<K extends Ranged>(
  kernel: K,
  units: number,
  grain: number,
  ...args: RangedArgs<K>
): void {
  launch(kernel, units, grain, args as number[], -1, 0);
}

/** How many times each thread fetches units: often enough that all finish together. */
const TURNS = 4;

/** Whether threads share a job: fewer than two grains are not worth it. */
export function isShared({ units, grain }: { units: number; grain: number }): boolean {
  return units >= 2 * grain;
}

/** Units that a thread takes at once. */
export function chunkOf({ units, grain }: { units: number; grain: number }, threads: number): number {
  return Math.max(grain, Math.ceil(units / (threads * TURNS)));
}

/** Does all units of a kernel. scratch: which argument is scratch memory (−1: none); scratchBytes: its size for each thread. */
export function launch(
  name: Ranged,
  units: number,
  grain: number,
  args: readonly number[],
  scratch: number,
  scratchBytes: number,
): void {
  const current = runtime();
  const { kernels, threads } = current;
  const kernel = kernels[name] as (...all: number[]) => number;
  if (threads === 1 || !isShared({ units, grain })) return void kernel(...args, 0, units);
  const chunk = chunkOf({ units, grain }, threads);
  current.pool!.run(kernel, current.numbers.get(name)!, units, chunk, args, scratch, scratchBytes);
}

/** Those kernels that need scratch memory. */
export type Scratched = {
  [K in Ranged]: Abi[K] extends readonly [...string[], "scratch", "begin", "end"] ? K : never;
}[Ranged];

export type ScratchedArgs<K extends Scratched> = Abi[K] extends readonly [
  ...infer A,
  "scratch",
  "begin",
  "end",
]
  ? { [I in keyof A]: number }
  : never;

/** The number of units that an operation should have, if it can choose, to keep every thread busy to the end. */
export function shares(): number {
  const { threads } = runtime();
  return threads === 1 ? 1 : SHARES * threads;
}

/** Runs fn with the address of a struct for a kernel, which exists during the call. */
export function withStruct<K extends keyof typeof structs, T>(
  name: K,
  fields: Struct<K>,
  fn: (address: number) => T,
): T {
  const words = structWords(name, fields);
  return runtime().heap.words(words.length, () => words, name, fn);
}
