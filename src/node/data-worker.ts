// The program of a loader's worker thread: it opens the dataset, makes the transforms, and then a batch for each message.
// build-worker.mjs bundles this file with all it imports to text, so that it starts from sources and bundles alike; there
// `import.meta.url` is that of data-workers.ts, by which installed packages are found.

import { parentPort, workerData } from "node:worker_threads";
import { Collator } from "../data/collate.js";
import { makeBatchTransform, makeTransform } from "../data/index.js";
import { DataError } from "../errors.js";
import { takeOrders } from "../data/worker-thread.js";
import type { WorkerRecipe } from "../data/workers.js";
import { startFrom, type Compiled } from "../wasm/runtime.js";
import { openDataset } from "./datasets/open.js";
import { loadModulesOf } from "./from-module.js";

const { recipe, compiled } = workerData as { recipe: WorkerRecipe; compiled: Compiled };
startFrom(compiled);

// For the copy of fovea that a user's module imports: the same kernels, and one thread is enough.
process.env["FOVEA_BINARY"] = compiled.binary;
process.env["FOVEA_THREADS"] = "1";

/** Runs make; its error for an unknown name would not mention that the main thread knows it. */
function own<T>(make: () => T): T {
  try {
    return make();
  } catch (error) {
    const { message } = error as Error;
    if (!/^(batch )?transform: unknown name/.test(message)) throw error;
    throw new DataError(
      `${message}; worker threads know only fovea's own: use transformFromModule() or workers: 0 for others`,
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

parentPort!.on(
  "message",
  takeOrders(start(), (answer, buffers) => parentPort!.postMessage(answer, buffers)),
);
