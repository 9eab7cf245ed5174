// The beginning of a kernel thread without a file of its own: Node's is told in workerData what to do, a page's in a message.

import { runKernelThread, type KernelThreadData } from "./kernel-thread.js";

declare const require: ((name: string) => { workerData: KernelThreadData }) | undefined;

if (typeof require === "function") runKernelThread(require("node:worker_threads").workerData);
else self.onmessage = ({ data }: MessageEvent<KernelThreadData>): never => runKernelThread(data);
