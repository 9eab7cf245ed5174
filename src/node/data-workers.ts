// The loader's worker threads in Node.

import { createRequire } from "node:module";
import { Worker } from "node:worker_threads";
import { DataWorkers, type StartDataThread } from "../data/worker-crew.js";
import type { Answer } from "../data/worker-thread.js";
import { provideWorkers } from "../data/workers.js";
import { provideBuiltins } from "../wasm/host.js";
import { compiled } from "../wasm/runtime.js";
import { workerText } from "./worker-text.js";

/** text: what the threads run. */
export const dataThreads =
  (text = workerText): StartDataThread =>
  (number, recipe, { answered, died }) => {
    const worker = new Worker(text, {
      eval: true,
      workerData: { recipe, compiled: compiled(), url: import.meta.url },
      name: `fovea data ${number}`,
      execArgv: [], // it does not need the loaders of the program's own sources
    });
    worker.on("message", (answer: Answer) => answered(answer));
    worker.on("error", (error) => died(String(error)));
    worker.on("exit", (code) => died(`it has exited with code ${code}`));
    worker.unref(); // after the listeners: listening for messages keeps the process alive
    return {
      post: (message) => worker.postMessage(message),
      awaited: (yes) => (yes ? worker.ref() : worker.unref()),
      end: () => void worker.terminate(),
    };
  };

provideBuiltins(createRequire(import.meta.url));
provideWorkers((count, recipe) => new DataWorkers(count, recipe, dataThreads()));
