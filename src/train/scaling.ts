// How long a training step of many processes takes: that of one process, and what of the sums of gradients backward does not hide.

/** Gradients that are summed at once, while backward continues. */
export interface BucketCost {
  readonly bytes: number;
  /** Milliseconds from the beginning of the step until they are complete. */
  readonly readyMs: number;
}

/** A step of one process. */
export interface StepCost {
  /** Milliseconds of the step if nothing is exchanged. */
  readonly stepMs: number;
  /** In the order in which they are begun. */
  readonly buckets: readonly BucketCost[];
}

/** What connects each process with the others, in each direction. */
export interface Link {
  readonly bitsPerSecond: number;
  /** Milliseconds that a message takes besides its bytes. */
  readonly latencyMs: number;
}

/** A step of many processes. */
export interface Forecast {
  readonly stepMs: number;
  /** Milliseconds of the sums by themselves. */
  readonly reduceMs: number;
  /** The part of the sums' time that backward hides, 0 to 1. */
  readonly hidden: number;
  /** Images per second, relative to those of the same number of single processes. */
  readonly efficiency: number;
}

/**
 * Milliseconds to sum this many bytes over the processes. Each sends its part to every other one, and later the sum of its own part: as many
 * bytes as in a ring, 2 (n − 1) / n of all.
 */
export function reduceMs(bytes: number, processes: number, { bitsPerSecond, latencyMs }: Link): number {
  const messages = 2 * (processes - 1);
  return messages * (latencyMs + (8000 * bytes) / processes / bitsPerSecond);
}

/** A step of this many processes. Sums follow one another on the link, each from when its gradients are complete. */
export function forecast({ stepMs, buckets }: StepCost, processes: number, link: Link): Forecast {
  let [end, sum] = [0, 0];
  for (const { bytes, readyMs } of buckets) {
    const ms = reduceMs(bytes, processes, link);
    sum += ms;
    end = Math.max(end, readyMs) + ms;
  }
  const waitMs = Math.max(0, end - (buckets.at(-1)?.readyMs ?? 0));
  const total = stepMs + waitMs;
  return {
    stepMs: total,
    reduceMs: sum,
    hidden: sum === 0 ? 1 : 1 - waitMs / sum,
    efficiency: stepMs / total,
  };
}

/** The link that sums of these durations show: of hardly any bytes, and of `bytes` in `buckets` buckets. */
export function linkOf(
  processes: number,
  { tinyMs, wholeMs, bytes, buckets }: { tinyMs: number; wholeMs: number; bytes: number; buckets: number },
): Link {
  const messages = 2 * (processes - 1);
  const ms = Math.max(wholeMs - buckets * tinyMs, wholeMs / 10); // the rest of noise is not a link without end
  return {
    bitsPerSecond: (8000 * messages * (bytes / processes)) / ms,
    latencyMs: tinyMs / messages,
  };
}
