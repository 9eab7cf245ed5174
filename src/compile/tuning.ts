// Which of several ways to the same numbers is the fastest here (wasm/plan.ts, way): timed when a model is compiled.

import { perRuntime } from "../wasm/runtime.js";

/** Milliseconds that may be spent on one program, at most. */
const BUDGET_MS = 1000;
/** Runs of a way, of which the shortest counts. The first ones are baseline code that the engine is about to replace. */
const RUNS = 4;

/** What was found, by what is computed. */
const known = perRuntime(() => new Map<string, number>());

/** Chooses ways as long as there is time left. */
export class Tuner {
  readonly #end = performance.now() + BUDGET_MS;

  /** The way to go: run(way) does it once. key: what is computed, in full. */
  choose(key: string, ways: number, run: (way: number) => void): number {
    const before = known().get(key);
    if (before !== undefined) return before;
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
    return way;
  }
}
