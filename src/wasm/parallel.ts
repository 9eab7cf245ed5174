// Work that several threads may share. A kernel whose last parameters are begin and end does the units begin ≤ u < end
// of its work; units are independent, so neither their order nor who does them changes a bit of the result.

import type { abi } from "./abi.js";
import { runtime } from "./runtime.js";

type Abi = typeof abi;

/** The kernels that do a range of units. */
export type Ranged = {
  [K in keyof Abi]: Abi[K] extends readonly [...string[], "begin", "end"] ? K : never;
}[keyof Abi];

/** What such a kernel takes before begin and end. */
export type RangedArgs<K extends Ranged> = Abi[K] extends readonly [...infer A, "begin", "end"]
  ? { [I in keyof A]: number }
  : never;

/**
 * Does all units of a kernel. grain: how many units are worth handing to another thread, about 20 µs of work; a kernel
 * with fewer than two grains runs here alone.
 */
export function parallel<K extends Ranged>(
  kernel: K,
  units: number,
  _grain: number,
  ...args: RangedArgs<K>
): void {
  const { kernels } = runtime();
  (kernels[kernel] as (...all: number[]) => number)(...(args as number[]), 0, units);
}

/** The kernels among them that want scratch memory. */
type Scratched = {
  [K in Ranged]: Abi[K] extends readonly [...string[], "scratch", "begin", "end"] ? K : never;
}[Ranged];

type ScratchedArgs<K extends Scratched> = Abi[K] extends readonly [...infer A, "scratch", "begin", "end"]
  ? { [I in keyof A]: number }
  : never;

/** The same for a kernel that wants scratch memory: so many bytes for each thread. */
export function parallelScratch<K extends Scratched>(
  kernel: K,
  units: number,
  grain: number,
  bytes: number,
  ...args: ScratchedArgs<K>
): void {
  runtime().heap.scratch(bytes, kernel, (scratch) => {
    parallel(kernel, units, grain, ...([...args, scratch] as unknown as RangedArgs<K>));
  });
}

/** How many units an operation should have, if it can choose, to keep every thread busy to the end. */
export function shares(): number {
  return 1;
}
