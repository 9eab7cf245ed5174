// Metrics of images that several processes evaluate: in each process they get the results of all images, in the order in which one
// process would see them.

import type { Group } from "../../core/group.js";
import type { Metric, MetricBatch } from "./metric.js";

/** A process's results of a batch: two counts, then the arrays. */
function packed({ classes, indices, labels, logits, targets }: MetricBatch): Uint8Array {
  const arrays = [
    Int32Array.of(classes, indices.length),
    indices,
    labels,
    logits,
    targets ?? new Float32Array(),
  ];
  const bytes = new Uint8Array(arrays.reduce((n, array) => n + array.byteLength, 0));
  let at = 0;
  for (const { buffer, byteOffset, byteLength } of arrays) {
    bytes.set(new Uint8Array(buffer, byteOffset, byteLength), at);
    at += byteLength;
  }
  return bytes;
}

function unpacked(bytes: Uint8Array): MetricBatch {
  const { buffer } = bytes.slice(); // aligned
  const [classes, n] = new Int32Array(buffer, 0, 2) as unknown as [number, number];
  let at = 8;
  const next = <T>(
    Type: new (buffer: ArrayBufferLike, at: number, length: number) => T,
    length: number,
  ): T => {
    const array = new Type(buffer, at, length);
    at += 4 * length;
    return array;
  };
  const indices = next(Uint32Array, n);
  const labels = next(Int32Array, n);
  const logits = next(Float32Array, n * classes);
  const targets = at < buffer.byteLength ? next(Float32Array, n * classes) : undefined;
  return { classes, indices, labels, logits, ...(targets && { targets }) };
}

const NOTHING = Uint8Array.of(0);
const ENOUGH = Uint8Array.of(1);

/** Updates metrics, and ends all processes' evaluation when one's signal is aborted. */
export class SharedMetrics {
  readonly #group: Group;
  readonly #metrics: readonly Metric[];
  readonly #signal: AbortSignal | undefined;
  #next = 0;

  constructor(group: Group, metrics: readonly Metric[], signal: AbortSignal | undefined) {
    this.#group = group;
    this.#metrics = metrics;
    this.#signal = signal;
  }

  /** This process's part of a batch of this number; it had none of those between the last one and this. */
  update(number: number, own: MetricBatch | undefined): void {
    this.end(number);
    this.#exchange(own);
  }

  /** There is nothing more before the batch of this number. */
  end(number: number): void {
    while (this.#next < number) this.#exchange(undefined);
  }

  #exchange(own: MetricBatch | undefined): void {
    this.#next++;
    const sent = this.#signal?.aborted ? ENOUGH : own ? packed(own) : NOTHING;
    const all = this.#group.allGather(sent);
    if (all.some((bytes) => bytes.length === 1 && bytes[0] === 1)) {
      this.#signal?.throwIfAborted();
      throw new DOMException("another process was interrupted", "AbortError");
    }
    for (const bytes of all) {
      if (bytes.length === 1) continue;
      const batch = unpacked(bytes);
      for (const metric of this.#metrics) metric.update(batch);
    }
  }
}
