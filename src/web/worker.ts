// "fovea/web/worker": what the worker of a page runs. Started by the page it answers calls (host/methods.ts); started by that
// worker it is one of the threads of its kernels, or reads pictures for it, so that one file does for all and a page may forbid
// workers of other origin.

import { provideThreads } from "../wasm/pool.js";
import { runKernelThread, type KernelThreadData } from "../wasm/kernel-thread.js";
import { DataWorkers } from "../data/worker-crew.js";
import { provideWorkers } from "../data/workers.js";
import { dataThreads, runDataThread } from "./data-workers.js";
import { hostMethods } from "./host/methods.js";
import type { WorkerMethods } from "./protocol.js";
import { serve, type Port } from "./rpc.js";

/** To a thread of the kernels. */
interface KernelThreadMessage {
  readonly fovea: "kernels";
  readonly data: KernelThreadData;
}

/** Whether this worker was started as a module; bundlers may make a classic script of it. */
function isModule(): boolean {
  try {
    (globalThis as { importScripts?: () => void }).importScripts?.();
    return false;
  } catch {
    return true;
  }
}

const scope = globalThis as unknown as Port & { readonly name?: string; readonly location: Location };

/** What the workers are called that this one starts: by that they know themselves. */
const [KERNELS, DATA] = ["fovea kernels", "fovea data"];

if (scope.name === KERNELS) {
  scope.addEventListener("message", ({ data }: MessageEvent<KernelThreadMessage | undefined>) => {
    if (data?.fovea === "kernels") runKernelThread(data.data);
  });
} else if (scope.name === DATA) {
  runDataThread(scope);
} else {
  const type = isModule() ? "module" : "classic";
  // The bundler has put this file where it is: `new URL` with a variable keeps it from looking for another one.
  const another = (name: string): Worker => new Worker(scope.location.href, { type, name });
  provideThreads((data, dead) => {
    const worker = another(KERNELS);
    worker.onerror = (event): void => {
      event.preventDefault(); // otherwise it is an error of this worker too, and then of the page
      dead(event.message || "its script cannot be loaded");
    };
    worker.postMessage({ fovea: "kernels", data } satisfies KernelThreadMessage);
    return { stop: () => worker.terminate() };
  });
  const startReader = dataThreads(() => another(DATA));
  provideWorkers((count, recipe) => new DataWorkers(count, recipe, startReader));
  serve<WorkerMethods>(scope, hostMethods());
}
