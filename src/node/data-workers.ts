// The loader's worker threads in Node.

import { createRequire } from "node:module";
import { Worker } from "node:worker_threads";
import type { BatchJob } from "../data/collate.js";
import type { ImageShape } from "../data/dataset.js";
import {
  provideWorkers,
  type DeliveredBatch,
  type SharedRoom,
  type WorkerRecipe,
  type Workers,
} from "../data/workers.js";
import { DataError, ShapeError, WasmError } from "../errors.js";
import { provideBuiltins } from "../wasm/host.js";
import { compiled } from "../wasm/runtime.js";
import { workerText } from "./worker-text.js";

/** From the main thread: make this batch. */
export interface Order {
  id: number;
  job: BatchJob;
  /** Where its pixels go if its images have this shape. */
  place: { address: number; shape: ImageShape } | undefined;
  /** The memory of that address and those to come. */
  memory: WebAssembly.Memory | undefined;
  cancel: Int32Array;
}

/** To the main thread: the batch, or why there is none. */
export interface Answer {
  id: number;
  made?: DeliveredBatch;
  error?: { name: string; message: string; stack: string | undefined };
}

interface Waiting {
  resolve(made: DeliveredBatch): void;
  reject(error: Error): void;
}

const ERRORS: Record<string, new (message: string) => Error> = { DataError, ShapeError, WasmError };

/** One thread and the orders that it has not answered. */
class DataWorker {
  readonly name: string;
  readonly #worker: Worker;
  readonly #waiting = new Map<number, Waiting>();
  readonly #died: (why: string) => void;
  #orders = 0;
  #memory: WebAssembly.Memory | undefined;

  /** died() is called if the thread ends by itself. */
  constructor(number: number, recipe: WorkerRecipe, text: string, died: (why: string) => void) {
    this.name = `worker ${number}`;
    this.#died = died;
    this.#worker = new Worker(text, {
      eval: true,
      workerData: { recipe, compiled: compiled(), url: import.meta.url },
      name: `fovea data ${number}`,
      execArgv: [], // loaders of the program's own sources are none of its business
    });
    this.#worker.on("message", (answer: Answer) => this.#receive(answer));
    this.#worker.on("error", (error) => this.#died(String(error)));
    this.#worker.on("exit", (code) => this.#died(`it has exited with code ${code}`));
    this.#worker.unref(); // after the listeners: listening for messages keeps the process alive
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
    // A thread keeps the process alive while somebody waits for it, and no longer.
    if (this.#waiting.size === 0) this.#worker.ref();
    this.#worker.postMessage({ id, job, place, memory, cancel } satisfies Order);
    return new Promise((resolve, reject) => this.#waiting.set(id, { resolve, reject }));
  }

  #receive({ id, made, error }: Answer): void {
    const waiting = this.#waiting.get(id);
    if (!waiting) return; // it has been refused
    this.#waiting.delete(id);
    if (this.#waiting.size === 0) this.#worker.unref();
    if (made) waiting.resolve(made);
    else {
      const Known = ERRORS[error!.name];
      waiting.reject(
        Known ? new Known(error!.message) : new Error(`DataLoader: ${this.name}: ${error!.stack}`),
      );
    }
  }

  /** Ends the thread and refuses what it has not answered. */
  close(why: string): void {
    void this.#worker.terminate();
    for (const { reject } of this.#waiting.values()) reject(new DataError(`DataLoader: ${why}`));
    this.#waiting.clear();
  }
}

export class DataWorkers implements Workers {
  alive = true;
  readonly #workers: DataWorker[] = [];

  /** text: what the threads run. Throws if not even one can be started. */
  constructor(count: number, recipe: WorkerRecipe, text = workerText) {
    for (let n = 1; n <= count; n++) {
      const died = (why: string): void => this.#end(`worker ${n} is dead: ${why}`);
      try {
        this.#workers.push(new DataWorker(n, recipe, text, died));
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

  close(): void {
    this.#end("its workers were closed");
  }

  #end(why: string): void {
    if (!this.alive) return;
    this.alive = false;
    for (const worker of this.#workers) worker.close(why);
  }
}

provideBuiltins(createRequire(import.meta.url));
provideWorkers((count, recipe) => new DataWorkers(count, recipe));
