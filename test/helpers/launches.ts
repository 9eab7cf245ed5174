// Which kernels a piece of work runs: tests say by it which of several algorithms they mean.

import type { Kernels } from "../../src/wasm/abi.js";
import { runtime } from "../../src/wasm/runtime.js";

/** Kernels that only answer a question about sizes. */
export const QUESTIONS = /^tile(Count|Rows|Columns)$|^segmentBlocks$|(Scratch|Units|Floats|Points|Products)$/;

/** Names of the kernels that fn launches, in order. Only on one thread: others launch theirs unseen. */
export function launchesOf(fn: () => void): string[] {
  const current = runtime() as { kernels: Kernels; threads: number };
  if (current.threads !== 1) throw new Error(`launchesOf: needs one thread; got ${current.threads}`);
  const { kernels } = current;
  const launches: string[] = [];
  const seen = Object.entries(kernels).map(([name, kernel]) => {
    const run = (...args: number[]): number => {
      if (!QUESTIONS.test(name)) launches.push(name);
      return (kernel as (...args: number[]) => number)(...args);
    };
    return [name, run] as const;
  });
  current.kernels = Object.fromEntries(seen) as unknown as Kernels;
  try {
    fn();
  } finally {
    current.kernels = kernels;
  }
  return launches;
}
