// The memory by which the pool (pool.ts) and its threads (kernel-thread.ts) tell each other what is to be done.

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
