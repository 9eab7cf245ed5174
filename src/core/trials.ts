// The fastest of several ways to the same result, found by timing the first calls.

import type { Plan } from "../wasm/plan.js";
import { perRuntime } from "../wasm/runtime.js";

/** Calls of an op that offers ways before shapes are timed: by then the engine has replaced baseline code by optimised code. */
const WARM_CALLS = 32;
/** Timed calls of a shape for each way. */
const ROUNDS = 3;

/** How often each op that offers ways was called, up to WARM_CALLS. */
const warmCalls = perRuntime(() => new Map<string, number>());

/** The ways of one op on one shape. */
export class Trials {
  readonly #name: string;
  readonly #ways: number;
  /** The fewest milliseconds of each way. */
  readonly #least: number[];
  #calls = 0;

  constructor(name: string, ways: number) {
    this.#name = name;
    this.#ways = ways;
    this.#least = new Array<number>(ways).fill(Infinity);
  }

  /** Runs one way: first each in turn, then the fastest. planOf: the plan of a way. */
  run(planOf: (way: number) => Plan, run: (plan: Plan) => void): void {
    const warm = warmCalls().get(this.#name) ?? 0;
    if (warm < WARM_CALLS) {
      warmCalls().set(this.#name, warm + 1);
      return run(planOf(0));
    }
    const least = this.#least;
    if (this.#calls === ROUNDS * this.#ways) return run(planOf(least.indexOf(Math.min(...least))));
    const way = this.#calls++ % this.#ways;
    const plan = planOf(way);
    const begin = performance.now();
    run(plan);
    least[way] = Math.min(least[way]!, performance.now() - begin);
  }
}
