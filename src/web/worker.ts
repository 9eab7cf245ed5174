// "fovea/web/worker": what the worker of a page runs. Started by the page it answers calls (host/methods.ts); started by that
// worker it is one of the threads of its kernels, so that one file does for all and a page may forbid workers of other origin.

import { provideThreads } from "../wasm/pool.js";
import { runKernelThread, type KernelThreadData } from "../wasm/kernel-thread.js";
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

/** What threads of the kernels are called: by that they know themselves. */
const KERNELS = "fovea kernels";

if (scope.name === KERNELS) {
  scope.addEventListener("message", ({ data }: MessageEvent<KernelThreadMessage | undefined>) => {
    if (data?.fovea === "kernels") runKernelThread(data.data);
  });
} else {
  const type = isModule() ? "module" : "classic";
  provideThreads((data, dead) => {
    // The bundler has put this file where it is: `new URL` with a variable keeps it from looking for another one.
    const worker = new Worker(scope.location.href, { type, name: KERNELS });
    worker.onerror = (event): void => dead(event.message || "its script cannot be loaded");
    worker.postMessage({ fovea: "kernels", data } satisfies KernelThreadMessage);
    return { stop: () => worker.terminate() };
  });
  serve<WorkerMethods>(scope, hostMethods());
}
