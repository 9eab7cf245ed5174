// Starts the kernels in the worker.

import { turn } from "../../core/turn.js";
import { memoryStats, init, runtime } from "../../wasm/runtime.js";
import { whyFewer } from "../../wasm/threads.js";
import type { StartRequest, ThreadsInfo } from "../protocol.js";

/** How long threads may take to come up before work begins without them; they join when they have. */
const PATIENCE_MS = 2000;

let started = false;

/** Starts the kernels, which all that this worker does shares: the first who asks says on how many threads and in how much memory. */
export function startKernels({ threads, maxBytes }: StartRequest): void {
  if (started) return;
  init({ ...(threads !== undefined && { threads }), ...(maxBytes !== undefined && { maxBytes }) });
  started = true;
  void runtime().pool; // whose threads come up while weights are being loaded
}

/** Comes back when all threads are up: they need the event loop for that, which work would not let turn. */
export async function threadsUp(): Promise<ThreadsInfo> {
  const begin = performance.now();
  const { pool } = runtime();
  while (pool && pool.started < pool.threads && performance.now() - begin < PATIENCE_MS) {
    await new Promise((resume) => setTimeout(resume, 5));
  }
  await turn();
  const why = whyFewer();
  return {
    threads: runtime().threads,
    ...(why !== undefined && { why }),
    isolated: globalThis.crossOriginIsolated ?? true,
    binary: runtime().binary,
  };
}

/** Bytes that the kernels' memory holds. */
export const bytesInUse = (): number => memoryStats().bytesInUse;
