// Kernels that take ranges of units, so that threads can share them: no division and no order of the ranges may change a
// bit, and no range may write what belongs to another.

import { beforeAll, describe, test } from "vitest";
import type { Kernels } from "../../src/wasm/abi.js";
import { abi } from "../../src/wasm/table.js";
import { init, runtime } from "../../src/wasm/runtime.js";
import { forOwnBinary } from "../helpers/binaries.js";
import { Guarded } from "../helpers/guarded.js";
import { kernelCalls } from "./kernel-calls.js";

const rangedKernels = Object.entries(abi).flatMap(([name, parameters]: [string, readonly string[]]) =>
  parameters.at(-1) === "end" ? [name] : [],
);

type Division = (begin: number, end: number) => [number, number][];

/** Ranges of `size` units, the last one first. */
function backwards(size: number): Division {
  return (begin, end) => {
    const ranges: [number, number][] = [];
    for (let i = begin; i < end; i += size) ranges.unshift([i, Math.min(i + size, end)]);
    return ranges;
  };
}

/** The kernels, with the range of every ranged one divided. */
function divided(division: Division): Kernels {
  const kernels: Record<string, (...args: number[]) => number> = { ...runtime().kernels };
  for (const name of rangedKernels) {
    const kernel = kernels[name]!;
    kernels[name] = (...args) => {
      const [begin, end] = args.slice(-2) as [number, number];
      for (const range of division(begin, end)) kernel(...args.slice(0, -2), ...range);
      return 0;
    };
  }
  return kernels as unknown as Kernels;
}

function resultsOf(kernels: Kernels, run: (k: Kernels, g: Guarded) => void): Uint8Array[] {
  const g = new Guarded({ checks: false });
  run(kernels, g);
  const results = g.results();
  g.free();
  return results;
}

forOwnBinary((binary) => {
  beforeAll(() => void init({ binary, threads: 1 }));

  describe("units in any order give the same bits:", () => {
    test.each(rangedKernels)("%s", (name) => {
      for (const { sizes, run } of kernelCalls[name]!) {
        const want = resultsOf(runtime().kernels, run);
        for (const size of [1, 2, 5]) {
          const got = resultsOf(divided(backwards(size)), run);
          got.forEach((bytes, i) => {
            if (Buffer.compare(bytes, want[i]!) !== 0)
              throw new Error(`${name}, ${sizes}: ranges of ${size} units give other bits`);
          });
        }
      }
    });
  });
});
