// The entry of a kernel thread without its own file: in Node its data come in workerData, in a page in a message.

import { runKernelThread, type KernelThreadData } from "./kernel-thread.js";

declare const require: ((name: string) => { workerData: KernelThreadData }) | undefined;

if (typeof require === "function") runKernelThread(require("node:worker_threads").workerData);
else self.onmessage = ({ data }: MessageEvent<KernelThreadData>): never => runKernelThread(data);
