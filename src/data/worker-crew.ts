// The worker threads of a loader, whatever the engine: who gets which batch to make, and what happens when one of them dies.

import { DataError, ShapeError, WasmError } from "../errors.js";
import { sharesMemory } from "./shared.js";
import type { BatchJob } from "./collate.js";
import type { Answer, Order, Withdrawal } from "./worker-thread.js";
import type { DeliveredBatch, SharedRoom, WorkerRecipe, Workers } from "./workers.js";

/** A thread that takes orders (takeOrders()). */
export interface DataThread {
  post(message: Order | Withdrawal): void;
  /** Whether somebody waits for it: a process stays alive for such a thread, and for no other. */
  awaited?(yes: boolean): void;
  /** Ends it. */
  end(): void;
}

/** What a thread reports. */
export interface ThreadEvents {
  answered(answer: Answer): void;
  /** It has ended by itself, and why. */
  died(why: string): void;
  /** It never came up, and why. */
  refused(why: string): void;
}

/** Starts thread `number`, from 1. Throws where it cannot be made. */
export type StartDataThread = (number: number, recipe: WorkerRecipe, events: ThreadEvents) => DataThread;

interface Waiting {
  readonly cancel: Int32Array;
  resolve(made: DeliveredBatch): void;
  reject(error: Error): void;
}

const ERRORS: Record<string, new (message: string) => Error> = { DataError, ShapeError, WasmError };

/** One thread and the orders that it has not answered. */
class DataWorker {
  readonly #name: string;
  readonly #thread: DataThread;
  readonly #waiting = new Map<number, Waiting>();
  #orders = 0;
  #memory: WebAssembly.Memory | undefined;

  constructor(
    number: number,
    recipe: WorkerRecipe,
    start: StartDataThread,
    events: Omit<ThreadEvents, "answered">,
  ) {
    this.#name = `worker ${number}`;
    this.#thread = start(number, recipe, { ...events, answered: (answer) => this.#receive(answer) });
  }

  /** Orders not yet answered. */
  get busy(): number {
    return this.#waiting.size;
  }

  make(job: BatchJob, room: SharedRoom | undefined, cancel: Int32Array): Promise<DeliveredBatch> {
    const id = this.#orders++;
    const memory = room && room.memory !== this.#memory ? room.memory : undefined;
    this.#memory = memory ?? this.#memory;
    const place = room && { address: room.address, shape: room.shape };
    if (this.#waiting.size === 0) this.#thread.awaited?.(true);
    this.#thread.post({ id, job, place, memory, cancel });
    return new Promise((resolve, reject) => this.#waiting.set(id, { cancel, resolve, reject }));
  }

  withdraw(cancel: Int32Array): void {
    for (const [id, waiting] of this.#waiting) {
      if (waiting.cancel === cancel) this.#thread.post({ withdrawn: id });
    }
  }

  #receive({ id, made, error }: Answer): void {
    const waiting = this.#waiting.get(id);
    if (!waiting) return; // it has been refused
    this.#waiting.delete(id);
    if (this.#waiting.size === 0) this.#thread.awaited?.(false);
    if (made) waiting.resolve(made);
    else {
      const Known = ERRORS[error!.name];
      waiting.reject(
        Known ? new Known(error!.message) : new Error(`DataLoader: ${this.#name}: ${error!.stack}`),
      );
    }
  }

  /** Ends the thread and refuses what it has not answered. */
  close(why: string): void {
    this.#thread.end();
    for (const { reject } of this.#waiting.values()) reject(new DataError(`DataLoader: ${why}`));
    this.#waiting.clear();
  }
}

export class DataWorkers implements Workers {
  alive = true;
  /** Why they never came up, if so. */
  refused: string | undefined;
  readonly #workers: DataWorker[] = [];

  /** Throws if not even one can be started. */
  constructor(count: number, recipe: WorkerRecipe, start: StartDataThread) {
    for (let n = 1; n <= count; n++) {
      const died = (why: string): void => this.#end(`worker ${n} is dead: ${why}`);
      const refused = (why: string): void => {
        this.refused ??= why;
        this.#end(`worker ${n} does not start: ${why}`);
      };
      try {
        this.#workers.push(new DataWorker(n, recipe, start, { died, refused }));
      } catch (error) {
        if (n === 1) throw error;
        break; // a limit of the system's: those that there are do the work
      }
    }
  }

  make(job: BatchJob, room: SharedRoom | undefined, cancel: Int32Array): Promise<DeliveredBatch> {
    const idlest = this.#workers.reduce((a, b) => (b.busy < a.busy ? b : a));
    return idlest.make(job, room, cancel);
  }

  withdraw(cancel: Int32Array): void {
    Atomics.store(cancel, 0, 1);
    if (sharesMemory(cancel)) return; // they see it there
    for (const worker of this.#workers) worker.withdraw(cancel);
  }

  close(): void {
    this.#end("its workers were closed");
  }

  #end(why: string): void {
    if (!this.alive) return;
    this.alive = false;
    for (const worker of this.#workers) worker.close(why);
  }
}
