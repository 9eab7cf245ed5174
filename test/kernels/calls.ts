// Calls of kernels on guarded memory, for every combination of some sizes.

import type { Kernels } from "../../src/wasm/abi.js";
import type { Guarded } from "../helpers/guarded.js";

/** One call: its sizes by name, and the call on guarded memory. */
export interface Call {
  sizes: string;
  run(k: Kernels, g: Guarded): void;
}

/** n of the taxonomy 0, 1, tile − 1, tile, tile + 1, 2·tile + 3 for vectors of four. */
export const LENGTHS = [0, 1, 3, 4, 5, 11];

/** One call for each combination of the sizes, in the order of their names. */
export function calls<const N extends readonly string[]>(
  names: N,
  choices: { [I in keyof N]: readonly number[] },
  run: (k: Kernels, g: Guarded, ...sizes: { [I in keyof N]: number }) => void,
): Call[] {
  let combinations: number[][] = [[]];
  for (const values of choices as readonly (readonly number[])[]) {
    combinations = combinations.flatMap((head) => values.map((v) => [...head, v]));
  }
  return combinations.map((sizes) => ({
    sizes: names.map((name, i) => `${name} ${sizes[i]}`).join(", "),
    run: (k, g) => run(k, g, ...(sizes as { [I in keyof N]: number })),
  }));
}
