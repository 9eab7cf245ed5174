// What a worker thread runs, as text: it must start in Node and in browsers, from a bundle and from sources, without a
// file of its own. It waits for the pool (pool.ts) to publish a job, takes units of it until none are left, and goes on.

/** Words of the control block. The main thread writes all but INSIDE, ASLEEP, NEXT and FAILED, which are shared. */
export const CONTROL = {
  /** Counts jobs; workers sleep on it. */
  JOB: 0,
  /** 1 while a job may be entered. */
  OPEN: 1,
  /** Workers inside the job; the main thread sleeps on it. */
  INSIDE: 2,
  /** Workers that have to be woken. */
  ASLEEP: 3,
  /** The first unit that nobody has taken. */
  NEXT: 4,
  UNITS: 5,
  CHUNK: 6,
  KERNEL: 7,
  /** How many arguments the kernel takes before begin and end. */
  ARGUMENTS: 8,
  /** Which of them is scratch memory (−1: none), and its bytes for each thread. */
  SCRATCH: 9,
  SCRATCH_BYTES: 10,
  /** Number of a worker whose kernel trapped. */
  FAILED: 11,
  /** Workers that have started. */
  READY: 12,
} as const;

/** Where the arguments lie in the control block, as f64. */
export const ARGUMENT_BYTES = 64;
export const CONTROL_BYTES = ARGUMENT_BYTES + 32 * 8;

/** Looks at JOB this often before a worker goes to sleep: about a tenth of a millisecond. */
const SPINS = 20000;

export const workerSource = `
"use strict";
const start = ({ module, memory, control, names, thread }) => {
  const { JOB, OPEN, INSIDE, ASLEEP, NEXT, UNITS, CHUNK, KERNEL, ARGUMENTS, SCRATCH, SCRATCH_BYTES, FAILED, READY } =
    ${JSON.stringify(CONTROL)};
  const { exports } = new WebAssembly.Instance(module, { env: { memory } });
  const kernels = names.map((name) => exports[name]);
  const c = new Int32Array(control, 0, ${ARGUMENT_BYTES / 4});
  const values = new Float64Array(control, ${ARGUMENT_BYTES});
  const work = () => {
    const units = c[UNITS], chunk = c[CHUNK];
    const args = Array.from(values.subarray(0, c[ARGUMENTS]));
    if (c[SCRATCH] >= 0) args[c[SCRATCH]] += thread * c[SCRATCH_BYTES];
    const kernel = kernels[c[KERNEL]];
    for (;;) {
      const begin = Atomics.add(c, NEXT, chunk);
      if (begin >= units) return;
      kernel(...args, begin, Math.min(begin + chunk, units));
    }
  };
  let seen = 0;
  Atomics.add(c, READY, 1);
  for (;;) {
    for (let spins = 0; Atomics.load(c, JOB) === seen; ) {
      if (++spins < ${SPINS}) continue;
      Atomics.add(c, ASLEEP, 1);
      Atomics.wait(c, JOB, seen);
      Atomics.sub(c, ASLEEP, 1);
    }
    seen = Atomics.load(c, JOB);
    Atomics.add(c, INSIDE, 1);
    if (Atomics.load(c, OPEN) === 1) {
      try {
        work();
      } catch {
        Atomics.store(c, FAILED, thread);
      }
    }
    if (Atomics.sub(c, INSIDE, 1) === 1) Atomics.notify(c, INSIDE);
  }
};
if (typeof require === "function") start(require("node:worker_threads").workerData);
else self.onmessage = ({ data }) => start(data);
`;
