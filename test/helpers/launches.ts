// Which kernels a piece of work runs: tests say by it which of several algorithms they mean.

import type { Kernels } from "../../src/wasm/abi.js";
import { structs } from "../../src/wasm/table.js";
import { runtime } from "../../src/wasm/runtime.js";

/** Kernels that only answer a question about sizes. */
export const QUESTIONS = /^tile(Count|Rows|Columns)$|^segmentBlocks$|(Scratch|Units|Floats|Points|Products)$/;

/** Runs fn with every kernel watched: seen() is called before each call. */
function watched(op: string, fn: () => void, seen: (name: string, args: readonly number[]) => void): void {
  const current = runtime() as { kernels: Kernels; threads: number };
  if (current.threads !== 1) throw new Error(`${op}: needs one thread; got ${current.threads}`);
  const { kernels } = current;
  const all = Object.entries(kernels).map(([name, kernel]) => {
    const run = (...args: number[]): number => {
      seen(name, args);
      return (kernel as (...args: number[]) => number)(...args);
    };
    return [name, run] as const;
  });
  current.kernels = Object.fromEntries(all) as unknown as Kernels;
  try {
    fn();
  } finally {
    current.kernels = kernels;
  }
}

/** Names of the kernels that fn launches, in order. Only on one thread: others launch theirs unseen. */
export function launchesOf(fn: () => void): string[] {
  const launches: string[] = [];
  watched("launchesOf", fn, (name) => void (QUESTIONS.test(name) || launches.push(name)));
  return launches;
}

/** What a field of the Norm struct is that a kernel gets, in each of fn's launches of it. Likewise. */
export function valuesOf(kernel: string, field: keyof typeof structs.Norm, fn: () => void): number[] {
  const values: number[] = [];
  const word = Object.keys(structs.Norm).indexOf(field);
  watched("valuesOf", fn, (name, [struct]) => {
    if (name === kernel) values.push(new Uint32Array(runtime().heap.memory.buffer)[struct! / 4 + word]!);
  });
  return values;
}
