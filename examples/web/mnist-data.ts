// MNIST's four files, which are in the page's folder.

import type { Dataset8 } from "fovea/web";

export interface Digits {
  readonly train: Dataset8;
  readonly test: Dataset8;
}

/** Zipped bytes of each part's two files. */
const BYTES = { train: 9_829_469, t10k: 1_633_776 };

async function unzipped(
  name: string,
  got: (bytes: number) => void,
  signal?: AbortSignal,
): Promise<Uint8Array> {
  const response = await fetch(`./digits/${name}.bin`, signal ? { signal } : {});
  if (!response.ok || !response.body)
    throw new Error(`The digits cannot be loaded: ${name}: ${response.status}`);
  const counted = new TransformStream<Uint8Array<ArrayBuffer>, Uint8Array<ArrayBuffer>>({
    transform(chunk, controller) {
      got(chunk.length);
      controller.enqueue(chunk);
    },
  });
  const stream = response.body.pipeThrough(counted).pipeThrough(new DecompressionStream("gzip"));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}

type Part = keyof typeof BYTES;

async function load(
  parts: readonly Part[],
  onProgress: (share: number) => void,
  signal?: AbortSignal,
): Promise<Dataset8[]> {
  const all = parts.reduce((sum, name) => sum + BYTES[name], 0);
  let bytes = 0;
  const got = (more: number): void => onProgress(Math.min(1, (bytes += more) / all));
  return Promise.all(
    parts.map(async (name) => {
      const files = [`${name}-images-idx3-ubyte`, `${name}-labels-idx1-ubyte`];
      const [images, labels] = await Promise.all(files.map((file) => unzipped(file, got, signal)));
      // IDX: the kind of numbers, the sizes, then the numbers.
      return { images: images!.subarray(16), labels: labels!.subarray(8), shape: [28, 28, 1] };
    }),
  );
}

/** All digits. onProgress: called with the share that has come. */
export async function loadDigits(onProgress: (share: number) => void, signal?: AbortSignal): Promise<Digits> {
  const [train, test] = await load(["train", "t10k"], onProgress, signal);
  return { train: train!, test: test! };
}

/** The digits that networks are tested on. */
export async function loadTestDigits(onProgress: (share: number) => void): Promise<Dataset8> {
  const [test] = await load(["t10k"], onProgress);
  return test!;
}
