// The loader's workers in pages: they run the file of the worker that computes, read and prepare pictures, and hand batches over.
// dataThreads() is for the worker that computes, runDataThread() is what the others run.

import { Collator } from "../data/collate.js";
import { openerOf, fieldsOf } from "../data/open-source.js";
import type { DataThread, StartDataThread, ThreadEvents } from "../data/worker-crew.js";
import { takeOrders, type Answer, type Order, type Withdrawal } from "../data/worker-thread.js";
import type { WorkerRecipe } from "../data/workers.js";
import { compiled, startFrom, type Compiled } from "../wasm/runtime.js";
import { useBrowserDecoder } from "./host/decode.js";
import { openPictures, type PictureFiles } from "./host/picture-files.js";
import { makePrepared } from "./host/preparation.js";
import type { Port } from "./rpc.js";

/** To a data worker: what comes first, then a loader, then that loader's orders, then its end. */
type ToReader =
  | { readonly fovea: "start"; readonly compiled: Compiled; readonly lock: string | undefined }
  | { readonly fovea: "open"; readonly loader: number; readonly recipe: WorkerRecipe }
  | { readonly fovea: "order"; readonly loader: number; readonly order: Order | Withdrawal }
  | { readonly fovea: "close"; readonly loader: number };

/** From a data worker: once that it has come up, and whether it holds its lock; then answers. */
type FromReader =
  | { readonly fovea: "up"; readonly locked: boolean }
  | { readonly fovea: "answer"; readonly loader: number; readonly answer: Answer };

/** Most bytes of decoded pictures that a worker keeps. */
const MOST_DECODED = 32 * 2 ** 20;

/** Browsers tell nobody when a worker ends without an error, but they give its locks to the next who asks. */
function whenGone(lock: string, gone: () => void): () => void {
  const stop = new AbortController();
  navigator.locks.request(lock, { signal: stop.signal }, gone).catch(() => {}); // stopped
  return () => stop.abort();
}

/** A worker that reads for the loaders that are open. */
class Reader {
  readonly #worker: Worker;
  readonly #ended: () => void;
  readonly #loaders = new Map<number, ThreadEvents>();
  #opened = 0;
  #up = false;
  #forget = (): void => {};

  constructor(worker: Worker, ended: () => void) {
    this.#worker = worker;
    this.#ended = ended;
    // Locks are the whole site's, other tabs' too.
    const lock = globalThis.navigator?.locks && `fovea data ${crypto.randomUUID()}`;
    worker.onmessage = ({ data }: MessageEvent<FromReader>) => {
      if (data.fovea === "answer") return this.#loaders.get(data.loader)?.answered(data.answer);
      this.#up = true;
      if (data.locked) this.#forget = whenGone(lock!, () => this.#lost("it has ended"));
    };
    worker.onerror = (event) => {
      event.preventDefault(); // otherwise it is an error of this worker too, and then of the page
      this.#lost(event.message || "its script cannot be loaded");
    };
    worker.onmessageerror = () => this.#lost("a message of it cannot be read");
    this.#post({ fovea: "start", compiled: compiled(), lock });
  }

  open(recipe: WorkerRecipe, events: ThreadEvents): DataThread {
    const loader = this.#opened++;
    this.#loaders.set(loader, events);
    this.#post({ fovea: "open", loader, recipe });
    return {
      post: (order) => this.#post({ fovea: "order", loader, order }),
      end: () => {
        if (!this.#loaders.delete(loader)) return;
        if (this.#loaders.size === 0) this.#stop();
        else this.#post({ fovea: "close", loader });
      },
    };
  }

  #post(message: ToReader): void {
    this.#worker.postMessage(message);
  }

  #lost(why: string): void {
    this.#stop();
    for (const { died, refused } of this.#loaders.values()) (this.#up ? died : refused)(why);
  }

  #stop(): void {
    this.#forget();
    this.#worker.terminate();
    this.#ended();
  }
}

/** How threads are started, in workers that `make` starts: thread 1 of all loaders in one, thread 2 in another. */
export function dataThreads(make: () => Worker): StartDataThread {
  const readers = new Map<number, Reader>();
  return (number, recipe, events) => {
    const reader = readers.get(number) ?? new Reader(make(), () => readers.delete(number));
    readers.set(number, reader);
    return reader.open(recipe, events);
  };
}

const openDataset = openerOf({
  pictures: (source) => openPictures(fieldsOf<PictureFiles>(source), MOST_DECODED),
});

async function collatorOf({ source, transforms, normalization, onError }: WorkerRecipe): Promise<Collator> {
  return new Collator({
    dataset: await openDataset(source),
    transforms: transforms.map(makePrepared),
    batchTransform: undefined, // trainers of pages mix no pictures
    normalization,
    onError,
  });
}

/** Holds the lock until the worker ends; comes back when it has it, with whether it could be had. */
function held(lock: string | undefined): Promise<boolean> {
  return new Promise((resolve) => {
    if (lock === undefined) return resolve(false);
    const forever = (): Promise<void> => {
      resolve(true);
      return new Promise(() => {});
    };
    navigator.locks.request(lock, forever).catch(() => resolve(false)); // a page without an origin
  });
}

/** What a data worker runs. */
export function runDataThread(port: Port): void {
  const loaders = new Map<number, ReturnType<typeof takeOrders>>();
  const post = (message: FromReader, buffers: readonly ArrayBuffer[] = []): void =>
    port.postMessage(message, [...buffers]);
  const methods: { [K in ToReader["fovea"]]: (message: Extract<ToReader, { fovea: K }>) => void } = {
    start({ compiled: kernels, lock }) {
      startFrom(kernels);
      useBrowserDecoder();
      void held(lock).then((locked) => post({ fovea: "up", locked }));
    },
    open({ loader, recipe }) {
      const take = takeOrders(collatorOf(recipe), (answer, buffers) =>
        post({ fovea: "answer", loader, answer }, buffers),
      );
      loaders.set(loader, take);
    },
    order: ({ loader, order }) => loaders.get(loader)?.(order),
    close: ({ loader }) => void loaders.delete(loader),
  };
  port.addEventListener("message", ({ data }: MessageEvent<ToReader>) => methods[data.fovea](data as never));
  port.start?.();
}
