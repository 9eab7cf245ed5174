// MNIST's four files, which are in the page's folder.

import type { Dataset8 } from "fovea/web";
import type { FromDigits, Part, ToDigits } from "./mnist-worker.js";

export interface Digits {
  readonly train: Dataset8;
  readonly test: Dataset8;
}

type OnProgress = (share: number) => void;

function load(
  parts: readonly Part[],
  onProgress: OnProgress,
  signal?: AbortSignal,
): Promise<readonly Dataset8[]> {
  const worker = new Worker(new URL("./mnist-worker.ts", import.meta.url), { type: "module" });
  const loaded = new Promise<readonly Dataset8[]>((resolve, reject) => {
    signal?.addEventListener("abort", () => reject(signal.reason));
    worker.onerror = ({ message }) => reject(new Error(`The digits cannot be loaded: ${message}`));
    worker.onmessage = ({ data: { share, digits, error } }: MessageEvent<FromDigits>) => {
      if (share !== undefined) onProgress(share);
      if (digits) resolve(digits);
      if (error !== undefined) reject(new Error(`The digits cannot be loaded: ${error}`));
    };
  });
  const request: ToDigits = { parts, folder: new URL("./digits/", document.baseURI).href };
  worker.postMessage(request);
  return loaded.finally(() => worker.terminate());
}

/** All digits. onProgress: called with the share that has come. */
export async function loadDigits(onProgress: OnProgress, signal?: AbortSignal): Promise<Digits> {
  const [train, test] = await load(["train", "t10k"], onProgress, signal);
  return { train: train!, test: test! };
}

/** The digits that networks are tested on. */
export async function loadTestDigits(onProgress: OnProgress): Promise<Dataset8> {
  const [test] = await load(["t10k"], onProgress);
  return test!;
}
