// The shared memory through which the pool (pool.ts) gives work to its threads (kernel-thread.ts).

/** Words of the control block. The main thread writes all except INSIDE, ASLEEP, NEXT and FAILED, which are shared. */
export const CONTROL = {
  /** Counts jobs; workers sleep on it. */
  JOB: 0,
  /** 1 while a job may be entered. */
  OPEN: 1,
  /** Workers inside the job; the main thread sleeps on it. */
  INSIDE: 2,
  /** Workers that have to be woken. */
  ASLEEP: 3,
  /** The first unit not taken yet. */
  NEXT: 4,
  UNITS: 5,
  CHUNK: 6,
  KERNEL: 7,
  /** Number of the kernel's arguments before begin and end. */
  ARGUMENTS: 8,
  /** Which of them is scratch memory (−1: none), and its size in bytes for each thread. */
  SCRATCH: 9,
  SCRATCH_BYTES: 10,
  /** Number of a worker whose kernel trapped. */
  FAILED: 11,
  /** Workers that have started. */
  READY: 12,
  /** Address of a sequence of jobs (SEQUENCE), 0 for a single one; their count, and the address of their counters. */
  SEQUENCE: 13,
  LENGTH: 14,
  COUNTERS: 15,
} as const;

/** A job of a sequence, as f64 in the kernels' memory: these fields, then its arguments. */
export const SEQUENCE = {
  KERNEL: 0,
  /** −1 for a kernel that does all its work at once. */
  UNITS: 1,
  CHUNK: 2,
  ARGUMENTS: 3,
  SCRATCH: 4,
  SCRATCH_BYTES: 5,
  FIRST_ARGUMENT: 6,
  /** Numbers in a job. */
  SIZE: 32,
} as const;
/** The counters of a job, i32 in a cache line of their own: the first unit not taken yet, and units done. */
export const COUNTER_WORDS = 16;

/** Offset of the arguments in the control block, in f64. */
export const ARGUMENT_BYTES = 64;
export const CONTROL_BYTES = ARGUMENT_BYTES + 32 * 8;
