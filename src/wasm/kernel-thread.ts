// The loop of a pool thread. It waits for the pool (pool.ts) to publish a job, takes units of it until none are left, and
// waits again. It must start from sources and from bundles, in Node and in browsers, with its own file and without:
// kernels/build.mjs bundles worker-main.ts, which calls this, into the text of worker-text.ts; src/web/worker.ts calls it directly.

import { ARGUMENT_BYTES, CONTROL, COUNTER_WORDS, SEQUENCE } from "./control.js";

/** The data that a thread starts with. */
export interface KernelThreadData {
  readonly module: WebAssembly.Module;
  readonly memory: WebAssembly.Memory;
  /** The control block. */
  readonly control: SharedArrayBuffer;
  /** The kernels, which jobs name by number. */
  readonly names: readonly string[];
  /** Its number, from 1. */
  readonly thread: number;
}

type Kernel = (...args: number[]) => number;

/** Looks at JOB this often before a thread goes to sleep: about a tenth of a millisecond. */
const SPINS = 20000;

/** Works for the pool, and never returns. */
export function runKernelThread({ module, memory, control, names, thread }: KernelThreadData): never {
  const { exports } = new WebAssembly.Instance(module, { env: { memory } });
  const kernels = names.map((name) => exports[name] as Kernel);
  const c = new Int32Array(control, 0, ARGUMENT_BYTES / 4);
  const values = new Float64Array(control, ARGUMENT_BYTES);
  let seen = 0;

  const work = (): void => {
    const units = c[CONTROL.UNITS]!;
    const chunk = c[CONTROL.CHUNK]!;
    const args = Array.from(values.subarray(0, c[CONTROL.ARGUMENTS]));
    const scratch = c[CONTROL.SCRATCH]!;
    if (scratch >= 0) args[scratch]! += thread * c[CONTROL.SCRATCH_BYTES]!;
    const kernel = kernels[c[CONTROL.KERNEL]!]!;
    for (;;) {
      const begin = Atomics.add(c, CONTROL.NEXT, chunk);
      if (begin >= units) return;
      kernel(...args, begin, Math.min(begin + chunk, units));
    }
  };

  const walk = (): void => {
    const length = c[CONTROL.LENGTH]!;
    const { buffer } = memory;
    const jobs = new Float64Array(buffer, c[CONTROL.SEQUENCE]! >>> 0, length * SEQUENCE.SIZE);
    const counters = new Int32Array(buffer, c[CONTROL.COUNTERS]! >>> 0, length * COUNTER_WORDS);
    for (let i = 0; i < length && Atomics.load(c, CONTROL.OPEN) === 1; i++) {
      const at = i * SEQUENCE.SIZE;
      const next = i * COUNTER_WORDS;
      const done = next + 1;
      const units = jobs[at + SEQUENCE.UNITS]!;
      const chunk = jobs[at + SEQUENCE.CHUNK]!;
      const all = Math.abs(units);
      let begin = Atomics.add(counters, next, chunk);
      if (begin < all) {
        const first = at + SEQUENCE.FIRST_ARGUMENT;
        const args = Array.from(jobs.subarray(first, first + jobs[at + SEQUENCE.ARGUMENTS]!));
        const scratch = jobs[at + SEQUENCE.SCRATCH]!;
        if (scratch >= 0) args[scratch]! += thread * jobs[at + SEQUENCE.SCRATCH_BYTES]!;
        const kernel = kernels[jobs[at + SEQUENCE.KERNEL]!]!;
        for (; begin < all; begin = Atomics.add(counters, next, chunk)) {
          const end = Math.min(begin + chunk, all);
          if (units >= 0) kernel(...args, begin, end);
          else kernel(...args);
          Atomics.add(counters, done, end - begin);
        }
      }
      for (let spins = 0; Atomics.load(counters, done) < all; spins++) {
        if (Atomics.load(c, CONTROL.OPEN) === 0) return; // a thread has failed
        if (spins > SPINS) Atomics.wait(c, CONTROL.JOB, seen, 1);
      }
    }
  };

  Atomics.add(c, CONTROL.READY, 1);
  for (;;) {
    for (let spins = 0; Atomics.load(c, CONTROL.JOB) === seen;) {
      if (++spins < SPINS) continue;
      Atomics.add(c, CONTROL.ASLEEP, 1);
      Atomics.wait(c, CONTROL.JOB, seen);
      Atomics.sub(c, CONTROL.ASLEEP, 1);
    }
    seen = Atomics.load(c, CONTROL.JOB);
    Atomics.add(c, CONTROL.INSIDE, 1);
    if (Atomics.load(c, CONTROL.OPEN) === 1) {
      try {
        if (c[CONTROL.SEQUENCE] !== 0)
          walk(); // an address: negative from 2 GiB on
        else work();
      } catch {
        Atomics.store(c, CONTROL.FAILED, thread);
      }
    }
    if (Atomics.sub(c, CONTROL.INSIDE, 1) === 1) Atomics.notify(c, CONTROL.INSIDE);
  }
}
