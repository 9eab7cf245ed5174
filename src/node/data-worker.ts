// What a worker thread of the loader runs: it opens the dataset, makes the transforms, and then a batch for each message.
// build-worker.mjs bundles this file with all it imports to text, so that it starts from sources and bundles alike; there
// `import.meta.url` is that of data-workers.ts, by which installed packages are found.

import { parentPort, workerData } from "node:worker_threads";
import { Collator, type Room } from "../data/collate.js";
import { makeBatchTransform, makeTransform } from "../data/index.js";
import { DataError } from "../errors.js";
import type { WorkerRecipe } from "../data/workers.js";
import { floatsAt } from "../wasm/heap.js";
import { startFrom, type Compiled } from "../wasm/runtime.js";
import { openDataset } from "./datasets/open.js";
import { loadModulesOf } from "./from-module.js";
import type { Answer, Order } from "./data-workers.js";

const { recipe, compiled } = workerData as { recipe: WorkerRecipe; compiled: Compiled };
startFrom(compiled);

// For the copy of fovea that a module of the user's imports: the same kernels, and a thread is enough.
process.env["FOVEA_BINARY"] = compiled.binary;
process.env["FOVEA_THREADS"] = "1";

/** Runs make, whose error for an unknown name would not say that it is known elsewhere. */
function own<T>(make: () => T): T {
  try {
    return make();
  } catch (error) {
    const { message } = error as Error;
    if (!/^(batch )?transform: unknown name/.test(message)) throw error;
    throw new DataError(
      `${message}; worker threads know fovea's own alone: use transformFromModule() or workers: 0 for others`,
    );
  }
}

async function start(): Promise<Collator> {
  const { source, transforms, batchTransform, normalization, onError } = recipe;
  await loadModulesOf([transforms, batchTransform]);
  return new Collator({
    dataset: await openDataset(source),
    transforms: own(() => transforms.map(makeTransform)),
    batchTransform: batchTransform && own(() => makeBatchTransform(batchTransform)),
    normalization,
    onError,
  });
}

const collator = start();
collator.catch(() => {}); // each order answers with the error
let memory: WebAssembly.Memory | undefined;

async function make({ id, job, place, cancel }: Order): Promise<Answer> {
  let own: Float32Array | undefined;
  const room: Room = (shape) => {
    const floats = job.indices.length * shape[0] * shape[1] * shape[2];
    const fits = place && shape.every((size, i) => size === place.shape[i]);
    const pixels = fits ? floatsAt(memory!, place.address, floats) : (own = new Float32Array(floats));
    return () => pixels;
  };
  const made = await (await collator).makeBatch(job, room, cancel);
  return {
    id,
    made: { ...made, pixels: own?.subarray(0, (own.length / job.indices.length) * made.indices.length) },
  };
}

let last: Promise<void> = Promise.resolve();
parentPort!.on("message", (order: Order) => {
  memory = order.memory ?? memory;
  last = last.then(async () => {
    try {
      const answer = await make(order);
      const { pixels, targets } = answer.made!;
      const buffers = [pixels, targets].flatMap((floats) => (floats ? [floats.buffer as ArrayBuffer] : []));
      parentPort!.postMessage(answer, buffers);
    } catch (error) {
      const { name, message, stack } = error instanceof Error ? error : new Error(String(error));
      parentPort!.postMessage({ id: order.id, error: { name, message, stack } } satisfies Answer);
    }
  });
});
