// Launches that run again and again, one after the other, on the same addresses. Threads are called once for all of them.

import { chunkOf, isShared } from "./parallel.js";
import type { Bound } from "./plan.js";
import { runtime } from "./runtime.js";
import { COUNTER_WORDS, SEQUENCE } from "./control.js";

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

  /** Bytes of memory, in whole cache lines, for this many launches. */
  static room(length: number): number {
    return length * (JOB_BYTES + COUNTER_BYTES);
  }

  /** address: of memory as large as room() returns. */
  constructor(launches: readonly Bound[], address: number) {
    this.#jobs = address;
    this.#counters = address + launches.length * JOB_BYTES;
    this.#bound = [...launches];
    launches.forEach((launch, i) => this.set(i, launch));
  }

  /** Replaces launch number i. */
  set(i: number, launch: Bound): void {
    const { kernels, numbers, heap, threads } = runtime();
    const { kernel: name, args, range } = launch;
    const kernel = kernels[name] as Call["kernel"];
    this.#bound[i] = launch;
    this.#calls[i] = { kernel, args: range ? [...args, 0, range.units] : args };
    if (threads === 1) return;
    const job = heap.f64(this.#jobs + i * JOB_BYTES, SEQUENCE.SIZE);
    const alone = !range || !isShared(range);
    job[SEQUENCE.KERNEL] = numbers.get(name)!;
    job[SEQUENCE.UNITS] = range?.units ?? -1;
    job[SEQUENCE.CHUNK] = alone ? Math.max(1, range?.units ?? 1) : chunkOf(range, threads);
    job[SEQUENCE.ARGUMENTS] = args.length;
    job[SEQUENCE.SCRATCH] = range?.scratch ?? -1;
    job[SEQUENCE.SCRATCH_BYTES] = range?.scratchBytes ?? 0;
    job.set(args, SEQUENCE.FIRST_ARGUMENT);
  }

  get length(): number {
    return this.#bound.length;
  }

  /** Runs launches first ≤ i < end. @throws WasmError if a thread died or its kernel trapped */
  run(first = 0, end = this.length): void {
    const { pool, heap } = runtime();
    if (!pool || pool.threads === 1) {
      for (let i = first; i < end; i++) {
        const { kernel, args } = this.#calls[i]!;
        kernel(...args);
      }
      return;
    }
    const at = this.#counters + first * COUNTER_BYTES;
    const counters = heap.i32(at, (end - first) * COUNTER_WORDS);
    counters.fill(0);
    pool.runSequence(this.#jobs + first * JOB_BYTES, at, end - first, (i) => {
      const { kernel, args } = this.#calls[first + i]!;
      const { range, args: own } = this.#bound[first + i]!;
      const all = range?.units ?? 1;
      const chunk = range && isShared(range) ? chunkOf(range, pool.threads) : Math.max(1, all);
      const next = i * COUNTER_WORDS;
      const take = (): number => Atomics.add(counters, next, chunk);
      for (let begin = take(); begin < all; begin = take()) {
        const to = Math.min(begin + chunk, all);
        if (range) kernel(...own, begin, to);
        else kernel(...args);
        Atomics.add(counters, next + 1, to - begin);
      }
      pool.awaitUnits(counters, next + 1, all);
    });
  }
}
