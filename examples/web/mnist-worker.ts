// Loads MNIST's digits in a worker: Chromium unzips a whole chunk of a stream in one task, which would hold the page up.

import type { Dataset8 } from "fovea/web";

/** Zipped bytes of each part's two files. */
const BYTES = { train: 9_829_469, t10k: 1_633_776 };

export type Part = keyof typeof BYTES;

/** What the page asks for: parts, and the address of their folder. */
export interface ToDigits {
  readonly parts: readonly Part[];
  readonly folder: string;
}

/** What it is sent: the share that has come, then the digits, or what went wrong. */
export interface FromDigits {
  readonly share?: number;
  readonly digits?: readonly Dataset8[];
  readonly error?: string;
}

const send = (message: FromDigits, transfer: Transferable[] = []): void =>
  globalThis.postMessage(message, { transfer });

async function unzipped(url: string, got: (bytes: number) => void): Promise<Uint8Array> {
  const response = await fetch(url);
  if (!response.ok || !response.body) throw new Error(`${url}: ${response.status}`);
  const counted = new TransformStream<Uint8Array<ArrayBuffer>, Uint8Array<ArrayBuffer>>({
    transform(chunk, controller) {
      got(chunk.length);
      controller.enqueue(chunk);
    },
  });
  const stream = response.body.pipeThrough(counted).pipeThrough(new DecompressionStream("gzip"));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}

async function load({ parts, folder }: ToDigits): Promise<void> {
  const all = parts.reduce((sum, name) => sum + BYTES[name], 0);
  let bytes = 0;
  const got = (more: number): void => send({ share: Math.min(1, (bytes += more) / all) });
  const digits = await Promise.all(
    parts.map(async (name) => {
      const files = [`${name}-images-idx3-ubyte`, `${name}-labels-idx1-ubyte`];
      const [images, labels] = await Promise.all(files.map((file) => unzipped(`${folder}${file}.bin`, got)));
      // IDX: the kind of numbers, the sizes, then the numbers.
      return { images: images!.subarray(16), labels: labels!.subarray(8), shape: [28, 28, 1] as const };
    }),
  );
  send(
    { digits },
    digits.flatMap(({ images, labels }) => [images.buffer, labels.buffer]),
  );
}

globalThis.onmessage = ({ data }: MessageEvent<ToDigits>) =>
  load(data).catch((error: unknown) => send({ error: String(error) }));
