// What a worker thread of the loader does, in Node and in pages: it makes a batch for each order. Orders are messages; pixels go into
// shared memory where there is some, otherwise they are given away with the answer.

import { floatsAt } from "../wasm/heap.js";
import type { BatchJob, Collator, Room } from "./collate.js";
import type { ImageShape } from "./dataset.js";
import type { DeliveredBatch } from "./workers.js";

/** From the thread that trains: make this batch. */
export interface Order {
  readonly id: number;
  readonly job: BatchJob;
  /** Where its pixels go if its images have this shape. */
  readonly place: { readonly address: number; readonly shape: ImageShape } | undefined;
  /** The memory of that address and those to come. */
  readonly memory: WebAssembly.Memory | undefined;
  /** Its first element is not 0 when nobody wants the batch any more. Where memory cannot be shared it is a copy: see Withdrawal. */
  readonly cancel: Int32Array;
}

/** From the thread that trains: nobody wants the batch of this order any more. */
export interface Withdrawal {
  readonly withdrawn: number;
}

/** To the thread that trains: the batch, or why there is none. */
export interface Answer {
  readonly id: number;
  readonly made?: DeliveredBatch;
  readonly error?: { readonly name: string; readonly message: string; readonly stack: string | undefined };
}

/**
 * What to do with each message: orders are carried out one after the other, and answered by post().
 * @param collator the thread's; each order answers with the error if there is none
 */
export function takeOrders(
  collator: Promise<Collator>,
  post: (answer: Answer, buffers: readonly ArrayBuffer[]) => void,
): (message: Order | Withdrawal) => void {
  collator.catch(() => {});
  let memory: WebAssembly.Memory | undefined;
  const waiting = new Map<number, Int32Array>();

  async function make({ id, job, place, cancel }: Order): Promise<Answer> {
    let own: Float32Array | undefined;
    const room: Room = (shape) => {
      const floats = job.indices.length * shape[0] * shape[1] * shape[2];
      const fits = place && shape.every((size, i) => size === place.shape[i]);
      const pixels = fits ? floatsAt(memory!, place.address, floats) : (own = new Float32Array(floats));
      return () => pixels;
    };
    const made = await (await collator).makeBatch(job, room, cancel);
    const pixels = own?.subarray(0, (own.length / job.indices.length) * made.indices.length);
    return { id, made: { ...made, pixels } };
  }

  async function answer(order: Order): Promise<void> {
    try {
      const answer = await make(order);
      const { pixels, targets } = answer.made!;
      post(answer, [pixels, targets].flatMap((floats) => (floats ? [floats.buffer as ArrayBuffer] : []))); // prettier-ignore
    } catch (error) {
      const { name, message, stack } = error instanceof Error ? error : new Error(String(error));
      post({ id: order.id, error: { name, message, stack } }, []);
    } finally {
      waiting.delete(order.id);
    }
  }

  let last: Promise<void> = Promise.resolve();
  return (message) => {
    if ("withdrawn" in message) {
      waiting.get(message.withdrawn)?.fill(1);
      return;
    }
    memory = message.memory ?? memory;
    waiting.set(message.id, message.cancel);
    last = last.then(() => answer(message));
  };
}
