// The fastest of several ways to the same numbers on this machine (wasm/plan.ts, way): timed when a model is compiled, and kept
// for the next process.

import { perRuntime } from "../wasm/runtime.js";
import { readChoices, writeChoices } from "./tuning-file.js";

/** Most milliseconds spent on one program. */
const BUDGET_MS = 1000;
/** Runs of a way, of which the shortest counts. The first ones are baseline code that the engine is about to replace. */
const RUNS = 4;

/** Results by what is computed, from this process or others on this machine. Read when first needed. */
const known = perRuntime(readChoices);

/** Chooses ways as long as there is time left. */
export class Tuner {
  readonly #end = performance.now() + BUDGET_MS;
  #timed = false;

  /** The way found before, if the number of ways is unchanged; key: a full description of what is computed. */
  known(key: string, ways: number): number | undefined {
    const way = known().get(key);
    return way !== undefined && way < ways ? way : undefined;
  }

  /** Finds the fastest way: run(way) runs it once. */
  choose(key: string, ways: number, run: (way: number) => void): number {
    const least = new Array<number>(ways).fill(Infinity);
    for (let round = 0; round < RUNS; round++) {
      for (let way = 0; way < ways; way++) {
        const begin = performance.now();
        if (begin > this.#end) return 0;
        run(way);
        least[way] = Math.min(least[way]!, performance.now() - begin);
      }
    }
    const way = least.indexOf(Math.min(...least));
    known().set(key, way);
    this.#timed = true;
    return way;
  }

  /** Keeps the results. */
  keep(): void {
    if (this.#timed) writeChoices(known());
    this.#timed = false;
  }
}
