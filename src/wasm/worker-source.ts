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
  /** Address of a sequence of jobs (SEQUENCE), 0 for a single one; how many there are, and where their counters lie. */
  SEQUENCE: 13,
  LENGTH: 14,
  COUNTERS: 15,
} as const;

/** A job of a sequence, as f64 in the kernels' memory: what it has at these places, then its arguments. */
export const SEQUENCE = {
  KERNEL: 0,
  /** −1 for a kernel that does all its work at once. */
  UNITS: 1,
  CHUNK: 2,
  ARGUMENTS: 3,
  SCRATCH: 4,
  SCRATCH_BYTES: 5,
  FIRST_ARGUMENT: 6,
  /** Numbers of a job in all. */
  SIZE: 32,
} as const;
/** The counters of a job, i32 with a line of the cache to themselves: the first unit that nobody has taken, and units done. */
export const COUNTER_WORDS = 16;

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
  const { SEQUENCE, LENGTH, COUNTERS } = ${JSON.stringify(CONTROL)};
  const AT = ${JSON.stringify(SEQUENCE)};
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
  const walk = () => {
    const length = c[LENGTH];
    const { buffer } = memory;
    const jobs = new Float64Array(buffer, c[SEQUENCE] >>> 0, length * AT.SIZE);
    const counters = new Int32Array(buffer, c[COUNTERS] >>> 0, length * ${COUNTER_WORDS});
    for (let i = 0; i < length && Atomics.load(c, OPEN) === 1; i++) {
      const at = i * AT.SIZE, next = i * ${COUNTER_WORDS}, done = next + 1;
      const units = jobs[at + AT.UNITS], chunk = jobs[at + AT.CHUNK];
      const all = Math.abs(units);
      let begin = Atomics.add(counters, next, chunk);
      if (begin < all) {
        const first = at + AT.FIRST_ARGUMENT;
        const args = Array.from(jobs.subarray(first, first + jobs[at + AT.ARGUMENTS]));
        if (jobs[at + AT.SCRATCH] >= 0) args[jobs[at + AT.SCRATCH]] += thread * jobs[at + AT.SCRATCH_BYTES];
        const kernel = kernels[jobs[at + AT.KERNEL]];
        for (; begin < all; begin = Atomics.add(counters, next, chunk)) {
          const end = Math.min(begin + chunk, all);
          if (units >= 0) kernel(...args, begin, end);
          else kernel(...args);
          Atomics.add(counters, done, end - begin);
        }
      }
      for (let spins = 0; Atomics.load(counters, done) < all; spins++) {
        if (Atomics.load(c, OPEN) === 0) return; // somebody has failed
        if (spins > ${SPINS}) Atomics.wait(c, JOB, seen, 1);
      }
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
        if (c[SEQUENCE] !== 0) walk(); // an address, from 2 GiB on negative
        else work();
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
