// MNIST's four files, which are in the page's folder.

import type { Dataset8 } from "fovea/web";

export interface Digits {
  readonly train: Dataset8;
  readonly test: Dataset8;
}

/** Bytes of all four files, zipped: what there is to load. */
const ALL = 11_463_245;

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

/** All digits. onProgress: called with the share that has come. */
export async function loadDigits(onProgress: (share: number) => void, signal?: AbortSignal): Promise<Digits> {
  let bytes = 0;
  const got = (more: number): void => onProgress(Math.min(1, (bytes += more) / ALL));
  const part = async (name: string): Promise<Dataset8> => {
    const images = `${name}-images-idx3-ubyte`;
    const labels = `${name}-labels-idx1-ubyte`;
    const files = await Promise.all([images, labels].map((file) => unzipped(file, got, signal)));
    // IDX: the kind of numbers, the sizes, then the numbers.
    return { images: files[0]!.subarray(16), labels: files[1]!.subarray(8), shape: [28, 28, 1] };
  };
  const [train, test] = await Promise.all([part("train"), part("t10k")]);
  return { train: train!, test: test! };
}
