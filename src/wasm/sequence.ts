// Launches that are run again and again, one after the other, on the same addresses. Threads are called once for all of them.

import { chunkOf, isShared } from "./parallel.js";
import type { Bound } from "./plan.js";
import { kernelNumbers, runtime } from "./runtime.js";
import { COUNTER_WORDS, SEQUENCE } from "./worker-source.js";

const JOB_BYTES = SEQUENCE.SIZE * 8;
const COUNTER_BYTES = COUNTER_WORDS * 4;

/** A kernel with all its arguments, as one thread calls it. */
interface Call {
  kernel: (...args: number[]) => number;
  args: readonly number[];
}

export class Sequence {
  readonly #jobs: number;
  readonly #counters: number;
  readonly #bound: Bound[];
  readonly #calls: Call[] = [];

  /** Bytes of memory, of whole lines, for this many launches. */
  static room(length: number): number {
    return length * (JOB_BYTES + COUNTER_BYTES);
  }

  /** address: of as much memory as room() says. */
  constructor(launches: readonly Bound[], address: number) {
    this.#jobs = address;
    this.#counters = address + launches.length * JOB_BYTES;
    this.#bound = [...launches];
    launches.forEach((launch, i) => this.set(i, launch));
  }

  /** Puts another launch in the place of number i. */
  set(i: number, launch: Bound): void {
    const { kernels, heap, threads } = runtime();
    const { kernel: name, args, range } = launch;
    const kernel = kernels[name] as Call["kernel"];
    this.#bound[i] = launch;
    this.#calls[i] = { kernel, args: range ? [...args, 0, range.units] : args };
    if (threads === 1) return;
    const job = heap.f64(this.#jobs + i * JOB_BYTES, SEQUENCE.SIZE);
    const alone = !range || !isShared(range);
    job[SEQUENCE.KERNEL] = kernelNumbers.get(name)!;
    job[SEQUENCE.UNITS] = range?.units ?? -1;
    job[SEQUENCE.CHUNK] = alone ? Math.max(1, range?.units ?? 1) : chunkOf(range, threads);
    job[SEQUENCE.ARGUMENTS] = args.length;
    job[SEQUENCE.SCRATCH] = range?.scratch ?? -1;
    job[SEQUENCE.SCRATCH_BYTES] = range?.scratchBytes ?? 0;
    job.set(args, SEQUENCE.FIRST_ARGUMENT);
  }

  /** Runs them all. @throws WasmError if a thread died or its kernel trapped */
  run(): void {
    const { pool, heap } = runtime();
    if (!pool || pool.threads === 1) {
      for (const { kernel, args } of this.#calls) kernel(...args);
      return;
    }
    const { length } = this.#bound;
    const counters = heap.i32(this.#counters, length * COUNTER_WORDS);
    counters.fill(0);
    pool.runSequence(this.#jobs, this.#counters, length, (i) => {
      const { kernel, args } = this.#calls[i]!;
      const { range, args: own } = this.#bound[i]!;
      const all = range?.units ?? 1;
      const chunk = range && isShared(range) ? chunkOf(range, pool.threads) : all;
      const next = i * COUNTER_WORDS;
      for (
        let begin = Atomics.add(counters, next, chunk);
        begin < all;
        begin = Atomics.add(counters, next, chunk)
      ) {
        const end = Math.min(begin + chunk, all);
        if (range) kernel(...own, begin, end);
        else kernel(...args);
        Atomics.add(counters, next + 1, end - begin);
      }
      pool.awaitUnits(counters, next + 1, all);
    });
  }
}
