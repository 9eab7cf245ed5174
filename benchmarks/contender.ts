// Work that is timed by the call, here or elsewhere: in other processes, in pages.

/** Receives the results of the timed code, and the report mentions NaN, so that nothing can be optimised away. */
let total = 0;

export function sink(result: number): void {
  total += result;
}

export function sinkIsFinite(): boolean {
  return Number.isFinite(total);
}

/** One of several implementations of the same work. */
export interface Contender {
  impl: string;
  /** Does the work `calls` times and returns the milliseconds that it took. */
  time(calls: number): number | Promise<number>;
}

/** A contender whose work is a function, synchronous or not. */
export function contender(impl: string, run: () => unknown): Contender {
  return {
    impl,
    async time(calls) {
      const begin = performance.now();
      for (let i = 0; i < calls; i++) {
        const result = run();
        if (result instanceof Promise) await result;
        else if (typeof result === "number") total += result;
      }
      return performance.now() - begin;
    },
  };
}
