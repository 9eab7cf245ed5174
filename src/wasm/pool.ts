// A fixed pool of threads over one shared memory. A job is one kernel with its arguments and a number of units; threads
// take units by an atomic counter, the main thread among them. There is no message for a job: workers watch a word of
// shared memory, asleep when nothing has happened for a while.

import { reason, short, WasmError } from "../errors.js";
import { builtin } from "./host.js";
import { ARGUMENT_BYTES, CONTROL, CONTROL_BYTES } from "./control.js";
import type { KernelThreadData } from "./kernel-thread.js";
import { warnFewer } from "./threads.js";
import { workerText } from "./worker-text.js";

/** How often the main thread looks at INSIDE before it sleeps, where it may sleep. */
const SPINS = 20000;
/** A worker counts as dead after this many milliseconds without a sign of life. */
const DEADLINE_MS = 30_000;

/** The part of Node's worker_threads that is used here. */
interface NodeWorkers {
  Worker: new (
    source: string,
    options: { eval: true; workerData: unknown; name: string; stdout: boolean },
  ) => { unref(): void; terminate(): unknown; on(event: string, fn: (why: unknown) => void): void };
}

/** A thread, as the pool sees it. */
export interface Thread {
  stop(): void;
}

/**
 * Starts a worker that calls runKernelThread(data); dead() is called if it ends by itself. Throws where no worker can start: a
 * page's policy or Trusted Types may forbid it, a service worker has none, Node may run without permission.
 */
export type StartThread = (data: KernelThreadData, dead: (why: string) => void) => Thread;

/** In a browser, from a URL: dist/pool-worker.js, or a blob's. */
const startFromFile =
  (url: string): StartThread =>
  (data, dead) => {
    const worker = new Worker(url);
    worker.onerror = (event) => {
      event.preventDefault(); // in a worker it would go on to the page, as an error of this worker
      dead(event.message || `${short(url)} cannot be loaded`);
    };
    worker.postMessage(data);
    return { stop: () => worker.terminate() };
  };

/** In Node or a browser, from text. */
const startFromText: StartThread = (data, dead) => {
  const node = builtin<NodeWorkers>("node:worker_threads");
  if (node) {
    const worker = new node.Worker(workerText, {
      eval: true,
      workerData: data,
      name: `fovea ${data.thread}`,
      stdout: false,
    });
    worker.unref();
    let stopped = false;
    worker.on("error", (error) => dead(String(error)));
    worker.on("exit", () => stopped || dead("it has exited"));
    return { stop: () => ((stopped = true), void worker.terminate()) };
  }
  const url = URL.createObjectURL(new Blob([workerText], { type: "text/javascript" }));
  try {
    const { stop } = startFromFile(url)(data, dead);
    return { stop: () => (stop(), URL.revokeObjectURL(url)) };
  } catch (error) {
    URL.revokeObjectURL(url);
    throw error;
  }
};

let startThread: StartThread = startFromText;

/** Sets how threads are started here: a worker with its own file needs no text, which a page may forbid. */
export function provideThreads(start: StartThread): void {
  startThread = start;
}

/** Whether this thread may sleep in Atomics.wait: not the main thread of a browser. */
function maySleep(): boolean {
  try {
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 1);
    return true;
  } catch {
    return false;
  }
}

export class Pool {
  readonly #control = new Int32Array(new SharedArrayBuffer(CONTROL_BYTES));
  readonly #values: Float64Array;
  readonly #workers: Thread[] = [];
  readonly #sleeps = maySleep();
  #dead: string | undefined;
  #alone = false;

  /** names: the kernels, which run() takes by number. file: the source of a page's workers, if not text. */
  constructor(
    threads: number,
    module: WebAssembly.Module,
    memory: WebAssembly.Memory,
    names: readonly string[],
    file?: string,
  ) {
    const { buffer } = this.#control;
    this.#values = new Float64Array(buffer, ARGUMENT_BYTES);
    const start = file === undefined || builtin("node:worker_threads") ? startThread : startFromFile(file);
    try {
      for (let thread = 1; thread < threads; thread++) {
        const data = { module, memory, control: buffer, names, thread };
        this.#workers.push(start(data, (why) => this.#lost(thread, why)));
      }
    } catch (error) {
      warnFewer(this.threads, `workers cannot be started (${reason(error)})`);
    }
  }

  /** Threads that work, including the main one. */
  get threads(): number {
    return this.#alone ? 1 : this.#workers.length + 1;
  }

  /** Threads that are up and take units, including the main one: those still starting leave their units to the others. */
  get started(): number {
    return Math.min(Atomics.load(this.#control, CONTROL.READY) + 1, this.threads);
  }

  /** A worker that ends after it has worked is an error; if none ever starts (a page may forbid it), one thread remains. */
  #lost(worker: number, why: string): void {
    if (Atomics.load(this.#control, CONTROL.READY) > 0) {
      this.#dead ??= `worker ${worker} is dead: ${why}`;
    } else if (!this.#alone) {
      this.#alone = true;
      warnFewer(1, `workers do not start (${short(why)})`);
    }
  }

  /**
   * Does all units of kernel number `index`, chunk at a time, together with the workers that are there. scratch: which argument is scratch
   * memory (−1: none), with `scratchBytes` for each thread.
   * @throws WasmError if a worker died or its kernel trapped
   */
  run(
    kernel: (...args: number[]) => number,
    index: number,
    units: number,
    chunk: number,
    args: readonly number[],
    scratch: number,
    scratchBytes: number,
  ): void {
    if (this.#dead) throw new WasmError(`threads: ${this.#dead}; call init() to start again`);
    if (this.threads === 1) {
      kernel(...args, 0, units);
      return;
    }
    const c = this.#control;
    this.#values.set(args);
    c[CONTROL.UNITS] = units;
    c[CONTROL.CHUNK] = chunk;
    c[CONTROL.KERNEL] = index;
    c[CONTROL.ARGUMENTS] = args.length;
    c[CONTROL.SCRATCH] = scratch;
    c[CONTROL.SCRATCH_BYTES] = scratchBytes;
    c[CONTROL.SEQUENCE] = 0;
    Atomics.store(c, CONTROL.NEXT, 0);
    this.#open(() => {
      try {
        for (;;) {
          const begin = Atomics.add(c, CONTROL.NEXT, chunk);
          if (begin >= units) break;
          kernel(...args, begin, Math.min(begin + chunk, units));
        }
      } finally {
        Atomics.store(c, CONTROL.NEXT, units); // nothing left, also after a trap here
      }
    });
  }

  /**
   * Does a sequence of jobs (control.ts, SEQUENCE) together with the workers, which are called once for all: each goes from job
   * to job and waits for the others in between. jobs, counters: their addresses. share: does the main thread's share of job i.
   * @throws WasmError if a worker died or its kernel trapped
   */
  runSequence(jobs: number, counters: number, length: number, share: (i: number) => void): void {
    if (this.#dead) throw new WasmError(`threads: ${this.#dead}; call init() to start again`);
    const c = this.#control;
    c[CONTROL.SEQUENCE] = jobs;
    c[CONTROL.COUNTERS] = counters;
    c[CONTROL.LENGTH] = length;
    this.#open(() => {
      for (let i = 0; i < length && Atomics.load(c, CONTROL.FAILED) === 0; i++) share(i);
    });
  }

  /** Waits until a count of units done is complete, or a worker has failed. */
  awaitUnits(counters: Int32Array, at: number, units: number): void {
    const c = this.#control;
    const begin = performance.now();
    for (let spins = 1; Atomics.load(counters, at) < units; spins++) {
      if (Atomics.load(c, CONTROL.FAILED) !== 0) return;
      if (spins % SPINS === 0 && performance.now() - begin > DEADLINE_MS) {
        this.#dead = `workers have not answered for ${DEADLINE_MS / 1000} s`;
        throw new WasmError(`threads: ${this.#dead}`);
      }
    }
  }

  /** Calls the workers to the job in the control block, while the main thread does its share. */
  #open(share: () => void): void {
    const c = this.#control;
    Atomics.store(c, CONTROL.OPEN, 1);
    Atomics.add(c, CONTROL.JOB, 1);
    if (Atomics.load(c, CONTROL.ASLEEP) > 0) Atomics.notify(c, CONTROL.JOB);
    try {
      share();
    } finally {
      Atomics.store(c, CONTROL.OPEN, 0);
      this.#join();
    }
    const failed = Atomics.exchange(c, CONTROL.FAILED, 0);
    if (failed) {
      this.#dead = `worker ${failed}'s kernel trapped`;
      throw new WasmError(`threads: ${this.#dead}`);
    }
  }

  /** Waits until no worker is inside the job. */
  #join(): void {
    const c = this.#control;
    let inside = Atomics.load(c, CONTROL.INSIDE);
    for (let spins = 0; inside > 0 && spins < SPINS; spins++) inside = Atomics.load(c, CONTROL.INSIDE);
    const begin = performance.now();
    while (inside > 0) {
      if (this.#sleeps) Atomics.wait(c, CONTROL.INSIDE, inside, 100);
      inside = Atomics.load(c, CONTROL.INSIDE);
      if (inside > 0 && performance.now() - begin > DEADLINE_MS) {
        this.#dead = `${inside} of ${this.#workers.length} workers have not answered for ${DEADLINE_MS / 1000} s`;
        throw new WasmError(`threads: ${this.#dead}`);
      }
    }
  }

  /** Ends the workers. */
  stop(): void {
    for (const worker of this.#workers) worker.stop();
  }
}
